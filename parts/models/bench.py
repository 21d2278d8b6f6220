"""What the bench found out about parts: diagnoses and stress tests."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import WORKSHOP, Role
from parts.models.catalogue import FailureType, PartKind
from parts.models.stock import Condition, Part
from workorders.models import Unit

_OF_THE_HOUSE = WORKSHOP | {Role.AGENT, Role.ADMIN}


def _inside(rows: Any, user: Any) -> Any:
    """Of devices this person may see, and never for customers (D10)."""
    if user.role not in _OF_THE_HOUSE:
        return rows.none()
    return rows.filter(unit__in=Unit.objects.visible_to(user))


class PartDiagnosisQuerySet(models.QuerySet["PartDiagnosis"]):
    def visible_to(self, user: Any) -> PartDiagnosisQuerySet:
        found: PartDiagnosisQuerySet = _inside(self, user)
        return found


class PartDiagnosis(models.Model):
    """What was found at one slot of one device; the newest one counts."""

    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("device")
    )
    slot = models.CharField(_("slot"), max_length=20)
    kind = models.CharField(_("kind"), max_length=16, choices=PartKind)
    part = models.ForeignKey(
        Part,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("part"),
    )
    condition = models.CharField(
        _("condition"), max_length=10, choices=Condition, default=Condition.UNKNOWN
    )
    missing = models.BooleanField(_("the part is missing"), default=False)
    failures = models.ManyToManyField(
        FailureType, blank=True, related_name="+", verbose_name=_("failure types")
    )
    other = models.CharField(_("other, in words"), max_length=300, blank=True)
    note = models.TextField(_("note"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)

    objects = PartDiagnosisQuerySet.as_manager()

    class Meta:
        verbose_name = _("diagnosis of a part")
        verbose_name_plural = _("diagnoses of parts")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.slot} {self.get_condition_display()}"


class StressTestQuerySet(models.QuerySet["StressTest"]):
    def visible_to(self, user: Any) -> StressTestQuerySet:
        found: StressTestQuerySet = _inside(self, user)
        return found


class StressTest(models.Model):
    """A run under load; its log files are attachments of the row."""

    class Result(models.TextChoices):
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed")

    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("device")
    )
    started_at = models.DateTimeField(_("started"))
    minutes = models.PositiveIntegerField(_("minutes"))
    hash_rate = models.CharField(_("hash rate"), max_length=40, blank=True)
    temperature = models.DecimalField(
        _("highest temperature in °C"), max_digits=5, decimal_places=1, null=True, blank=True
    )
    result = models.CharField(_("result"), max_length=6, choices=Result)
    note = models.TextField(_("note"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("entered"), default=timezone.now)

    objects = StressTestQuerySet.as_manager()

    class Meta:
        verbose_name = _("stress test")
        verbose_name_plural = _("stress tests")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(result__in=["passed", "failed"]), name="stress_result_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_result_display()} {self.started_at:%Y-%m-%d}"
