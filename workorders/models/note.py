"""Notes of the workshop about one unit."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import WORKSHOP, Role
from workorders.models.unit import Unit


class UnitNoteQuerySet(models.QuerySet["UnitNote"]):
    def visible_to(self, user: Any) -> UnitNoteQuerySet:
        """The workshop's notes; customers see the public ones only."""
        rows = self.filter(unit__in=Unit.objects.visible_to(user))
        inside = user.role in WORKSHOP | {Role.AGENT, Role.ADMIN}
        return rows if inside else rows.filter(public=True)


class UnitNote(models.Model):
    """A note at the bench; its photos are attachments of the row."""

    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="notes", verbose_name=_("unit")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("author"),
    )
    text = models.TextField(_("note"), blank=True)
    public = models.BooleanField(_("the customer may read it"), default=False)
    created_at = models.DateTimeField(_("written"), default=timezone.now)

    objects = UnitNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]
