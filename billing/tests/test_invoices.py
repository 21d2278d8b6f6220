"""Invoices: what is charged, when, and what may be changed (R78, R79, E20, E24)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing.models import Invoice, InvoiceLine, NumberSeries, OrderAccount, Price, PriceList
from billing.services import charges, invoices, quotes
from billing.tests.shop import Box, bill, fitted, fresh, unit_with
from core.workflow import Refused, Stale
from history.models import Entry
from history.services import advance
from logistics.models import Container
from parts.models import PartType
from workorders.models import RepairOrder, Service, Unit, UnitService
from workorders.services import boxing

pytestmark = pytest.mark.django_db
D = Decimal


def amounts(invoice: Invoice) -> list[tuple[str, Decimal, Decimal | None, Decimal]]:
    return list(invoice.lines.values_list("text", "quantity", "price", "amount"))


# ------------------------------------------------------------------ sealing
@pytest.mark.row("R78")
def test_a_box_with_work_to_pay_waits_for_its_invoice(
    order: RepairOrder, boxed: Box, fin: User
) -> None:
    box = boxed(unit_with(order, "cleaning", "diagnosis"))
    assert box.state == "ready_for_billing"
    invoice = invoices.draft(box, actor=fin)
    assert amounts(invoice) == [
        ("Cleaning", D(1), D("20.00"), D("20.00")),
        ("Diagnosis", D(1), D("12.50"), D("12.50")),
    ]
    assert (invoice.net, invoice.tax, invoice.total) == (D("32.50"), D("8.13"), D("40.63"))
    assert (invoice.currency, invoice.tax_label, invoice.number) == ("EUR", "Moms", "")


@pytest.mark.row("E20")
def test_warranty_work_makes_a_zero_invoice_and_the_box_is_released_at_once(
    order: RepairOrder, boxed: Box, emil: User
) -> None:
    unit = unit_with(order, "cleaning", verdict="in")
    fitted(unit, "hb-s19", emil)
    box = boxed(unit)
    invoice = Invoice.objects.get(container=box)
    assert (box.state, invoice.state, invoice.total) == ("released", "paid", D(0))
    assert invoice.number.endswith("-000001")
    assert {line.note for line in invoice.lines.all()} == {"Covered by warranty"}
    assert [row[3] for row in amounts(invoice)] == [D(0), D(0)]


@pytest.mark.row("E20")
def test_where_nothing_is_charged_the_box_is_released_with_a_mark_and_no_number(
    order: RepairOrder, boxed: Box, cora: User
) -> None:
    box = boxed(unit_with(order))
    invoice = Invoice.objects.get(container=box)
    assert (box.state, invoice.state, invoice.number) == ("released", "paid", "")
    assert not NumberSeries.objects.exists()
    assert not Invoice.objects.visible_to(cora).exists()
    assert not Invoice.objects.listed().exists()
    assert not OrderAccount.objects.exists()


def test_services_not_done_and_parts_taken_out_again_are_not_charged(
    order: RepairOrder, boxed: Box, emil: User, fin: User
) -> None:
    unit = unit_with(order, "cleaning")
    UnitService.objects.create(unit=unit, service=Service.objects.get(code="diagnosis"))
    fitted(unit, "fan-12", emil, 3)
    invoice = invoices.draft(boxed(unit), actor=fin)
    assert amounts(invoice) == [
        ("Cleaning", D(1), D("20.00"), D("20.00")),
        ("FAN-12", D(3), D("9.99"), D("29.97")),
    ]


def test_lines_are_in_the_language_of_the_customer(
    order: RepairOrder, boxed: Box, fin: User
) -> None:
    order.customer.language = "zh-hans"
    order.customer.save()
    invoice = invoices.draft(boxed(unit_with(order, "cleaning")), actor=fin)
    assert invoice.lines.get().text == "cleaning服务"


def test_the_price_for_the_model_goes_before_the_general_one(
    order: RepairOrder, boxed: Box, prices: PriceList, fin: User
) -> None:
    unit = unit_with(order, "cleaning")
    service = Service.objects.get(code="cleaning")
    Price.objects.create(price_list=prices, service=service, model=unit.model, amount=D("31.00"))
    other = unit_with(order, "cleaning", model=None)
    invoice = invoices.draft(boxed(unit, other), actor=fin)
    assert [row[2] for row in amounts(invoice)] == [D("31.00"), D("20.00")]


def test_agreed_prices_win_and_declined_work_is_never_charged(
    order: RepairOrder, boxed: Box, fin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = unit_with(order, "cleaning", "diagnosis", verdict="in")
    keys = {s.code: (unit.pk, "service", s.pk) for s in Service.objects.all()}
    monkeypatch.setattr(quotes, "agreed", lambda pks: {keys["cleaning"]: D("15.55")})
    monkeypatch.setattr(quotes, "declined", lambda pks: {keys["diagnosis"]})
    monkeypatch.setattr(quotes, "extras", lambda pks: [(unit.pk, 7, "Straighten", D(3))])
    invoice = invoices.draft(boxed(unit), actor=fin)
    assert [(row[0], row[3]) for row in amounts(invoice)] == [
        ("Cleaning", D("15.55")),
        ("Straighten", D("3.00")),
    ]


def test_fees_are_on_the_first_invoice_of_the_order_only(
    order: RepairOrder, boxed: Box, fin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    fees = [(order.pk, "Pick-up", D(40), "EUR"), (order.pk, "Customs", D(9), "USD")]
    monkeypatch.setattr(charges, "fees_of", lambda pks: fees)
    first = invoices.draft(boxed(unit_with(order, "cleaning")), actor=fin)
    second = invoices.draft(boxed(unit_with(order, "cleaning")), actor=fin)
    assert [row[0] for row in amounts(first)] == ["Cleaning", "Pick-up", "Customs"]
    assert [row[0] for row in amounts(second)] == ["Cleaning"]
    assert first.lines.get(text="Customs").price is None  # one currency per order
    invoices.delete(first, actor=fin)
    assert invoices.regenerate(second, actor=fin).lines.count() == 3


def test_a_fee_keeps_a_box_of_warranty_work_waiting(
    order: RepairOrder, boxed: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charges, "fees_of", lambda pks: [(order.pk, "Pick-up", D(40), "EUR")])
    assert boxed(unit_with(order, "cleaning", verdict="in")).state == "ready_for_billing"


def test_what_was_billed_in_another_box_is_not_billed_again(
    order: RepairOrder, boxed: Box, emil: User, fin: User
) -> None:
    unit = unit_with(order, "cleaning")
    fitted(unit, "fan-12", emil)
    invoice = bill(boxed(unit), fin)
    assert invoice.total == D("37.49")
    fitted(unit, "fan-12", emil, 2)
    invoice = invoices.draft(boxed(unit), actor=fin)
    assert amounts(invoice) == [("FAN-12", D(2), D("9.99"), D("19.98"))]


# ------------------------------------------------------------------ without a price
def test_a_line_without_price_keeps_the_invoice_a_draft_until_finance_decides(
    order: RepairOrder, boxed: Box, mona: User, fin: User
) -> None:
    units = unit_with(order, "firmware"), unit_with(order, "firmware")
    box = boxed(*units)
    assert box.state == "ready_for_billing"
    invoice = invoices.draft(box, actor=mona)
    line: Any = invoice.lines.first()
    with pytest.raises(Refused, match="no price"):
        invoices.issue(invoice, actor=fin)
    assert not NumberSeries.objects.filter(last__gt=0).exists()
    typed: dict[str, Any] = {"version": invoice.version, "price": D("7.00")}
    with pytest.raises(PermissionDenied):
        invoices.set_price(invoice, line, actor=mona, reason="As last year", **typed)
    with pytest.raises(ValidationError):
        invoices.set_price(invoice, line, actor=fin, reason=" ", **typed)
    invoice = invoices.set_price(invoice, line, actor=fin, reason="As last year", **typed)
    assert invoice.net == D("14.00")
    again: dict[str, Any] = {"version": invoice.version, "price": D("9.00"), "reason": "No"}
    with pytest.raises(Refused):
        invoices.set_price(invoice, line, actor=fin, **again)
    assert invoices.regenerate(invoice, actor=fin).net == D("14.00")
    assert invoices.issue(invoice, actor=fin).state == "issued"


def test_a_price_that_was_added_meanwhile_is_taken_when_the_draft_is_regenerated(
    order: RepairOrder, boxed: Box, prices: PriceList, mona: User
) -> None:
    invoice = invoices.draft(boxed(unit_with(order, "firmware")), actor=mona)
    service = Service.objects.get(code="firmware")
    Price.objects.create(price_list=prices, service=service, amount=D("5.00"))
    assert invoices.regenerate(invoice, actor=mona).net == D("5.00")


def test_without_a_price_list_work_is_neither_free_nor_billed(
    order: RepairOrder, boxed: Box, prices: PriceList, fin: User
) -> None:
    PriceList.objects.update(active=False)
    box = boxed(unit_with(order, "cleaning"))
    assert box.state == "ready_for_billing"
    with pytest.raises(Refused, match="No price list"):
        invoices.draft(box, actor=fin)
    assert boxed(unit_with(order, "cleaning", verdict="in")).state == "released"


def test_the_currency_of_an_order_is_frozen_at_first_need(
    order: RepairOrder, boxed: Box, prices: PriceList, fin: User
) -> None:
    bill(boxed(unit_with(order, "cleaning")), fin)
    PriceList.objects.update(currency="USD", is_default=False, countries="")
    second = invoices.draft(boxed(unit_with(order, "cleaning")), actor=fin)
    assert (second.currency, second.tax_percent) == ("EUR", D(25))


# ------------------------------------------------------------------ drafts
@pytest.mark.row("R79")
def test_a_draft_takes_lines_of_ones_own_that_survive_regenerating(
    order: RepairOrder, boxed: Box, mona: User, agnes: User
) -> None:
    invoice = invoices.draft(boxed(unit_with(order, "cleaning")), actor=mona)
    line: dict[str, Any] = {"text": "Packing", "quantity": D("1.5"), "price": D("3.33")}
    with pytest.raises(PermissionDenied):
        invoices.add_line(invoice, actor=agnes, version=invoice.version, **line)
    invoice = invoices.add_line(invoice, actor=mona, version=invoice.version, **line)
    with pytest.raises(Stale):
        invoices.add_line(invoice, actor=mona, version=invoice.version - 1, **line)
    assert invoice.net == D("25.00")  # 4.995 is half a cent up
    invoice = invoices.regenerate(invoice, actor=mona)
    assert invoice.net == D("25.00")
    work, packing = invoice.lines.order_by("kind", "pk")[::-1]
    with pytest.raises(Refused):
        invoices.remove_line(invoice, work, actor=mona, version=invoice.version)
    invoice = invoices.remove_line(invoice, packing, actor=mona, version=invoice.version)
    assert invoice.net == D("20.00")


def test_a_discount_may_not_go_below_zero(order: RepairOrder, boxed: Box, fin: User) -> None:
    invoice = invoices.draft(boxed(unit_with(order, "cleaning")), actor=fin)
    less: dict[str, Any] = {"text": "Goodwill", "quantity": D(1), "price": D("-21")}
    invoice = invoices.add_line(invoice, actor=fin, version=invoice.version, **less)
    with pytest.raises(Refused, match="below zero"):
        invoices.issue(invoice, actor=fin)


def test_a_draft_that_comes_to_nothing_is_paid_at_once_and_releases_the_box(
    order: RepairOrder, boxed: Box, fin: User
) -> None:
    box = boxed(unit_with(order, "cleaning"))
    invoice = invoices.draft(box, actor=fin)
    less: dict[str, Any] = {"text": "Goodwill", "quantity": D(1), "price": D("-20")}
    invoice = invoices.add_line(invoice, actor=fin, version=invoice.version, **less)
    invoice = invoices.issue(invoice, actor=fin)
    assert (invoice.state, fresh(box).state) == ("paid", "released")
    assert invoice.number


@pytest.mark.row("R79")
def test_a_draft_can_be_deleted_and_an_issued_invoice_cannot(
    order: RepairOrder, boxed: Box, mona: User, fin: User
) -> None:
    box = boxed(unit_with(order, "cleaning"))
    invoices.delete(invoices.draft(box, actor=mona), actor=mona)
    assert not Invoice.objects.exists()
    issued = bill(box, fin)
    for act in (invoices.delete, invoices.regenerate):
        with pytest.raises(Refused):
            act(issued, actor=fin)
    assert Entry.objects.filter(verb="draft_deleted").exists()


def test_an_invoice_is_drafted_once_and_only_for_a_box_that_is_ready(
    order: RepairOrder, boxed: Box, fin: User, agnes: User
) -> None:
    box = boxed(unit_with(order, "cleaning"))
    with pytest.raises(PermissionDenied):
        invoices.draft(box, actor=agnes)
    invoices.draft(box, actor=fin)
    with pytest.raises(Refused, match="already"):
        invoices.draft(box, actor=fin)
    free = boxed(unit_with(order, "cleaning", verdict="in"))
    with pytest.raises(Refused, match="not ready"):
        invoices.draft(free, actor=fin)


def test_opening_the_box_again_takes_its_draft_away(
    order: RepairOrder, boxed: Box, emil: User, fin: User
) -> None:
    box = boxed(unit_with(order, "cleaning"))
    invoices.draft(box, actor=fin)
    boxing.reopen(box, actor=emil)
    assert not Invoice.objects.exists()
    sealed = boxing.seal(box, actor=emil)
    bill(sealed, fin)
    with pytest.raises(Refused):
        boxing.reopen(sealed, actor=emil)


# ------------------------------------------------------------------ issued and void
@pytest.mark.row("R78", "R97")
def test_issuing_gives_number_account_address_and_due_day_and_bills_the_box(
    order: RepairOrder, boxed: Box, mona: User, fin: User
) -> None:
    box = boxed(unit_with(order, "cleaning"))
    draft = invoices.draft(box, actor=mona)
    with pytest.raises(PermissionDenied):
        invoices.issue(draft, actor=mona)
    with pytest.raises(Stale):
        invoices.issue(draft, actor=fin, version=draft.version + 1)
    invoice = invoices.issue(draft, actor=fin, version=draft.version)
    assert (invoice.state, fresh(box).state) == ("issued", "billed")
    assert invoice.number.endswith("-000001")
    assert invoice.account is not None
    assert invoice.account.currency == "EUR"
    assert "Storgatan 1" in invoice.bill_to
    assert invoice.due_on is not None
    with pytest.raises(Refused):
        invoices.issue(invoice, actor=fin)


def test_without_a_payment_account_nothing_is_issued(
    order: RepairOrder, boxed: Box, fin: User
) -> None:
    from billing.models import PaymentAccount

    PaymentAccount.objects.update(active=False)
    with pytest.raises(Refused, match="payment account"):
        bill(boxed(unit_with(order, "cleaning")), fin)


@pytest.mark.row("E24")
def test_a_void_invoice_keeps_its_number_and_the_new_draft_names_it(
    order: RepairOrder, boxed: Box, mona: User, fin: User
) -> None:
    box = boxed(unit_with(order, "cleaning"))
    invoice = bill(box, fin)
    with pytest.raises(PermissionDenied):
        invoices.void(invoice, actor=mona, reason="Wrong address")
    with pytest.raises(ValidationError):
        invoices.void(invoice, actor=fin, reason=" ")
    again = invoices.void(invoice, actor=fin, reason="Wrong address")
    assert again is not None
    assert (again.replaces, again.state, fresh(box).state) == (
        invoice,
        "draft",
        "ready_for_billing",
    )
    gone = fresh(invoice)
    assert (gone.state, gone.number, gone.void_reason) == ("void", invoice.number, "Wrong address")
    assert invoices.issue(again, actor=fin).number.endswith("-000002")
    assert invoices.void(fresh(again), actor=fin, reason="Wrong", redraft=False) is None


def test_numbers_start_anew_every_year_without_gaps(
    order: RepairOrder, boxed: Box, fin: User, time_machine: Any
) -> None:
    time_machine.move_to("2031-12-31 12:00+00:00", tick=False)
    first = bill(boxed(unit_with(order, "cleaning")), fin)
    time_machine.move_to("2031-12-31 17:00+00:00", tick=False)  # the new year in Shanghai
    second = bill(boxed(unit_with(order, "cleaning")), fin)
    third = bill(boxed(unit_with(order, "cleaning")), fin)
    numbers = [first.number, second.number, third.number]
    assert numbers == ["INV-2031-000001", "INV-2032-000001", "INV-2032-000002"]


# ------------------------------------------------------------------ the gate
@pytest.mark.row("R80")
def test_nothing_is_released_before_it_is_paid(order: RepairOrder, boxed: Box, fin: User) -> None:
    box = boxed(unit_with(order, "cleaning"))
    bill(box, fin)
    with pytest.raises(Refused, match="not paid"):
        advance(fresh(box), "release", actor=fin)


def test_the_gate_says_the_same_to_a_row_and_to_the_database(
    order: RepairOrder, boxed: Box, fin: User
) -> None:
    from billing.guards import bill_is_paid
    from logistics.tests.factories import ContainerFactory

    bill(boxed(unit_with(order, "cleaning")), fin)
    boxed(unit_with(order, "cleaning"))
    boxed(unit_with(order))
    ContainerFactory(consignment=order.consignment)
    assert bill_is_paid.rows is not None
    told = {c.pk for c in Container.objects.filter(bill_is_paid.rows())}
    assert told == {c.pk for c in Container.objects.all() if bill_is_paid(c)}
    assert 0 < len(told) < Container.objects.count()


# ------------------------------------------------------------------ many
def test_forty_boxes_are_drafted_and_issued_each_with_its_own_number(
    order: RepairOrder, boxed: Box, fin: User, mona: User
) -> None:
    boxes = [boxed(unit_with(order, "cleaning")) for _n in range(40)]
    boxed(unit_with(order, "firmware"))
    assert len(invoices.draft_ready(order, actor=mona).moved) == 41
    assert invoices.draft_ready(order, actor=mona).moved == []
    with pytest.raises(PermissionDenied):
        invoices.issue_drafts(order, actor=mona)
    out = invoices.issue_drafts(order, actor=fin)
    assert (len(out.moved), len(out.refused)) == (40, 1)
    numbers = Invoice.objects.exclude(number="").order_by("number").values_list("number", flat=True)
    assert [n[-6:] for n in numbers] == [f"{n:06d}" for n in range(1, 41)]
    assert {fresh(box).state for box in boxes} == {"billed"}


def test_charges_take_the_same_statements_for_one_device_and_for_hundreds(
    order: RepairOrder, boxed: Box, emil: User
) -> None:
    few = boxed(unit_with(order, "cleaning"))
    model = PartType.objects.get(code="fan-12")
    assert model
    many = few
    units = Unit.objects.bulk_create(
        Unit(order=order, sn=f"MANY{n:05d}", state="ready", verdict="out") for n in range(600)
    )
    service = Service.objects.get(code="cleaning")
    with CaptureQueriesContext(connection) as once:
        assert len(charges.of_container(few)) == 1
    now = units[0].order.received_at
    UnitService.objects.bulk_create(
        UnitService(unit=unit, service=service, done_at=now) for unit in units
    )
    Unit.objects.filter(pk__in=[u.pk for u in units]).update(outbound_container=many)
    with CaptureQueriesContext(connection) as often:
        assert len(charges.of_container(many)) == 601
    assert len(often) == len(once)
    assert InvoiceLine.objects.count() == 0
