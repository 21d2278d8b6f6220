"""What the mails about money say: amount, due day, account and reference in each (R97)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.models import Invoice, Payment
from core.words import write_money
from notifications.letters import Letter, address

Facts = tuple[tuple[str, str], ...]


def _day(day: date | None) -> str:
    return date_format(day, "DATE_FORMAT") if day else ""


def _sum(invoice: Invoice, amount: Decimal) -> str:
    return write_money(amount, invoice.currency)


def _names(invoice: Invoice) -> dict[str, str]:
    return {
        "number": invoice.number,
        "code": invoice.order.code,
        "amount": _sum(invoice, invoice.due),
        "due": _day(invoice.due_on),
    }


def _how_to_pay(invoice: Invoice) -> Facts:
    """Account, amount and reference, each to be copied."""
    account = invoice.account
    if account is None:
        return ()
    rows = (
        (_("Amount"), _sum(invoice, invoice.due)),
        (_("Due on"), _day(invoice.due_on)),
        (_("Reference"), invoice.number),
        (_("Account holder"), account.holder),
        (_("Bank"), account.bank),
        (_("Account number"), account.number),
        (_("BIC (SWIFT)"), account.bic),
        (_("Note"), account.note),
    )
    return tuple(row for row in rows if row[1])


def _letter(invoice: Invoice, subject: str, lines: list[str], facts: Facts, action: str) -> Letter:
    return Letter(
        subject,
        lines,
        url=address("billing:invoice", invoice.pk),
        action=action,
        facts=facts,
    )


def invoice_issued(invoice: Invoice) -> Letter:
    names = _names(invoice)
    return _letter(
        invoice,
        _("Invoice %(number)s: %(amount)s until %(due)s") % names,
        [
            _("The work on a box of repair order %(code)s is done, and here is its invoice.")
            % names,
            _("Your devices leave the repair shop as soon as the payment is confirmed."),
        ],
        _how_to_pay(invoice),
        _("See the invoice"),
    )


def invoice_void(invoice: Invoice) -> Letter:
    names = _names(invoice)
    return _letter(
        invoice,
        _("Invoice %(number)s is void") % names,
        [
            _("Do not pay invoice %(number)s of repair order %(code)s: it is void.") % names,
            _("If something is still to be paid, a new invoice follows."),
        ],
        (),
        _("See the invoice"),
    )


def invoice_overdue(invoice: Invoice) -> Letter:
    names = _names(invoice)
    return _letter(
        invoice,
        _("Reminder: invoice %(number)s was due on %(due)s") % names,
        [
            _("We have not found your payment of %(amount)s for repair order %(code)s yet.")
            % names,
            _("If you have paid already, announce the payment with its proof."),
        ],
        _how_to_pay(invoice),
        _("Announce a payment"),
    )


def payment_confirmed(payment: Payment) -> Letter:
    invoice = payment.invoice
    names = _names(invoice) | {"received": _sum(invoice, payment.received or Decimal(0))}
    lines = [_("We have received %(received)s for invoice %(number)s.") % names]
    facts: Facts = ()
    if invoice.due:
        lines.append(_("%(amount)s are still to be paid.") % names)
        facts = _how_to_pay(invoice)
    else:
        lines.append(_("The invoice is paid. Your devices can be shipped."))
    if invoice.credit:
        over = {"credit": _sum(invoice, invoice.credit)}
        lines.append(_("%(credit)s came beyond that; we settle them with you.") % over)
    subject = _("Invoice %(number)s: payment confirmed") % names
    return _letter(invoice, subject, lines, facts, _("See the invoice"))


def payment_rejected(payment: Payment) -> Letter:
    invoice = payment.invoice
    names = _names(invoice) | {
        "announced": _sum(invoice, payment.amount),
        "reason": payment.reject_reason,
    }
    return _letter(
        invoice,
        _("Invoice %(number)s: we could not find your payment") % names,
        [
            _("You announced %(announced)s; we could not confirm it.") % names,
            _("The reason: %(reason)s") % names,
        ],
        _how_to_pay(invoice),
        _("Announce a payment"),
    )
