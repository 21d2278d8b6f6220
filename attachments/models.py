"""Private files. One that is not yet attached belongs to its uploader alone."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

THUMBNAIL = 320  # pixels of the longer side; attachments/inspector.py makes them


def new_token() -> str:
    """192 random bits, safe in an address."""
    return secrets.token_urlsafe(24)


_holders: list[type[models.Model]] = []


def takes_files(model: type[models.Model]) -> None:
    """Say, in `ready()`, that rows of this model hold files; its `visible_to` decides on them."""
    if model not in _holders:
        _holders.append(model)


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: Any) -> AttachmentQuerySet:
        """A file is visible when what it hangs on is; before that, to its uploader (Z05, D7)."""
        rule = Q(object_id=None, uploaded_by=user)
        for model in _holders:
            kind = ContentType.objects.get_for_model(model)
            rows = model._default_manager.visible_to(user)  # type: ignore[attr-defined]
            rule |= Q(content_type=kind, object_id__in=rows.order_by().values("pk"))
        return self.filter(rule)

    def owned_by(self, model: type[models.Model], pks: Any) -> AttachmentQuerySet:
        kind = ContentType.objects.get_for_model(model)
        return self.filter(content_type=kind, object_id__in=pks).order_by("pk")


class Attachment(models.Model):
    """One stored file: bytes under a random key, the given name only ever displayed."""

    class Kind(models.TextChoices):
        IMAGE = "image", _("Picture")
        VIDEO = "video", _("Video")
        LOG = "log", _("Miner log")
        ARCHIVE = "archive", _("Archive")
        PDF = "pdf", _("PDF")

    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    content_type = models.ForeignKey(
        ContentType, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    object_id = models.BigIntegerField(null=True, blank=True)
    owner = GenericForeignKey("content_type", "object_id")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("name"), max_length=255)
    mime = models.CharField(max_length=100)
    size = models.BigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    file = models.FileField(max_length=200)
    thumbnail = models.FileField(max_length=200, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(_("uploaded at"), default=timezone.now)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [models.Index(fields=["content_type", "object_id"], name="attachment_owner")]

    def __str__(self) -> str:
        return self.name

    @property
    def address_name(self) -> str:
        """The name as it ends the file's address: letters, digits, dot and dash only."""
        return re.sub(r"[^\w.-]+", "-", self.name).strip("-.") or "file"

    @property
    def key(self) -> str:
        """Where the bytes lie in the store."""
        return str(self.file)

    @property
    def icon(self) -> str:
        return {"image": "image", "video": "video"}.get(self.kind, "file")

    @property
    def readable(self) -> bool:
        """A log, plain or compressed, whose first lines can be shown."""
        return self.kind in {self.Kind.LOG, self.Kind.ARCHIVE}

    @property
    def shown_size(self) -> tuple[int, int] | None:
        """Width and height of the thumbnail, so that the page does not jump when it arrives."""
        if not (self.width and self.height):
            return None
        scale = min(1.0, THUMBNAIL / max(self.width, self.height))
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))
