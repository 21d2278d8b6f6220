"""The first lines of a log, plain or compressed; never more than a known number of octets."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from attachments.inspector import Bounded, Unfit
from attachments.models import Attachment
from attachments.services import open_blob

LINES = 500
OCTETS = 512 * 1024  # unpacked
SEARCHED = 8 * 1024 * 1024  # of an archive, unpacked, until its first file begins


@dataclass(frozen=True)
class Preview:
    """What the page shows: numbered lines, the member they come from, and whether there is more."""

    lines: list[tuple[int, str]]
    member: str = ""
    more: bool = False


def preview(attachment: Attachment) -> Preview:
    """The first 500 lines; none where the file holds no readable text."""
    with open_blob(attachment.key) as blob:
        try:
            with _first_text(blob, attachment.mime) as (member, stream):
                head = stream.read(OCTETS + 1)
        except (
            zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, Unfit,
            NotImplementedError, ValueError,
        ):  # fmt: skip
            return Preview([])
    text = decode(head[:OCTETS])
    lines = text.splitlines()
    more = len(head) > OCTETS or len(lines) > LINES
    return Preview(list(enumerate(lines[:LINES], 1)), member, more)


def decode(head: bytes) -> str:
    """UTF-8, or what Chinese firmware writes (GB 18030), or UTF-8 with marks for neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        for cut in range(4):
            try:
                return head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError as fault:
                # Cut in the middle of a sign at the very end is no other encoding.
                if fault.start < len(head) - cut - 4:
                    break
    return head.decode("utf-8", errors="replace")


@contextmanager
def _first_text(blob: IO[bytes], mime: str) -> Iterator[tuple[str, Any]]:
    if mime == "application/zip":
        with zipfile.ZipFile(blob) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and m.file_size]
            with archive.open(members[0]) if members else io.BytesIO() as stream:
                yield (members[0].filename if members else ""), stream
    elif mime == "application/gzip":
        with gzip.GzipFile(fileobj=blob) as stream:
            is_tar = stream.read(262)[257:] == b"ustar"
        blob.seek(0)
        with gzip.GzipFile(fileobj=blob) as stream:
            if is_tar:
                yield _first_member(Bounded(stream, SEARCHED))
            else:
                yield "", stream
    else:
        yield "", blob


def _first_member(stream: Bounded) -> tuple[str, io.BytesIO]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            if member.isfile() and member.size:
                content: Any = archive.extractfile(member)
                return member.name, io.BytesIO(content.read(OCTETS + 1))
    return "", io.BytesIO()
