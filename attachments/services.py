"""Taking files in, hanging them on what they belong to, reading logs."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from attachments import inspector
from attachments.models import Attachment
from attachments.names import clean_name, kind_of

logger = logging.getLogger(__name__)
Kind = Attachment.Kind

FOLDER = "attachments"
MESSAGE_KINDS = frozenset({Kind.IMAGE, Kind.VIDEO, Kind.LOG, Kind.ARCHIVE})
IMAGES = frozenset({Kind.IMAGE})
PATIENCE = 45  # seconds of waiting for the inspector, which has 30 of processor time

_TOO_MUCH = _("“%(name)s” takes too much work to open. Send a smaller file.")
WHY_NOT: dict[str, str | Promise] = {
    "not_allowed": _("“%(name)s” is of a kind that cannot be sent here. Send %(kinds)s."),
    "empty": _("“%(name)s” is empty."),
    "too_large": _("“%(name)s” is larger than %(limit)d MB."),
    "too_many_pixels": _("“%(name)s” has more than 40 million pixels. Send a smaller picture."),
    "broken_picture": _("“%(name)s” is not a JPEG or PNG picture, or it is damaged."),
    "not_mp4": _("“%(name)s” is not an MP4 video."),
    "broken_video": _("“%(name)s” is a damaged MP4 video."),
    "not_text": _("“%(name)s” is not a text file."),
    "not_archive": _("“%(name)s” is neither a zip nor a gzip file."),
    "broken_archive": _("“%(name)s” is damaged and cannot be opened."),
    "empty_archive": _("“%(name)s” contains no file."),
    "locked_archive": _("“%(name)s” is protected by a password. Send it without one."),
    "too_many_members": _("“%(name)s” contains more than 500 files."),
    "unpacks_too_large": _("“%(name)s” unpacks to more than 100 MB."),
    "program_inside": _("“%(name)s” contains a program. Send logs and pictures only."),
    "not_pdf": _("“%(name)s” is not a PDF, or it is damaged."),
    "too_much_work": _TOO_MUCH,
}
KIND_WORDS: dict[str, str | Promise] = {
    Kind.IMAGE: _("jpg, png"),
    Kind.VIDEO: _("mp4"),
    Kind.LOG: _("miner log (log, txt)"),
    Kind.ARCHIVE: _("gz, tar.gz, zip"),
    Kind.PDF: _("PDF"),
}


@dataclass(frozen=True)
class Stored:
    """Blobs that lie in the store and facts about them; no row knows them yet."""

    kind: str
    name: str
    facts: dict[str, Any]


def limit_of(kind: str | None) -> int:
    """Octets a file of this kind may have."""
    return settings.VIDEO_LIMIT if kind == Kind.VIDEO else settings.UPLOAD_LIMIT


def prepare(upload: UploadedFile[Any]) -> Stored:
    """Check the file and lay its blobs into the store; remembered on the upload, so done once.

    Takes seconds for a large picture: call it outside of transactions (`files_first` does).
    Raises ValidationError, each time the same.
    """
    known: Stored | ValidationError | None = getattr(upload, "prepared", None)
    if known is None:
        try:
            known = _prepare(upload)
        except ValidationError as error:
            known = error
        upload.prepared = known  # type: ignore[attr-defined]
    if isinstance(known, ValidationError):
        raise known
    return known


def store(
    upload: UploadedFile[Any], *, actor: Any, kinds: Collection[str] = MESSAGE_KINDS
) -> Attachment:
    """Keep a checked file; until it is attached it is its uploader's alone (R12, D7, U03-U06).

    Pictures are written anew without EXIF. The blob lies in the store before the row is written, so
    whatever breaks leaves at most a blob, which the sweep takes away. Raises ValidationError with
    a sentence that names the file.
    """
    name = clean_name(upload.name or "")
    if kind_of(name) not in kinds:
        allowed = _(", ").join(str(KIND_WORDS[kind]) for kind in Kind.values if kind in kinds)
        raise _refusal("not_allowed", name, kinds=allowed)
    blob = prepare(upload)
    return Attachment.objects.create(
        uploaded_by=actor, kind=blob.kind, name=blob.name, **blob.facts
    )


def attach(files: Iterable[Attachment], owner: models.Model, *, actor: Any) -> None:
    """Hang stored files on a row. Raises PermissionDenied unless they are the actor's and free."""
    pks = [file.pk for file in files]
    if not pks:
        return
    kind = ContentType.objects.get_for_model(owner)
    free = Attachment.objects.filter(pk__in=pks, uploaded_by=actor, object_id=None)
    if free.update(content_type=kind, object_id=owner.pk) != len(set(pks)):
        raise PermissionDenied("attach")


def remove_blobs(names: Iterable[str]) -> int:
    """Delete from the store; what is gone already is no fault. Returns how many were asked for."""
    count = 0
    for name in filter(None, names):
        default_storage.delete(name)
        count += 1
    return count


# ------------------------------------------------------------------ inside
def _prepare(upload: UploadedFile[Any]) -> Stored:
    name = clean_name(upload.name or "")
    kind = kind_of(name)
    size = upload.size or 0
    if kind is None:
        raise _refusal("not_allowed", name, kinds=_(", ").join(map(str, KIND_WORDS.values())))
    if size == 0:
        raise _refusal("empty", name)
    if size > limit_of(kind):
        raise _refusal("too_large", name, limit=limit_of(kind) // settings.MB)
    with tempfile.TemporaryDirectory(prefix="upload-") as folder:
        source = _on_disk(upload, Path(folder))
        target, thumbnail = Path(folder, "target"), Path(folder, "thumbnail")
        found = _inspect(kind, source, target, thumbnail)
        if "unfit" in found:
            raise _refusal(found["unfit"], name)
        facts = _put(target if target.exists() else source)
        facts["thumbnail"] = _put(thumbnail)["file"] if thumbnail.exists() else ""
    return Stored(kind, name, {**facts, **found})


def _refusal(code: str, name: str, **values: Any) -> ValidationError:
    return ValidationError(str(WHY_NOT[code]), code=code, params={"name": name, **values})


def _on_disk(upload: UploadedFile[Any], folder: Path) -> Path:
    path = getattr(upload, "temporary_file_path", None)
    if path is not None:
        upload.flush()
        return Path(path())
    source = folder / "source"
    with source.open("wb") as out:
        out.writelines(upload.chunks())
    return source


def _inspect(kind: str, source: Path, target: Path, thumbnail: Path) -> dict[str, Any]:
    """Ask the inspector; whatever kills it, the answer is that the file takes too much work."""
    command = [
        sys.executable,
        "-I",
        inspector.__file__,
        kind,
        *map(str, (source, target, thumbnail)),
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
        return dict(json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        return {"unfit": "too_much_work"}
    except subprocess.CalledProcessError as fault:
        logger.warning("inspection of a file of kind %s ended with %s", kind, fault.returncode)
        return {"unfit": "too_much_work"}


def _put(path: Path) -> dict[str, Any]:
    """Into the store under a random key of today's folder."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = stream.tell()
        stream.seek(0)
        key = f"{FOLDER}/{timezone.now():%Y/%m/%d}/{secrets.token_hex(20)}"
        saved = default_storage.save(key, File(stream))
    return {"file": saved, "sha256": digest, "size": size}


def open_blob(name: str) -> IO[bytes]:
    return default_storage.open(name, "rb")
