"""Repair orders: what one customer sends to one shop under one first visit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE, ConcurrentTransitionMixin, FSMField, transition

from accounts.models import Customer
from accounts.roles import WORKSHOP, Role
from core.workflow import Guard, WorkflowQuerySet, by
from logistics.models import Address, Carrier, Consignment
from repairshops.models import RepairShop, shops_of
from workorders.models.counselling import Counselling
from workorders.models.thread import Thread

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Tally:
    """What the units of an order add up to; one aggregate query."""

    total: int
    expected: int
    working: int
    going_back: int
    sent: int
    missing: int = 0
    unsettled: int = 0

    def state(self) -> str:
        """Where the order stands, from its units alone (E6).

        Scrapped ones (always with consent) are settled. Missing ones are while nobody waits for
        them any more; an order of settled missing devices alone has nothing left to return (E7).
        """
        state = RepairOrder.State
        nothing_came = self.total == self.expected + self.missing
        if nothing_came and (self.expected or self.unsettled or not self.total):
            return state.PENDING_DELIVERY
        if self.working or self.expected:
            return state.RECEIVED
        return state.RETURNED if self.sent == self.going_back else state.REPAIRED


class RepairOrderQuerySet(WorkflowQuerySet["RepairOrder"]):
    def visible_to(self, user: Any) -> RepairOrderQuerySet:
        """The customer's own; what was submitted to one's shop; agents and admins all (R29)."""
        if user.role == Role.CUSTOMER and user.customer_id:
            return self.filter(customer_id=user.customer_id)
        if user.role in WORKSHOP:
            return self.filter(shop__in=shops_of(user)).exclude(
                Q(state="awaiting_submission") | Q(state="cancelled", submitted_at=None)
            )
        return self if user.role in {Role.AGENT, Role.ADMIN} else self.none()

    def coded(self, code: str) -> RepairOrderQuerySet:
        """By first visit code; entry ignores case and surrounding blanks."""
        return self.filter(code=code.strip().upper())


has_devices = Guard(lambda o: o.unit_count > 0, _("Add at least one device."))
has_shop = Guard(lambda o: o.shop_id is not None, _("Choose the repair shop."))
has_waybill = Guard(
    lambda o: o.carrier_id is not None and bool(o.waybill),
    _("Enter carrier and waybill number of your parcel."),
)
has_return = Guard(
    lambda o: o.return_to_id is not None and o.return_carrier_id is not None,
    _("Enter return address and preferred return carrier."),
)
nothing_arrived = Guard(
    lambda o: o.received_at is None, _("The repair shop has received devices of this order.")
)
units_say_otherwise = Guard(
    lambda o: o.tally.state() != o.state, _("The units say the same as before.")
)
all_settled = Guard(
    lambda o: o.tally.state() == RepairOrder.State.RETURNED, _("Not everything is on its way back.")
)
missing_settled = Guard(
    lambda o: not o.tally.unsettled,
    _("A device was not in the parcel, and nobody has settled that with you yet."),
)


class RepairOrder(ConcurrentTransitionMixin, models.Model):
    class State(models.TextChoices):
        AWAITING_SUBMISSION = "awaiting_submission", _("Awaiting submission")
        PENDING_DELIVERY = "pending_delivery", _("Waiting for receipt")
        RECEIVED = "received", _("Received")
        REPAIRED = "repaired", _("Repaired")
        RETURNED = "returned", _("Returned")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")

    FOLLOWING = (State.PENDING_DELIVERY, State.RECEIVED, State.REPAIRED, State.RETURNED)

    state = FSMField(
        _("state"),
        choices=State.choices,
        default=State.AWAITING_SUBMISSION,
        protected=True,
        editable=False,
    )
    code = models.CharField(_("first visit code"), max_length=14, unique=True, editable=False)
    counselling = models.ForeignKey(
        Counselling,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("enquiry"),
    )
    thread = models.ForeignKey(
        Thread, on_delete=models.PROTECT, related_name="orders", verbose_name=_("conversation")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    shop = models.ForeignKey(
        RepairShop,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("repair shop"),
    )
    consignment = models.OneToOneField(
        Consignment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("consignment"),
    )
    carrier = models.ForeignKey(
        Carrier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("carrier"),
    )
    waybill = models.CharField(_("waybill (HWB) number"), max_length=40, blank=True)
    return_to = models.ForeignKey(
        Address,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("return address"),
    )
    return_carrier = models.ForeignKey(
        Carrier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("preferred return carrier"),
    )
    service_note = models.TextField(_("note of customer service"), blank=True)
    unit_count = models.PositiveIntegerField(_("devices"), default=0, editable=False)
    sent_count = models.PositiveIntegerField(_("devices sent back"), default=0, editable=False)
    back_count = models.PositiveIntegerField(_("to be returned"), default=0, editable=False)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("opened by"),
    )
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    repaired_at = models.DateTimeField(_("repaired"), null=True, blank=True)
    returned_at = models.DateTimeField(_("returned"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = RepairOrderQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("repair order")
        verbose_name_plural = _("repair orders")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["customer", "-id"], name="order_customer"),
            models.Index(fields=["shop", "state", "-id"], name="order_shop"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "awaiting_submission",
                        "pending_delivery",
                        "received",
                        "repaired",
                        "returned",
                        "completed",
                        "cancelled",
                    ]
                ),
                name="order_state_known",
            ),
            models.UniqueConstraint(
                fields=["counselling", "shop"],
                condition=~Q(state="cancelled"),
                name="one_order_per_shop_of_an_enquiry",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @cached_property
    def tally(self) -> Tally:
        """Safe only on a freshly locked row."""
        unit = self.units.model
        rows = self.units.exclude(state=unit.State.CANCELLED)
        back = Q(state__in=unit.GOING_BACK)
        counted = rows.aggregate(
            total=Count("pk"),
            expected=Count("pk", filter=Q(state=unit.State.EXPECTED)),
            working=Count("pk", filter=Q(state__in=unit.WORKING)),
            going_back=Count("pk", filter=back),
            missing=Count("pk", filter=Q(state=unit.State.MISSING)),
            unsettled=Count("pk", filter=Q(state=unit.State.MISSING, settled_at=None)),
            sent=Count(
                "pk", filter=back & Q(outbound_container__shipment__tracked_at__isnull=False)
            ),
        )
        return Tally(**counted)

    @property
    def state_label(self) -> str:
        """What people read; from the first tracked return it counts (E6)."""
        if 0 < self.sent_count < self.back_count and self.state != self.State.COMPLETED:
            return gettext("Returned %(sent)d of %(all)d") % {
                "sent": self.sent_count,
                "all": self.back_count,
            }
        return self.get_state_display()

    @transition(
        state,
        source=State.AWAITING_SUBMISSION,
        target=State.PENDING_DELIVERY,
        conditions=[has_devices, has_shop, has_waybill, has_return],
        permission=by(Role.CUSTOMER, Role.AGENT),
        custom={"label": _("Submit repair order"), "stamp": "submitted_at"},
    )
    def submit(self) -> None: ...

    @transition(
        state,
        source=[State.AWAITING_SUBMISSION, State.PENDING_DELIVERY],
        target=State.CANCELLED,
        conditions=[nothing_arrived],
        permission=by(Role.CUSTOMER, Role.AGENT, Role.ADMIN),
        custom={"label": _("Cancel repair order"), "stamp": "cancelled_at"},
    )
    def cancel(self) -> None: ...

    @transition(
        state,
        source=FOLLOWING,
        target=GET_STATE(lambda order, **_kw: order.tally.state(), states=FOLLOWING),
        conditions=[units_say_otherwise],
        custom={"label": _("Follow the units"), "derived": True},
    )
    def follow_units(self, at: Any = None) -> None:
        """Forwards and back, as the units say; first times are kept."""
        moment = at or timezone.now()
        field = {"received": "received_at", "repaired": "repaired_at", "returned": "returned_at"}
        if (name := field.get(self.tally.state())) and getattr(self, name) is None:
            setattr(self, name, moment)
        if self.tally.state() == self.State.PENDING_DELIVERY:
            self.received_at = None

    @transition(
        state,
        source=State.RETURNED,
        target=State.COMPLETED,
        conditions=[all_settled, missing_settled],
        permission=by(Role.CUSTOMER),
        custom={"label": _("Confirm that everything is back"), "stamp": "completed_at"},
    )
    def complete(self) -> None:
        """Every unit is final: on its way back, scrapped with consent or settled (R81, E7)."""
