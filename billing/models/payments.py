"""Payments: announced by the customer, confirmed against the account statement, booked once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from accounts.roles import WORKSHOP, Role
from billing.models.invoices import Invoice
from core.workflow import Guard, WorkflowQuerySet, by


class PaymentQuerySet(WorkflowQuerySet["Payment"]):
    def visible_to(self, user: Any) -> PaymentQuerySet:
        """Who sees the invoice, but not the workshop: proofs of payment are not its business."""
        if user.role in WORKSHOP:
            return self.none()
        return self.filter(invoice__in=Invoice.objects.visible_to(user))

    def to_confirm(self) -> PaymentQuerySet:
        return self.filter(state="announced").order_by("pk")


invoice_awaits_money = Guard(
    lambda p: p.invoice.state in Invoice.STANDING,
    _("The invoice is void."),
    rows=lambda: Q(invoice__state__in=Invoice.STANDING),
)


class Payment(ConcurrentTransitionMixin, models.Model):
    """What a customer says was paid, or what finance found on the statement.

    Decided once: a confirmed one is never edited. What was wrong is booked back (`Booking`).
    """

    class State(models.TextChoices):
        ANNOUNCED = "announced", _("To be confirmed")
        CONFIRMED = "confirmed", _("Confirmed")
        REJECTED = "rejected", _("Not found")

    class Channel(models.TextChoices):
        BANK = "bank", _("Bank transfer")
        APP = "app", _("Payment app")
        OTHER = "other", _("Other way")

    state = FSMField(
        _("state"), choices=State.choices, default=State.ANNOUNCED, protected=True, editable=False
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="payments", verbose_name=_("invoice")
    )
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    paid_on = models.DateField(_("paid on"))
    reference = models.CharField(_("reference on the transfer"), max_length=80, blank=True)
    channel = models.CharField(_("paid by"), max_length=8, choices=Channel, default=Channel.BANK)
    note = models.CharField(_("note"), max_length=240, blank=True)
    announced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("announced by"),
    )
    announced_at = models.DateTimeField(_("announced"), default=timezone.now)
    received = models.DecimalField(
        _("really received"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    received_on = models.DateField(_("received on"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reject_reason = models.CharField(_("why it was rejected"), max_length=240, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["id"], name="payment_open", condition=Q(state="announced"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["announced", "confirmed", "rejected"]),
                name="payment_state_known",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_is_positive"),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(received__gt=0), name="confirmed_is_received"
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | Q(reject_reason__gt=""),
                name="rejection_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} · {self.amount}"

    @transition(
        state,
        source=State.ANNOUNCED,
        target=State.CONFIRMED,
        conditions=[invoice_awaits_money],
        permission=by(Role.FINANCE),
        custom={"label": _("Confirm"), "stamp": "decided_at"},
    )
    def confirm(
        self,
        received: Decimal | None = None,
        received_on: date | None = None,
        decided_by: Any = None,
    ) -> None:
        self.received, self.received_on, self.decided_by = received, received_on, decided_by

    @transition(
        state,
        source=State.ANNOUNCED,
        target=State.REJECTED,
        permission=by(Role.FINANCE),
        custom={"label": _("Reject"), "stamp": "decided_at", "danger": True},
    )
    def reject(self, reason: str = "", decided_by: Any = None) -> None:
        self.reject_reason, self.decided_by = reason, decided_by


class BookingQuerySet(models.QuerySet["Booking"]):
    def visible_to(self, user: Any) -> BookingQuerySet:
        return self.filter(payment__in=Payment.objects.visible_to(user))


class Booking(models.Model):
    """Money on an invoice: the table grows and is never changed (a trigger refuses).

    A confirmed payment is one row; taking it back is a second row with the opposite amount that
    names the first. What an invoice has received is the sum of its rows.
    """

    class Kind(models.TextChoices):
        RECEIVED = "received", _("Received")
        REVERSED = "reversed", _("Taken back")
        PAID_BACK = "paid_back", _("Credit settled")

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="bookings", verbose_name=_("invoice")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    payment = models.ForeignKey(
        Payment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bookings",
        verbose_name=_("payment"),
    )
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversed_by",
        verbose_name=_("takes back"),
    )
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=240, blank=True)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("booked by"),
    )
    booked_at = models.DateTimeField(_("booked"), default=timezone.now)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(kind="received"),
                name="payment_booked_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind="received", payment__isnull=False, reverses__isnull=True, amount__gt=0
                )
                | Q(kind="reversed", reverses__isnull=False, amount__lt=0, reason__gt="")
                | Q(kind="paid_back", reverses__isnull=True, amount__lt=0, reason__gt=""),
                name="booking_has_its_sign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.amount}"
