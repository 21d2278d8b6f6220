"""Pages of goods: the Logistics tab, containers, packing, shipments, lists, papers."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from pypdf import PdfReader

from accounts.models import User
from attachments.services import store
from logistics.models import Carrier, Container, Shipment
from logistics.tests.factories import CarrierFactory, ContainerFactory
from workorders.forms.goods import MOST_LABELS
from workorders.models import RepairOrder, Unit
from workorders.services import boxing, receiving
from workorders.tests.bench import fresh, state_of
from workorders.tests.factories import RepairOrderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def carrier(db: None) -> Carrier:
    made: Carrier = CarrierFactory(name_en="SF Express")
    return made


@pytest.fixture
def ready(order: RepairOrder, units: list[Unit]) -> list[Unit]:
    Unit.objects.filter(order=order)._move(state="ready", finding="Fan.", work_done="New fan.")
    RepairOrder.objects.filter(pk=order.pk)._move(state="repaired", back_count=3)
    return [fresh(unit) for unit in units]


def packed(order: RepairOrder, actor: User, *units: Unit) -> Container:
    box = boxing.open_container(order, actor=actor)
    chosen = Unit.objects.filter(pk__in=[unit.pk for unit in units])
    boxing.assign(order, chosen, box, actor=actor)
    return boxing.seal(box, actor=actor)


def url(name: str, *args: Any) -> str:
    return reverse(f"workorders:{name}", args=args)


def csv_of(client: Client, name: str, query: Any) -> list[str]:
    response: Any = client.get(url(name), query)
    return b"".join(response.streaming_content).decode().strip().splitlines()


def text_of(response: Any) -> str:
    reader = PdfReader(io.BytesIO(response.content))
    return "\n".join(page.extract_text() for page in reader.pages)


# ------------------------------------------------------------------ the tab
@pytest.mark.row("R76", "R77")
def test_the_tab_groups_containers_and_ships_the_ticked_ones(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    client.force_login(emil)
    first, second = packed(order, emil, ready[0]), packed(order, emil, ready[1])
    page = client.get(url("order-logistics", order.code))
    loose = page.context["outbound"].loose
    assert [box for box, ready in loose if ready] == [first, second]
    data = {"container": first.pk, "carrier": carrier.pk, "waybill": "SF1", "form_key": "k1"}
    for _twice in range(2):
        assert client.post(url("shipment-new", order.code), data).status_code == 303
    shipment = Shipment.objects.get(direction="out")
    data = {"container": second.pk, "shipment": shipment.pk}
    assert client.post(url("shipment-assign", order.code), data).status_code == 303
    page = client.get(url("order-logistics", order.code))
    group = page.context["outbound"].groups[0]
    assert (group.shipment, group.boxes, group.total) == (shipment, [first, second], 2)
    assert [box.held for box in group.boxes] == [1, 1]
    for address in (url("shipment", shipment.pk), url("container", first.pk)):
        assert f'href="{address}"' in page.content.decode()
    gone = client.post(url("shipment-unassign", order.code), {"container": second.pk})
    assert gone.status_code == 303
    assert fresh(second).shipment_id is None


def test_a_used_or_carrierless_number_is_said_beside_the_field_and_ticks_stay(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    client.force_login(emil)
    boxes = [packed(order, emil, unit) for unit in ready[:2]]
    boxing.ship(order, boxes[:1], actor=emil, carrier=carrier, waybill="SF1")
    data = {"container": boxes[1].pk, "carrier": carrier.pk, "waybill": "SF-1"}
    answer = client.post(url("shipment-new", order.code), data)
    assert answer.status_code == 422
    assert "has been used before" in answer.content.decode()
    assert f'value="{boxes[1].pk}"' in answer.content.decode()
    assert boxes[1].pk in answer.context["picked"]
    bare = client.post(url("shipment-new", order.code), {**data, "carrier": "", "waybill": "SF2"})
    assert bare.status_code == 422


def test_nothing_ticked_a_stranger_s_container_or_shipment_changes_nothing(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    client.force_login(emil)
    other = RepairOrderFactory(submitted=True)
    foreign = ContainerFactory(consignment=other.consignment, state="released")
    mine = packed(order, emil, ready[0])
    new, assign = url("shipment-new", order.code), url("shipment-assign", order.code)
    data = {"carrier": carrier.pk, "waybill": "SF1"}
    for keys in ({}, {"container": "x"}, {"container": foreign.pk}):
        assert client.post(new, {**data, **keys}).status_code == 409
    theirs = Shipment.objects.get(consignment=other.consignment)
    for key in (theirs.pk, "x", ""):
        answer = client.post(assign, {"container": mine.pk, "shipment": key})
        assert answer.status_code == 404
    assert fresh(foreign).shipment_id is None


@pytest.mark.row("R64")
def test_an_agent_adds_containers_to_a_parcel(
    client: Client, order: RepairOrder, agnes: User
) -> None:
    client.force_login(agnes)
    shipment = Shipment.objects.get(consignment=order.consignment)
    data = {"shipment": shipment.pk, "kind": "pallet", "count": 2, "form_key": "k"}
    for _twice in range(2):
        answer = client.post(url("container-announce", order.code), data)
        assert answer.status_code == 303
    assert shipment.containers.count() == 3
    for bad in ({"count": 0}, {"count": 201}, {"kind": "bag"}):
        answer = client.post(url("container-announce", order.code), {**data, "form_key": "", **bad})
        assert answer.status_code == 422


# ------------------------------------------------------------------ packing
@pytest.mark.row("D3", "R73")
def test_each_scan_is_answered_and_the_last_can_be_undone(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User
) -> None:
    client.force_login(emil)
    opened = client.post(url("container-new", order.code), {"kind": "box", "form_key": "k"})
    box = Container.objects.get(consignment=order.consignment, direction="out")
    scan = url("container-scan", box.pk)
    assert opened["Location"] == scan
    answer = client.post(scan, {"sn": ready[0].sn.lower()}, follow=True)
    assert answer.context["verdict"]["unit"] == ready[0]
    again = client.post(scan, {"sn": ready[0].sn})
    assert again.status_code == 409
    assert "already" in again.content.decode()
    for sn in ("", "1H999", "x" * 300, "\x00"):
        assert client.post(scan, {"sn": sn}).status_code == 409
    undo = client.post(url("container-out", box.pk), {"unit": ready[0].pk, "back": "packing"})
    assert undo["Location"] == scan
    assert fresh(ready[0]).outbound_container_id is None
    assert client.post(url("container-out", box.pk), {"unit": ready[0].pk}).status_code == 409


def test_an_empty_box_is_not_sealed_and_its_button_says_why(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User
) -> None:
    client.force_login(emil)
    box = boxing.open_container(order, actor=emil)
    assert (
        "There is no device in this box." in client.get(url("container", box.pk)).content.decode()
    )
    assert client.post(url("container-seal", box.pk)).status_code == 409
    boxing.scan(box, ready[0].sn, actor=emil)
    assert client.post(url("container-seal", box.pk)).status_code == 303
    assert client.post(url("container-seal", box.pk)).status_code == 409


def test_a_scanned_label_opens_its_container(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, ada: User
) -> None:
    client.force_login(emil)
    box = boxing.open_container(order, actor=emil)
    find = reverse("workorders:scan")
    answer = client.get(find, {"q": box.code.lower()})
    assert answer["Location"] == url("container-scan", box.pk)
    boxing.scan(box, ready[0].sn, actor=emil)
    boxing.seal(box, actor=emil)
    assert client.get(find, {"q": box.code})["Location"] == url("container", box.pk)
    foreign = ContainerFactory(consignment=RepairOrderFactory(submitted=True).consignment)
    assert "/parcels/new/" in client.get(find, {"q": foreign.code})["Location"]


# ------------------------------------------------------------------ shipments
@pytest.mark.row("D6")
def test_number_dates_and_messages_are_written_on_the_page_of_the_shipment(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, agnes: User, carrier: Carrier
) -> None:
    client.force_login(emil)
    box = packed(order, emil, *ready)
    shipment = boxing.ship(order, [box], actor=emil, carrier=None, waybill="")
    key = f"s{shipment.pk}-"
    data = {f"{key}version": 1, f"{key}carrier": carrier.pk, f"{key}waybill": "SF1"}
    assert client.post(url("shipment-number", shipment.pk), data).status_code == 303
    assert state_of(order) == "returned"
    stale = client.post(url("shipment-number", shipment.pk), {**data, f"{key}waybill": "SF2"})
    assert stale.status_code == 409
    assert "SF2" in stale.content.decode()
    assert client.post(url("shipment-remove", shipment.pk), {"version": 2}).status_code == 303
    assert (state_of(order), fresh(shipment).status) == ("repaired", "created")
    data[f"{key}version"] = 3
    assert client.post(url("shipment-number", shipment.pk), data).status_code == 303
    client.force_login(agnes)
    event = {"kind": "delivered", "at": "2026-01-02T10:00", "place": "Luleå"}
    assert client.post(url("tracking-add", shipment.pk), event).status_code == 303
    assert fresh(shipment).status == "delivered"
    for bad in ({"kind": "lost"}, {"at": ""}, {"at": "2999-01-01T10:00"}):
        answer = client.post(url("tracking-add", shipment.pk), {**event, **bad})
        assert answer.status_code == 422
    page = client.get(url("shipment", shipment.pk)).content.decode()
    assert "Luleå" in page
    assert "Number removed" in page


@pytest.mark.row("D6", "E6")
def test_the_customer_sees_each_partial_return_with_its_devices(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, cora: User, carrier: Carrier
) -> None:
    boxes = [packed(order, emil, ready[0]), packed(order, emil, ready[1])]
    for number, box in enumerate(boxes):
        boxing.ship(order, [box], actor=emil, carrier=carrier, waybill=f"SF{number}")
    client.force_login(cora)
    page = client.get(reverse("workorders:repair", args=[order.code]))
    assert [count for _shipment, count in page.context["outbound"]] == [1, 1]
    assert "Returned 2 of 3" in page.content.decode()
    seen = client.get(url("shipment", fresh(boxes[0]).shipment_id)).content.decode()
    assert "Save the number" not in seen
    assert client.get(url("container", boxes[0].pk)).status_code == 200


# ------------------------------------------------------------------ lists
def test_lists_filter_and_export_the_same(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, carrier: Carrier
) -> None:
    client.force_login(emil)
    box = packed(order, emil, ready[0])
    boxing.ship(order, [box], actor=emil, carrier=carrier, waybill="SF77")
    for query, found in (
        ({"direction": "out"}, [box]),
        ({"state": "released"}, [box]),
        ({"q": box.code}, [box]),
        ({"q": "sf-77"}, [box]),
        ({"q": "nobody"}, []),
        ({"shop": "elsewhere"}, []),
    ):
        page = client.get(url("containers"), query)
        assert [row for row, _n in page.context["rows"]] == found, query
        lines = csv_of(client, "containers-export", query)
        assert len(lines) == 1 + len(found)
    for query, count in (
        ({"direction": "out"}, 1),
        ({"status": "ready_to_ship"}, 1),
        ({"carrier": carrier.code}, 1),
        ({"q": "SF77"}, 1),
        ({"q": order.code}, 2),
        ({"status": "delivered"}, 0),
    ):
        page = client.get(url("shipments"), query)
        assert len(page.context["page"].rows) == count, query
        lines = csv_of(client, "shipments-export", query)
        assert len(lines) == 1 + count


# ------------------------------------------------------------------ papers
@pytest.mark.row("D12")
@pytest.mark.parametrize("size", ["sheet", "parcel", "small"])
def test_labels_name_containers_and_devices_in_their_size(
    client: Client, order: RepairOrder, ready: list[Unit], emil: User, size: str
) -> None:
    client.force_login(emil)
    box = packed(order, emil, ready[0])
    query: Any = {"size": size, "containers": box.pk, "units": "sns", "sns": ready[2].sn.lower()}
    answer = client.get(url("labels-pdf", order.code), query)
    assert answer["Content-Type"] == "application/pdf"
    said = text_of(answer).replace("\n", "")
    assert box.code in said
    assert ready[2].sn in said
    assert ready[1].sn not in said
    width = {"sheet": 595, "parcel": 283, "small": 141}[size]
    pages = PdfReader(io.BytesIO(answer.content)).pages
    assert int(pages[0].mediabox.width) == width
    assert len(pages) == (1 if size == "sheet" else 2)


def test_a_sheet_holds_twenty_four_labels_and_a_document_no_more_than_the_limit(
    client: Client, order: RepairOrder, emil: User
) -> None:
    client.force_login(emil)
    Unit.objects.bulk_create(
        Unit(order=order, sn=f"LAB{n:05d}", state="ready") for n in range(MOST_LABELS + 1)
    )
    address = url("labels-pdf", order.code)
    sns = "\n".join(f"LAB{n:05d}" for n in range(25))
    answer = client.get(address, {"size": "sheet", "units": "sns", "sns": sns})
    assert len(PdfReader(io.BytesIO(answer.content)).pages) == 2
    bad: list[Any] = [
        {"size": "sheet", "units": "all"},
        {"size": "sheet"},
        {"size": "poster", "units": "all"},
        {"size": "sheet", "units": "sns", "sns": "NOPE"},
        {"size": "sheet", "containers": 987654},
    ]
    for query in bad:
        assert client.get(address, query).status_code == 422, query


@pytest.mark.row("R66")
@pytest.mark.parametrize("person", ["emil", "agnes", "cora"])
def test_the_damage_report_shows_what_was_damaged_and_the_photos(
    request: pytest.FixtureRequest, client: Client, order: RepairOrder, emil: User, person: str
) -> None:
    raw = io.BytesIO()
    Image.new("RGB", (3000, 2000), "#224466").save(raw, "JPEG")
    photo = store(SimpleUploadedFile("dent.jpg", raw.getvalue(), "image/jpeg"), actor=emil)
    box = Container.objects.get(consignment=order.consignment)
    receiving.record_damage(
        order, actor=emil, description="外壳变形。", sn="1H1", container=box, files=[photo]
    )
    client.force_login(request.getfixturevalue(person))
    answer = client.get(url("damage-pdf", order.code))
    said = text_of(answer).replace("\n", "")
    for word in (order.code, box.code, "外壳变形", "1H1", "dent.jpg", order.waybill):
        assert word in said, word
    pages = PdfReader(io.BytesIO(answer.content)).pages
    pictures = [image for page in pages for image in page.images]
    assert [max(image.image.size) for image in pictures if image.image] == [900]


def test_an_order_without_damage_has_no_report(
    client: Client, order: RepairOrder, emil: User
) -> None:
    client.force_login(emil)
    assert client.get(url("damage-pdf", order.code)).status_code == 409
