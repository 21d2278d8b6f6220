"""Money: announced by the customer, confirmed against the account statement, booked once.

Lock order: repair order, invoice, payment, container. Who announced a payment and who confirms it
may be different people or, where finance found it on the statement, one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from attachments.models import Attachment
from attachments.services import attach
from billing.models import Booking, Invoice, Payment
from billing.services.invoices import locked, require
from billing.services.sums import MOST, ZERO, billing_day
from core.workflow import Refused, Step, not_from
from history.services import advance, record
from logistics.models import Container

MOST_OPEN = 10  # announcements of one invoice that wait


@dataclass(frozen=True)
class Said:
    """What somebody says was paid."""

    amount: Decimal
    paid_on: date
    reference: str = ""
    channel: str = Payment.Channel.BANK
    note: str = ""

    def check(self) -> None:
        """Raises ValidationError by field."""
        if not ZERO < self.amount <= MOST:
            raise ValidationError({"amount": _("Enter an amount above zero.")})
        if self.paid_on > billing_day():
            raise ValidationError({"paid_on": _("This date is in the future.")})


@transaction.atomic
def announce(
    invoice: Invoice, said: Said, *, actor: Any, files: Iterable[Attachment] = ()
) -> Payment:
    """The customer has paid, or customer service was told so; finance is to look it up.

    Raises PermissionDenied, Refused (not issued, too many wait), ValidationError by field.
    """
    role = getattr(actor, "role", None)
    own = role == Role.CUSTOMER and actor.customer_id == invoice.customer_id
    if not own and role != Role.AGENT:
        raise PermissionDenied("payment")
    fresh = locked(invoice)
    if fresh.state != Invoice.State.ISSUED:
        raise Refused(not_from(fresh))
    if fresh.payments.to_confirm().count() >= MOST_OPEN:
        raise Refused(_("Several payments wait to be confirmed already."))
    payment = _write(fresh, said, actor=actor)
    attach(list(files), payment, actor=actor)
    record(payment, "announced", actor=actor)
    record(fresh, "payment_announced", actor=actor, data=_amount(fresh, said.amount))
    return payment


def _write(invoice: Invoice, said: Said, *, actor: Any) -> Payment:
    said.check()
    payment: Payment = Payment.objects.create(
        invoice=invoice,
        amount=said.amount,
        paid_on=said.paid_on,
        reference=said.reference.strip(),
        channel=said.channel,
        note=said.note.strip(),
        announced_by=actor,
    )
    return payment


def _amount(invoice: Invoice, amount: Decimal) -> dict[str, Any]:
    return {"amount": str(amount), "currency": invoice.currency}


@transaction.atomic
def confirm(payment: Payment, *, actor: Any, received: Decimal, received_on: date) -> Payment:
    """It is on the account statement with this amount, which may differ from the announced one.

    Of two at once one wins, the other is Refused. The last missing cent pays the invoice and
    releases the container. Raises PermissionDenied, Refused, ValidationError.
    """
    Step(Payment, "confirm").require(actor)
    Said(received, received_on).check()
    invoice = locked(payment.invoice)
    confirmed = advance(
        payment,
        "confirm",
        actor=actor,
        received=received,
        received_on=received_on,
        decided_by=actor,
    )
    Booking.objects.create(
        invoice=invoice,
        kind=Booking.Kind.RECEIVED,
        payment=confirmed,
        amount=received,
        booked_by=actor,
    )
    count_money(invoice)
    data = {**_amount(invoice, received), "payment": confirmed.pk}
    record(invoice, "payment_confirmed", actor=actor, data=data)
    follow_money(invoice, actor=actor)
    return confirmed


@transaction.atomic
def enter(invoice: Invoice, said: Said, *, actor: Any) -> Payment:
    """Finance found it on the statement without an announcement: written and confirmed at once.

    Raises PermissionDenied, Refused (neither issued nor paid), ValidationError.
    """
    require(actor, {Role.FINANCE})
    fresh = locked(invoice)
    if fresh.state not in Invoice.STANDING or not fresh.total:
        raise Refused(not_from(fresh))
    payment = _write(fresh, said, actor=actor)
    return confirm(payment, actor=actor, received=said.amount, received_on=said.paid_on)


@transaction.atomic
def reject(payment: Payment, *, actor: Any, reason: str) -> Payment:
    """It is not on the statement. Raises PermissionDenied, Refused, ValidationError."""
    Step(Payment, "reject").require(actor)
    if not reason.strip():
        raise ValidationError({"reason": _("Enter the reason.")})
    invoice = locked(payment.invoice)
    words = reason.strip()
    rejected = advance(payment, "reject", actor=actor, note=words, reason=words, decided_by=actor)
    record(invoice, "payment_rejected", actor=actor, data=_amount(invoice, payment.amount))
    return rejected


@transaction.atomic
def reverse(payment: Payment, *, actor: Any, reason: str) -> Booking:
    """Take a confirmed payment back with a counter row; the first row stays as it is.

    The invoice is due again and its container held, unless the container has left: then the
    invoice stays paid and shows what is missing. Raises PermissionDenied, Refused (not confirmed,
    taken back before), ValidationError without a reason.
    """
    require(actor, {Role.FINANCE})
    if not reason.strip():
        raise ValidationError({"reason": _("Enter the reason.")})
    invoice = locked(payment.invoice)
    first = Booking.objects.filter(payment=payment.pk, kind=Booking.Kind.RECEIVED).first()
    if first is None:
        raise Refused(_("Only a confirmed payment can be taken back."))
    if Booking.objects.filter(reverses=first).exists():
        raise Refused(_("This payment was taken back already."))
    booking = Booking.objects.create(
        invoice=invoice,
        kind=Booking.Kind.REVERSED,
        payment=payment,
        reverses=first,
        amount=-first.amount,
        reason=reason.strip(),
        booked_by=actor,
    )
    count_money(invoice)
    data = _amount(invoice, first.amount)
    record(invoice, "payment_reversed", actor=actor, note=booking.reason, data=data)
    follow_money(invoice, actor=actor)
    return booking


@transaction.atomic
def settle_credit(invoice: Invoice, *, actor: Any, reason: str) -> Booking:
    """What came beyond the total was paid back or set off; booked with how.

    Raises PermissionDenied, Refused without a credit, ValidationError without a reason.
    """
    require(actor, {Role.FINANCE})
    if not reason.strip():
        raise ValidationError({"reason": _("Enter how the credit was settled.")})
    fresh = locked(invoice)
    if not fresh.credit:
        raise Refused(_("There is no credit on this invoice."))
    booking = Booking.objects.create(
        invoice=fresh,
        kind=Booking.Kind.PAID_BACK,
        amount=-fresh.credit,
        reason=reason.strip(),
        booked_by=actor,
    )
    data = _amount(fresh, fresh.credit)
    count_money(fresh)
    record(fresh, "credit_settled", actor=actor, note=booking.reason, data=data)
    return booking


def count_money(invoice: Invoice) -> None:
    """Write what the invoice has received: the sum of its bookings. The invoice is locked."""
    sums = Booking.objects.filter(invoice=invoice).aggregate(sum=Sum("amount"))
    invoice.received = sums["sum"] or ZERO
    Invoice.objects.filter(pk=invoice.pk).update(received=invoice.received)


def follow_money(invoice: Invoice, *, actor: Any) -> None:
    """Bring invoice and container to where the money says."""
    box = Container.objects.get(pk=invoice.container_id)
    if invoice.state == Invoice.State.ISSUED and invoice.received >= invoice.total:
        advance(invoice, "settle", actor=actor)
        if box.state == Container.State.BILLED:
            advance(box, "release", actor=actor)
        return
    here = box.state == Container.State.RELEASED and box.shipment_id is None
    if here and invoice.state == Invoice.State.PAID and invoice.received < invoice.total:
        advance(invoice, "unsettle", actor=actor)
        advance(box, "hold", actor=actor)
