"""Mails about money: once each, with account, amount and reference (R97)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from billing.models import Invoice
from billing.services import invoices, payments
from billing.services.payments import Said
from billing.services.sums import billing_day
from billing.tasks import remind_overdue
from billing.tests.shop import Box, bill, fresh, unit_with
from notifications.models import Mail
from workorders.models import RepairOrder

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def invoice(order: RepairOrder, boxed: Box, fin: User) -> Invoice:
    return bill(boxed(unit_with(order, "cleaning")), fin)


def mail(event: str) -> Mail:
    return Mail.objects.get(event=event)


@pytest.mark.row("R97")
def test_an_issued_invoice_is_mailed_with_everything_a_transfer_needs(
    invoice: Invoice, cora: User
) -> None:
    sent = mail("invoice-issue")
    assert sent.recipient == cora.email
    assert invoice.number in sent.subject
    for words in (invoice.number, "Miner Care AB", "SE45 5000 0000 0583 9825 7466", "NORDSESS"):
        assert words in sent.text, words
    assert f"/invoices/{invoice.pk}/" in sent.text


def test_a_zero_invoice_makes_no_mail(order: RepairOrder, boxed: Box) -> None:
    boxed(unit_with(order, "cleaning", verdict="in"))
    boxed(unit_with(order))
    assert not Mail.objects.filter(event__startswith="invoice").exists()


def test_a_confirmed_payment_says_what_is_still_missing_or_came_too_much(
    invoice: Invoice, cora: User, fin: User
) -> None:
    payments.enter(invoice, Said(D(5), billing_day()), actor=fin)
    assert "20.00" in mail("payment-confirm").text.replace("\u2009", "")
    Mail.objects.all().delete()
    payments.enter(invoice, Said(D(21), billing_day()), actor=fin)
    sent = mail("payment-confirm")
    assert "The invoice is paid" in sent.text
    assert "1.00" in sent.text


def test_a_rejection_gives_the_reason_and_a_void_invoice_says_do_not_pay(
    invoice: Invoice, cora: User, fin: User
) -> None:
    payment = payments.announce(invoice, Said(D(25), billing_day()), actor=cora)
    payments.reject(payment, actor=fin, reason="Nothing of that day")
    assert "Nothing of that day" in mail("payment-reject").text
    invoices.void(invoice, actor=fin, reason="Wrong")
    assert "Do not pay" in mail("invoice-void").text


def test_reminders_go_out_after_seven_and_fourteen_days_once_each(
    invoice: Invoice, fin: User
) -> None:
    for late, reminded in ((6, 0), (7, 1), (8, 0), (14, 1), (15, 0)):
        due = billing_day() - timedelta(days=late)
        Invoice.objects.filter(pk=invoice.pk).update(due_on=due)
        assert remind_overdue() == reminded, late
    assert fresh(invoice).reminded == 14
    assert Mail.objects.filter(event="invoice-reminded").count() == 2
    assert remind_overdue() == 0


def test_a_paid_invoice_is_never_reminded_and_a_late_clock_sends_one_only(
    invoice: Invoice, order: RepairOrder, boxed: Box, fin: User
) -> None:
    other = bill(boxed(unit_with(order, "cleaning")), fin)
    Invoice.objects.update(due_on=billing_day() - timedelta(days=40))
    payments.enter(other, Said(D(25), billing_day()), actor=fin)
    assert remind_overdue() == 1
    assert remind_overdue() == 0
