"""Work on many units at once: who moves, who stays and why, and that it costs the same for all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.workflow import Refused
from history.models import Entry
from sla.models import Clock
from workorders.models import RepairOrder, Service, Unit, UnitService
from workorders.services import bench, bulk
from workorders.tests.bench import clock_of, finish, fresh, receive, state_of
from workorders.tests.factories import RepairOrderFactory, UnitFactory

pytestmark = pytest.mark.django_db


def units_of(order: RepairOrder, **fields: Any) -> Any:
    return Unit.objects.filter(order=order, **fields)


@pytest.fixture
def services() -> list[Service]:
    return [
        Service.objects.create(code=code, name_en=code.title(), position=at)
        for at, code in enumerate(("clean", "firmware"))
    ]


def sibling(order: RepairOrder, **fields: Any) -> RepairOrder:
    """Another open order of the same customer at the same shop."""
    made: RepairOrder = RepairOrderFactory(
        submitted=True, customer=order.customer, shop=order.shop, **fields
    )
    UnitFactory(order=made)
    return made


# ------------------------------------------------------------------ steps
@pytest.mark.row("R72")
def test_who_may_move_moves_and_the_others_say_why(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    bench.take_step(units[0], "start_diagnosis", actor=emil)
    out = bulk.step(order, units_of(order), "start_diagnosis", actor=emil)
    assert sorted(out.moved) == [units[1].pk, units[2].pk]
    assert list(out.refused) == [units[0].pk]
    assert "In diagnosis" in str(out.refused[units[0].pk])
    assert {unit.engineer for unit in units_of(order)} == {emil}
    out = bulk.step(order, units_of(order), "start_repair", actor=emil)
    assert (out.moved, len(out.refused)) == ([], 3)


@pytest.mark.row("R72")
def test_words_are_written_where_nothing_stands_and_nowhere_else(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    bulk.step(order, units_of(order), "start_diagnosis", actor=emil)
    bench.save_report(
        units[0], version=1, actor=emil, faults=["fan"], finding="Fan stuck.", work_done=""
    )
    out = bulk.step(
        order, units_of(order), "start_test", actor=emil, finding="Dust.", work_done="Cleaned."
    )
    assert len(out.moved) == 3
    told = units_of(order).order_by("pk").values_list("finding", "work_done", "version")
    assert list(told) == [
        ("Fan stuck.", "Cleaned.", 3),
        ("Dust.", "Cleaned.", 3),
        ("Dust.", "Cleaned.", 3),
    ]
    assert Entry.objects.of(units[1]).filter(verb="report", internal=True).count() == 2


def test_an_exit_of_many_keeps_its_reason(order: RepairOrder, emil: User) -> None:
    receive(order, emil)
    assert len(bulk.step(order, units_of(order), "reject", actor=emil).refused) == 3
    bulk.step(order, units_of(order), "reject", actor=emil, note=" Water inside. ")
    assert set(units_of(order).values_list("state", "exit_reason")) == {
        ("rejected", "Water inside.")
    }
    assert state_of(order) == "repaired"


def test_clocks_stand_go_on_and_stop_with_many(order: RepairOrder, emil: User) -> None:
    receive(order, emil)
    bulk.step(order, units_of(order), "start_diagnosis", actor=emil)
    bulk.step(order, units_of(order), "ask_customer", actor=emil, finding="Which firmware?")
    assert set(units_of(order).values_list("due_at", flat=True)) == {None}
    bulk.step(order, units_of(order), "customer_answered", actor=emil)
    assert None not in set(units_of(order).values_list("due_at", flat=True))
    bulk.step(order, units_of(order), "start_test", actor=emil, work_done="Flashed.")
    bulk.step(order, units_of(order), "pass_test", actor=emil)
    assert not Clock.objects.filter(stopped_at=None).exists()


@pytest.mark.parametrize("person", ["agnes", "cora", "fin", "ada"])
def test_only_the_workshop_takes_steps_of_the_bench(
    request: pytest.FixtureRequest, order: RepairOrder, person: str
) -> None:
    with pytest.raises(PermissionDenied):
        bulk.step(order, units_of(order), "receive", actor=request.getfixturevalue(person))


def test_a_mis_scan_is_taken_back_alone(order: RepairOrder, emil: User) -> None:
    with pytest.raises(Refused):
        bulk.step(order, units_of(order), "undo_receipt", actor=emil)


# ------------------------------------------------------------------ services
@pytest.mark.row("R67", "R72")
def test_complete_services_ticks_what_is_open_and_moves_no_state(
    order: RepairOrder, units: list[Unit], services: list[Service], mona: User, emil: User
) -> None:
    assert bulk.set_services(order, units_of(order), services, actor=mona) == 3
    assert bulk.complete_services(order, units_of(order), actor=emil) == 0  # nothing is here yet
    receive(order, emil)
    done = bulk.complete_services(order, units_of(order, pk=units[0].pk), actor=emil)
    assert done == 2
    assert UnitService.objects.open().count() == 4
    assert set(units_of(order).values_list("state", flat=True)) == {"received"}
    assert Entry.objects.of(units[0]).filter(verb="services_completed").exists()
    assert not Entry.objects.of(units[1]).filter(verb="services_completed").exists()


@pytest.mark.row("R67")
def test_a_test_is_passed_when_the_services_in_scope_are_done(
    order: RepairOrder, units: list[Unit], services: list[Service], mona: User, emil: User
) -> None:
    receive(order, emil)
    bulk.set_services(order, units_of(order), services, actor=mona)
    bulk.step(order, units_of(order), "start_diagnosis", actor=emil)
    bulk.step(order, units_of(order), "start_test", actor=emil, finding="Dust.", work_done="Done.")
    bulk.complete_services(order, units_of(order, pk__lte=units[1].pk), actor=emil)
    out = bulk.step(order, units_of(order), "pass_test", actor=emil)
    assert (len(out.moved), list(out.refused)) == (2, [units[2].pk])


def test_another_scope_keeps_what_is_done(
    order: RepairOrder, units: list[Unit], services: list[Service], agnes: User, emil: User
) -> None:
    receive(order, emil)
    bulk.set_services(order, units_of(order), services[:1], actor=agnes)
    bulk.complete_services(order, units_of(order, pk=units[0].pk), actor=emil)
    bulk.set_services(order, units_of(order), services[1:], actor=agnes)
    names = UnitService.objects.values_list("unit", "service__code", "done_at")
    kept = {(unit, code) for unit, code, done in names if done}
    assert kept == {(units[0].pk, "clean")}
    assert len(names) == 4
    for person in (emil,):
        with pytest.raises(PermissionDenied):
            bulk.set_services(order, units_of(order), services, actor=person)


def test_ticks_of_one_device(
    order: RepairOrder, units: list[Unit], services: list[Service], mona: User, emil: User
) -> None:
    bulk.set_services(order, units_of(order), services, actor=mona)
    with pytest.raises(Refused):
        bulk.tick(units[0], [], actor=emil)
    receive(order, emil)
    first = units[0].services.order_by("pk").first()
    assert first is not None
    bulk.tick(units[0], [first.pk], actor=emil)
    bulk.tick(units[0], [first.pk], actor=emil)
    assert units[0].services.filter(done_at__isnull=False).count() == 1
    bulk.tick(units[0], [], actor=emil)
    assert Entry.objects.of(units[0]).filter(verb="services_ticked").count() == 2
    with pytest.raises(PermissionDenied):
        bulk.tick(units[0], [], actor=order.opened_by)


# ------------------------------------------------------------------ moving
@pytest.mark.row("R73", "E31")
def test_devices_move_to_another_order_of_the_same_customer_and_leave_their_box(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    from workorders.services import boxing

    receive(order, emil)
    finish(fresh(units[0]), emil)
    box = boxing.open_container(order, actor=emil)
    boxing.assign(order, units_of(order, pk=units[0].pk), box, actor=emil)
    goal = sibling(order)
    out = bulk.move_units(order, units_of(order, pk__lte=units[1].pk), goal, actor=emil)
    assert out.moved == [units[0].pk, units[1].pk]
    moved = fresh(units[0])
    assert (moved.order_id, moved.outbound_container_id, moved.state) == (goal.pk, None, "ready")
    assert (fresh(order).unit_count, fresh(goal).unit_count) == (1, 3)
    assert state_of(goal) == "received"
    assert Entry.objects.of(moved).get(verb="moved").data == {"from": order.code, "to": goal.code}
    clock = clock_of(units[1])
    assert clock is not None
    assert clock.stopped_at is None


@pytest.mark.row("R73")
def test_what_may_not_move_stays_with_its_reason(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    goal = sibling(order)
    UnitFactory(order=goal, sn=units[0].sn, holds_sn=False)
    bench.mark_missing(order, units_of(order, pk=units[1].pk), actor=emil)
    UnitFactory(order=order)
    out = bulk.move_units(order, units_of(order, pk__lte=units[2].pk), goal, actor=emil)
    assert out.moved == [units[2].pk]
    assert set(out.refused) == {units[0].pk, units[1].pk}


@pytest.mark.row("R73", "E31")
def test_devices_stay_with_their_customer_and_shop(
    order: RepairOrder, units: list[Unit], emil: User, cora: User
) -> None:
    one = units_of(order, pk=units[0].pk)
    elsewhere = RepairOrderFactory(submitted=True, customer=order.customer)
    foreign = RepairOrderFactory(submitted=True, shop=order.shop)
    over = RepairOrderFactory(
        submitted=True, shop=order.shop, customer=order.customer, state="completed"
    )
    for target in (elsewhere, foreign, over, order):
        with pytest.raises(Refused):
            bulk.move_units(order, one, target, actor=emil)
    with pytest.raises(Refused, match="At least one"):
        bulk.move_units(order, units_of(order), sibling(order), actor=emil)
    with pytest.raises(PermissionDenied):
        bulk.move_units(order, one, sibling(order), actor=cora)
    assert fresh(order).unit_count == 3


# ------------------------------------------------------------------ names and warranty
@pytest.mark.row("R75")
def test_names_are_corrected_with_a_trace(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    unit = bulk.edit_names(
        units[0],
        version=1,
        actor=emil,
        sn="1h-2141 5090018",
        model=units[0].model,
        mac="0241.6a0c.511b",
        asset_tag=" Rack 3 ",
    )
    assert (unit.sn, unit.mac, unit.asset_tag) == ("1H21415090018", "02:41:6A:0C:51:1B", "Rack 3")
    data = Entry.objects.of(unit).get(verb="names_edited").data
    assert data["before"]["sn"] == units[0].sn
    assert data["after"]["sn"] == "1H21415090018"


@pytest.mark.row("R75")
def test_a_clash_of_serial_numbers_stands_beside_the_field(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    other = UnitFactory()
    for sn in (units[1].sn, other.sn, "x"):
        with pytest.raises(ValidationError) as error:
            bulk.edit_names(
                units[0], version=1, actor=emil, sn=sn, model=None, mac="", asset_tag=""
            )
        assert set(error.value.error_dict) == {"sn"}
    with pytest.raises(ValidationError) as error:
        bulk.edit_names(
            units[0], version=1, actor=emil, sn=units[0].sn, model=None, mac="12", asset_tag=""
        )
    assert set(error.value.error_dict) == {"mac"}


@pytest.mark.row("E10")
def test_the_warranty_is_decided_with_a_reason(
    order: RepairOrder, units: list[Unit], mona: User, emil: User
) -> None:
    with pytest.raises(PermissionDenied):
        bulk.decide_warranty(units[0], version=1, actor=emil, verdict="out", reason="Water.")
    with pytest.raises(ValidationError):
        bulk.decide_warranty(units[0], version=1, actor=mona, verdict="out", reason=" ")
    unit = bulk.decide_warranty(units[0], version=1, actor=mona, verdict="out", reason="Water.")
    assert (unit.verdict, unit.verdict_reason) == ("out", "Water.")
    renamed = bulk.edit_names(
        unit, version=2, actor=mona, sn="1H00000001", model=None, mac="", asset_tag=""
    )
    assert renamed.verdict == "out"  # a decision outlives a corrected number


# ------------------------------------------------------------------ as many statements
Work = Callable[[RepairOrder, User, User], object]


def _steps(order: RepairOrder, emil: User, mona: User) -> object:
    for name, words in (
        ("receive", {}),
        ("start_diagnosis", {}),
        ("ask_customer", {"finding": "Dust."}),
        ("customer_answered", {}),
        ("start_repair", {}),
        ("wait_for_parts", {}),
        ("start_repair", {}),
        ("start_test", {"work_done": "Cleaned."}),
        ("fail_test", {}),
        ("start_test", {}),
    ):
        out = bulk.step(order, units_of(order), name, actor=emil, **words)
        assert not out.refused, name
    services = Service.objects.all()
    bulk.set_services(order, units_of(order), services, actor=mona)
    bulk.complete_services(order, units_of(order), actor=emil)
    assert not bulk.step(order, units_of(order), "pass_test", actor=emil).refused
    assert not bulk.step(order, units_of(order), "rework", actor=emil).refused
    bulk.agree_to_scrapping(order, units_of(order), actor=mona, note="By phone.")
    stays = units_of(order).order_by("pk").values("pk")[:1]
    goal = RepairOrder.objects.filter(customer=order.customer).exclude(pk=order.pk).get()
    moving = units_of(order).exclude(pk__in=stays)
    assert not bulk.move_units(order, moving, goal, actor=emil).refused
    return bulk.step(goal, units_of(goal), "scrap", actor=emil)


def _missing(order: RepairOrder, emil: User, mona: User) -> object:
    bulk.step(order, units_of(order), "mark_missing", actor=emil)
    return bulk.settle_missing(order, units_of(order), actor=mona, note="Refunded.")


@pytest.mark.slow
@pytest.mark.row("R72", "R73", "D3")
@pytest.mark.parametrize("work", [_steps, _missing])
def test_five_thousand_devices_cost_as_many_statements_as_ten(
    order: RepairOrder, services: list[Service], emil: User, mona: User, work: Work
) -> None:
    costs = []
    Unit.objects.all().delete()
    for number in (10, 5_000):
        made = RepairOrderFactory(submitted=True, customer=order.customer, shop=order.shop)
        goal = RepairOrderFactory(submitted=True, customer=order.customer, shop=order.shop)
        _only(made, goal)
        Unit.objects.bulk_create(
            [Unit(order=made, sn=f"1H{number}{at:06d}", holds_sn=True) for at in range(number)]
        )
        with CaptureQueriesContext(connection) as seen:
            work(made, emil, mona)
        costs.append(len(seen))
    assert costs[0] == costs[1]


def _only(made: RepairOrder, goal: RepairOrder) -> None:
    """The two orders that the work is about; those of the round before are another customer's."""
    from accounts.tests.factories import CustomerFactory

    others = RepairOrder.objects.exclude(pk__in=(made.pk, goal.pk))
    others.update(customer=CustomerFactory())
