"""Files as people, and attackers, send them; all made here, none taken from anywhere."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def stored(key: str) -> bytes:
    """What lies in the store."""
    with default_storage.open(key) as blob:
        content: bytes = blob.read()
    return content


LOG = b"[2026-11-21 08:00:01] fan 2 at 1180 rpm, set point 5400\n" * 40
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00" + b"\x00" * 500


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def jpeg(size: tuple[int, int] = (640, 480), *, orientation: int = 1, behind: bytes = b"") -> bytes:
    """A picture with the place where it was taken, as telephones write it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[2] = (31.0, 23.0, 8.0)  # GPS latitude
    exif[0x010E] = "Hall 7, home of Cora"
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "JPEG", exif=exif)
    return out.getvalue() + behind


def png(size: tuple[int, int] = (64, 64), mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG")
    return out.getvalue()


def png_bomb(side: int = 30_000) -> bytes:
    """A small file that says, rightly, that it unpacks to 900 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\x00" + bytes((side + 7) // 8)
    rows = b"".join(packer.compress(row) for _row in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def box(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(body)) + name + body


def mp4(*, brand: bytes = b"isom", film: int = 2000) -> bytes:
    head = box(b"ftyp", brand + b"\x00\x00\x02\x00" + b"isomiso2avc1mp41")
    return head + box(b"moov", box(b"mvhd", bytes(100))) + box(b"mdat", b"\x01" * film)


# The same bytes whenever they are made: pytest names tests after them, in each of its processes.
LONG_AGO = (2026, 1, 1, 0, 0, 0)


def gz(content: bytes = LOG) -> bytes:
    return gzip.compress(content, mtime=0)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (members or {"boot.log": LOG}).items():
            info = zipfile.ZipInfo(name.replace("__", "."), LONG_AGO)
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def tarred(**members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in (members or {"logs/boot__log": LOG}).items():
            info = tarfile.TarInfo(name.replace("__", "."))
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return gz(out.getvalue())


def pdf() -> bytes:
    return b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
