"""Which news about money becomes a mail."""

from __future__ import annotations

from functools import partial

from billing.models import Invoice, Payment
from core.events import Event, subscribe
from notifications import billing_letters as letters
from notifications.services import people_of, post
from notifications.subscribers import key_of

INVOICE_LETTERS = {
    "issue": letters.invoice_issued,
    "void": letters.invoice_void,
    "reminded": letters.invoice_overdue,
}
PAYMENT_LETTERS = {"confirm": letters.payment_confirmed, "reject": letters.payment_rejected}


@subscribe(Invoice, *INVOICE_LETTERS)
def invoice_news(event: Event) -> None:
    """To the customer; an invoice over nothing makes no mail."""
    rows = event.subjects().select_related("order__opened_by", "customer", "account")
    for invoice in rows.exclude(number=""):
        written = partial(INVOICE_LETTERS[event.verb], invoice)
        to = people_of(invoice.customer, invoice.order.opened_by)
        post(f"invoice-{event.verb}", key_of(event, invoice.pk), to, written)


@subscribe(Payment, "reject")
def rejection_news(event: Event) -> None:
    _post(event, "reject", event.pks)


@subscribe(Invoice, "payment_confirmed")
def confirmation_news(event: Event) -> None:
    """Heard from the invoice, whose sums are right by then."""
    _post(event, "confirm", [event.data["payment"]])


def _post(event: Event, verb: str, pks: list[int]) -> None:
    rows = Payment.objects.filter(pk__in=pks).select_related(
        "invoice__order__opened_by", "invoice__customer", "invoice__account", "announced_by"
    )
    for payment in rows:
        to = people_of(payment.invoice.customer, payment.announced_by)
        written = partial(PAYMENT_LETTERS[verb], payment)
        post(f"payment-{verb}", key_of(event, payment.pk), to, written)
