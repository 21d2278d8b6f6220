"""Packing and shipping: what goes into a box, what leaves, and what is refused (R64, R77, R80)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from core.workflow import Refused
from history.models import Entry
from logistics import tracking
from logistics.models import Carrier, Container, Shipment, TrackingEvent
from logistics.tests.factories import CarrierFactory, ContainerFactory, ShipmentFactory
from workorders.models import RepairOrder, Unit
from workorders.services import bench, boxing, receiving, returns
from workorders.tests.bench import fresh, state_of
from workorders.tests.factories import RepairOrderFactory, UnitFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def carrier(db: None) -> Carrier:
    made: Carrier = CarrierFactory(name_en="SF Express")
    return made


@pytest.fixture
def ready(order: RepairOrder, units: list[Unit]) -> list[Unit]:
    """All three devices are finished."""
    Unit.objects.filter(order=order)._move(state="ready", finding="Fan.", work_done="New fan.")
    RepairOrder.objects.filter(pk=order.pk)._move(state="repaired", back_count=3)
    return [fresh(unit) for unit in units]


def some(*units: Unit) -> Any:
    return Unit.objects.filter(pk__in=[unit.pk for unit in units])


def packed(order: RepairOrder, actor: User, *units: Unit) -> Container:
    """A sealed box with these devices."""
    box = boxing.open_container(order, actor=actor)
    assert len(boxing.assign(order, some(*units), box, actor=actor).moved) == len(units)
    return boxing.seal(box, actor=actor)


# ------------------------------------------------------------------ packing
@pytest.mark.row("R73", "E31")
def test_only_finished_devices_of_the_order_go_in_and_the_others_say_why(
    order: RepairOrder, ready: list[Unit], emil: User
) -> None:
    box = boxing.open_container(order, actor=emil, kind="pallet")
    other = boxing.open_container(order, actor=emil)
    Unit.objects.filter(pk=ready[1].pk)._move(state="repairing")
    stranger = UnitFactory(ready=True)
    out = boxing.assign(order, some(ready[0], ready[1], stranger), box, actor=emil)
    assert out.moved == [ready[0].pk]
    assert out.refused[ready[1].pk] == boxing.FINISHED_ONLY
    assert out.refused[stranger.pk] == boxing.FOREIGN
    twice = boxing.assign(order, some(ready[0]), box, actor=emil)
    assert "already" in str(twice.refused[ready[0].pk])
    elsewhere = boxing.assign(order, some(ready[0]), other, actor=emil)
    assert "another container" in str(elsewhere.refused[ready[0].pk])
    assert boxing.assign(order, some(ready[0]), None, actor=emil).moved == [ready[0].pk]
    assert fresh(ready[0]).outbound_container_id is None
    verbs = list(Entry.objects.of(ready[0]).values_list("verb", flat=True))
    assert verbs[-2:] == ["boxed", "unboxed"]


def test_a_box_of_another_order_or_a_sealed_one_takes_nothing(
    order: RepairOrder, ready: list[Unit], emil: User
) -> None:
    box = packed(order, emil, ready[0])
    with pytest.raises(Refused):
        boxing.assign(order, some(ready[1]), box, actor=emil)
    out = boxing.assign(order, some(ready[0]), None, actor=emil)
    assert "sealed" in str(out.refused[ready[0].pk])
    second = RepairOrderFactory(submitted=True)
    foreign = ContainerFactory(consignment=second.consignment)
    with pytest.raises(Refused):
        boxing.assign(order, some(ready[1]), foreign, actor=emil)


@pytest.mark.parametrize("name", ["cora", "agnes", "fin", "ada"])
def test_only_the_workshop_packs_and_ships(
    request: pytest.FixtureRequest,
    order: RepairOrder,
    ready: list[Unit],
    emil: User,
    carrier: Carrier,
    name: str,
) -> None:
    person = request.getfixturevalue(name)
    box = boxing.open_container(order, actor=emil)
    acts: list[Any] = [
        lambda: boxing.open_container(order, actor=person),
        lambda: boxing.assign(order, some(ready[0]), box, actor=person),
        lambda: boxing.scan(box, ready[0].sn, actor=person),
        lambda: boxing.seal(box, actor=person),
        lambda: boxing.reopen(box, actor=person),
        lambda: boxing.ship(order, [box], actor=person, carrier=carrier, waybill="SF1"),
        lambda: boxing.take_off(order, [box], actor=person),
    ]
    for act in acts:
        with pytest.raises(PermissionDenied):
            act()


def test_each_scan_answers_and_the_last_one_is_told_first(
    order: RepairOrder, ready: list[Unit], emil: User
) -> None:
    box = boxing.open_container(order, actor=emil)
    for unit in ready[:2]:
        assert boxing.scan(box, f" {unit.sn.lower()} ", actor=emil).outbound_container_id == box.pk
    for sn in (ready[0].sn, "1H00000000", ""):
        with pytest.raises(Refused):
            boxing.scan(box, sn, actor=emil)
    assert boxing.last_scans(box, most=8) == [ready[1], ready[0]]


def test_packing_five_hundred_costs_what_packing_ten_costs(order: RepairOrder, emil: User) -> None:
    costs = []
    for count in (5, 10, 500):  # the first learns what a process keeps
        made = Unit.objects.bulk_create(
            Unit(order=order, sn=f"{count}X{n:05d}", state="ready") for n in range(count)
        )
        box = boxing.open_container(order, actor=emil)
        with CaptureQueriesContext(connection) as queries:
            out = boxing.assign(order, some(*made), box, actor=emil)
        assert len(out.moved) == count
        with CaptureQueriesContext(connection) as back:
            boxing.assign(order, some(*made), None, actor=emil)
        costs.append((len(queries), len(back)))
    assert costs[1] == costs[2]


# ------------------------------------------------------------------ sealing
def test_a_sealed_box_opens_again_until_it_is_billed_or_shipped(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    box = packed(order, emil, ready[0])
    for state in ("sealed", "ready_for_billing"):
        Container.objects.filter(pk=box.pk)._move(state=state)
        assert boxing.reopen(box, actor=emil).state == "open"
    for state in ("billed", "released"):
        Container.objects.filter(pk=box.pk)._move(state=state)
        with pytest.raises(Refused):
            boxing.reopen(box, actor=emil)


# ------------------------------------------------------------------ shipping
@pytest.mark.row("R80")
@pytest.mark.parametrize("state", ["open", "sealed", "ready_for_billing", "billed"])
def test_what_is_not_released_is_not_shipped_and_says_so(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier, state: str
) -> None:
    box = packed(order, emil, ready[0])
    Container.objects.filter(pk=box.pk)._move(state=state)
    with pytest.raises(Refused) as refusal:
        boxing.ship(order, [box], actor=emil, carrier=carrier, waybill="SF1")
    assert box.code in str(refusal.value.reasons[0])
    assert not Shipment.objects.filter(direction="out").exists()


@pytest.mark.row("D6", "E6")
def test_an_order_leaves_in_several_shipments(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    first, second = packed(order, emil, ready[0]), packed(order, emil, *ready[1:])
    boxing.ship(order, [first], actor=emil, carrier=carrier, waybill="SF1")
    assert (state_of(order), fresh(order).state_label) == ("repaired", "Returned 1 of 3")
    boxing.ship(order, [second], actor=emil, carrier=carrier, waybill="SF2")
    assert (state_of(order), fresh(order).sent_count) == ("returned", 3)
    with pytest.raises(Refused):
        boxing.ship(order, [first], actor=emil, carrier=carrier, waybill="SF3")


def test_a_shipment_without_a_number_counts_once_it_gets_one(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    box = packed(order, emil, *ready)
    shipment = boxing.ship(order, [box], actor=emil, carrier=None, waybill="")
    assert (fresh(shipment).status, state_of(order)) == ("created", "repaired")
    with pytest.raises(ValidationError):
        boxing.ship(order, [packed_again(order)], actor=emil, carrier=None, waybill="SF1")
    returns.correct_tracking(order, shipment, version=1, carrier=carrier, waybill="SF1", actor=emil)
    assert (fresh(shipment).status, state_of(order)) == ("ready_to_ship", "returned")
    told = Entry.objects.of(order).filter(verb="return_shipped").get()
    assert (told.data["waybill"], told.data["units"]) == ("SF1", 3)


def packed_again(order: RepairOrder) -> Container:
    made: Container = ContainerFactory(consignment=order.consignment, state="released", number=900)
    return made


@pytest.mark.row("R77")
def test_a_loose_container_goes_on_a_shipment_until_the_carrier_has_it(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    first, second = packed(order, emil, ready[0]), packed(order, emil, *ready[1:])
    shipment = boxing.ship(order, [first], actor=emil, carrier=carrier, waybill="SF1")
    boxing.put_on(order, [second], shipment, actor=emil)
    assert state_of(order) == "returned"
    boxing.take_off(order, [second], actor=emil)
    assert state_of(order) == "repaired"
    now = timezone.now()
    returns.move_return(order, shipment, version=1, actor=emil, picked_up_at=now, delivered_at=None)
    with pytest.raises(Refused):
        boxing.put_on(order, [second], shipment, actor=emil)
    with pytest.raises(Refused):
        boxing.take_off(order, [first], actor=emil)


def test_a_container_goes_on_no_shipment_of_another_way_or_order(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    box = packed(order, emil, ready[0])
    inbound = Shipment.objects.get(consignment=order.consignment, direction="in")
    with pytest.raises(Refused):
        boxing.put_on(order, [box], inbound, actor=emil)
    second = RepairOrderFactory(submitted=True)
    foreign = ShipmentFactory(consignment=second.consignment, direction="out")
    with pytest.raises(Refused):
        boxing.put_on(order, [box], foreign, actor=emil)
    stray = ContainerFactory(
        consignment=order.consignment, direction="in", state="arrived", number=9
    )
    boxing.put_on(order, [stray], inbound, actor=emil)
    assert fresh(stray).shipment_id == inbound.pk


@pytest.mark.row("R80")
def test_a_box_that_waits_for_money_stays_packed_and_is_shipped_later(
    order: RepairOrder,
    ready: list[Unit],
    emil: User,
    carrier: Carrier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ask_for_money(box: Container, *, actor: Any) -> Container:
        Container.objects.filter(pk=box.pk)._move(state="ready_for_billing")
        again: Container = Container.objects.get(pk=box.pk)
        return again

    monkeypatch.setattr(boxing, "seal", ask_for_money)
    sent = bench.ship_back(order, some(*ready), actor=emil, carrier=carrier, waybill="SF1")
    assert sent is None
    box = Container.objects.get(consignment=order.consignment, direction="out")
    assert (box.state, state_of(order)) == ("ready_for_billing", "repaired")
    Container.objects.filter(pk=box.pk)._move(state="released")
    boxing.ship(order, [box], actor=emil, carrier=carrier, waybill="SF1")
    assert state_of(order) == "returned"


# ------------------------------------------------------------------ inbound
@pytest.mark.row("R64", "R65")
def test_containers_of_one_parcel_are_unpacked_one_by_one(
    order: RepairOrder, units: list[Unit], emil: User, agnes: User, cora: User
) -> None:
    shipment = Shipment.objects.get(consignment=order.consignment)
    more = receiving.announce_containers(order, shipment, actor=agnes, kind="box", count=2)
    with pytest.raises(PermissionDenied):
        receiving.announce_containers(order, shipment, actor=cora)
    receiving.receive_units(order, some(units[0]), actor=emil, container=more[1])
    states = dict(
        Container.objects.filter(shipment=shipment)
        .order_by("number")
        .values_list("number", "state")
    )
    assert states == {1: "announced", 2: "announced", 3: "unpacked"}
    assert fresh(units[0]).inbound_container_id == more[1].pk
    assert fresh(shipment).delivered_at is not None
    boxing.step_inbound(more[0], "arrive", actor=emil)
    receiving.receive_units(order, some(*units[1:]), actor=emil, container=more[0])
    assert fresh(more[0]).state == "unpacked"


@pytest.mark.row("R66")
def test_a_damage_names_the_container_of_its_own_order(order: RepairOrder, emil: User) -> None:
    box = Container.objects.get(consignment=order.consignment)
    damage = receiving.record_damage(order, actor=emil, description="Wet.", container=box)
    assert damage.container == box
    foreign = ContainerFactory(consignment=RepairOrderFactory(submitted=True).consignment)
    with pytest.raises(ValidationError):
        receiving.record_damage(order, actor=emil, description="Wet.", container=foreign)


# ------------------------------------------------------------------ what carriers say
def test_what_the_carrier_says_moves_shipment_and_order(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier, cora: User
) -> None:
    box = packed(order, emil, *ready)
    shipment = boxing.ship(order, [box], actor=emil, carrier=carrier, waybill="SF1")
    at = timezone.now() - timedelta(hours=3)
    say = lambda kind, at: returns.note_event(  # noqa: E731
        order, shipment, actor=emil, kind=kind, at=at, place="Shenzhen"
    )
    say("picked_up", at)
    say("exception", at + timedelta(hours=1))
    assert (fresh(shipment).status, fresh(shipment).picked_up_at) == ("in_transit", at)
    say("delivered", at + timedelta(hours=2))
    say("in_transit", at + timedelta(hours=1))
    assert fresh(shipment).delivered_at == at + timedelta(hours=2)
    verbs = Entry.objects.of(order).values_list("verb", flat=True)
    assert "shipment_problem" in verbs
    with pytest.raises(ValidationError):
        say("delivered", timezone.now() + timedelta(hours=1))
    with pytest.raises(PermissionDenied):
        returns.note_event(order, shipment, actor=cora, kind="delivered", at=at)


def test_a_message_that_came_before_its_number_waits_for_it(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    at = timezone.now() - timedelta(hours=1)
    event, new = tracking.receive_event(
        carrier, external_id="m1", waybill="sf-1", kind="picked_up", at=at
    )
    again, second = tracking.receive_event(
        carrier, external_id="m1", waybill="sf-1", kind="delivered", at=at
    )
    assert (new, second, again.pk, event.shipment) == (True, False, event.pk, None)
    shipment = boxing.ship(
        order, [packed(order, emil, *ready)], actor=emil, carrier=carrier, waybill="SF1"
    )
    assert fresh(event).shipment_id == shipment.pk
    assert fresh(shipment).picked_up_at == at
    assert tracking.forget_unmatched(timezone.now()) == 0
    TrackingEvent.objects.update(shipment=None, received_at=at - timedelta(days=91))
    assert tracking.forget_unmatched(timezone.now()) == 1
