"""Carriers and address books."""

from __future__ import annotations

import re
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.roles import Role
from core.words import country_name
from devices.models import localised


def normalise_waybill(text: str) -> str:
    """The one spelling of a waybill number: upper case, letters and digits only."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


class Carrier(models.Model):
    """A logistics company; `tracking_url` takes {number}, `pattern` tells a waybill's form."""

    code = models.SlugField(_("short code"), max_length=20, unique=True)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    tracking_url = models.CharField(_("tracking page"), max_length=200, blank=True)
    pattern = models.CharField(_("waybill pattern"), max_length=120, blank=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        ordering = ["name_en"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localised(self.name_en, self.name_zh)

    def tracking_page(self, waybill: str) -> str:
        return self.tracking_url.replace("{number}", waybill) if self.tracking_url else ""


class AddressQuerySet(models.QuerySet["Address"]):
    def visible_to(self, user: Any) -> AddressQuerySet:
        match user.role:
            case Role.CUSTOMER if user.customer_id:
                return self.filter(customer_id=user.customer_id)
            case Role.AGENT | Role.ADMIN:
                return self
        return self.none()


class Address(models.Model):
    """An entry of a customer's address book; orders keep their own copy as text."""

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="+", verbose_name=_("customer")
    )
    recipient = models.CharField(_("recipient"), max_length=120)
    phone = models.CharField(_("phone"), max_length=40)
    country = models.CharField(_("country or region"), max_length=2)
    region = models.CharField(_("state or province"), max_length=80, blank=True)
    city = models.CharField(_("city"), max_length=80)
    street = models.CharField(_("street and number"), max_length=240)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    is_default = models.BooleanField(_("use first"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = AddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ["-is_default", "pk"]

    def __str__(self) -> str:
        return f"{self.recipient}, {self.street}, {self.city}, {self.country}"

    def as_text(self) -> str:
        """The address as it goes on a parcel, one line each; the country in English (UPU)."""
        place = " ".join(part for part in (self.postcode, self.city, self.region) if part)
        land = country_name(self.country, "en")
        return "\n".join((self.recipient, self.street, place, land, self.phone))
