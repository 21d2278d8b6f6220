"""Looks into one uploaded file, in a process of its own with little memory and little time.

Run as `python -I inspector.py KIND SOURCE TARGET THUMBNAIL`; prints one line of JSON. It imports
nothing of the portal: what happens to it (a bomb, a decoder's fault) happens to it alone (U03-U06).
"""

from __future__ import annotations

import gzip
import io
import json
import resource
import sys
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

MB = 1024 * 1024
MEMORY = 768 * MB  # address space: the decoded picture twice (it may have to be turned) and Python
SECONDS = 30  # of processor time
PIXELS = 40_000_000
THUMBNAIL = 320  # pixels, the longer side
UNPACKED = 100 * MB  # of a compressed log, all members together
MEMBERS = 500
HEAD = 8192  # octets that tell what a file is

PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"\xfe\xed\xfa",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\x00asm",
)
MARKUP = (b"<!doctype", b"<html", b"<svg", b"<?php", b"<script", b"<?xml", b"<head", b"<body")
RUNNABLE = (
    ".exe", ".dll", ".com", ".scr", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".jse", ".wsf", ".hta",
    ".lnk", ".msi", ".jar", ".reg", ".pif", ".apk", ".html", ".htm", ".svg", ".php",
)  # fmt: skip
MP4_BRANDS = {
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9",
    b"mp41", b"mp42", b"mp71", b"avc1", b"M4V ", b"M4VP", b"M4VH", b"MSNV", b"dash", b"cmfc",
    b"3gp4", b"3gp5", b"3gp6", b"f4v ", b"XAVC", b"mmp4",
}  # fmt: skip


class Unfit(Exception):  # noqa: N818 - a finding, not a fault
    """The file is not what it claims to be; the code says why."""


# ------------------------------------------------------------------ pictures
def look_at_picture(source: str, target: str, thumbnail: str) -> dict[str, Any]:
    """Decode and write anew: no EXIF, GPS, XMP, and nothing behind the picture, is stored."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = PIXELS
    try:
        with Image.open(source, formats=["JPEG", "PNG"]) as picture:
            kind = str(picture.format)
            if picture.width * picture.height > PIXELS:
                raise Unfit("too_many_pixels")
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            picture.close()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as bomb:
        raise Unfit("too_many_pixels") from bomb
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, zlib.error) as fault:
        raise Unfit("broken_picture") from fault
    plain = _plain(upright, kind)
    if kind == "JPEG":
        plain.save(target, "JPEG", quality=90)
    else:
        plain.save(target, "PNG", compress_level=6)
    size = plain.size
    plain.thumbnail((THUMBNAIL, THUMBNAIL))
    plain.convert("RGBA" if plain.mode in {"LA", "RGBA"} else "RGB").save(
        thumbnail, "WEBP", quality=80
    )
    mime = "image/jpeg" if kind == "JPEG" else "image/png"
    return {"mime": mime, "width": size[0], "height": size[1]}


def _plain(picture: Any, kind: str) -> Any:
    """Only pixels, in a mode the format can keep; no palettes, no colour profiles, no info."""
    if kind == "JPEG":
        keep = picture.mode in {"L", "RGB"}
        plain = picture if keep else picture.convert("RGB")
    elif picture.mode == "P":
        plain = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    else:
        keep = picture.mode in {"1", "L", "LA", "RGB", "RGBA", "I;16"}
        plain = picture if keep else picture.convert("RGB")
    plain.info = {}
    return plain


# ------------------------------------------------------------------ video
def look_at_video(source: str, *_targets: str) -> dict[str, Any]:
    """An MP4 by its boxes: a known brand first, a film header and film data, no box that lies."""
    with open(source, "rb") as film:
        film.seek(0, 2)
        length = film.tell()
        film.seek(0)
        names: list[bytes] = []
        for name, start, size in _boxes(film, length):
            if not names and (name != b"ftyp" or not _known_brand(film, start, size)):
                raise Unfit("not_mp4")
            names.append(name)
    if b"moov" not in names or not {b"mdat", b"moof"} & set(names):
        raise Unfit("broken_video")
    return {"mime": "video/mp4"}


def _boxes(film: IO[bytes], length: int) -> Iterator[tuple[bytes, int, int]]:
    at = 0
    for _count in range(10_000):
        if at == length:
            return
        film.seek(at)
        head = film.read(16)
        size, name = int.from_bytes(head[:4]), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16])
        elif size == 0:
            size = length - at
        if len(head) < 8 or size < 8 or at + size > length or not _printable(name):
            raise Unfit("not_mp4" if at == 0 else "broken_video")
        yield name, at, size
        at += size
    raise Unfit("broken_video")


def _printable(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= sign < 127 or sign == 0xA9 for sign in name)


def _known_brand(film: IO[bytes], start: int, size: int) -> bool:
    if not 16 <= size <= 4096:
        return False
    film.seek(start + 8)
    body = film.read(size - 8)
    brands = {body[:4], *(body[i : i + 4] for i in range(8, len(body) - 3, 4))}
    return bool(brands & MP4_BRANDS) and body[:4] != b"qt  "


# ------------------------------------------------------------------ logs
def look_at_log(source: str, *_targets: str) -> dict[str, Any]:
    """Plain text in whatever encoding, and neither a program nor a page."""
    with open(source, "rb") as log:
        require_text(log.read(HEAD))
        while block := log.read(MB):
            if b"\x00" in block:
                raise Unfit("not_text")
    return {"mime": "text/plain"}


def require_text(head: bytes) -> None:
    """Raises Unfit for binaries and for what a browser would take for a page."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(
        (*PROGRAMS, b"%PDF", b"PK\x03\x04", b"\x1f\x8b", b"\xff\xd8\xff", b"\x89PNG")
    ):
        raise Unfit("not_text")
    if start.startswith(MARKUP):
        raise Unfit("not_text")
    odd = sum(1 for sign in head if sign < 32 and sign not in b"\t\n\r\x1b\x08\x0c\x07")
    if b"\x00" in head or odd > len(head) // 20:
        raise Unfit("not_text")


