"""Units: one device on a repair order, from expected to settled."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from accounts.roles import Role
from core.workflow import Guard, WorkflowQuerySet, by
from devices.models import Device, DeviceType, ProductModel, Verdict
from logistics.models import Container
from workorders.models.place import place_of_units
from workorders.models.repairorder import RepairOrder

BENCH = by(Role.ENGINEER, Role.SHOP_MANAGER)


class UnitQuerySet(WorkflowQuerySet["Unit"]):
    def visible_to(self, user: Any) -> UnitQuerySet:
        return self.filter(order__in=RepairOrder.objects.visible_to(user))

    def placed(self) -> UnitQuerySet:
        """With `place`: where each stands now, read from its outbound container (R71)."""
        return self.annotate(place=place_of_units())

    def at_the_bench(self) -> UnitQuerySet:
        """Received and not finished."""
        return self.filter(state__in=Unit.WORKING)

    def ready_to_box(self) -> UnitQuerySet:
        """Finished, going back, in no outbound container yet."""
        return self.filter(state__in=Unit.GOING_BACK, outbound_container=None)


has_finding = Guard(
    lambda u: bool(u.finding),
    _("Write down what was found first."),
    rows=lambda: ~Q(finding=""),
)
has_work_done = Guard(
    lambda u: bool(u.work_done),
    _("Write down what was done first."),
    rows=lambda: ~Q(work_done=""),
)
has_exit_reason = Guard(
    lambda u: bool(u.exit_reason), _("Give the reason first."), rows=lambda: ~Q(exit_reason="")
)
has_scrap_consent = Guard(
    lambda u: u.scrap_agreed_at is not None,
    _("The customer has not agreed to scrapping it."),
    rows=lambda: Q(scrap_agreed_at__isnull=False),
)
not_boxed = Guard(
    lambda u: u.outbound_container_id is None,
    _("It is in an outbound container already."),
    rows=lambda: Q(outbound_container=None),
)


class Unit(ConcurrentTransitionMixin, models.Model):
    class State(models.TextChoices):
        EXPECTED = "expected", _("Expected")
        RECEIVED = "received", _("Received")
        DIAGNOSING = "diagnosing", _("In diagnosis")
        AWAITING_CUSTOMER = "awaiting_customer", pgettext_lazy("device", "Waiting for customer")
        AWAITING_PARTS = "awaiting_parts", _("Waiting for parts")
        REPAIRING = "repairing", _("In repair")
        TESTING = "testing", _("In test")
        READY = "ready", _("Ready")
        UNREPAIRABLE = "unrepairable", _("Beyond repair")
        REJECTED = "rejected", _("Rejected")
        SCRAPPED = "scrapped", _("Scrapped")
        MISSING = "missing", _("Missing")
        CANCELLED = "cancelled", _("Cancelled")

    WORKING = (
        "received",
        "diagnosing",
        "awaiting_customer",
        "awaiting_parts",
        "repairing",
        "testing",
    )
    GOING_BACK = ("ready", "unrepairable", "rejected")
    FINAL = ("scrapped", "missing", "cancelled")

    state = FSMField(
        _("state"), choices=State.choices, default=State.EXPECTED, protected=True, editable=False
    )
    order = models.ForeignKey(
        RepairOrder, on_delete=models.PROTECT, related_name="units", verbose_name=_("repair order")
    )
    sn = models.CharField(_("device SN code"), max_length=40)
    device_type = models.CharField(
        _("device type"), max_length=20, choices=DeviceType, default=DeviceType.MACHINE
    )
    model = models.ForeignKey(
        ProductModel,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("device model"),
    )
    device = models.ForeignKey(
        Device,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("device"),
    )
    remark = models.CharField(_("remark"), max_length=500, blank=True)
    announced = models.BooleanField(_("announced"), default=True, editable=False)
    holds_sn = models.BooleanField(default=False, editable=False)
    verdict = models.CharField(
        _("warranty"), max_length=8, choices=Verdict, default=Verdict.UNKNOWN
    )
    warranty_until = models.DateField(_("warranty until"), null=True, blank=True)
    verdict_reason = models.CharField(_("reason of the override"), max_length=200, blank=True)
    faults: Any = models.JSONField(_("faults"), default=list, blank=True)
    finding = models.TextField(_("finding"), blank=True)
    work_done = models.TextField(_("work done"), blank=True)
    exit_reason = models.TextField(_("reason"), blank=True)
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("received by"),
    )
    engineer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("engineer"),
    )
    mac = models.CharField(_("MAC address"), max_length=17, blank=True)
    asset_tag = models.CharField(_("asset tag"), max_length=40, blank=True)
    scrap_agreed_at = models.DateTimeField(_("scrapping agreed"), null=True, blank=True)
    scrap_agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("agreed by"),
    )
    settled_at = models.DateTimeField(_("missing device settled"), null=True, blank=True)
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    due_since = models.DateTimeField(_("clock runs since"), null=True, blank=True)
    # Where the newest repair clock ends, also once it is stopped: the plan of the charts (R63).
    promised_at = models.DateTimeField(null=True, blank=True, editable=False)
    inbound_container = models.ForeignKey(
        Container,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("inbound container"),
    )
    outbound_container = models.ForeignKey(
        Container,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("outbound container"),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = UnitQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("device on an order")
        verbose_name_plural = _("devices on orders")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["order", "state", "id"], name="unit_order_state"),
            models.Index(fields=["sn"], name="unit_sn"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "expected",
                        "received",
                        "diagnosing",
                        "awaiting_customer",
                        "awaiting_parts",
                        "repairing",
                        "testing",
                        "ready",
                        "unrepairable",
                        "rejected",
                        "scrapped",
                        "missing",
                        "cancelled",
                    ]
                ),
                name="unit_state_known",
            ),
            models.UniqueConstraint(
                fields=["sn"],
                condition=Q(holds_sn=True),
                name="sn_in_one_open_order",
                violation_error_message=_("This serial number is in an open repair order."),
            ),
            models.UniqueConstraint(
                fields=["order", "sn"],
                condition=~Q(state="cancelled"),
                name="sn_once_per_order",
                violation_error_message=_("This serial number is on the list already."),
            ),
        ]

    def __str__(self) -> str:
        return self.sn

    @transition(
        state,
        source=[State.EXPECTED, State.MISSING],
        target=State.RECEIVED,
        permission=BENCH,
        custom={"label": _("Receive"), "stamp": "received_at"},
    )
    def receive(self) -> None: ...

    @transition(
        state,
        source=State.RECEIVED,
        target=State.EXPECTED,
        permission=BENCH,
        custom={"label": _("Undo receipt")},
    )
    def undo_receipt(self) -> None: ...

    @transition(
        state,
        source=State.EXPECTED,
        target=State.MISSING,
        permission=BENCH,
        custom={"label": _("Not in the parcel")},
    )
    def mark_missing(self) -> None: ...

    @transition(
        state,
        source=State.RECEIVED,
        target=State.DIAGNOSING,
        permission=BENCH,
        custom={"label": _("Start diagnosis")},
    )
    def start_diagnosis(self) -> None: ...

    @transition(
        state,
        source=[State.DIAGNOSING, State.REPAIRING],
        target=State.AWAITING_CUSTOMER,
        conditions=[has_finding],
        permission=by(Role.ENGINEER, Role.SHOP_MANAGER, Role.AGENT),
        custom={"label": _("Wait for customer")},
    )
    def ask_customer(self) -> None: ...

    @transition(
        state,
        source=State.AWAITING_CUSTOMER,
        target=State.DIAGNOSING,
        permission=by(Role.ENGINEER, Role.SHOP_MANAGER, Role.AGENT, Role.CUSTOMER),
        custom={"label": _("Customer answered")},
    )
    def customer_answered(self) -> None: ...

    @transition(
        state,
        source=[State.DIAGNOSING, State.REPAIRING],
        target=State.AWAITING_PARTS,
        conditions=[has_finding],
        permission=BENCH,
        custom={"label": _("Wait for parts")},
    )
    def wait_for_parts(self) -> None: ...

    @transition(
        state,
        source=[State.DIAGNOSING, State.AWAITING_PARTS],
        target=State.REPAIRING,
        conditions=[has_finding],
        permission=BENCH,
        custom={"label": _("Start repair")},
    )
    def start_repair(self) -> None: ...

    @transition(
        state,
        source=[State.DIAGNOSING, State.REPAIRING],
        target=State.TESTING,
        conditions=[has_finding, has_work_done],
        permission=BENCH,
        custom={"label": _("Send to test")},
    )
    def start_test(self) -> None: ...

    @transition(
        state,
        source=State.TESTING,
        target=State.REPAIRING,
        permission=BENCH,
        custom={"label": _("Test failed")},
    )
    def fail_test(self) -> None: ...

    @transition(
        state,
        source=State.TESTING,
        target=State.READY,
        permission=BENCH,
        custom={"label": _("Test passed"), "stamp": "ready_at"},
    )
    def pass_test(self) -> None: ...

    @transition(
        state,
        source=[State.READY, State.UNREPAIRABLE],
        target=State.REPAIRING,
        conditions=[not_boxed],
        permission=BENCH,
        custom={"label": _("Back to the bench")},
    )
    def rework(self) -> None: ...

    @transition(
        state,
        source=[
            State.DIAGNOSING,
            State.AWAITING_CUSTOMER,
            State.AWAITING_PARTS,
            State.REPAIRING,
            State.TESTING,
        ],
        target=State.UNREPAIRABLE,
        conditions=[has_exit_reason],
        permission=BENCH,
        custom={"label": _("Beyond repair"), "stamp": "ready_at", "danger": True},
    )
    def give_up(self) -> None: ...

    @transition(
        state,
        source=[State.RECEIVED, State.DIAGNOSING, State.AWAITING_CUSTOMER],
        target=State.REJECTED,
        conditions=[has_exit_reason],
        permission=BENCH,
        custom={"label": _("Reject"), "stamp": "ready_at", "danger": True},
    )
    def reject(self) -> None: ...

    @transition(
        state,
        source=[
            State.DIAGNOSING,
            State.AWAITING_CUSTOMER,
            State.AWAITING_PARTS,
            State.REPAIRING,
            State.TESTING,
            State.UNREPAIRABLE,
            State.REJECTED,
        ],
        target=State.SCRAPPED,
        conditions=[has_scrap_consent, not_boxed],
        permission=BENCH,
        custom={"label": _("Scrap"), "stamp": "ready_at", "danger": True},
    )
    def scrap(self) -> None: ...

    @transition(
        state,
        source=State.EXPECTED,
        target=State.CANCELLED,
        custom={"label": _("Cancel"), "derived": True},
    )
    def cancel(self) -> None: ...
