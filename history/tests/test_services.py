from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from accounts.models import User
from core.events import Event, happened
from core.workflow import Refused, Stale
from history.models import Entry
from history.services import advance, advance_many, edit, record
from logistics.models import Address
from logistics.tests.factories import AddressFactory
from repairshops.models import RepairShop
from workorders.models import RepairOrder, Unit
from workorders.tests.factories import RepairOrderFactory, UnitFactory


@pytest.fixture
def unit(kunshan: RepairShop) -> Unit:
    return UnitFactory(order__shop=kunshan)


def heard(events: list[Event]) -> None:
    def hear(event: Event, **_: object) -> None:
        events.append(event)

    happened.connect(hear, weak=False, dispatch_uid="test")


@pytest.fixture
def events() -> Iterator[list[Event]]:
    """What was announced while the test ran."""
    said: list[Event] = []
    heard(said)
    yield said
    happened.disconnect(dispatch_uid="test")


def test_a_step_moves_stamps_records_and_tells(unit: Unit, emil: User, events: list[Event]) -> None:
    at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    fresh = advance(unit, "receive", actor=emil, at=at, note="From the dock")
    entry = Entry.objects.of(fresh).get()
    assert (fresh.state, fresh.received_at) == ("received", at)
    assert (entry.verb, entry.source, entry.target) == ("receive", "expected", "received")
    assert (entry.actor, entry.actor_role, entry.note) == (emil, "engineer", "From the dock")
    assert [(e.verb, e.pks, e.target) for e in events] == [("receive", [unit.pk], "received")]


def test_who_may_not_learns_no_reason(unit: Unit, cora: User) -> None:
    advanced = Unit(pk=unit.pk)
    with pytest.raises(PermissionDenied):
        advance(advanced, "start_test", actor=cora)
    assert not Entry.objects.exists()


def test_a_refusal_names_every_reason_at_once(cora: User) -> None:
    draft = RepairOrderFactory(customer=cora.customer)
    with pytest.raises(Refused) as refusal:
        advance(draft, "submit", actor=cora)
    assert len(refusal.value.reasons) == 4


def test_a_step_from_the_wrong_state_is_refused(unit: Unit, emil: User) -> None:
    with pytest.raises(Refused, match="Expected"):
        advance(unit, "start_diagnosis", actor=emil)


def test_bulk_moves_what_may_move_and_names_the_rest(
    kunshan: RepairShop, emil: User, events: list[Event]
) -> None:
    order = RepairOrderFactory(submitted=True, shop=kunshan)
    good = UnitFactory(order=order, state="diagnosing", finding="Fan driver broken.")
    silent = UnitFactory(order=order, state="diagnosing")
    early = UnitFactory(order=order, state="received")
    outcome = advance_many(Unit.objects.filter(order=order), "start_repair", actor=emil)
    assert outcome.moved == [good.pk]
    assert set(outcome.refused) == {silent.pk, early.pk}
    assert Unit.objects.get(pk=good.pk).state == "repairing"
    assert [(e.verb, e.pks) for e in events] == [("start_repair", [good.pk])]
    assert Entry.objects.get().object_id == good.pk


def test_bulk_costs_the_same_for_one_and_for_many(
    kunshan: RepairShop, emil: User, django_assert_num_queries: object
) -> None:
    order = RepairOrderFactory(submitted=True, shop=kunshan)
    Unit.objects.bulk_create(Unit(order=order, sn=f"BULK{n}") for n in range(300))
    first = Unit.objects.filter(order=order, sn="BULK0")
    advance_many(first, "receive", actor=emil)
    with django_assert_num_queries(5):  # type: ignore[operator]
        advance_many(Unit.objects.filter(order=order), "receive", actor=emil)
    assert Entry.objects.filter(verb="receive").count() == 300


def test_bulk_over_nothing_is_nothing(emil: User, db: None) -> None:
    assert advance_many(Unit.objects.none(), "receive", actor=emil).moved == []


def test_state_is_not_written_in_bulk_by_any_other_way(unit: Unit) -> None:
    with pytest.raises(TypeError):
        Unit.objects.filter(pk=unit.pk).update(state="ready")
    with pytest.raises(TypeError):
        Unit._base_manager.filter(pk=unit.pk).update(state="ready")
    with pytest.raises(AttributeError):
        unit.state = "ready"


def test_a_fact_without_a_state_is_recorded_once_for_all(
    kunshan: RepairShop, agnes: User, events: list[Event]
) -> None:
    orders = [RepairOrderFactory(submitted=True, shop=kunshan) for _ in range(3)]
    record(orders, "return_corrected", actor=agnes, data={"before": "A", "after": "B"})
    assert Entry.objects.filter(verb="return_corrected").count() == 3
    assert [sorted(e.pks) for e in events] == [sorted(o.pk for o in orders)]


def test_an_edit_keeps_before_and_after(cora: User) -> None:
    address = AddressFactory(customer=cora.customer)
    fresh = edit(address, version=1, actor=cora, city="Kiruna")
    entry = Entry.objects.of(fresh).get()
    assert (fresh.city, fresh.version) == ("Kiruna", 2)
    assert entry.data == {"before": {"city": "Stockholm"}, "after": {"city": "Kiruna"}}


def test_a_stale_edit_writes_nothing(cora: User) -> None:
    address = AddressFactory(customer=cora.customer)
    edit(address, version=1, actor=cora, city="Kiruna")
    with pytest.raises(Stale):
        edit(address, version=1, actor=cora, city="Malmö")
    assert Address.objects.get().city == "Kiruna"


def test_an_edit_that_changes_nothing_leaves_no_trace(cora: User) -> None:
    edit(AddressFactory(customer=cora.customer), version=1, actor=cora, city="Stockholm")
    assert not Entry.objects.exists()


@pytest.mark.parametrize("change", ["update", "delete"])
def test_history_is_neither_edited_nor_deleted(unit: Unit, emil: User, change: str) -> None:
    advance(unit, "receive", actor=emil)
    entries = Entry.objects.all()
    with pytest.raises(DatabaseError), transaction.atomic():
        entries.update(note="nothing happened") if change == "update" else entries.delete()
    assert Entry.objects.get().note == ""


@pytest.mark.row("E6")
def test_an_order_follows_its_units_back_too(unit: Unit, emil: User) -> None:
    advance(unit, "receive", actor=emil)
    order = advance(RepairOrder.objects.get(pk=unit.order_id), "follow_units", actor=emil)
    assert order.state == "received"
    advance(unit, "undo_receipt", actor=emil)
    order = advance(RepairOrder.objects.get(pk=unit.order_id), "follow_units", actor=emil)
    assert (order.state, order.received_at) == ("pending_delivery", None)
