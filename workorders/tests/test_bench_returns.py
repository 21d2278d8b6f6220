"""Sending back: partial returns, numbers used once, corrections that move the order back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.workflow import Refused, Stale
from history.models import Entry
from history.services import advance
from logistics.models import Carrier, Container, Direction, Shipment
from logistics.shipping import open_box
from logistics.tests.factories import CarrierFactory
from workorders.models import RepairOrder, Unit
from workorders.services import bench
from workorders.tests.bench import finish, fresh, receive, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def carrier(db: None) -> Carrier:
    made: Carrier = CarrierFactory(name_en="SF Express")
    return made


@pytest.fixture
def ready(order: RepairOrder, units: list[Unit], emil: User) -> list[Unit]:
    """All three devices are finished."""
    receive(order, emil)
    return [finish(fresh(unit), emil) for unit in units]


def url(name: str, order: RepairOrder, *more: Any) -> str:
    return reverse(f"workorders:{name}", args=[order.code, *more])


def ship(order: RepairOrder, units: list[Unit], actor: User, carrier: Carrier, no: str) -> Shipment:
    chosen = Unit.objects.filter(pk__in=[u.pk for u in units])
    shipment = bench.ship_back(order, chosen, actor=actor, carrier=carrier, waybill=no)
    assert shipment is not None
    return shipment


# ------------------------------------------------------------------ services
@pytest.mark.row("R32", "E6")
def test_a_partial_return_counts_and_the_last_one_returns_the_order(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    ship(order, ready[:1], emil, carrier, "SF 100-1")
    assert state_of(order) == "repaired"
    assert fresh(order).state_label == "Returned 1 of 3"
    last = ship(order, ready[1:], emil, carrier, "SF1002")
    assert state_of(order) == "returned"
    assert fresh(order).state_label == "Returned"
    assert last.waybill == "SF1002"
    boxes = Container.objects.filter(consignment=order.consignment, direction=Direction.OUT)
    assert [(b.number, b.state) for b in boxes] == [(1, "released"), (2, "released")]
    data = [e.data for e in Entry.objects.of(order).filter(verb="return_shipped")]
    assert data[0]["waybill"] == "SF1001"
    assert data[0]["carrier"] == "SF Express"
    assert data[0]["tracking"] == "https://track.example/SF1001"


def test_an_unfinished_or_boxed_device_boxes_nothing(
    order: RepairOrder, units: list[Unit], emil: User, carrier: Carrier
) -> None:
    receive(order, emil)
    done = finish(fresh(units[0]), emil)
    for chosen in ([done, units[1]], []):
        with pytest.raises(Refused):
            ship(order, chosen, emil, carrier, "SF1")
    ship(order, [done], emil, carrier, "SF1")
    with pytest.raises(Refused):
        ship(order, [done], emil, carrier, "SF2")
    assert Shipment.objects.filter(direction="out").count() == 1


def test_rejected_devices_go_back_too(
    order: RepairOrder, units: list[Unit], emil: User, carrier: Carrier
) -> None:
    receive(order, emil)
    for unit in units:
        bench.take_step(unit, "reject", actor=emil, note="Not ours.")
    assert state_of(order) == "repaired"
    ship(order, units, emil, carrier, "SF1")
    assert state_of(order) == "returned"


def test_removing_the_number_moves_the_order_back_with_its_own_entry(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    shipment = ship(order, ready, emil, carrier, "SF1")
    bench.remove_return_tracking(order, shipment, version=shipment.version, actor=emil)
    assert state_of(order) == "repaired"
    assert fresh(order).sent_count == 0
    entries = [(e.verb, e.target) for e in Entry.objects.of(order).order_by("id")]
    assert entries[-2:] == [("tracking_removed", ""), ("follow_units", "repaired")]
    again = Shipment.objects.get(pk=shipment.pk)
    bench.correct_tracking(
        order, again, version=again.version, carrier=carrier, waybill="SF2", actor=emil
    )
    assert state_of(order) == "returned"


def test_devices_come_out_of_a_box_without_number_and_can_be_reworked(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    shipment = ship(order, ready, emil, carrier, "SF1")
    with pytest.raises(Refused):
        bench.take_out(order, shipment, actor=emil)
    with pytest.raises(Refused):
        bench.take_step(ready[0], "rework", actor=emil)
    bench.remove_return_tracking(order, shipment, version=1, actor=emil)
    assert bench.take_out(order, shipment, actor=emil) == 3
    bench.take_step(ready[0], "rework", actor=emil)
    assert state_of(order) == "received"


def test_a_number_cannot_be_removed_once_picked_up_or_confirmed(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    shipment = ship(order, ready, emil, carrier, "SF1")
    now = timezone.now()
    moved = bench.move_return(
        order, shipment, version=1, actor=emil, picked_up_at=now, delivered_at=None
    )
    assert Shipment.objects.get(pk=moved.pk).status == "in_transit"
    with pytest.raises(Refused):
        bench.remove_return_tracking(order, shipment, version=2, actor=emil)
    bench.move_return(order, shipment, version=2, actor=emil, picked_up_at=now, delivered_at=now)
    with pytest.raises(Refused):
        bench.correct_tracking(
            order, shipment, version=3, carrier=carrier, waybill="SF9", actor=emil
        )
    bench.move_return(order, shipment, version=3, actor=emil, picked_up_at=None, delivered_at=None)
    RepairOrder.objects.filter(pk=order.pk)._move(state="completed")
    with pytest.raises(Refused):
        bench.remove_return_tracking(order, shipment, version=4, actor=emil)


def test_a_stale_correction_writes_nothing(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    shipment = ship(order, ready, emil, carrier, "SF1")
    with pytest.raises(Stale):
        bench.correct_tracking(
            order, shipment, version=9, carrier=carrier, waybill="SF2", actor=emil
        )
    assert Shipment.objects.get(pk=shipment.pk).waybill == "SF1"


def test_an_empty_box_is_never_sealed(order: RepairOrder, emil: User) -> None:
    assert order.consignment is not None
    box = open_box(order.consignment, actor=emil)
    with pytest.raises(Refused) as refusal:
        advance(box, "seal", actor=emil)
    assert "no device" in str(refusal.value.reasons[0])


# ------------------------------------------------------------------ pages
@pytest.mark.parametrize(
    ("person", "status"),
    [("emil", 200), ("mona", 200), ("ada", 200), ("erna", 404), ("cora", 403), ("agnes", 403)],
)
def test_the_return_page_opens_to_the_shop(
    request: pytest.FixtureRequest, client: Client, order: RepairOrder, person: str, status: int
) -> None:
    client.force_login(request.getfixturevalue(person))
    assert client.get(url("return-ship", order)).status_code == status


def test_the_page_ticks_all_and_prefers_the_customers_carrier(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    assert order.consignment is not None
    order.consignment.return_carrier = carrier
    order.consignment.save()
    client.force_login(emil)
    response = client.get(url("return-ship", order))
    assert [ticked for _u, ticked in response.context["ready"]] == [True] * 3
    assert response.context["form"]["carrier"].value() == carrier.pk
    data = {"carrier": carrier.pk, "waybill": "sf 1", "unit": [ready[0].pk], "form_key": "k"}
    for _ in range(2):
        assert client.post(url("return-ship", order), data).status_code == 303
    assert Shipment.objects.filter(direction="out").count() == 1
    page = client.get(url("return-ship", order)).content.decode()
    assert "Returned 1 of 3" in page
    assert "SF1" in page


def test_a_number_is_used_once_per_carrier(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    ship(order, ready[:1], emil, carrier, "SF1")
    client.force_login(emil)
    data = {"carrier": carrier.pk, "waybill": "SF-1", "unit": [ready[1].pk]}
    answer = client.post(url("return-ship", order), data)
    assert answer.status_code == 422
    assert "has been used before" in answer.content.decode()
    other = CarrierFactory()
    assert client.post(url("return-ship", order), {**data, "carrier": other.pk}).status_code == 303


@pytest.mark.parametrize(
    "change", [{"waybill": ""}, {"waybill": "---"}, {"carrier": "x"}, {"carrier": ""}]
)
def test_bad_input_is_said_and_the_ticks_stay(
    client: Client,
    order: RepairOrder,
    ready: list[Unit],
    emil: User,
    carrier: Carrier,
    change: dict[str, str],
) -> None:
    client.force_login(emil)
    data = {"carrier": carrier.pk, "waybill": "SF1", "unit": [ready[1].pk], **change}
    answer = client.post(url("return-ship", order), data)
    assert answer.status_code == 422
    assert [ticked for _u, ticked in answer.context["ready"]] == [False, True, False]


def test_a_return_without_devices_is_refused(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    client.force_login(emil)
    data = {"carrier": carrier.pk, "waybill": "SF1"}
    assert client.post(url("return-ship", order), data).status_code == 409


def test_numbers_are_corrected_dated_removed_and_unboxed_on_the_page(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    shipment = ship(order, ready, emil, carrier, "SF1")
    client.force_login(emil)
    key = f"s{shipment.pk}-"
    data = {f"{key}version": 1, f"{key}carrier": carrier.pk, f"{key}waybill": "SF2"}
    address = url("return-tracking", order, shipment.pk)
    assert client.post(address, data).status_code == 303
    stale = client.post(address, {**data, f"{key}waybill": "SF3"})
    assert stale.status_code == 409
    assert "SF3" in stale.content.decode()
    assert client.post(address, {**data, f"{key}waybill": ""}).status_code == 422
    moved = url("return-moved", order, shipment.pk)
    key = f"m{shipment.pk}-"
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert (
        client.post(moved, {f"{key}version": 2, f"{key}picked_up_at": tomorrow}).status_code == 422
    )
    assert client.post(moved, {f"{key}version": "x"}).status_code == 422
    remove = url("return-remove", order, shipment.pk)
    assert client.post(remove, {"version": "2"}).status_code == 303
    assert client.post(remove, {"version": "2"}).status_code == 409
    assert state_of(order) == "repaired"
    assert client.post(url("return-unbox", order, shipment.pk)).status_code == 303
    assert fresh(ready[0]).outbound_container is None


def test_shipments_of_strangers_and_inbound_ones_are_not_found(
    client: Client,
    order: RepairOrder,
    ready: list[Unit],
    emil: User,
    erna: User,
    carrier: Carrier,
) -> None:
    shipment = ship(order, ready, emil, carrier, "SF1")
    inbound = Shipment.objects.get(consignment=order.consignment, direction="in")
    names = ("return-tracking", "return-remove", "return-moved", "return-unbox")
    client.force_login(erna)
    assert {client.post(url(n, order, shipment.pk)).status_code for n in names} == {404}
    client.force_login(emil)
    assert {client.post(url(n, order, inbound.pk)).status_code for n in names} == {404}


# ------------------------------------------------------------------ locks
def test_returns_lock_their_order_before_anything_of_it(
    order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    shipment = ship(order, ready[:1], emil, carrier, "SF1")
    moves: list[Any] = [
        lambda: ship(order, ready[1:], emil, carrier, "SF2"),
        lambda: bench.correct_tracking(
            order, shipment, version=1, carrier=carrier, waybill="SF3", actor=emil
        ),
        lambda: bench.remove_return_tracking(order, shipment, version=2, actor=emil),
        lambda: bench.take_out(order, shipment, actor=emil),
    ]
    tables = ("workorders_repairorder", "workorders_unit", "logistics_shipment")
    for move in moves:
        with CaptureQueriesContext(connection) as seen:
            move()
        touched = [
            table
            for query in seen
            for table in tables
            if f'FROM "{table}"' in query["sql"] or f'UPDATE "{table}"' in query["sql"]
        ]
        assert touched[0] == "workorders_repairorder"
