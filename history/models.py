"""The audit timeline: append-only, guarded by triggers on both databases."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _


class EntryQuerySet(models.QuerySet["Entry"]):
    def of(self, subject: models.Model) -> EntryQuerySet:
        """The life of one thing, oldest first."""
        kind = ContentType.objects.get_for_model(subject)
        return self.filter(content_type=kind, object_id=subject.pk).order_by("id")

    def public(self) -> EntryQuerySet:
        """Without what customers never see."""
        return self.filter(internal=False)


class Entry(models.Model):
    """One thing that happened to one subject. Never edited, never deleted (G6)."""

    content_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    object_id = models.BigIntegerField()
    verb = models.CharField(_("what happened"), max_length=60)
    source = models.CharField(_("old state"), max_length=30, blank=True)
    target = models.CharField(_("new state"), max_length=30, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    actor_role = models.CharField(_("as"), max_length=20, blank=True)
    note = models.TextField(_("note"), blank=True)
    internal = models.BooleanField(_("internal"), default=False)
    data: Any = models.JSONField(_("details"), default=dict)
    at = models.DateTimeField(_("at"))

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("history entry")
        verbose_name_plural = _("history")
        indexes = [models.Index(fields=["content_type", "object_id", "id"], name="entry_subject")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb}"
