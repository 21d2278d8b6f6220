"""Where parts are: pieces, quantities, and the ledger both must agree with."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import WORKSHOP, Role
from parts.models.catalogue import PartKind, PartType
from repairshops.models import RepairShop, shops_of
from workorders.models import RepairOrder, Unit


class Place(models.TextChoices):
    """Where a part comes from or goes to. Only what lies in `stock` may be taken for a repair."""

    STOCK = "stock", _("Stock")
    SHELF = "shelf", _("Put aside")
    UNIT = "unit", _("Device")
    SCRAP = "scrap", _("Scrap")
    CUSTOMER = "customer", _("Customer")
    SUPPLIER = "supplier", _("Supplier")
    COUNT = "count", _("Count")


class Owner(models.TextChoices):
    MAKER = "maker", _("Repair centre")
    CUSTOMER = "customer", _("Customer")


class Condition(models.TextChoices):
    GOOD = "good", _("Good")
    FAULTY = "faulty", _("Faulty")
    UNKNOWN = "unknown", _("Not tested")
    SCRAPPED = "scrapped", _("Scrapped")


def _of_their_shops(rows: Any, user: Any) -> Any:
    """The workshop's own shops; customer service and administrators all; nobody else (D8)."""
    if user.role in WORKSHOP:
        return rows.filter(shop__in=shops_of(user))
    return rows if user.role in {Role.AGENT, Role.ADMIN} else rows.none()


class PartQuerySet(models.QuerySet["Part"]):
    def visible_to(self, user: Any) -> PartQuerySet:
        found: PartQuerySet = _of_their_shops(self, user)
        return found

    def in_stock(self) -> PartQuerySet:
        return self.filter(place=Place.STOCK)


class Part(models.Model):
    """One physical part, with its serial number where it has one that can be read.

    `shop` is the shop that has it, or had it last. `origin_sn` is the miner it came out of first:
    by it a part that was moved with consent is told from a mixed-up one (E26).
    """

    type = models.ForeignKey(
        PartType,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("type"),
    )
    kind = models.CharField(_("kind"), max_length=16, choices=PartKind)
    serial = models.CharField(_("serial number"), max_length=40, blank=True)
    owner = models.CharField(_("owner"), max_length=10, choices=Owner, default=Owner.MAKER)
    condition = models.CharField(
        _("condition"), max_length=10, choices=Condition, default=Condition.GOOD
    )
    place = models.CharField(_("place"), max_length=10, choices=Place, default=Place.STOCK)
    shop = models.ForeignKey(
        RepairShop, on_delete=models.PROTECT, related_name="+", verbose_name=_("repair shop")
    )
    unit = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("device"),
    )
    slot = models.CharField(_("slot"), max_length=20, blank=True)
    origin_sn = models.CharField(_("came out of"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("registered"), default=timezone.now)

    objects = PartQuerySet.as_manager()

    class Meta:
        verbose_name = _("part")
        verbose_name_plural = _("parts")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["serial"], name="part_serial"),
            models.Index(fields=["shop", "type", "place"], name="part_shop"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["type", "serial"],
                condition=~Q(serial=""),
                name="part_serial_once_per_type",
                violation_error_message=_("This serial number is registered already."),
            ),
            models.UniqueConstraint(
                fields=["unit", "slot"],
                condition=Q(unit__isnull=False),
                name="one_part_per_slot",
                violation_error_message=_("There is a part in this slot already."),
            ),
            models.CheckConstraint(
                condition=Q(place="unit", unit__isnull=False, slot__gt="")
                | Q(~Q(place="unit"), unit__isnull=True, slot=""),
                name="part_is_in_one_place",
            ),
            models.CheckConstraint(
                condition=Q(serial="") | Q(type__isnull=False), name="a_serial_has_a_type"
            ),
            models.CheckConstraint(
                condition=~Q(place="stock") | Q(owner="maker", condition="good"),
                name="stock_is_good_and_ours",
            ),
        ]

    def __str__(self) -> str:
        return self.serial or str(self.type or self.get_kind_display())


class StockQuerySet(models.QuerySet["Stock"]):
    def visible_to(self, user: Any) -> StockQuerySet:
        found: StockQuerySet = _of_their_shops(self, user)
        return found

    def with_threshold(self) -> StockQuerySet:
        """`threshold` is the shop's own number, else the type's; none where neither is set."""
        return self.annotate(threshold=Coalesce("low_at", "type__low_at"))

    def low(self) -> StockQuerySet:
        return self.with_threshold().filter(quantity__lte=F("threshold"), type__active=True)


