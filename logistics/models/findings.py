"""What is found out about goods: messages of carriers, damages, parcels without an order."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import WORKSHOP, Role
from logistics.models.carrier import Carrier
from logistics.models.container import Container
from logistics.models.shipment import Consignment, Shipment
from repairshops.models import RepairShop, shops_of


class TrackingEventQuerySet(models.QuerySet["TrackingEvent"]):
    def visible_to(self, user: Any) -> TrackingEventQuerySet:
        return self.filter(shipment__in=Shipment.objects.visible_to(user))


class TrackingEvent(models.Model):
    """What a carrier said of a waybill; without a shipment while nobody gave that number yet."""

    class Kind(models.TextChoices):
        PICKED_UP = "picked_up", _("Picked up")
        IN_TRANSIT = "in_transit", _("In transit")
        OUT_FOR_DELIVERY = "out_for_delivery", _("Out for delivery")
        DELIVERED = "delivered", _("Delivered")
        EXCEPTION = "exception", _("Problem on the way")

    class Source(models.TextChoices):
        HAND = "hand", _("By hand")
        WEBHOOK = "webhook", _("From the carrier")

    carrier = models.ForeignKey(
        Carrier, on_delete=models.PROTECT, related_name="+", verbose_name=_("carrier")
    )
    shipment = models.ForeignKey(
        Shipment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="events",
        verbose_name=_("shipment"),
    )
    waybill = models.CharField(_("waybill (HWB) number"), max_length=40)
    kind = models.CharField(_("what happened"), max_length=16, choices=Kind)
    at = models.DateTimeField(_("when"))
    place = models.CharField(_("place"), max_length=120, blank=True)
    text = models.CharField(_("note"), max_length=500, blank=True)
    source = models.CharField(_("source"), max_length=7, choices=Source)
    external_id = models.CharField(_("carrier's number of the message"), max_length=80, blank=True)
    recorded_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    received_at = models.DateTimeField(_("received"), default=timezone.now)

    objects = TrackingEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("tracking message")
        verbose_name_plural = _("tracking messages")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["waybill"], name="tracking_waybill")]
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "external_id"],
                condition=~Q(external_id=""),
                name="tracking_message_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.waybill}: {self.get_kind_display()}"


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
