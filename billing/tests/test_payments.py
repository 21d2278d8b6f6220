"""Money: announced, confirmed against the statement, taken back (R80, E32)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from accounts.models import User
from billing.models import Booking, Invoice, Payment
from billing.services import invoices, payments
from billing.services.payments import Said
from billing.services.sums import billing_day
from billing.tests.shop import Box, bill, fresh, unit_with
from core.workflow import Refused
from history.models import Entry
from logistics.models import Container
from logistics.tests.factories import CarrierFactory
from workorders.models import RepairOrder
from workorders.services import boxing

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def box(order: RepairOrder, boxed: Box) -> Container:
    return boxed(unit_with(order, "cleaning"))


@pytest.fixture
def invoice(box: Container, fin: User) -> Invoice:
    """25.00 EUR due."""
    return bill(box, fin)


def said(amount: str = "25.00", **more: Any) -> Said:
    return Said(D(amount), more.pop("paid_on", billing_day()), **more)


def confirm(payment: Payment, fin: User, amount: str = "25.00") -> Payment:
    return payments.confirm(payment, actor=fin, received=D(amount), received_on=billing_day())


@pytest.mark.row("R80", "R97")
def test_a_confirmed_payment_pays_the_invoice_and_releases_the_box(
    invoice: Invoice, box: Container, cora: User, fin: User, emil: User, order: RepairOrder
) -> None:
    carrier = CarrierFactory()
    with pytest.raises(Refused):
        boxing.ship(order, [fresh(box)], actor=emil, carrier=carrier, waybill="W1")
    payment = payments.announce(invoice, said(reference=invoice.number), actor=cora)
    assert (fresh(invoice).state, fresh(box).state) == ("issued", "billed")
    paid = confirm(payment, fin)
    assert (paid.state, paid.decided_by, paid.announced_by) == ("confirmed", fin, cora)
    assert (fresh(invoice).state, fresh(box).state) == ("paid", "released")
    assert Entry.objects.filter(verb="release", object_id=box.pk).exists()
    shipment = boxing.ship(order, [fresh(box)], actor=emil, carrier=carrier, waybill="W1")
    assert fresh(box).shipment_id == shipment.pk


def test_only_the_invoices_customer_and_customer_service_announce(
    invoice: Invoice, cora: User, colin: User, otto: User, agnes: User, fin: User, mona: User
) -> None:
    for stranger in (otto, fin, mona):
        with pytest.raises(PermissionDenied):
            payments.announce(invoice, said(), actor=stranger)
    for friend in (colin, agnes):
        assert payments.announce(invoice, said(), actor=friend).state == "announced"


def test_impossible_announcements_are_refused(invoice: Invoice, cora: User, fin: User) -> None:
    for wrong in (said("0"), said("-1"), said(paid_on=billing_day() + timedelta(days=1))):
        with pytest.raises(ValidationError):
            payments.announce(invoice, wrong, actor=cora)
    for _n in range(payments.MOST_OPEN):
        payments.announce(invoice, said("1"), actor=cora)
    with pytest.raises(Refused):
        payments.announce(invoice, said("1"), actor=cora)


def test_a_draft_or_paid_invoice_takes_no_announcement(
    box: Container, cora: User, fin: User
) -> None:
    draft = invoices.draft(box, actor=fin)
    with pytest.raises(Refused):
        payments.announce(draft, said(), actor=cora)
    with pytest.raises(Refused):
        payments.enter(draft, said(), actor=fin)
    invoice = invoices.issue(draft, actor=fin)
    payments.enter(invoice, said(), actor=fin)
    with pytest.raises(Refused):
        payments.announce(invoice, said(), actor=cora)


def test_parts_of_the_amount_add_up_and_the_last_one_pays(
    invoice: Invoice, box: Container, cora: User, fin: User
) -> None:
    confirm(payments.announce(invoice, said("25.00"), actor=cora), fin, "24.99")
    assert (fresh(invoice).state, fresh(invoice).due) == ("issued", D("0.01"))
    payments.enter(invoice, said("0.01"), actor=fin)
    assert (fresh(invoice).state, fresh(box).state) == ("paid", "released")


def test_what_came_too_much_is_a_credit_until_it_is_settled(
    invoice: Invoice, fin: User, agnes: User
) -> None:
    payments.enter(invoice, said("30"), actor=fin)
    assert fresh(invoice).credit == D("5.00")
    assert list(Invoice.objects.with_credit()) == [invoice]
    with pytest.raises(PermissionDenied):
        payments.settle_credit(invoice, actor=agnes, reason="Sent back")
    with pytest.raises(ValidationError):
        payments.settle_credit(invoice, actor=fin, reason=" ")
    payments.settle_credit(invoice, actor=fin, reason="Sent back on 3 May")
    assert (fresh(invoice).credit, fresh(invoice).state) == (D(0), "paid")
    with pytest.raises(Refused):
        payments.settle_credit(invoice, actor=fin, reason="Again")


def test_a_payment_is_decided_once(invoice: Invoice, cora: User, fin: User, agnes: User) -> None:
    payment = payments.announce(invoice, said(), actor=cora)
    with pytest.raises(PermissionDenied):
        confirm(payment, agnes)
    with pytest.raises(PermissionDenied):
        payments.reject(payment, actor=agnes, reason="No")
    with pytest.raises(ValidationError):
        confirm(payment, fin, "0")
    confirm(payment, fin)
    for again in (
        lambda: confirm(payment, fin),
        lambda: payments.reject(payment, actor=fin, reason="Not there"),
    ):
        with pytest.raises(Refused):
            again()
    assert Booking.objects.count() == 1


def test_a_rejected_payment_needs_a_reason_and_leaves_the_invoice_due(
    invoice: Invoice, cora: User, fin: User
) -> None:
    payment = payments.announce(invoice, said(), actor=cora)
    with pytest.raises(ValidationError):
        payments.reject(payment, actor=fin, reason="")
    gone = payments.reject(payment, actor=fin, reason="Nothing of this on the statement")
    assert (gone.state, gone.reject_reason[:7]) == ("rejected", "Nothing")
    assert (fresh(invoice).state, fresh(invoice).received) == ("issued", D(0))


# ------------------------------------------------------------------ taken back
def test_a_wrong_payment_is_taken_back_by_a_counter_row_and_the_box_is_held(
    invoice: Invoice, box: Container, fin: User, mona: User
) -> None:
    payment = payments.enter(invoice, said(), actor=fin)
    with pytest.raises(PermissionDenied):
        payments.reverse(payment, actor=mona, reason="Another customer's")
    with pytest.raises(ValidationError):
        payments.reverse(payment, actor=fin, reason=" ")
    payments.reverse(payment, actor=fin, reason="Another customer's")
    assert (fresh(invoice).state, fresh(invoice).received) == ("issued", D(0))
    assert (fresh(box).state, fresh(payment).state) == ("billed", "confirmed")
    assert list(Booking.objects.values_list("amount", flat=True)) == [D("25.00"), D("-25.00")]
    with pytest.raises(Refused):
        payments.reverse(payment, actor=fin, reason="Twice")
    payments.enter(invoice, said(), actor=fin)
    assert (fresh(invoice).state, fresh(box).state) == ("paid", "released")


def test_after_the_box_has_left_a_payment_taken_back_shows_what_is_missing(
    invoice: Invoice, box: Container, order: RepairOrder, fin: User, emil: User
) -> None:
    payment = payments.enter(invoice, said(), actor=fin)
    boxing.ship(order, [fresh(box)], actor=emil, carrier=CarrierFactory(), waybill="W1")
    payments.reverse(payment, actor=fin, reason="Returned by the bank")
    assert (fresh(invoice).state, fresh(box).state) == ("paid", "released")
    assert fresh(invoice).due == D("25.00")


def test_only_confirmed_payments_are_taken_back(invoice: Invoice, cora: User, fin: User) -> None:
    payment = payments.announce(invoice, said(), actor=cora)
    with pytest.raises(Refused):
        payments.reverse(payment, actor=fin, reason="Not there")


def test_bookings_are_never_changed_or_deleted(invoice: Invoice, fin: User) -> None:
    payments.enter(invoice, said(), actor=fin)
    for act in (
        lambda: Booking.objects.update(amount=D(1)),
        lambda: Booking.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@pytest.mark.row("E24")
def test_an_invoice_with_money_or_an_open_announcement_cannot_be_void(
    invoice: Invoice, cora: User, fin: User
) -> None:
    payment = payments.announce(invoice, said("5"), actor=cora)
    with pytest.raises(Refused, match="announced"):
        invoices.void(invoice, actor=fin, reason="Wrong")
    confirm(payment, fin, "5")
    with pytest.raises(Refused, match="Money was received"):
        invoices.void(invoice, actor=fin, reason="Wrong")
    payments.reverse(payment, actor=fin, reason="Wrong")
    assert invoices.void(invoice, actor=fin, reason="Wrong") is not None