class Stock(models.Model):
    """How many usable parts of one type a shop has; always the sum of the ledger.

    `reserved` of them are promised to devices; they are not for others.
    """

    shop = models.ForeignKey(
        RepairShop, on_delete=models.PROTECT, related_name="+", verbose_name=_("repair shop")
    )
    type = models.ForeignKey(
        PartType, on_delete=models.PROTECT, related_name="+", verbose_name=_("type")
    )
    quantity = models.IntegerField(_("quantity"), default=0)
    reserved = models.IntegerField(_("reserved"), default=0)
    low_at = models.PositiveIntegerField(_("low at"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = StockQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stock")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["shop", "type"], name="stock_once_per_shop_and_type"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="stock_not_below_zero"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reserved_not_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.shop.code} {self.type}"

    @property
    def free(self) -> int:
        """What may be taken by anybody."""
        return max(self.quantity - self.reserved, 0)

    @property
    def effective_low_at(self) -> int | None:
        return self.low_at if self.low_at is not None else self.type.low_at

    @property
    def is_low(self) -> bool:
        limit = self.effective_low_at
        return limit is not None and self.quantity <= limit


class Why(models.TextChoices):
    """The occasion of a movement; consolidation is told from every other mixing (E26)."""

    DELIVERY = "delivery", _("Delivered")
    FOUND = "found", _("Found in the device")
    CARRIED = "carried", _("Came back in the device")
    FITTED = "fitted", _("Fitted")
    TAKEN_OUT = "taken_out", _("Taken out")
    CONSOLIDATION = "consolidation", _("Consolidation")
    MOVED = "moved", _("Moved to another shop")
    REPAIRED = "repaired", _("Repaired")
    COUNTED = "counted", _("Count")
    RETURNED = "returned", _("Given back to the customer")
    SCRAPPED = "scrapped", _("Scrapped")


class Movement(models.Model):
    """One line of the ledger; written once, by parts.services.ledger alone."""

    part = models.ForeignKey(
        Part,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="movements",
        verbose_name=_("part"),
    )
    type = models.ForeignKey(
        PartType,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("type"),
    )
    kind = models.CharField(_("kind"), max_length=16, choices=PartKind)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    owner = models.CharField(_("owner"), max_length=10, choices=Owner, default=Owner.MAKER)
    origin_sn = models.CharField(_("came out of"), max_length=40, blank=True)
    why = models.CharField(_("occasion"), max_length=16, choices=Why)
    source = models.CharField(_("from"), max_length=10, choices=Place)
    source_shop = models.ForeignKey(
        RepairShop,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("from this repair shop"),
    )
    source_unit = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("from this device"),
    )
    source_slot = models.CharField(_("from this slot"), max_length=20, blank=True)
    target = models.CharField(_("to"), max_length=10, choices=Place)
    target_shop = models.ForeignKey(
        RepairShop,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("to this repair shop"),
    )
    target_unit = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("to this device"),
    )
    target_slot = models.CharField(_("to this slot"), max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    order = models.ForeignKey(
        RepairOrder,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("repair order"),
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("movement of parts")
        verbose_name_plural = _("movements of parts")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="something_moved"),
            models.CheckConstraint(
                condition=Q(part__isnull=False) | Q(type__isnull=False), name="moved_what"
            ),
            models.CheckConstraint(
                condition=(
                    Q(source__in=["stock", "shelf"], source_shop__isnull=False)
                    | Q(source="unit", source_unit__isnull=False)
                    | Q(source__in=["customer", "supplier", "count"])
                ),
                name="moved_from_somewhere",
            ),
            models.CheckConstraint(
                condition=(
                    Q(target__in=["stock", "shelf"], target_shop__isnull=False)
                    | Q(target="unit", target_unit__isnull=False)
                    | Q(target__in=["customer", "scrap", "count"])
                ),
                name="moved_to_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_why_display()} {self.quantity} × {self.part or self.type}"


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def visible_to(self, user: Any) -> ReservationQuerySet:
        found: ReservationQuerySet = _of_their_shops(self, user)
        return found

    def open(self) -> ReservationQuerySet:
        return self.filter(ended_at=None)


class Reservation(models.Model):
    """Parts promised to one device; ends by use, by hand, or when the device leaves the bench."""

    shop = models.ForeignKey(
        RepairShop, on_delete=models.PROTECT, related_name="+", verbose_name=_("repair shop")
    )
    type = models.ForeignKey(
        PartType, on_delete=models.PROTECT, related_name="+", verbose_name=_("type")
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("device")
    )
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("reserved by"),
    )
    made_at = models.DateTimeField(_("reserved"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "type"],
                condition=Q(ended_at__isnull=True),
                name="one_open_reservation",
                violation_error_message=_("This type is reserved for the device already."),
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="something_reserved"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.type}"
