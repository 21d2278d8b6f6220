"""The bench without pages: receipt, steps, reports, clocks, the order that follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from core.workflow import Refused, Stale
from devices.tests.factories import DeviceFactory
from history.models import Entry
from logistics.models import Container, Direction
from repairshops.tests.factories import MembershipFactory
from workorders.models import RepairOrder, Unit
from workorders.services import bench
from workorders.tests.bench import all_of, clock_of, finish, fresh, receive, state_of
from workorders.tests.factories import RepairOrderFactory, UnitFactory

pytestmark = pytest.mark.django_db


# ------------------------------------------------------------------ receipt
def test_receiving_delivers_unpacks_starts_clocks_and_moves_the_order(
    order: RepairOrder, emil: User
) -> None:
    out = bench.receive_units(order, all_of(order), actor=emil)
    assert len(out.moved) == 3
    assert not out.refused
    shipment = order.consignment.shipments.get()
    assert shipment.status == "delivered"
    assert Container.objects.get(shipment=shipment).state == "unpacked"
    for unit in all_of(order):
        assert unit.state == "received"
        assert unit.received_by == emil
        assert unit.inbound_container is not None
        assert unit.due_at is not None
    assert state_of(order) == "received"
    assert fresh(order).received_at is not None


@pytest.mark.row("E6")
def test_the_first_unit_in_moves_the_order_to_received(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    bench.receive_units(order, all_of(order).filter(pk=units[0].pk), actor=emil)
    assert state_of(order) == "received"
    assert state_of(units[1]) == "expected"


def test_units_of_another_order_are_never_taken_in(order: RepairOrder, emil: User) -> None:
    other = UnitFactory(order__shop=order.shop)
    out = bench.receive_units(order, Unit.objects.all(), actor=emil)
    assert other.pk not in out.moved
    assert state_of(other) == "expected"


def test_receiving_twice_names_the_reason(order: RepairOrder, emil: User) -> None:
    receive(order, emil)
    out = bench.receive_units(order, all_of(order), actor=emil)
    assert not out.moved
    assert len(out.refused) == 3


def test_a_customer_or_an_agent_cannot_receive(order: RepairOrder, cora: User, agnes: User) -> None:
    for person in (cora, agnes):
        with pytest.raises(PermissionDenied):
            bench.receive_units(order, all_of(order), actor=person)


@pytest.mark.parametrize("state", ["cancelled", "completed", "awaiting_submission"])
def test_an_order_that_is_not_open_takes_nothing(
    order: RepairOrder, emil: User, state: str
) -> None:
    RepairOrder.objects.filter(pk=order.pk)._move(state=state)
    with pytest.raises(Refused):
        bench.receive_units(order, all_of(order), actor=emil)
    with pytest.raises(Refused):
        bench.mark_missing(order, all_of(order), actor=emil)
    with pytest.raises(Refused):
        bench.add_unexpected(order, "NEW12345", actor=emil)


def _statements(shop: Any, engineer: User, count: int) -> int:
    big = RepairOrderFactory(submitted=True, shop=shop)
    Unit.objects.bulk_create(
        Unit(order=big, sn=f"B{big.pk}N{n:05d}", holds_sn=True) for n in range(count)
    )
    with CaptureQueriesContext(
        connection,
    ) as seen:
        out = bench.receive_units(big, all_of(big), actor=engineer)
    assert len(out.moved) == count
    assert fresh(big).state == "received"
    return len(seen)


@pytest.mark.slow
def test_five_thousand_units_come_in_with_the_statements_of_ten(
    order: RepairOrder, emil: User
) -> None:
    few = _statements(order.shop, emil, 10)
    many = _statements(order.shop, emil, 5_000)
    assert many <= few + 1


# ------------------------------------------------------------------ undo
def test_a_mis_scan_is_undone_by_the_same_engineer(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    bench.receive_units(order, all_of(order).filter(pk=units[0].pk), actor=emil)
    unit = bench.undo_receipt(units[0], actor=emil)
    assert unit.state == "expected"
    assert unit.received_at is None
    assert unit.received_by is None
    assert unit.due_at is None
    assert state_of(order) == "pending_delivery"
    assert fresh(order).received_at is None


def test_undo_is_refused_to_another_engineer_of_the_shop(
    order: RepairOrder, units: list[Unit], emil: User, mona: User
) -> None:
    receive(order, emil)
    with pytest.raises(Refused) as refusal:
        bench.undo_receipt(units[0], actor=mona)
    assert "Only the person" in str(refusal.value.reasons[0])
    assert state_of(units[0]) == "received"


def test_undo_is_refused_after_ten_minutes(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    later = timezone.now() + timedelta(minutes=10, seconds=5)
    with time_machine.travel(later, tick=False), pytest.raises(Refused):
        bench.undo_receipt(units[0], actor=emil)


def test_undo_is_refused_once_work_has_begun(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    bench.take_step(units[0], "start_diagnosis", actor=emil)
    with pytest.raises(Refused):
        bench.take_step(units[0], "undo_receipt", actor=emil)


def test_undoing_an_unexpected_device_takes_it_off_the_list(order: RepairOrder, emil: User) -> None:
    unit = bench.add_unexpected(order, "SURPRISE01", actor=emil)
    gone = bench.undo_receipt(unit, actor=emil)
    assert gone.state == "cancelled"
    assert not gone.holds_sn
    assert state_of(order) == "pending_delivery"
    again = bench.add_unexpected(order, "SURPRISE01", actor=emil)
    assert again.state == "received"


# ------------------------------------------------------------------ unexpected and missing
def test_an_unexpected_device_is_flagged_and_its_warranty_looked_up(
    order: RepairOrder, emil: User
) -> None:
    DeviceFactory(sn="1H2141509999")
    unit = bench.add_unexpected(order, "1h21-4150 9999", actor=emil)
    assert unit.sn == "1H2141509999"
    assert not unit.announced
    assert unit.verdict == "in"
    assert unit.model is not None
    assert unit.state == "received"
    assert unit.due_at is not None
    assert fresh(order).unit_count == 4


def test_a_device_the_registry_does_not_know_is_flagged_unknown(
    order: RepairOrder, emil: User
) -> None:
    assert bench.add_unexpected(order, "HB0001", actor=emil).verdict == "unknown"


def test_an_unexpected_serial_is_refused_when_listed_or_held_elsewhere(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    with pytest.raises(Refused):
        bench.add_unexpected(order, units[0].sn, actor=emil)
    near = UnitFactory(order__shop=order.shop)
    with pytest.raises(Refused) as refusal:
        bench.add_unexpected(order, near.sn, actor=emil)
    assert near.order.code in str(refusal.value.reasons[0])
    far = UnitFactory()
    with pytest.raises(Refused) as refusal:
        bench.add_unexpected(order, far.sn, actor=emil)
    assert far.order.code not in str(refusal.value.reasons[0])


@pytest.mark.parametrize("sn", ["", "---", "A1", "X" * 41])
def test_an_unusable_serial_is_no_device(order: RepairOrder, emil: User, sn: str) -> None:
    with pytest.raises(ValidationError):
        bench.add_unexpected(order, sn, actor=emil)


@pytest.mark.row("E7")
def test_missing_devices_do_not_hold_the_order(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    bench.receive_units(order, all_of(order).filter(pk=units[0].pk), actor=emil)
    out = bench.mark_missing(order, all_of(order).filter(state="expected"), actor=emil)
    assert len(out.moved) == 2
    finish(fresh(units[0]), emil)
    assert state_of(order) == "repaired"
    bench.take_step(units[1], "receive", actor=emil)
    assert state_of(order) == "received"


def test_an_order_of_which_nothing_came_keeps_waiting(order: RepairOrder, emil: User) -> None:
    bench.mark_missing(order, all_of(order), actor=emil)
    assert state_of(order) == "pending_delivery"


# ------------------------------------------------------------------ steps
def test_a_unit_goes_its_way_and_the_order_follows(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    for unit in units:
        done = finish(fresh(unit), emil)
        assert done.engineer == emil
        assert done.ready_at is not None
        assert done.due_at is None
    assert state_of(order) == "repaired"
    assert clock_of(units[0]).stopped_at is not None


def test_a_step_needs_its_report_first(order: RepairOrder, units: list[Unit], emil: User) -> None:
    receive(order, emil)
    bench.take_step(units[0], "start_diagnosis", actor=emil)
    with pytest.raises(Refused) as refusal:
        bench.take_step(units[0], "start_test", actor=emil)
    assert len(refusal.value.reasons) == 2


def test_who_may_not_act_learns_no_reason(
    order: RepairOrder, units: list[Unit], cora: User
) -> None:
    with pytest.raises(PermissionDenied):
        bench.take_step(units[0], "pass_test", actor=cora)


def test_the_clock_stands_while_the_customer_has_the_ball(
    order: RepairOrder, units: list[Unit], emil: User, agnes: User
) -> None:
    receive(order, emil)
    unit = bench.take_step(units[0], "start_diagnosis", actor=emil)
    unit = bench.save_report(
        unit, version=unit.version, actor=emil, faults=[], finding="Password?", work_done=""
    )
    unit = bench.take_step(unit, "ask_customer", actor=emil)
    assert unit.due_at is None
    assert clock_of(unit).paused_at is not None
    unit = bench.take_step(unit, "customer_answered", actor=agnes)
    assert unit.due_at is not None
    unit = bench.take_step(unit, "wait_for_parts", actor=emil)
    assert unit.due_at is None
    unit = bench.take_step(unit, "start_repair", actor=emil)
    assert unit.due_at is not None


def test_an_exit_asks_for_its_reason_and_keeps_it(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    with pytest.raises(Refused):
        bench.take_step(units[0], "reject", actor=emil)
    unit = bench.take_step(units[0], "reject", actor=emil, note="Not our product.")
    assert unit.state == "rejected"
    assert unit.exit_reason == "Not our product."
    assert clock_of(unit).stopped_at is not None


def test_rework_brings_unit_and_order_back_and_asks_anew_for_a_reason(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    for unit in units:
        finish(fresh(unit), emil)
    unit = bench.take_step(fresh(units[0]), "rework", actor=emil)
    assert unit.state == "repairing"
    assert unit.ready_at is None
    assert unit.due_at is not None
    assert state_of(order) == "received"
    assert list(Entry.objects.of(order).values_list("verb", flat=True)).count("follow_units") == 3


def test_a_failed_test_goes_back_to_repair(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    unit = finish(fresh(units[0]), emil)
    bench.take_step(unit, "rework", actor=emil)
    bench.take_step(unit, "start_test", actor=emil)
    assert bench.take_step(unit, "fail_test", actor=emil).state == "repairing"


# ------------------------------------------------------------------ report and notes
def test_a_stale_report_writes_nothing(
    order: RepairOrder, units: list[Unit], emil: User, mona: User
) -> None:
    receive(order, emil)
    words: dict[str, Any] = {"faults": ["psu"], "work_done": ""}
    bench.save_report(units[0], version=1, actor=mona, finding="Fuse blown.", **words)
    with pytest.raises(Stale):
        bench.save_report(units[0], version=1, actor=emil, finding="Other.", **words)
    assert fresh(units[0]).finding == "Fuse blown."


def test_a_report_is_refused_before_receipt_and_in_the_box(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    words: dict[str, Any] = {"faults": [], "finding": "x", "work_done": "", "version": 1}
    with pytest.raises(Refused):
        bench.save_report(units[0], actor=emil, **words)
    receive(order, emil)
    box = Container.objects.create(consignment=order.consignment, direction=Direction.OUT, number=1)
    Unit.objects.filter(pk=units[0].pk).update(outbound_container=box)
    with pytest.raises(Refused):
        bench.save_report(units[0], actor=emil, **words)


@pytest.mark.parametrize("faults", [["gremlin"], ["none_found", "fan"]])
def test_faults_nobody_knows_or_that_contradict_are_refused(
    order: RepairOrder, units: list[Unit], emil: User, faults: list[str]
) -> None:
    receive(order, emil)
    with pytest.raises(ValidationError):
        bench.save_report(units[0], version=1, actor=emil, faults=faults, finding="", work_done="")


def test_notes_are_internal_unless_said_otherwise(
    order: RepairOrder, units: list[Unit], emil: User, cora: User
) -> None:
    note = bench.add_note(units[0], actor=emil, text="Smells burnt.", public=False)
    bench.add_note(units[0], actor=emil, text="Needs a day more.", public=True)
    entries = Entry.objects.of(units[0]).filter(verb="note_added")
    assert [e.internal for e in entries] == [True, False]
    assert note not in type(note).objects.visible_to(cora)
    with pytest.raises(ValidationError):
        bench.add_note(units[0], actor=emil, text=" ", public=True)
    with pytest.raises(PermissionDenied):
        bench.add_note(units[0], actor=cora, text="Hello", public=True)


# ------------------------------------------------------------------ locks
def test_whoever_moves_units_locks_their_order_first(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    """Tried: unit first deadlocks on PostgreSQL, tally before the lock leaves orders stuck."""
    receive(order, emil)
    moves: list[Any] = [
        lambda: bench.take_step(units[0], "start_diagnosis", actor=emil),
        lambda: bench.undo_receipt(units[1], actor=emil),
        lambda: bench.receive_units(order, all_of(order), actor=emil),
        lambda: bench.mark_missing(order, all_of(order), actor=emil),
        lambda: bench.add_unexpected(order, "LOCK0001", actor=emil),
        lambda: bench.save_report(
            units[0], version=1, actor=emil, faults=[], finding="x", work_done=""
        ),
    ]
    for move in moves:
        with CaptureQueriesContext(connection) as seen:
            move()
        touched = [
            table
            for query in seen
            for table in ("workorders_repairorder", "workorders_unit")
            if f'FROM "{table}"' in query["sql"] or f'UPDATE "{table}"' in query["sql"]
        ]
        reads = [t for t in touched if t]
        assert reads[0] == "workorders_repairorder", seen.captured_queries[:3]


def test_an_engineer_of_two_shops_sees_both(order: RepairOrder, leipzig: Any, emil: User) -> None:
    MembershipFactory(user=emil, shop=leipzig)
    UnitFactory(order__shop=leipzig)
    assert Unit.objects.visible_to(emil).count() == 4
    assert Unit.objects.visible_to(UserFactory(role="engineer")).count() == 0
