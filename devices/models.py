"""Product models, the registry of serial numbers, warranty."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import TextChoices  # inside Brand, `models` is what it makes
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.roles import Role


def normalise_sn(text: str) -> str:
    """The one spelling of a serial number: NFKC, upper case, without spaces and dashes."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(c for c in folded if c.isalnum())


def warranty_day(at: datetime | None = None) -> date:
    """The day it is where warranty is counted (WARRANTY_ZONE); valid through its last day (L08)."""
    return timezone.localtime(at or timezone.now(), ZoneInfo(settings.WARRANTY_ZONE)).date()


class DeviceType(models.TextChoices):
    MACHINE = "machine", _("Complete machine")
    HASH_BOARD = "hash_board", _("Hash board")
    CONTROL_BOARD = "control_board", _("Control board")
    PSU = "psu", _("Power supply")
    FAN = "fan", _("Fan")


class Verdict(models.TextChoices):
    """What the registry says of a serial number on a day."""

    IN = "in", _("In warranty")
    OUT = "out", _("Out of warranty")
    UNKNOWN = "unknown", _("Unknown SN")


class Brand(models.Model):
    """A maker's brand and what it does for devices out of warranty (E10)."""

    class OutOfWarranty(TextChoices):
        REFER = "refer", _("Refer to third-party shops")
        QUOTE = "quote", _("Paid repair with quote")

    name = models.CharField(_("name"), max_length=80, unique=True)
    out_of_warranty = models.CharField(
        _("out of warranty"),
        max_length=10,
        choices=OutOfWarranty,
        default=OutOfWarranty.REFER,
    )

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")

    def __str__(self) -> str:
        return self.name


class ProductModel(models.Model):
    """What is sold under one name; customers choose it, shops serve it."""

    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, related_name="models", verbose_name=_("brand")
    )
    name = models.CharField(_("name"), max_length=120, unique=True)
    device_type = models.CharField(
        _("device type"), max_length=20, choices=DeviceType, default=DeviceType.MACHINE
    )
    active = models.BooleanField(_("offered in forms"), default=True)

    class Meta:
        verbose_name = _("product model")
        verbose_name_plural = _("product models")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DeviceQuerySet(models.QuerySet["Device"]):
    def visible_to(self, user: Any) -> DeviceQuerySet:
        """A customer's own devices; staff see the registry. The look-up is another door (E11)."""
        match user.role:
            case Role.CUSTOMER if user.customer_id:
                return self.filter(customer_id=user.customer_id)
            case Role.AGENT | Role.ENGINEER | Role.SHOP_MANAGER | Role.ADMIN:
                return self
        return self.none()


class Device(models.Model):
    """One serial number of the registry."""

    sn = models.CharField(_("serial number"), max_length=40, unique=True)
    model = models.ForeignKey(
        ProductModel, on_delete=models.PROTECT, related_name="devices", verbose_name=_("model")
    )
    shipped_on = models.DateField(_("shipped on"), null=True, blank=True)
    warranty_until = models.DateField(_("warranty until"))
    customer = models.ForeignKey(
        Customer,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="devices",
        verbose_name=_("customer"),
    )
    replaced_by = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaces",
        verbose_name=_("replaced by"),
    )
    imported_at = models.DateTimeField(_("registered at"), default=timezone.now)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["sn"]

    def __str__(self) -> str:
        return self.sn

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sn = normalise_sn(self.sn)
        super().save(*args, **kwargs)

    def verdict(self, at: datetime | None = None) -> Verdict:
        return Verdict.IN if warranty_day(at) <= self.warranty_until else Verdict.OUT


def localised(en: str, zh: str) -> str:
    """The field in the reader's language, the other where it is empty (E30)."""
    first, second = (zh, en) if (get_language() or "").startswith("zh") else (en, zh)
    return first or second