# ------------------------------------------------------------------ compressed logs
class Bounded(io.RawIOBase):
    """Lets a known number of unpacked octets pass and then stops; nobody unpacks more than that."""

    def __init__(self, inner: Any, limit: int) -> None:
        self.inner, self.left = inner, limit

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self.left:
            size = self.left + 1
        block: bytes = self.inner.read(size)
        self.left -= len(block)
        if self.left < 0:
            raise Unfit("unpacks_too_large")
        return block


def look_at_archive(source: str, *_targets: str) -> dict[str, Any]:
    """A gzip of a log, a tar.gz or a zip; read through once, bounded, never written anywhere."""
    with open(source, "rb") as packed:
        head = packed.read(4)
        packed.seek(0)
        try:
            if head[:2] == b"\x1f\x8b":
                return _look_at_gzip(packed)
            if head == b"PK\x03\x04":
                return _look_at_zip(packed)
        except (
            zlib.error, zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, ValueError,
            NotImplementedError, OverflowError,
        ) as fault:  # fmt: skip
            raise Unfit("broken_archive") from fault
    raise Unfit("not_archive")


def _look_at_gzip(packed: IO[bytes]) -> dict[str, Any]:
    with gzip.GzipFile(fileobj=packed) as stream:
        head = stream.read(HEAD)
    packed.seek(0)
    is_tar = head[257:262] == b"ustar"
    with gzip.GzipFile(fileobj=packed) as stream:
        bounded = Bounded(stream, UNPACKED)
        if is_tar:
            _look_at_tar(bounded)
        else:
            require_text(head)
        while block := bounded.read(MB):
            if not is_tar and b"\x00" in block:
                raise Unfit("not_text")
    return {"mime": "application/gzip"}


def _look_at_tar(bounded: Bounded) -> None:
    files = 0
    with tarfile.open(fileobj=bounded, mode="r|") as archive:
        for number, member in enumerate(archive):
            if number >= MEMBERS:
                raise Unfit("too_many_members")
            if member.isfile():
                files += 1
                require_harmless(member.name, archive.extractfile(member).read(HEAD))  # type: ignore[union-attr]
    if not files:
        raise Unfit("empty_archive")


def _look_at_zip(packed: IO[bytes]) -> dict[str, Any]:
    left = UNPACKED
    with zipfile.ZipFile(packed) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if not members:
            raise Unfit("empty_archive")
        if len(members) > MEMBERS:
            raise Unfit("too_many_members")
        if sum(member.file_size for member in members) > UNPACKED:
            raise Unfit("unpacks_too_large")
        for member in members:
            if member.flag_bits & 1:
                raise Unfit("locked_archive")
            with archive.open(member) as stream:
                bounded = Bounded(stream, left)
                require_harmless(member.filename, bounded.read(min(HEAD, left)))
                while bounded.read(MB):
                    pass
                left = bounded.left
    return {"mime": "application/zip"}


def require_harmless(name: str, head: bytes) -> None:
    if name.lower().endswith(RUNNABLE) or head.startswith(PROGRAMS):
        raise Unfit("program_inside")


# ------------------------------------------------------------------ papers
def look_at_pdf(source: str, *_targets: str) -> dict[str, Any]:
    with open(source, "rb") as paper:
        if not paper.read(8).startswith(b"%PDF-"):
            raise Unfit("not_pdf")
        paper.seek(0, 2)
        paper.seek(max(0, paper.tell() - 2048))
        if b"%%EOF" not in paper.read():
            raise Unfit("not_pdf")
    return {"mime": "application/pdf"}


LOOK: dict[str, Callable[..., dict[str, Any]]] = {
    "image": look_at_picture,
    "video": look_at_video,
    "log": look_at_log,
    "archive": look_at_archive,
    "pdf": look_at_pdf,
}


def main(kind: str, source: str, target: str, thumbnail: str) -> dict[str, Any]:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        return LOOK[kind](source, target, thumbnail)
    except Unfit as unfit:
        return {"unfit": str(unfit)}
    except MemoryError:
        return {"unfit": "too_much_work"}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:5])))
