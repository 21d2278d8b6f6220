"""Parts into devices and out of them, and what of it goes on the invoice (D4, D5, E26)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.workflow import Refused
from history.models import Entry
from parts.models import Movement, Part, Place, Stock, Why
from parts.services import fitting, reservations
from parts.services.fitting import Leaving, used_parts
from parts.services.index import index_of
from parts.tests.factories import PartTypeFactory, fan_type, heap, in_stock, inside
from repairshops.models import RepairShop
from workorders.models import RepairOrder, Unit
from workorders.services import bench
from workorders.tests.factories import RepairOrderFactory, UnitFactory

pytestmark = pytest.mark.django_db


def path_of(part: Part) -> list[tuple[str, str, str]]:
    return [(m.why, m.source, m.target) for m in part.movements.order_by("pk")]


@pytest.mark.row("D5")
def test_a_spare_part_goes_from_stock_into_the_slot(
    unit: Unit, kunshan: RepairShop, emil: User
) -> None:
    part = in_stock(kunshan, "HB0001")
    fitted = fitting.attach(unit, "HB1", part, actor=emil)
    assert (fitted.place, fitted.unit, fitted.slot) == ("unit", unit, "HB1")
    assert Stock.objects.get().quantity == 0
    assert path_of(part) == [("delivery", "supplier", "stock"), ("fitted", "stock", "unit")]
    assert used_parts([unit.pk]) == [(unit.pk, part.type_id, 1, [part.pk])]


def test_of_two_who_fit_the_same_part_the_second_is_refused(
    units: list[Unit], kunshan: RepairShop, emil: User, mona: User
) -> None:
    part = in_stock(kunshan, "HB0001")
    fitting.attach(units[0], "HB1", part, actor=emil)
    with pytest.raises(Refused, match="not in stock any more"):
        fitting.attach(units[1], "HB1", part, actor=mona)


def test_a_slot_that_is_taken_takes_no_second_part(
    unit: Unit, kunshan: RepairShop, emil: User
) -> None:
    fitting.attach(unit, "HB1", in_stock(kunshan, "HB0001"), actor=emil)
    with pytest.raises(Refused, match="in this slot already"):
        fitting.attach(unit, "HB1", in_stock(kunshan, "HB0002"), actor=emil)


def test_a_part_of_another_shop_is_not_fitted(unit: Unit, leipzig: RepairShop, emil: User) -> None:
    with pytest.raises(Refused, match="another shop"):
        fitting.attach(unit, "HB1", in_stock(leipzig, "HB0001"), actor=emil)


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"state": "expected"}, "not here"), ({"state": "ready"}, "back to the bench")],
)
def test_a_device_that_is_not_worked_on_takes_no_part(
    order: RepairOrder, kunshan: RepairShop, emil: User, change: dict[str, Any], reason: str
) -> None:
    unit = UnitFactory(order=order, sn="1HX", **change)
    with pytest.raises(Refused, match=reason):
        fitting.attach(unit, "HB1", in_stock(kunshan, "HB0001"), actor=emil)


@pytest.mark.parametrize("person", ["cora", "agnes", "fin"])
def test_only_the_workshop_fits_and_takes_out(
    request: pytest.FixtureRequest, unit: Unit, kunshan: RepairShop, person: str
) -> None:
    actor = request.getfixturevalue(person)
    with pytest.raises(PermissionDenied):
        fitting.attach(unit, "HB1", in_stock(kunshan, "HB0001"), actor=actor)
    with pytest.raises(PermissionDenied):
        fitting.detach(unit, "HB1", actor=actor, leaving=Leaving("scrap"))


@pytest.mark.row("D4")
def test_replacing_keeps_both_serial_numbers(unit: Unit, kunshan: RepairShop, emil: User) -> None:
    new, kind = in_stock(kunshan, "HB0002"), PartTypeFactory()
    leaving = Leaving("customer", "faulty", "hash_board", "old-001", kind)
    old, fitted = fitting.replace(unit, "HB1", new, actor=emil, leaving=leaving)
    assert (old.serial, old.origin_sn, old.place, old.owner) == (
        "OLD001", unit.sn, "customer", "customer",
    )  # fmt: skip
    assert path_of(old) == [("found", "customer", "unit"), ("returned", "unit", "customer")]
    told = Entry.objects.of(unit).get(verb="part_replaced")
    assert told.data == {"slot": "HB1", "old": "OLD001", "new": "HB0002"}
    assert not told.internal
    assert index_of(unit).slot("HB1").part == fitted


def test_a_serial_number_needs_its_type_and_is_registered_once(
    unit: Unit, kunshan: RepairShop, emil: User
) -> None:
    with pytest.raises(ValidationError, match="Choose the type"):
        fitting.register(unit, "HB1", actor=emil, kind="hash_board", serial="A1")
    kind = in_stock(kunshan, "HB0001").type
    with pytest.raises(ValidationError, match="registered already"):
        fitting.register(unit, "HB1", actor=emil, kind="hash_board", type=kind, serial="hb 0001")


@pytest.mark.parametrize(
    ("owner", "condition", "place"),
    [
        ("maker", "good", "stock"),
        ("maker", "faulty", "shelf"),
        ("customer", "good", "shelf"),
        ("customer", "faulty", "shelf"),
    ],
)
def test_only_good_parts_of_ours_come_into_stock(
    unit: Unit, kunshan: RepairShop, emil: User, owner: str, condition: str, place: str
) -> None:
    inside(unit, "HB1", "X1", owner=owner)
    gone = fitting.detach(unit, "HB1", actor=emil, leaving=Leaving("stock", condition))
    assert (gone.place, gone.condition, gone.shop) == (place, condition, kunshan)


def test_a_repaired_board_goes_back_into_the_device_of_the_same_customer_only(
    unit: Unit, otto: User, kunshan: RepairShop, emil: User
) -> None:
    inside(unit, "HB1", "X1")
    board = fitting.detach(unit, "HB1", actor=emil, leaving=Leaving("stock", "good"))
    theirs = RepairOrderFactory(
        submitted=True, customer=otto.customer, shop=kunshan, state="received"
    )
    other = UnitFactory(order=theirs, sn="1HOTTO", state="repairing")
    with pytest.raises(Refused, match="not for this device"):
        fitting.attach(other, "HB1", board, actor=emil)
    assert fitting.attach(unit, "HB1", board, actor=emil).unit == unit
    assert used_parts([unit.pk]) == []


@pytest.mark.row("D5")
def test_what_was_taken_out_again_is_not_used(unit: Unit, kunshan: RepairShop, emil: User) -> None:
    part = in_stock(kunshan, "HB0001")
    fitting.attach(unit, "HB1", part, actor=emil)
    fitting.detach(unit, "HB1", actor=emil, leaving=Leaving("stock", "good"))
    assert used_parts([unit.pk]) == []
    assert Stock.objects.get().quantity == 1


@pytest.mark.row("D5")
def test_parts_without_serial_numbers_are_counted(
    units: list[Unit], kunshan: RepairShop, emil: User
) -> None:
    fan = fan_type()
    heap(kunshan, fan, 3)
    fitting.attach(units[0], "FAN1", fan, actor=emil)
    fitting.attach(units[0], "FAN2", fan, actor=emil)
    fitting.attach(units[1], "FAN1", fan, actor=emil)
    used = {(unit, kind): n for unit, kind, n, _parts in used_parts([u.pk for u in units])}
    assert used == {(units[0].pk, fan.pk): 2, (units[1].pk, fan.pk): 1}
    with pytest.raises(Refused, match="not in stock"):
        fitting.attach(units[2], "FAN1", fan, actor=emil)
    fitting.detach(units[0], "FAN2", actor=emil, leaving=Leaving("stock", "good"))
    assert Stock.objects.get(type=fan).quantity == 1


def test_used_parts_cost_one_query_however_many_devices(
    units: list[Unit], kunshan: RepairShop, emil: User
) -> None:
    for number, unit in enumerate(units):
        fitting.attach(unit, "HB1", in_stock(kunshan, f"HB{number}"), actor=emil)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert len(used_parts([unit.pk for unit in units])) == 3
    assert len(asked) == 1


@pytest.mark.row("D4")
def test_what_a_first_repair_fitted_comes_back_as_the_customers(
    unit: Unit, cora: User, kunshan: RepairShop, emil: User
) -> None:
    part = in_stock(kunshan, "HB0001")
    fitting.attach(unit, "HB1", part, actor=emil)
    Unit.objects.filter(pk=unit.pk).update(holds_sn=False)
    again = RepairOrderFactory(
        submitted=True, customer=cora.customer, shop=kunshan, state="received"
    )
    second = UnitFactory(order=again, sn=unit.sn, model=unit.model, state="diagnosing")
    assert index_of(second).slot("HB1").part == part
    fitting.detach(second, "HB1", actor=emil, leaving=Leaving("scrap"))
    assert used_parts([unit.pk]) == [(unit.pk, part.type_id, 1, [part.pk])]
    assert used_parts([second.pk]) == []
    fresh = Part.objects.get(pk=part.pk)
    assert (fresh.owner, fresh.place, fresh.condition) == ("customer", "scrap", "scrapped")
    assert Why.CARRIED in [why for why, _source, _target in path_of(part)]


# ------------------------------------------------------------------ reservations
def test_promised_parts_are_not_for_others(
    units: list[Unit], kunshan: RepairShop, emil: User, mona: User
) -> None:
    fan = fan_type()
    heap(kunshan, fan, 1)
    row = reservations.reserve(units[0], fan, 1, actor=emil)
    with pytest.raises(Refused, match="reserved for other devices"):
        fitting.attach(units[1], "FAN1", fan, actor=mona)
    with pytest.raises(Refused, match="Only 0"):
        reservations.reserve(units[1], fan, 1, actor=mona)
    fitting.attach(units[0], "FAN1", fan, actor=emil)
    stock = Stock.objects.get(type=fan)
    assert (stock.quantity, stock.reserved) == (0, 0)
    row.refresh_from_db()
    assert row.ended_at is not None


@pytest.mark.parametrize("how", ["by hand", "given up"])
def test_a_promise_ends_by_hand_or_when_the_device_leaves_the_bench(
    unit: Unit, kunshan: RepairShop, emil: User, how: str
) -> None:
    fan = fan_type()
    heap(kunshan, fan, 5)
    row = reservations.reserve(unit, fan, 2, actor=emil)
    reservations.reserve(unit, fan, 1, actor=emil)
    assert Stock.objects.get(type=fan).reserved == 3
    if how == "by hand":
        reservations.release(row, actor=emil)
    else:
        bench.take_step(unit, "give_up", actor=emil, note="Water inside.")
    assert Stock.objects.get(type=fan).reserved == 0


# ------------------------------------------------------------------ the ledger
@pytest.mark.row("E26")
def test_the_ledger_grows_and_nothing_else(unit: Unit, kunshan: RepairShop, emil: User) -> None:
    fitting.attach(unit, "HB1", in_stock(kunshan, "HB0001"), actor=emil)
    for write in (
        lambda: Movement.objects.update(quantity=2),
        lambda: Movement.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            write()
    assert set(Movement.objects.values_list("target", flat=True)) == {Place.STOCK, Place.UNIT}
