"""Carriers, addresses, and what travels between one customer and one shop."""

from __future__ import annotations

import re
from typing import Any

from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from accounts.models import Customer, User
from accounts.roles import WORKSHOP, Role
from core.words import country_name
from core.workflow import WorkflowQuerySet, by
from devices.models import localised
from repairshops.models import RepairShop, shops_of


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
        if user.role == Role.CUSTOMER and user.customer_id:
            return self.filter(customer_id=user.customer_id)
        return self if user.role in {Role.AGENT, Role.ADMIN} else self.none()


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
        lines = (self.recipient, self.street, place, country_name(self.country, "en"), self.phone)
        return "\n".join(lines)


class ConsignmentQuerySet(models.QuerySet["Consignment"]):
    def visible_to(self, user: Any) -> ConsignmentQuerySet:
        """The customer's own; a shop's own; agents and admins all (R29)."""
        if user.role == Role.CUSTOMER and user.customer_id:
            return self.filter(customer_id=user.customer_id)
        if user.role in WORKSHOP:
            return self.filter(shop__in=shops_of(user))
        return self if user.role in {Role.AGENT, Role.ADMIN} else self.none()


class Consignment(models.Model):
    """All goods moving between one customer and one shop for one reference."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    shop = models.ForeignKey(
        RepairShop, on_delete=models.PROTECT, related_name="+", verbose_name=_("repair shop")
    )
    reference = models.CharField(_("reference"), max_length=20, unique=True)
    return_address = models.TextField(_("return address"), blank=True)
    return_carrier = models.ForeignKey(
        Carrier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("preferred return carrier"),
    )

    objects = ConsignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consignment")
        verbose_name_plural = _("consignments")

    def __str__(self) -> str:
        return self.reference


class Direction(models.TextChoices):
    IN = "in", _("Inbound")
    OUT = "out", _("Outbound")


class ShipmentQuerySet(models.QuerySet["Shipment"]):
    def visible_to(self, user: Any) -> ShipmentQuerySet:
        return self.filter(consignment__in=Consignment.objects.visible_to(user))


class Shipment(models.Model):
    """One waybill. Its status is computed from facts and moves back when a fact is removed."""

    class Status(models.TextChoices):
        CREATED = "created", _("Created")
        READY = "ready_to_ship", _("Ready to ship")
        IN_TRANSIT = "in_transit", _("In transit")
        DELIVERED = "delivered", _("Delivered")

    consignment = models.ForeignKey(
        Consignment,
        on_delete=models.PROTECT,
        related_name="shipments",
        verbose_name=_("consignment"),
    )
    direction = models.CharField(_("direction"), max_length=3, choices=Direction, editable=False)
    carrier = models.ForeignKey(
        Carrier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("carrier"),
    )
    waybill = models.CharField(_("waybill (HWB) number"), max_length=40, blank=True)
    tracked_at = models.DateTimeField(_("tracking given"), null=True, blank=True)
    picked_up_at = models.DateTimeField(_("picked up"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    created_at = models.DateTimeField(_("entered"), default=timezone.now)
    version = models.PositiveIntegerField(default=1, editable=False)
    status = models.GeneratedField(
        expression=Case(
            When(delivered_at__isnull=False, then=Value("delivered")),
            When(direction="in", tracked_at__isnull=False, then=Value("in_transit")),
            When(direction="out", picked_up_at__isnull=False, then=Value("in_transit")),
            When(direction="out", tracked_at__isnull=False, then=Value("ready_to_ship")),
            default=Value("created"),
        ),
        output_field=models.CharField(max_length=15, choices=Status.choices),
        db_persist=True,
        verbose_name=_("status"),
    )

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "waybill"],
                condition=~Q(waybill=""),
                name="waybill_used_once",
                violation_error_message=_("This waybill number has been used before."),
            )
        ]
        indexes = [models.Index(fields=["waybill"], name="shipment_waybill")]

    def __str__(self) -> str:
        return self.waybill or f"{self.get_direction_display()} {self.pk}"

    def get_status_display(self) -> str:
        """The status in words. Django makes this for its own choices, not for a computed field."""
        return str(self.Status(self.status).label)

    @property
    def tracking_page(self) -> str:
        return self.carrier.tracking_page(self.waybill) if self.carrier else ""


class ContainerQuerySet(WorkflowQuerySet["Container"]):
    def visible_to(self, user: Any) -> ContainerQuerySet:
        return self.filter(consignment__in=Consignment.objects.visible_to(user))


class Container(ConcurrentTransitionMixin, models.Model):
    """A box or pallet of one consignment, on at most one shipment (E31)."""

    class State(models.TextChoices):
        ANNOUNCED = "announced", _("Announced")
        ARRIVED = "arrived", _("Arrived")
        UNPACKED = "unpacked", _("Unpacked")
        OPEN = "open", _("Not sealed yet")
        SEALED = "sealed", _("Sealed")
        RELEASED = "released", _("Released")

    state = FSMField(
        _("state"), choices=State.choices, default=State.OPEN, protected=True, editable=False
    )
    consignment = models.ForeignKey(
        Consignment,
        on_delete=models.PROTECT,
        related_name="containers",
        verbose_name=_("consignment"),
    )
    direction = models.CharField(_("direction"), max_length=3, choices=Direction, editable=False)
    shipment = models.ForeignKey(
        Shipment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="containers",
        verbose_name=_("shipment"),
    )
    number = models.PositiveIntegerField(_("box number"))
    arrived_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    sealed_at = models.DateTimeField(_("sealed"), null=True, blank=True)

    objects = ContainerQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("container")
        verbose_name_plural = _("containers")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["consignment", "direction", "number"], name="container_number_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["announced", "arrived", "unpacked", "open", "sealed", "released"]
                ),
                name="container_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consignment.reference}-{self.get_direction_display()}-{self.number}"

    @transition(
        state,
        source=State.ANNOUNCED,
        target=State.ARRIVED,
        permission=by(Role.ENGINEER, Role.SHOP_MANAGER),
        custom={"label": _("Arrived"), "stamp": "arrived_at"},
    )
    def arrive(self) -> None: ...

    @transition(
        state,
        source=State.ARRIVED,
        target=State.UNPACKED,
        permission=by(Role.ENGINEER, Role.SHOP_MANAGER),
        custom={"label": _("Unpacked")},
    )
    def unpack(self) -> None: ...

    @transition(
        state,
        source=State.OPEN,
        target=State.SEALED,
        permission=by(Role.ENGINEER, Role.SHOP_MANAGER),
        custom={"label": _("Seal"), "stamp": "sealed_at"},
    )
    def seal(self) -> None: ...

    @transition(
        state,
        source=State.SEALED,
        target=State.RELEASED,
        permission=by(Role.ENGINEER, Role.SHOP_MANAGER),
        custom={"label": _("Release, no charge")},
    )
    def release(self) -> None: ...


class Damage(models.Model):
    """Shipping damage found at receipt; its photos are attachments of the row (R66)."""

    consignment = models.ForeignKey(
        Consignment, on_delete=models.PROTECT, related_name="damages", verbose_name=_("consignment")
    )
    container = models.ForeignKey(
        Container,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="damages",
        verbose_name=_("container"),
    )
    sn = models.CharField(_("serial number"), max_length=40, blank=True)
    description = models.TextField(_("what is damaged"))
    recorded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now)

    class DamageQuerySet(models.QuerySet["Damage"]):
        def visible_to(self, user: Any) -> models.QuerySet[Damage]:
            return self.filter(consignment__in=Consignment.objects.visible_to(user))

    objects = DamageQuerySet.as_manager()

    class Meta:
        verbose_name = _("damage")
        verbose_name_plural = _("damages")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.description[:60]


class ParcelQuerySet(models.QuerySet["Parcel"]):
    def visible_to(self, user: Any) -> ParcelQuerySet:
        """A shop's own; agents and admins see all, customers none (no owner is known)."""
        if user.role in WORKSHOP:
            return self.filter(shop__in=shops_of(user))
        return self if user.role in {Role.AGENT, Role.ADMIN} else self.none()

    def unmatched(self) -> ParcelQuerySet:
        return self.filter(consignment=None)


class Parcel(models.Model):
    """A parcel that came without an order; matched when its order is submitted (E12, R31)."""

    shop = models.ForeignKey(
        RepairShop, on_delete=models.PROTECT, related_name="+", verbose_name=_("repair shop")
    )
    carrier = models.ForeignKey(
        Carrier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("carrier"),
    )
    waybill = models.CharField(_("waybill (HWB) number"), max_length=40, blank=True, db_index=True)
    code = models.CharField(_("code on the parcel"), max_length=20, blank=True)
    sns: Any = models.JSONField(_("serial numbers"), default=list)
    note = models.TextField(_("note"), blank=True)
    recorded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    consignment = models.ForeignKey(
        Consignment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="parcels",
        verbose_name=_("consignment"),
    )
    matched_at = models.DateTimeField(_("matched"), null=True, blank=True)

    objects = ParcelQuerySet.as_manager()

    class Meta:
        verbose_name = _("unidentified parcel")
        verbose_name_plural = _("unidentified parcels")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.waybill or f"#{self.pk}"
