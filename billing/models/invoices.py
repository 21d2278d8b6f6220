"""Invoices: one per outbound container, numbered without gaps, never edited once issued."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from accounts.models import LANGUAGES, Customer
from accounts.roles import WORKSHOP, Role
from billing.models.accounts import PaymentAccount
from core.workflow import Guard, WorkflowQuerySet, by
from logistics.models import Container
from repairshops.models import shops_of
from workorders.models import RepairOrder, Unit

ZERO = Decimal("0.00")
ALL_SEEING = frozenset({Role.AGENT, Role.FINANCE, Role.ADMIN})


class NumberSeries(models.Model):
    """The last invoice number of a year; its row is locked while a number is taken (E24)."""

    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    last = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")
        ordering = ["-year"]

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class InvoiceQuerySet(WorkflowQuerySet["Invoice"]):
    def visible_to(self, user: Any) -> InvoiceQuerySet:
        """Finance, agents and admins all; a shop's own; the customer's own once they are issued."""
        if user.role in ALL_SEEING:
            return self
        if user.role in WORKSHOP:
            return self.filter(order__shop__in=shops_of(user))
        if user.role == Role.CUSTOMER and user.customer_id:
            return self.filter(customer_id=user.customer_id).exclude(number="")
        return self.none()

    def standing(self) -> InvoiceQuerySet:
        """Neither a draft nor void: what counts as billed."""
        return self.filter(state__in=Invoice.STANDING)

    def listed(self) -> InvoiceQuerySet:
        """Without the marks of containers in which nothing was charged at all."""
        return self.exclude(state="paid", number="")

    def overdue(self, today: date) -> InvoiceQuerySet:
        return self.filter(state="issued", due_on__lt=today)

    def with_credit(self) -> InvoiceQuerySet:
        """More money came than was due."""
        return self.filter(received__gt=F("total"), state__in=Invoice.STANDING)


prices_known = Guard(
    lambda i: not InvoiceLine.objects.filter(invoice=i.pk, price=None).exists(),
    _("Some lines have no price yet. Add them to the price list, or enter the price by hand."),
    rows=lambda: Q(~Exists(InvoiceLine.objects.filter(invoice=OuterRef("pk"), price=None))),
)
total_not_negative = Guard(
    lambda i: i.total >= 0, _("The total is below zero."), rows=lambda: Q(total__gte=0)
)
container_waits = Guard(
    lambda i: i.container.state == Container.State.READY_FOR_BILLING,
    _("The container is not ready for billing."),
    rows=lambda: Q(container__state="ready_for_billing"),
)
account_known = Guard(
    lambda i: PaymentAccount.objects.for_currency(i.currency) is not None,
    _("There is no payment account for this currency. An administrator can add one."),
    rows=lambda: Q(
        Exists(PaymentAccount.objects.filter(currency=OuterRef("currency"), active=True))
    ),
)
nothing_due = Guard(
    lambda i: i.total == 0, _("There is something to pay."), rows=lambda: Q(total=0)
)
money_is_here = Guard(
    lambda i: i.received >= i.total,
    _("Not all of the money has been received."),
    rows=lambda: Q(received__gte=F("total")),
)
money_is_missing = Guard(
    lambda i: i.received < i.total,
    _("All of the money has been received."),
    rows=lambda: Q(received__lt=F("total")),
)
no_money_received = Guard(
    lambda i: i.received == 0,
    _("Money was received for it. Reverse the payment first."),
    rows=lambda: Q(received=0),
)


class Invoice(ConcurrentTransitionMixin, models.Model):
    """What one outbound container costs (R78). Money for it never stops a repair clock.

    A unit is finished before it is boxed, and a box is sealed before it is billed, so no repair
    clock runs while a customer is asked to pay: there is nothing to pause here. (A quote is asked
    for earlier and does pause it.)
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("Issued")
        PAID = "paid", _("Paid")
        VOID = "void", _("Void")

    STANDING = ("issued", "paid")

    state = FSMField(
        _("state"), choices=State.choices, default=State.DRAFT, protected=True, editable=False
    )
    number = models.CharField(_("invoice number"), max_length=20, blank=True, editable=False)
    container = models.ForeignKey(
        Container, on_delete=models.PROTECT, related_name="+", verbose_name=_("container")
    )
    order = models.ForeignKey(
        RepairOrder, on_delete=models.PROTECT, related_name="+", verbose_name=_("repair order")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, default="en")
    bill_to = models.TextField(_("billed to"), blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    tax_percent = models.DecimalField(
        _("tax in per cent"), max_digits=5, decimal_places=2, default=ZERO
    )
    tax_label = models.CharField(_("name of the tax"), max_length=40, blank=True)
    net = models.DecimalField(_("net"), max_digits=12, decimal_places=2, default=ZERO)
    tax = models.DecimalField(_("tax"), max_digits=12, decimal_places=2, default=ZERO)
    total = models.DecimalField(_("total"), max_digits=12, decimal_places=2, default=ZERO)
    received = models.DecimalField(_("received"), max_digits=12, decimal_places=2, default=ZERO)
    account = models.ForeignKey(
        PaymentAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("payment account"),
    )
    replaces = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("replaces"),
    )
    due_on = models.DateField(_("due on"), null=True, blank=True)
    void_reason = models.CharField(_("why it is void"), max_length=240, blank=True)
    reminded = models.PositiveSmallIntegerField(_("reminded after days"), default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("drafted by"),
    )
    created_at = models.DateTimeField(_("drafted"), default=timezone.now)
    issued_at = models.DateTimeField(_("issued"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    voided_at = models.DateTimeField(_("made void"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["customer", "-id"], name="invoice_customer"),
            models.Index(fields=["order"], name="invoice_order"),
            models.Index(fields=["state", "due_on"], name="invoice_state_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "issued", "paid", "void"]),
                name="invoice_state_known",
            ),
            models.UniqueConstraint(
                fields=["number"], condition=~Q(number=""), name="invoice_number_once"
            ),
            models.UniqueConstraint(
                fields=["container"],
                condition=~Q(state="void"),
                name="one_invoice_per_container",
                violation_error_message=_("There is an invoice for this container already."),
            ),
            models.CheckConstraint(
                condition=Q(state="draft", number="")
                | Q(~Q(state="draft"), number__gt="")
                | Q(state="paid", number="", total=0),
                name="standing_invoice_has_a_number",
            ),
            models.CheckConstraint(
                condition=~Q(state="void") | Q(void_reason__gt=""), name="void_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.number or gettext("Draft of %(container)s") % {"container": self.box}

    @property
    def box(self) -> str:
        """Order and box as people write them: `AB12CD34 · 2`."""
        return f"{self.order.code} · {self.container.number}"

    @property
    def due(self) -> Decimal:
        """What is still to be paid; never below zero."""
        return max(self.total - self.received, ZERO)

    def is_overdue(self, today: date) -> bool:
        return self.state == "issued" and self.due_on is not None and self.due_on < today

    @property
    def credit(self) -> Decimal:
        """What came beyond the total and is to be settled with the customer."""
        standing = self.state in self.STANDING
        return max(self.received - self.total, ZERO) if standing else ZERO

    @transition(
        state,
        source=State.DRAFT,
        target=State.ISSUED,
        conditions=[prices_known, total_not_negative, container_waits, account_known],
        permission=by(Role.FINANCE),
        custom={"label": _("Issue"), "stamp": "issued_at"},
    )
    def issue(self, **facts: Any) -> None:
        """Number, account, due day and address are given by the service and stay."""
        self._freeze(**facts)

    @transition(
        state,
        source=State.DRAFT,
        target=State.PAID,
        conditions=[prices_known, nothing_due],
        custom={"label": _("Nothing to pay"), "derived": True, "stamp": "paid_at"},
    )
    def waive(self, **facts: Any) -> None:
        """Issued and paid at once: the work was free (E20)."""
        self._freeze(**facts)

    @transition(
        state,
        source=State.ISSUED,
        target=State.PAID,
        conditions=[money_is_here],
        custom={"label": _("Paid"), "derived": True, "stamp": "paid_at"},
    )
    def settle(self) -> None: ...

    @transition(
        state,
        source=State.PAID,
        target=State.ISSUED,
        conditions=[money_is_missing],
        custom={"label": _("Payment taken back"), "derived": True},
    )
    def unsettle(self) -> None:
        self.paid_at = None

    @transition(
        state,
        source=State.ISSUED,
        target=State.VOID,
        conditions=[no_money_received],
        permission=by(Role.FINANCE),
        custom={"label": _("Make void"), "stamp": "voided_at", "danger": True},
    )
    def void(self, reason: str = "") -> None:
        self.void_reason = reason

    def _freeze(self, **facts: Any) -> None:
        for name, value in facts.items():
            setattr(self, name, value)


class LineKind(models.TextChoices):
    SERVICE = "service", _("Service")
    PART = "part", _("Spare part")
    FEE = "fee", _("Fee")
    EXTRA = "extra", _("Agreed work")
    CUSTOM = "custom", _("Other")


class Basis(models.TextChoices):
    """Why a line costs what it costs."""

    LIST = "list", _("Price list")
    QUOTE = "quote", _("Accepted quote")
    WARRANTY = "warranty", _("Covered by warranty")
    SCOPE = "scope", _("Agreed scope")
    TYPED = "typed", _("Entered by hand")
    MISSING = "missing", _("No price")


class InvoiceLine(models.Model):
    """One line, its words frozen in the customer's language; `key` is what it charges for."""

    invoice = models.ForeignKey(
        Invoice, on_delete=models.CASCADE, related_name="lines", verbose_name=_("invoice")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=LineKind)
    key = models.BigIntegerField(null=True, blank=True)
    unit = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("device"),
    )
    sn = models.CharField(_("serial number"), max_length=40, blank=True)
    text = models.CharField(_("text"), max_length=200)
    quantity = models.DecimalField(_("quantity"), max_digits=10, decimal_places=2, default=1)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=2, null=True)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2, default=ZERO)
    basis = models.CharField(_("basis"), max_length=8, choices=Basis)
    note = models.CharField(_("note"), max_length=240, blank=True)

    class InvoiceLineQuerySet(models.QuerySet["InvoiceLine"]):
        def visible_to(self, user: Any) -> models.QuerySet[InvoiceLine]:
            return self.filter(invoice__in=Invoice.objects.visible_to(user))

    objects = InvoiceLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        ordering = ["pk"]
        indexes = [models.Index(fields=["unit"], name="line_unit")]

    def __str__(self) -> str:
        return self.text
