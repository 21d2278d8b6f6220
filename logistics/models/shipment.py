"""Consignments and shipments: what travels between one customer and one shop."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.roles import WORKSHOP, Role
from logistics.models.carrier import Carrier
from repairshops.models import RepairShop, shops_of


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
