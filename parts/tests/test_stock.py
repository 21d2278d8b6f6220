"""Deliveries, moves between shops, counts, low marks: the stock is the sum of its movements."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.models import User
from core.workflow import Refused, Stale
from history.models import Entry
from parts.models import Movement, Part, Stock
from parts.services import fitting, reservations, stock
from parts.services.ledger import differences
from parts.tests.factories import PartTypeFactory, fan_type, heap, in_stock, inside
from repairshops.models import RepairShop
from workorders.models import Unit

pytestmark = pytest.mark.django_db


def test_pasted_serial_numbers_get_one_verdict_each(kunshan: RepairShop) -> None:
    kind = in_stock(kunshan, "HB1").type
    fan_type()
    rows = stock.check_rows(
        kind, "type,serial\nhb-1\nHB2\nhb 2\nhb-d1,HB3\nnone,HB4\nfan-12,HB5\n---\n" + "9" * 50
    )
    assert [(row.serial[:4], str(row.reason)) for row in rows] == [
        ("HB1", "It is registered already."),
        ("HB2", ""),
        ("HB2", "It stands in the list twice."),
        ("HB3", ""),
        ("HB4", "There is no part type of this code."),
        ("HB5", "Parts of this type have no serial number; enter how many came."),
        ("", "This is not a serial number."),
        ("9999", "This is too long for a serial number."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "type,serial\nhb-d1,A1\nhb-d1,A2",
        "型号代码，序列号\nhb-d1，A1\nhb-d1，A2",
        "序列号;备件型号;数量\nA1;hb-d1;1\nA2;hb-d1;1",
        "SN 码\tType code\nA1\thb-d1\nA2\thb-d1",
        "序列号\nA1\nA2",
        "Serial number, note\nA1,box 3\nA2,box 3",
        "hb-d1,A1\n序列号,型号\nA2,hb-d1",
    ],
)
def test_a_list_may_name_its_columns_in_english_or_chinese(db: None, text: str) -> None:
    kind = PartTypeFactory()
    rows = stock.check_rows(kind, text)
    assert [(row.number, row.type, row.serial, row.reason) for row in rows] == [
        (1, kind, "A1", ""),
        (2, kind, "A2", ""),
    ]


def test_a_delivery_books_the_good_rows(kunshan: RepairShop, mona: User) -> None:
    kind = PartTypeFactory()
    rows = stock.check_rows(kind, "A1\nA2\nA1")
    assert stock.deliver(kunshan, rows, actor=mona) == 2
    assert Stock.objects.get(shop=kunshan, type=kind).quantity == 2
    assert set(Movement.objects.values_list("why", "source", "target")) == {
        ("delivery", "supplier", "stock")
    }
    with pytest.raises(ValidationError, match="no row"):
        stock.deliver(kunshan, stock.check_rows(kind, "A1"), actor=mona)


@pytest.mark.parametrize("rows", [1, 20])
def test_a_delivery_takes_the_same_number_of_queries_for_many(
    kunshan: RepairShop, mona: User, rows: int, django_assert_num_queries: Any
) -> None:
    kind = PartTypeFactory()
    text = "\n".join(f"Q{number:04d}" for number in range(rows))
    with django_assert_num_queries(12):
        stock.deliver(kunshan, stock.check_rows(kind, text), actor=mona)


def test_types_without_serial_numbers_are_delivered_by_number(
    kunshan: RepairShop, mona: User
) -> None:
    fan = fan_type()
    assert stock.deliver(kunshan, [], actor=mona, kind=fan, quantity=12) == 12
    with pytest.raises(ValidationError, match="Scan the serial"):
        stock.deliver(kunshan, [], actor=mona, kind=PartTypeFactory(), quantity=2)


@pytest.mark.parametrize("person", ["emil", "erna", "agnes", "cora", "fin"])
def test_only_managers_of_the_shop_edit_its_stock(
    request: pytest.FixtureRequest, kunshan: RepairShop, person: str
) -> None:
    actor, fan = request.getfixturevalue(person), fan_type()
    row, part = heap(kunshan, fan, 2), in_stock(kunshan, "P1")
    for act in (
        lambda: stock.deliver(kunshan, [], actor=actor, kind=fan, quantity=1),
        lambda: stock.count(kunshan, {row.pk: (2, 1)}, actor=actor, reason="Count."),
        lambda: stock.scrap(part, actor=actor, reason="Bent."),
        lambda: stock.set_low(row, 3, version=1, actor=actor),
        lambda: stock.move_to_shop(part, kunshan, actor=actor),
        lambda: stock.mark_repaired(part, actor=actor),
        lambda: stock.give_back(part, actor=actor),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_a_manager_of_another_shop_edits_nothing_here(
    kunshan: RepairShop, leipzig: RepairShop, mona: User
) -> None:
    with pytest.raises(PermissionDenied):
        stock.deliver(leipzig, [], actor=mona, kind=fan_type(), quantity=1)


# ------------------------------------------------------------------ moves
def test_parts_move_between_shops(kunshan: RepairShop, leipzig: RepairShop, mona: User) -> None:
    part, fan = in_stock(kunshan, "P1"), fan_type()
    row = heap(kunshan, fan, 5)
    stock.move_to_shop(part, leipzig, actor=mona, reason="They have none.")
    stock.move_many_to_shop(row, 2, leipzig, actor=mona)
    numbers = {(s.shop.code, s.type.code): s.quantity for s in Stock.objects.all()}
    assert numbers == {
        ("kunshan", "hb-d1"): 0,
        ("leipzig", "hb-d1"): 1,
        ("kunshan", "fan-12"): 3,
        ("leipzig", "fan-12"): 2,
    }
    with pytest.raises(Refused, match="Only 3"):
        stock.move_many_to_shop(row, 4, leipzig, actor=mona)
    with pytest.raises(PermissionDenied):
        stock.move_to_shop(Part.objects.get(pk=part.pk), kunshan, actor=mona)


def test_what_is_promised_is_not_moved_away(
    unit: Unit, kunshan: RepairShop, leipzig: RepairShop, mona: User
) -> None:
    part = in_stock(kunshan, "P1")
    assert part.type is not None
    reservations.reserve(unit, part.type, 1, actor=mona)
    with pytest.raises(Refused, match="Only 0"):
        stock.move_to_shop(part, leipzig, actor=mona)
    with pytest.raises(Refused, match="Only 0"):
        stock.scrap(part, actor=mona, reason="Bent.")


def test_put_aside_parts_are_repaired_given_back_or_scrapped(
    unit: Unit, kunshan: RepairShop, mona: User
) -> None:
    ours = inside(unit, "HB1", "X1", owner="maker")
    theirs = inside(unit, "HB2", "X2")
    for slot in ("HB1", "HB2"):
        fitting.detach(unit, slot, actor=mona, leaving=fitting.Leaving("stock", "faulty"))
    with pytest.raises(Refused, match="belongs to the repair centre"):
        stock.give_back(ours, actor=mona)
    good = stock.mark_repaired(ours, actor=mona)
    assert (good.place, good.condition) == ("stock", "good")
    kept = stock.mark_repaired(theirs, actor=mona)
    assert kept.place == "shelf"
    assert stock.give_back(theirs, actor=mona).place == "customer"
    with pytest.raises(Refused, match="not in the shop any more"):
        stock.scrap(theirs, actor=mona, reason="Bent.")
    with pytest.raises(ValidationError, match="reason"):
        stock.scrap(ours, actor=mona, reason=" ")


# ------------------------------------------------------------------ counts
def test_a_count_books_the_differences_with_its_reason(kunshan: RepairShop, mona: User) -> None:
    fan = fan_type()
    row = heap(kunshan, fan, 5)
    assert stock.count(kunshan, {row.pk: (5, 5)}, actor=mona, reason="Stocktaking") == 0
    assert stock.count(kunshan, {row.pk: (5, 3)}, actor=mona, reason="Stocktaking") == 1
    assert stock.count(kunshan, {row.pk: (3, 4)}, actor=mona, reason="Found one") == 1
    booked = Movement.objects.filter(why="counted").values_list("source", "target", "quantity")
    assert list(booked.order_by("pk")) == [("stock", "count", 2), ("count", "stock", 1)]
    assert Stock.objects.get(pk=row.pk).quantity == 4
    with pytest.raises(ValidationError, match="why it differs"):
        stock.count(kunshan, {row.pk: (4, 1)}, actor=mona, reason="")


def test_a_count_is_refused_when_something_was_taken_meanwhile(
    unit: Unit, kunshan: RepairShop, mona: User, emil: User
) -> None:
    fan = fan_type()
    row = heap(kunshan, fan, 5)
    fitting.attach(unit, "FAN1", fan, actor=emil)
    with pytest.raises(Refused, match="changed from 5 to 4"):
        stock.count(kunshan, {row.pk: (5, 3)}, actor=mona, reason="Stocktaking")
    assert Stock.objects.get(pk=row.pk).quantity == 4


def test_scanned_parts_are_compared_with_what_should_be_there(
    kunshan: RepairShop, mona: User
) -> None:
    kind = PartTypeFactory()
    for serial in ("A1", "A2"):
        in_stock(kunshan, serial, kind)
    out = stock.count_pieces(kunshan, kind, ["A1", "Z9"], actor=mona, reason="Stocktaking")
    assert ([p.serial for p in out.lacking], out.strange) == (["A2"], ["Z9"])
    assert Part.objects.get(serial="A2").place == "count"
    back = stock.count_pieces(kunshan, kind, ["a-1", "A2"], actor=mona, reason="Behind the shelf")
    assert [p.serial for p in back.back] == ["A2"]
    assert Stock.objects.get(type=kind).quantity == 2


# ------------------------------------------------------------------ low marks
def test_a_type_that_falls_to_its_mark_is_told_once(
    units: list[Unit], kunshan: RepairShop, emil: User
) -> None:
    fan = fan_type(low_at=2)
    row = heap(kunshan, fan, 4)
    for unit in units:
        fitting.attach(unit, "FAN1", fan, actor=emil)
    told = Entry.objects.of(row).filter(verb="low")
    assert [entry.data["quantity"] for entry in told] == [2]
    assert list(Stock.objects.low()) == [row]


def test_a_shop_sets_its_own_mark(kunshan: RepairShop, mona: User) -> None:
    row = heap(kunshan, fan_type(low_at=2), 4)
    fresh = stock.set_low(row, 10, version=row.version, actor=mona)
    assert (fresh.low_at, fresh.is_low) == (10, True)
    with pytest.raises(Stale):
        stock.set_low(row, 5, version=row.version, actor=mona)


def test_a_stock_that_lies_is_found(kunshan: RepairShop) -> None:
    row = heap(kunshan, fan_type(), 4)
    part = in_stock(kunshan, "A1")
    assert differences() == []
    Stock.objects.filter(pk=row.pk).update(quantity=7)
    assert part.type is not None
    Stock.objects.filter(type=part.type).delete()
    found = [(one.type.code, one.stock, one.ledger) for one in differences()]
    assert found == [("fan-12", 7, 4), ("hb-d1", 0, 1)]
    Stock.objects.filter(pk=row.pk).update(quantity=4)
    Stock.objects.create(shop=kunshan, type=part.type, quantity=1)
