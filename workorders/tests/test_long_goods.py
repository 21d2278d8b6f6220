"""An order of two hundred containers: short pages on which everything can still be done."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from logistics.models import Carrier, Container, Damage, Shipment, TrackingEvent
from logistics.tests.factories import CarrierFactory, ContainerFactory, ShipmentFactory
from workorders.models import RepairOrder, Unit
from workorders.tests.factories import RepairOrderFactory
from workorders.views.goods.damages import A_PAGE
from workorders.views.goods.shipments import BOXES, EVENTS
from workorders.views.goods.ways import LOOSE, ON_SHIPMENT, OTHER_WAY, SHIPMENTS

pytestmark = pytest.mark.django_db
MANY = 200
SMALL = 30_000


@pytest.fixture
def carrier(db: None) -> Carrier:
    made: Carrier = CarrierFactory(name_en="SF Express")
    return made


@pytest.fixture
def boxes(order: RepairOrder, units: list[Unit]) -> list[Container]:
    """Two hundred that may leave, fifty that are still open; three devices in the first one."""
    RepairOrder.objects.filter(pk=order.pk)._move(state="repaired", back_count=3)
    made = _made(order, "out", "released", 1, MANY)
    _made(order, "out", "open", MANY + 1, MANY + 50)
    Unit.objects.filter(order=order)._move(
        state="ready", finding="Fan.", work_done="New fan.", outbound_container=made[0]
    )
    return made


def _made(order: RepairOrder, way: str, state: str, first: int, last: int) -> list[Container]:
    made: list[Container] = Container.objects.bulk_create(
        Container(consignment=order.consignment, direction=way, state=state, number=number)
        for number in range(first, last + 1)
    )
    return made


def url(name: str, *args: Any) -> str:
    return reverse(f"workorders:{name}", args=args)


def keys(html: str, name: str = "container") -> list[int]:
    """The containers that can be ticked on a page."""
    return [int(key) for key in re.findall(rf'"checkbox" name="{name}" value="(\d+)"', html)]


def following(html: str) -> str:
    found = re.search(r'href="([^"]+)" rel="next"|rel="next" href="([^"]+)"', html)
    return (found.group(1) or found.group(2)).replace("&amp;", "&") if found else ""


# ------------------------------------------------------------------ the tab
@pytest.mark.row("R76", "R77")
def test_links_lead_through_all_containers_that_may_leave(
    client: Client, order: RepairOrder, boxes: list[Container], emil: User
) -> None:
    client.force_login(emil)
    address, seen, pages = url("order-logistics", order.code), [], 0
    while address:
        page = client.get(address).text
        assert len(page.encode()) < SMALL
        seen += keys(page)
        address, pages = following(page), pages + 1
    assert seen == [box.pk for box in boxes]
    assert pages == MANY // LOOSE
    assert page.count('rel="prev"') == 1


def test_the_open_ones_are_listed_too_and_none_of_them_can_be_ticked(
    client: Client, order: RepairOrder, boxes: list[Container], emil: User
) -> None:
    client.force_login(emil)
    address = url("order-logistics", order.code)
    way = client.get(address).context["outbound"]
    assert {str(tab.label): tab.count for tab in way.tabs} == {
        "All": MANY + 50,
        "Not sealed yet": 50,
        "Released": MANY,
    }
    page = client.get(address, {"state": "open"})
    assert [box.state for box, _ready in page.context["outbound"].loose] == ["open"] * LOOSE
    assert keys(page.text) == []
    assert "seal them" in page.text


def test_a_container_is_found_by_its_number_or_its_code(
    client: Client, order: RepairOrder, boxes: list[Container], emil: User
) -> None:
    client.force_login(emil)
    foreign = RepairOrderFactory(submitted=True)
    stranger = ContainerFactory(consignment=foreign.consignment, number=137, state="released")
    address = url("order-logistics", order.code)
    for text, found in (("137", [boxes[136].pk]), (boxes[4].code.lower(), [boxes[4].pk])):
        assert keys(client.get(address, {"box": text, "state": "all"}).text) == found
    for text in ("999", stranger.code, "\x00", "nothing"):
        page = client.get(address, {"box": text, "state": "all"})
        assert page.status_code == 200
        assert stranger.pk not in keys(page.text)


def test_a_few_of_a_later_page_leave_and_a_refused_form_keeps_page_and_ticks(
    client: Client, order: RepairOrder, boxes: list[Container], emil: User, carrier: Carrier
) -> None:
    client.force_login(emil)
    later = following(client.get(url("order-logistics", order.code)).text)
    page = client.get(later).text
    action = re.search(r'action="([^"]+/shipments/new/[^"]*)"', page)
    assert action is not None
    address, chosen = action.group(1).replace("&amp;", "&"), keys(page)[:3]
    bad = client.post(address, {"container": chosen, "waybill": "SF1", "carrier": ""})
    assert bad.status_code == 422
    assert keys(bad.text) == keys(page)
    assert bad.text.count(" checked") == 3
    good = {"container": chosen, "waybill": "SF1", "carrier": carrier.pk}
    assert client.post(address, good).status_code == 303
    sent = Shipment.objects.get(direction="out")
    assert sorted(sent.containers.values_list("pk", flat=True)) == chosen


@pytest.mark.row("R77")
def test_all_that_may_leave_go_at_once_and_the_open_ones_stay(
    client: Client, order: RepairOrder, boxes: list[Container], emil: User, carrier: Carrier
) -> None:
    client.force_login(emil)
    first = {"container": boxes[0].pk, "carrier": carrier.pk, "waybill": "SF1"}
    assert client.post(url("shipment-new", order.code), first).status_code == 303
    sent = Shipment.objects.get(direction="out")
    rest = {"all": "1", "shipment": sent.pk}
    assert client.post(url("shipment-assign", order.code), rest).status_code == 303
    assert sent.containers.count() == MANY
    page = client.get(url("order-logistics", order.code))
    (group,) = page.context["outbound"].groups
    assert (len(group.boxes), group.total) == (ON_SHIPMENT, MANY)
    assert f"All {MANY} containers" in page.text
    nothing = client.post(url("shipment-new", order.code), {"all": "1"})
    assert nothing.status_code == 409


def test_what_came_without_a_waybill_is_turned_page_by_page_as_well(
    client: Client, order: RepairOrder, boxes: list[Container], emil: User
) -> None:
    client.force_login(emil)
    came = _made(order, "in", "arrived", 100, 159)
    page = client.get(url("order-logistics", order.code))
    assert keys(page.text)[:OTHER_WAY] == [box.pk for box in came[:OTHER_WAY]]
    assert len(keys(page.text)) == OTHER_WAY + LOOSE
    inbound = client.get(url("order-logistics", order.code), {"way": "in"})
    assert keys(inbound.text)[:LOOSE] == [box.pk for box in came[:LOOSE]]
    assert len(page.text.encode()) < SMALL
    coming = Shipment.objects.get(consignment=order.consignment, direction="in")
    rest = {"all": "1", "shipment": coming.pk}
    assert client.post(url("shipment-assign", order.code), rest).status_code == 303
    assert coming.containers.count() == 61


def test_of_many_shipments_the_newest_are_shown_and_any_can_take_containers(
    client: Client, order: RepairOrder, boxes: list[Container], emil: User
) -> None:
    client.force_login(emil)
    made = [
        ShipmentFactory(consignment=order.consignment, direction="out", carrier=None, waybill="")
        for _number in range(SHIPMENTS + 2)
    ]
    page = client.get(url("order-logistics", order.code))
    assert [group.shipment for group in page.context["outbound"].groups] == made[-SHIPMENTS:]
    assert f"All {len(made)} shipments" in page.text
    assert f'<option value="{made[0].pk}">' in page.text


def test_the_tab_asks_the_same_of_one_container_and_of_many(
    client: Client,
    order: RepairOrder,
    emil: User,
    boxes: list[Container],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client.force_login(emil)
    for _twice in range(2):
        with django_assert_max_num_queries(10):
            client.get(url("order-logistics", order.code))


# ------------------------------------------------------------------ one shipment
def test_a_shipment_turns_its_containers_and_folds_what_the_carrier_said(
    client: Client, order: RepairOrder, boxes: list[Container], emil: User, carrier: Carrier
) -> None:
    client.force_login(emil)
    data = {"all": "1", "carrier": carrier.pk, "waybill": "SF1"}
    assert client.post(url("shipment-new", order.code), data).status_code == 303
    sent = Shipment.objects.get(direction="out")
    TrackingEvent.objects.bulk_create(
        TrackingEvent(
            carrier=carrier, shipment=sent, waybill="SF1", kind="in_transit", at=timezone.now(),
            text=f"Seen {number}.", source="hand", recorded_by=emil, external_id=str(number),
        )
        for number in range(EVENTS + 3)
    )  # fmt: skip
    address = url("shipment", sent.pk)
    page = client.get(address).text
    assert keys(page) == [box.pk for box in boxes[:BOXES]]
    assert page.count("Seen ") == EVENTS
    assert client.get(address, {"events": "all"}).text.count("Seen ") == EVENTS + 3
    assert keys(client.get(address + following(page)).text)[0] == boxes[BOXES].pk
    assert len(page.encode()) < SMALL


# ------------------------------------------------------------------ labels
@pytest.mark.row("D12")
def test_ticks_of_labels_stay_when_pages_are_turned(
    client: Client, order: RepairOrder, boxes: list[Container], emil: User
) -> None:
    client.force_login(emil)
    address = url("labels", order.code)
    page = client.get(address, {"direction": "out"}).text
    assert len(page.encode()) < SMALL
    first = keys(page, "containers")
    button = re.search(r'name="after" value="(\d+)"', page)
    assert button is not None
    sent = {"direction": "out", "containers": first[:2], "size": "small", "after": button.group(1)}
    turned = client.get(address, sent).text
    assert not set(first) & set(keys(turned, "containers"))
    for key in first[:2]:
        assert f'type="hidden" name="containers" value="{key}"' in turned
    assert "2 containers that are not listed here are ticked too." in turned
    assert keys(client.get(address, {"box": "137"}).text, "containers") == [boxes[136].pk]
    assert len(keys(client.get(address, {"state": "open"}).text, "containers")) == 50


def test_all_of_a_way_get_their_labels_without_a_tick(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    client.force_login(emil)
    _made(order, "out", "released", 1, 5)
    address = url("labels-pdf", order.code)
    answer = client.get(address, {"boxes": "out", "size": "small"})
    assert len(PdfReader(io.BytesIO(answer.content)).pages) == 5
    _made(order, "out", "released", 6, 300)
    for bad in ({"boxes": "out"}, {"boxes": "ticked"}, {"boxes": "sideways"}):
        assert client.get(address, {**bad, "size": "small"}).status_code == 422


# ------------------------------------------------------------------ damages
@pytest.mark.row("R66")
def test_all_damages_are_turned_page_by_page(
    client: Client, order: RepairOrder, emil: User, agnes: User
) -> None:
    Damage.objects.bulk_create(
        Damage(consignment=order.consignment, description=f"Dent {n}.", recorded_by=emil)
        for n in range(A_PAGE + 1)
    )
    client.force_login(agnes)
    page = client.get(url("damages", order.code)).text
    assert page.count("Dent ") == A_PAGE
    assert "Dent 0." in client.get(url("damages", order.code) + following(page)).text
    Damage.objects.all()._raw_delete("default")
    assert client.get(url("damages", order.code), headers={"HX-Request": "true"}).text == ""
    assert "None recorded." in client.get(url("damages", order.code)).text
