"""Sentences of the timeline: invoices and payments."""

from django.utils.translation import gettext_lazy as _

from billing.models import Invoice, Payment
from history.sentences import say
from logistics.models import Container


def register() -> None:
    _drafts()
    _money()
    _boxes()


def _drafts() -> None:
    say(Invoice, "drafted", _("Draft written from the work done"), icon="pen", public=False)
    say(
        Invoice,
        "regenerated",
        _("Lines written anew from the work done"),
        icon="undo",
        public=False,
    )
    say(Invoice, "line_added", _("A line was added by hand"), icon="plus", public=False)
    say(Invoice, "line_removed", _("A line was removed"), icon="trash", public=False)
    say(Invoice, "priced", _("A missing price was entered"), icon="pen", public=False)
    say(Invoice, "issue", _("Invoice issued"), icon="card", tone="blue")
    say(Invoice, "waive", _("Nothing to pay"), icon="s4", tone="green")
    say(Invoice, "settle", _("Paid"), icon="s4", tone="green")
    say(Invoice, "unsettle", _("A payment was taken back; the invoice is due again"), icon="alert")
    say(Invoice, "void", _("Invoice made void"), icon="sx", tone="red")
    say(Invoice, "reminded", _("Reminder sent"), icon="mail", tone="amber")


def _money() -> None:
    say(Invoice, "payment_announced", _("Payment announced"), icon="card", tone="amber")
    say(Invoice, "payment_confirmed", _("Payment confirmed"), icon="ok", tone="green")
    say(Invoice, "payment_rejected", _("Payment not found"), icon="fail", tone="red")
    say(Invoice, "payment_reversed", _("Payment taken back"), icon="undo", tone="red")
    say(Invoice, "credit_settled", _("Credit settled"), icon="swap", tone="gray")
    say(Payment, "announced", _("Payment announced"), icon="card")
    say(Payment, "confirm", _("Payment confirmed"), icon="ok", tone="green")
    say(Payment, "reject", _("Payment not found"), icon="fail", tone="red")


def _boxes() -> None:
    waits = _("Ready for billing")
    say(Container, "request_billing", waits, icon="card", tone="amber")
    say(Container, "draft_deleted", _("The draft of its invoice was deleted"), public=False)
    say(Container, "bill", _("Invoice issued"), icon="card", tone="blue")
    say(Container, "unbill", _("Its invoice was made void"), icon="undo", tone="amber")
    say(Container, "release", _("Released for shipping"), icon="s4", tone="green")
    say(Container, "hold", _("Held: a payment was taken back"), icon="alert", tone="red")
