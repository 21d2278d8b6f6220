"""What a file's name may say: it is displayed and nothing else (U04)."""

from __future__ import annotations

import re
import unicodedata

from attachments.models import Attachment

Kind = Attachment.Kind
LENGTH = 255

KINDS = {
    ".jpg": Kind.IMAGE,
    ".jpeg": Kind.IMAGE,
    ".png": Kind.IMAGE,
    ".mp4": Kind.VIDEO,
    ".log": Kind.LOG,
    ".txt": Kind.LOG,
    ".gz": Kind.ARCHIVE,
    ".tgz": Kind.ARCHIVE,
    ".zip": Kind.ARCHIVE,
    ".pdf": Kind.PDF,
}
# What a browser's file chooser offers first.
ACCEPT = {
    Kind.IMAGE: ".jpg,.jpeg,.png",
    Kind.VIDEO: ".mp4",
    Kind.LOG: ".log,.txt",
    Kind.ARCHIVE: ".gz,.tgz,.zip",
    Kind.PDF: ".pdf",
}


def clean_name(name: str) -> str:
    """The last part of the path without signs nobody sees; the ending survives shortening."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(c for c in last if unicodedata.category(c)[0] not in "CZ" or c == " ")
    seen = " ".join(seen.split()).strip(". ") or "file"
    if len(seen) <= LENGTH:
        return seen
    suffix = suffix_of(seen)[:20]
    return seen[: LENGTH - len(suffix)] + suffix


def suffix_of(name: str) -> str:
    """`.gz` of `boot.LOG.gz`; empty when there is none."""
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot and stem else ""


def kind_of(name: str) -> str | None:
    return KINDS.get(suffix_of(name))
