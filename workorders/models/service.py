"""Services: what a shop does to a unit by agreement, ticked off one by one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models import localised
from workorders.models.unit import Unit


class ServiceQuerySet(models.QuerySet["Service"]):
    def offered(self) -> ServiceQuerySet:
        """What can be put in scope now; switched off ones stay where they are."""
        return self.filter(active=True)


class Service(models.Model):
    """A kind of work of the catalogue: diagnosis, cleaning, firmware, board repair, …"""

    code = models.SlugField(_("short code"), max_length=30, unique=True)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    active = models.BooleanField(_("active"), default=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localised(self.name_en, self.name_zh)


class UnitServiceQuerySet(models.QuerySet["UnitService"]):
    def visible_to(self, user: Any) -> UnitServiceQuerySet:
        return self.filter(unit__in=Unit.objects.visible_to(user))

    def open(self) -> UnitServiceQuerySet:
        return self.filter(done_at=None)


class UnitService(models.Model):
    """A service in scope of one unit; `Test passed` waits until all of them are done (R67, R72)."""

    unit = models.ForeignKey(
        Unit, on_delete=models.CASCADE, related_name="services", verbose_name=_("unit")
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="+", verbose_name=_("service")
    )
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("done by"),
    )

    objects = UnitServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service in scope")
        verbose_name_plural = _("services in scope")
        ordering = ["service__position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "service"], name="service_once_per_unit"),
        ]

    def __str__(self) -> str:
        return str(self.service)
