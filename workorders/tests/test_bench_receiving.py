"""Opening parcels through the pages: expected against arrived, damages, parcels without order."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.models import User
from attachments.models import Attachment
from devices.tests.factories import DeviceFactory
from history.models import Entry
from logistics.models import Damage, Parcel
from logistics.services import record_parcel
from logistics.tests.factories import CarrierFactory, ParcelFactory
from workorders.models import RepairOrder, Unit
from workorders.services import bench, orders
from workorders.tests.bench import all_of, receive, state_of
from workorders.tests.factories import RepairOrderFactory, UnitFactory

pytestmark = pytest.mark.django_db


def url(name: str, order: RepairOrder) -> str:
    return reverse(f"workorders:{name}", args=[order.code])


def photo(name: str = "corner.jpg") -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(data, "JPEG")
    return SimpleUploadedFile(name, data.getvalue(), "image/jpeg")


# ------------------------------------------------------------------ who
@pytest.mark.parametrize(
    ("person", "status"),
    [("emil", 200), ("mona", 200), ("ada", 200), ("erna", 404), ("cora", 403), ("agnes", 403)],
)
def test_the_receipt_opens_to_the_shop_of_the_order(
    request: pytest.FixtureRequest, client: Client, order: RepairOrder, person: str, status: int
) -> None:
    client.force_login(request.getfixturevalue(person))
    assert client.get(url("receive", order)).status_code == status
    assert client.get(url("receive", order).lower()).status_code == status
    listed = client.get(reverse("workorders:receiving"))
    assert listed.status_code == (403 if status == 403 else 200)
    assert (order.code in listed.content.decode()) is (status == 200)


@pytest.mark.parametrize(
    "name",
    ["receive-scan", "receive-units", "receive-missing", "receive-unexpected", "receive-damage"],
)
def test_every_writing_door_is_closed_to_strangers(
    client: Client, order: RepairOrder, erna: User, ada: User, cora: User, name: str
) -> None:
    data = {"sn": "ABC1234", "all": "1", "description": "Dent"}
    for person, status in ((erna, 404), (ada, 403), (cora, 403)):
        client.force_login(person)
        assert client.post(url(name, order), data).status_code == status
    assert not Damage.objects.exists()
    assert {u.state for u in all_of(order)} == {"expected"}


# ------------------------------------------------------------------ receipt
def test_each_scan_takes_one_device_in(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    client.force_login(emil)
    answer = client.post(url("receive-scan", order), {"sn": units[0].sn.lower()}, follow=True)
    assert f"{units[0].sn} is received." in answer.content.decode()
    assert state_of(units[0]) == "received"
    again = client.post(url("receive-scan", order), {"sn": units[0].sn}, follow=True)
    assert "was received before" in again.content.decode()
    assert client.post(url("receive-scan", order), {"sn": ""}).status_code == 303


def test_ticked_devices_come_in_and_the_rest_is_missing(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    client.force_login(emil)
    assert client.post(url("receive-units", order), {"unit": "nonsense"}).status_code == 409
    ticked = {"unit": [units[0].pk, units[1].pk]}
    assert client.post(url("receive-units", order), ticked).status_code == 303
    assert client.post(url("receive-missing", order), {"all": "1"}).status_code == 303
    assert [state_of(u) for u in units] == ["received", "received", "missing"]
    page = client.get(url("receive", order), {"tab": "missing"}).content.decode()
    assert units[2].sn in page
    late = {"unit": [units[2].pk]}
    assert client.post(url("receive-units", order), late).status_code == 303
    assert state_of(units[2]) == "received"


def test_all_here_takes_everything_in(client: Client, order: RepairOrder, emil: User) -> None:
    client.force_login(emil)
    answer = client.post(url("receive-units", order), {"all": "1"}, follow=True)
    assert "3 devices are received." in answer.content.decode()
    assert state_of(order) == "received"


def test_devices_of_another_order_cannot_be_smuggled_in(
    client: Client, order: RepairOrder, emil: User
) -> None:
    other = UnitFactory(order__shop=order.shop)
    client.force_login(emil)
    client.post(url("receive-units", order), {"unit": [other.pk]})
    assert state_of(other) == "expected"


def test_an_unannounced_scan_is_asked_about_and_then_recorded(
    client: Client, order: RepairOrder, emil: User
) -> None:
    DeviceFactory(sn="1H2141509999")
    client.force_login(emil)
    asked = client.post(url("receive-scan", order), {"sn": "1H2141509999"}, follow=True)
    text = asked.content.decode()
    assert "1H2141509999 is not announced" in text
    assert "In warranty" in text
    assert not Unit.objects.filter(sn="1H2141509999").exists()
    sent = client.post(url("receive-unexpected", order), {"sn": "1H2141509999"})
    assert sent.status_code == 303
    page = client.get(url("receive", order), {"tab": "unexpected"}).content.decode()
    assert "Unexpected" in page
    assert client.post(url("receive-unexpected", order), {"sn": "!"}).status_code == 409


def test_an_undo_stands_beside_what_one_just_received(
    client: Client, order: RepairOrder, emil: User, mona: User
) -> None:
    receive(order, emil)
    address = url("receive", order) + "?tab=arrived"
    client.force_login(emil)
    assert "/undo_receipt/" in client.get(address).content.decode()
    client.force_login(mona)
    assert "/undo_receipt/" not in client.get(address).content.decode()


def test_the_list_finds_by_waybill_code_customer_and_serial(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    other = UnitFactory(order__shop=order.shop).order
    client.force_login(emil)
    for text in (order.waybill.lower(), order.code[:4] + order.code[4:], "nordfjell", units[0].sn):
        page = client.get(reverse("workorders:receiving"), {"q": text})
        assert [row["order"] for row in page.context["rows"]] == [order], text
    both = client.get(reverse("workorders:receiving")).context["rows"]
    assert [row["order"] for row in both] == [order, other]
    assert both[0]["coming"] == 3


def test_receiving_costs_the_same_with_one_row_and_with_eight(
    client: Client, order: RepairOrder, emil: User, django_assert_num_queries: Any
) -> None:
    client.force_login(emil)
    costs = []
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for made in (0, 7):
        for _ in range(made):
            UnitFactory(order__shop=order.shop)
        UnitFactory.create_batch(made, order=order)
        for address in (reverse("workorders:receiving"), url("receive", order)):
            client.get(address)
            with CaptureQueriesContext(connection) as seen:
                client.get(address)
            costs.append(len(seen))
    assert costs[:2] == costs[2:]


# ------------------------------------------------------------------ damage
def test_a_damage_with_its_photo_is_seen_by_the_customer_and_by_no_other(
    client: Client, order: RepairOrder, emil: User, cora: User, otto: User, erna: User
) -> None:
    client.force_login(emil)
    data = {"description": "Corner crushed.", "sn": "", "files": photo()}
    assert client.post(url("receive-damage", order), data).status_code == 303
    damage = Damage.objects.get()
    file = Attachment.objects.get()
    assert file.owner == damage
    for person, sees in ((cora, True), (emil, True), (otto, False), (erna, False)):
        assert Damage.objects.visible_to(person).exists() is sees
        assert Attachment.objects.visible_to(person).exists() is sees
    assert "Corner crushed." in client.get(url("damages", order)).content.decode()
    assert Entry.objects.of(order).filter(verb="damage_recorded").exists()


def test_a_damage_without_words_or_with_a_wrong_file_is_refused_and_kept(
    client: Client, order: RepairOrder, emil: User
) -> None:
    client.force_login(emil)
    assert client.post(url("receive-damage", order), {"description": ""}).status_code == 422
    log = SimpleUploadedFile("miner.log", b"boot\n", "text/plain")
    answer = client.post(url("receive-damage", order), {"description": "Dent", "files": log})
    assert answer.status_code == 422
    assert "Dent" in answer.content.decode()
    assert not Damage.objects.exists()


# ------------------------------------------------------------------ parcels without an order
PARCEL: dict[str, Any] = {"carrier": "", "waybill": "", "code": "", "sns": "", "note": ""}


@pytest.mark.row("R31", "E12")
def test_a_parcel_without_an_order_is_recorded_with_photo(
    client: Client, order: RepairOrder, emil: User
) -> None:
    client.force_login(emil)
    data = {
        **PARCEL,
        "shop": order.shop_id,
        "waybill": "lost-77",
        "sns": "a-1234\nB5678, b5678",
        "files": photo(),
    }
    assert client.post(reverse("workorders:parcel-new"), data).status_code == 303
    parcel = Parcel.objects.get()
    assert (parcel.waybill, parcel.sns, parcel.consignment) == ("LOST77", ["A1234", "B5678"], None)
    assert Attachment.objects.get().owner == parcel
    page = client.get(reverse("workorders:parcel", args=[parcel.pk])).content.decode()
    assert "Without an order" in page
    assert "LOST77" in client.get(reverse("workorders:receiving")).content.decode()
    again = client.post(reverse("workorders:parcel-new"), {**PARCEL, **data, "files": ""})
    assert again.status_code == 422


def test_an_empty_parcel_or_one_of_another_shop_is_refused(
    client: Client, order: RepairOrder, leipzig: Any, emil: User
) -> None:
    client.force_login(emil)
    address = reverse("workorders:parcel-new")
    for shop in (order.shop_id, leipzig.pk, "x"):
        assert client.post(address, {**PARCEL, "shop": shop}).status_code == 422
    data = {**PARCEL, "shop": leipzig.pk, "waybill": "X1"}
    assert client.post(address, data).status_code == 422
    assert not Parcel.objects.exists()


@pytest.mark.row("R31", "E12")
def test_the_customer_of_a_draft_is_asked_to_submit(
    order: RepairOrder, emil: User, cora: User
) -> None:
    draft = RepairOrderFactory(customer=cora.customer)
    UnitFactory(order=draft, sn="DRAFTSN1", holds_sn=False)
    parcel = bench.record_parcel(
        emil.memberships.get().shop, actor=emil, carrier=None, waybill="X1", sns=["draft-sn1"]
    )
    assert parcel.consignment is None
    entry = Entry.objects.of(draft).get(verb="parcel_without_order")
    assert entry.data == {"parcel": parcel.pk}


def test_a_parcel_of_a_submitted_order_is_matched_at_once(
    client: Client, order: RepairOrder, emil: User
) -> None:
    client.force_login(emil)
    data = {**PARCEL, "shop": order.shop_id, "waybill": "OTHER1", "code": order.code.lower()}
    answer = client.post(reverse("workorders:parcel-new"), data)
    assert answer.headers["Location"] == url("receive", order)
    assert Parcel.objects.get().consignment == order.consignment


@pytest.mark.row("R31", "E12")
def test_submitting_matches_the_parcel_that_came_before(
    order: RepairOrder, emil: User, cora: User
) -> None:
    source = RepairOrderFactory(submitted=True, customer=cora.customer, shop=order.shop)
    parcel = record_parcel(
        emil.memberships.get().shop,
        actor=emil,
        carrier=None,
        waybill="EARLY9",
        code="",
        sns=["EARLYSN1"],
        note="",
        files=(),
    )
    draft = RepairOrderFactory(
        customer=cora.customer,
        shop=order.shop,
        carrier=CarrierFactory(),
        waybill="EARLY9",
        return_to=source.return_to,
        return_carrier=CarrierFactory(),
    )
    UnitFactory(order=draft, holds_sn=False)
    submitted = orders.submit_order(draft, actor=cora)
    matched = Parcel.objects.get(pk=parcel.pk)
    assert matched.consignment == submitted.consignment
    assert submitted.consignment.shipments.get().delivered_at == parcel.received_at


@pytest.mark.parametrize(
    ("person", "status"),
    [("emil", 303), ("agnes", 303), ("erna", 404), ("cora", 403), ("ada", 403)],
)
def test_a_parcel_is_matched_by_hand_by_who_may(
    request: pytest.FixtureRequest, client: Client, order: RepairOrder, person: str, status: int
) -> None:
    parcel = ParcelFactory(shop=order.shop, recorded_by=request.getfixturevalue("emil"))
    client.force_login(request.getfixturevalue(person))
    address = reverse("workorders:parcel-match", args=[parcel.pk])
    assert client.post(address, {"code": order.code.lower()}).status_code == status
    assert (Parcel.objects.get().consignment_id is not None) is (status == 303)


def test_a_parcel_goes_neither_to_a_foreign_shop_nor_twice(
    client: Client, order: RepairOrder, emil: User, agnes: User
) -> None:
    parcel = ParcelFactory(shop=order.shop, recorded_by=emil)
    far = RepairOrderFactory(submitted=True)
    draft = RepairOrderFactory(shop=order.shop)
    address = reverse("workorders:parcel-match", args=[parcel.pk])
    client.force_login(emil)
    assert client.post(address, {"code": far.code}).status_code == 404
    assert client.post(address, {"code": ""}).status_code == 422
    client.force_login(agnes)
    assert client.post(address, {"code": far.code}).status_code == 409
    assert client.post(address, {"code": draft.code}).status_code == 409
    assert client.post(address, {"code": order.code}).status_code == 303
    assert client.post(address, {"code": order.code}).status_code == 409


@pytest.mark.parametrize(
    ("person", "status"),
    [("emil", 200), ("agnes", 200), ("ada", 200), ("erna", 404), ("cora", 403), ("fin", 403)],
)
def test_a_parcel_page_opens_to_its_shop_and_to_customer_service(
    request: pytest.FixtureRequest, client: Client, order: RepairOrder, person: str, status: int
) -> None:
    parcel = ParcelFactory(shop=order.shop, recorded_by=request.getfixturevalue("emil"))
    client.force_login(request.getfixturevalue(person))
    assert client.get(reverse("workorders:parcel", args=[parcel.pk])).status_code == status
