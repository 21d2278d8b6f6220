"""Calendars, policies as data, and clocks: promises that a sweep watches."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _


class Calendar(models.Model):
    """When a place works: time zone, weekly hours with a break, public holidays, own exceptions."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    zone = models.CharField(_("time zone"), max_length=60, default="Asia/Shanghai")
    weekdays = models.CharField(_("working days, 1 is Monday"), max_length=7, default="12345")
    opens = models.TimeField(_("opens"), default="09:00")
    closes = models.TimeField(_("closes"), default="18:00")
    break_from = models.TimeField(_("break from"), null=True, blank=True)
    break_until = models.TimeField(_("break until"), null=True, blank=True)
    country = models.CharField(
        _("public holidays of"), max_length=10, blank=True, help_text=_("Country code, such as CN.")
    )

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CalendarDay(models.Model):
    """An exception: a closed day, or a working day that the rule would call free (E15)."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="days")
    day = models.DateField(_("day"))
    working = models.BooleanField(_("working day"), default=False)
    note = models.CharField(_("note"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["calendar", "day"], name="one_rule_per_day")]

    def __str__(self) -> str:
        return f"{self.day}"


class ClockKind(models.TextChoices):
    FIRST_RESPONSE = "first_response", _("First response")
    NEXT_RESPONSE = "next_response", _("Next response")
    REPAIR = "repair", _("Repair")


class Policy(models.Model):
    """How long a promise may take; one row per kind, edited by admins."""

    class Unit(models.TextChoices):
        MINUTES = "minutes", _("Minutes")
        WORKING_MINUTES = "working_minutes", _("Working minutes")
        WORKING_DAYS = "working_days", _("Working days")

    kind = models.CharField(_("promise"), max_length=30, choices=ClockKind, unique=True)
    amount = models.PositiveIntegerField(_("amount"))
    unit = models.CharField(_("counted in"), max_length=20, choices=Unit, default=Unit.MINUTES)
    warn_percent = models.PositiveSmallIntegerField(
        _("warn when this much has passed, %"), default=75
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")

    def __str__(self) -> str:
        return self.get_kind_display()


class ClockQuerySet(models.QuerySet["Clock"]):
    def running(self) -> ClockQuerySet:
        return self.filter(stopped_at=None, paused_at=None)


class Clock(models.Model):
    """One promise on one subject. A list never joins here: it sorts by a copy of `due_at`."""

    kind = models.CharField(_("promise"), max_length=30, choices=ClockKind)
    content_type = models.ForeignKey(
        ContentType, on_delete=models.PROTECT, related_name="+", verbose_name=_("kind of subject")
    )
    object_id = models.BigIntegerField(_("number of the subject"))
    calendar = models.ForeignKey(
        Calendar,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("calendar"),
    )
    started_at = models.DateTimeField(_("started"))
    due_at = models.DateTimeField(_("due"))
    warn_at = models.DateTimeField(_("warning at"))
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True)
    paused_seconds = models.PositiveBigIntegerField(_("paused, seconds"), default=0)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    warned_at = models.DateTimeField(_("warned"), null=True, blank=True)
    breached_at = models.DateTimeField(_("breached"), null=True, blank=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        indexes = [
            models.Index(fields=["content_type", "object_id", "kind"], name="clock_subject"),
            models.Index(
                fields=["due_at"],
                name="clock_due",
                condition=models.Q(stopped_at=None, paused_at=None, breached_at=None),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id", "kind"],
                condition=models.Q(stopped_at=None),
                name="one_running_clock",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.due_at:%Y-%m-%d %H:%M}"
