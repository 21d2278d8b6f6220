"""Self-service repair as pages: who gets in, what is refused and where, what is kept."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from devices.models import Device
from devices.tests.factories import DeviceFactory, ProductModelFactory
from history.models import Entry
from logistics.tests.factories import AddressFactory, CarrierFactory, ShipmentFactory
from workorders.models import RepairOrder, Unit
from workorders.services import bench, orders
from workorders.tests.factories import RepairOrderFactory, UnitFactory

pytestmark = pytest.mark.django_db
S = RepairOrder.State


@pytest.fixture
def draft(cora):
    return RepairOrderFactory(customer=cora.customer)


@pytest.fixture
def sent(cora, kunshan):
    order = RepairOrderFactory(submitted=True, customer=cora.customer, shop=kunshan)
    UnitFactory(order=order, sn="1H21415090018")
    return order


def url(name, order, *args):
    return reverse(f"workorders:{name}", args=[order.code, *args])


def get(client, who, address):
    client.force_login(who)
    return client.get(address)


def post(client, who, address, data=None):
    client.force_login(who)
    return client.post(address, data or {})


# ------------------------------------------------------------------ who gets in
@pytest.mark.parametrize(
    ("who", "draft_page", "sent_page"),
    [
        ("cora", 200, 200),
        ("colin", 200, 200),
        ("otto", 404, 404),
        ("agnes", 200, 200),
        ("emil", 404, 200),
        ("mona", 404, 200),
        ("erna", 404, 404),
        ("ada", 200, 200),
        ("fin", 403, 403),
        ("sal", 403, 403),
    ],
)
def test_a_code_opens_for_those_it_concerns(
    request, client, draft, sent, who, draft_page, sent_page
):
    user = request.getfixturevalue(who)
    assert get(client, user, url("repair", draft)).status_code == draft_page
    assert get(client, user, url("repair", sent)).status_code == sent_page


@pytest.mark.parametrize("name", ["my-orders", "self-service"])
@pytest.mark.parametrize(
    ("who", "status"), [("cora", 200), ("ada", 200), ("agnes", 403), ("emil", 403), ("fin", 403)]
)
def test_lists_are_the_customers(request, client, name, who, status):
    user = request.getfixturevalue(who)
    assert get(client, user, reverse(f"workorders:{name}")).status_code == status


def test_who_is_not_signed_in_signs_in_first(client, draft):
    for address in (reverse("workorders:my-orders"), url("repair", draft), url("unit-add", draft)):
        assert client.get(address).status_code == 302


EDITING = [
    "repair-save", "repair-submit", "repair-cancel", "unit-add", "units-paste",
]  # fmt: skip


@pytest.mark.parametrize("name", EDITING)
@pytest.mark.parametrize(
    ("who", "status"), [("otto", 404), ("emil", 403), ("ada", 403), ("fin", 403)]
)
def test_nobody_else_writes_on_a_draft(request, client, draft, name, who, status):
    user = request.getfixturevalue(who)
    assert post(client, user, url(name, draft)).status_code == status
    assert RepairOrder.objects.get().state == S.AWAITING_SUBMISSION


@pytest.mark.parametrize("name", ["waybill-add", "return-correct", "packing-slip"])
def test_a_strangers_parcel_is_not_found(client, otto, sent, name):
    assert get(client, otto, url(name, sent)).status_code == 404


def test_a_foreign_code_reads_like_an_unknown_one(client, otto, draft):
    foreign = get(client, otto, url("repair", draft))
    unknown = get(client, otto, reverse("workorders:repair", args=["ZZZZZZZZ"]))
    assert (foreign.status_code, unknown.status_code) == (404, 404)

    def plain(response):
        """Without the address that was asked for and the token of the moment."""
        return re.sub(r'value="\w{64}"|/repairs/\w+/', "", response.content.decode())

    assert plain(foreign) == plain(unknown)


def test_guessing_codes_is_slowed_down(client, otto):
    """S11: at most twenty misses a minute."""
    client.force_login(otto)
    answers = [
        client.post(reverse("workorders:self-service"), {"code": f"GUESS{n:03}"}).status_code
        for n in range(21)
    ]
    assert answers[:20] == [404] * 20
    assert answers[20] == 429


def test_customer_service_fills_in_a_draft_at_its_own_address(client, agnes, draft):
    page = get(client, agnes, url("repair-draft", draft))
    assert page.status_code == 200
    assert "Submit repair order" in page.content.decode()


# ------------------------------------------------------------------ self-service
@pytest.mark.row("R22")
def test_a_code_is_entered_in_any_case(client, cora, draft):
    answer = post(
        client, cora, reverse("workorders:self-service"), {"code": f"  {draft.code.lower()} "}
    )
    assert answer.status_code == 303
    assert answer.url == url("repair", draft)


def test_a_code_in_lower_case_opens_the_same_page(client, cora, draft):
    lower = reverse("workorders:repair", args=[draft.code.lower()])
    assert get(client, cora, lower).status_code == 200


@pytest.mark.parametrize("code", ["", "x" * 300, "\x00"])
def test_what_is_no_code_is_an_error_beside_the_field(client, cora, code):
    answer = post(client, cora, reverse("workorders:self-service"), {"code": code})
    assert answer.status_code == 422


def test_own_drafts_are_offered(client, cora, otto, draft):
    other = RepairOrderFactory(customer=otto.customer)
    page = get(client, cora, reverse("workorders:self-service")).content.decode()
    assert draft.code in page
    assert other.code not in page


# ------------------------------------------------------------------ the draft
def complete(order, shop, **changed):
    address = AddressFactory(customer=order.customer)
    told = {
        "version": order.version,
        "shop": shop.pk,
        "carrier": CarrierFactory().pk,
        "waybill": "HWB77001",
        "return_to": address.pk,
        "return_carrier": CarrierFactory().pk,
    }
    return told | changed


@pytest.mark.row("R24")
def test_shops_are_shown_with_region_name_and_address(client, cora, draft, kunshan):
    """R24."""
    page = get(client, cora, url("repair", draft)).content.decode()
    assert f"[{kunshan.region_en}] {kunshan.name_en}" in page
    assert kunshan.address_en in page


def test_a_draft_is_saved_and_shown_again(client, cora, draft, kunshan):
    answer = post(client, cora, url("repair-save", draft), complete(draft, kunshan))
    assert answer.status_code == 303
    page = client.get(answer.url).content.decode()
    assert 'value="HWB77001"' in page


def test_half_a_draft_can_be_saved(client, cora, draft):
    answer = post(client, cora, url("repair-save", draft), {"version": 1, "waybill": "abc 1"})
    assert answer.status_code == 303
    assert RepairOrder.objects.get().waybill == "ABC1"


@pytest.mark.row("R27")
def test_an_empty_form_names_everything_that_is_missing(client, cora, draft):
    answer = post(client, cora, url("repair-submit", draft), {"version": 1})
    page = answer.content.decode()
    assert answer.status_code == 422
    for text in (
        "Add at least one device.",
        "Choose the repair shop.",
        "Choose the company that carries your parcel.",
        "Enter the waybill number.",
        "Choose where the devices go back to.",
        "Choose the company for the way back.",
    ):
        assert text in page


def test_an_error_stands_beside_its_field_and_the_text_stays(client, cora, draft, kunshan):
    carrier = CarrierFactory(pattern=r"SF\d{13}", name_en="SF Express")
    told = complete(draft, kunshan, carrier=carrier.pk, waybill="SF99")
    answer = post(client, cora, url("repair-save", draft), told)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="SF99"' in page
    assert "does not look like a waybill number of SF Express" in page
    assert "id_waybill_error" in page


def test_a_used_waybill_is_an_error_beside_its_field(client, cora, draft, kunshan):
    used = ShipmentFactory(consignment=RepairOrderFactory(submitted=True).consignment)
    told = complete(draft, kunshan, carrier=used.carrier_id, waybill=used.waybill)
    answer = post(client, cora, url("repair-save", draft), told)
    assert answer.status_code == 422
    assert "has been used before" in answer.content.decode()


def test_a_foreign_address_is_no_choice(client, cora, otto, draft, kunshan):
    foreign = AddressFactory(customer=otto.customer)
    told = complete(draft, kunshan, return_to=foreign.pk)
    assert post(client, cora, url("repair-save", draft), told).status_code == 422


def new_address(**changed):
    told = {
        "new-recipient": "Hall 2",
        "new-phone": "+46 8 123 456 78",
        "new-country": "SE",
        "new-city": "Kiruna",
        "new-street": "Verkstadsgatan 14",
    }
    return told | changed


def test_a_new_address_is_entered_without_leaving_the_form(client, cora, draft, kunshan):
    told = complete(draft, kunshan, return_to="new") | new_address()
    assert post(client, cora, url("repair-save", draft), told).status_code == 303
    order = RepairOrder.objects.get()
    assert order.return_to.city == "Kiruna"
    assert order.waybill == "HWB77001"


def test_a_bad_new_address_keeps_everything(client, cora, draft, kunshan):
    told = complete(draft, kunshan, return_to="new") | new_address(**{"new-phone": "12"})
    answer = post(client, cora, url("repair-save", draft), told)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "not a telephone number" in page
    assert 'value="HWB77001"' in page
    assert 'value="Verkstadsgatan 14"' in page


def test_a_stale_draft_is_a_conflict_that_keeps_the_text(client, cora, draft, kunshan):
    told = complete(draft, kunshan)
    post(client, cora, url("repair-save", draft), told)
    answer = post(client, cora, url("repair-save", draft), told | {"waybill": "MINE1"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'value="MINE1"' in page
    assert "HWB77001" in page
    assert RepairOrder.objects.get().waybill == "HWB77001"
    assert 'name="version" value="2"' in page


@pytest.mark.row("R28", "E3")
def test_submitting_saves_submits_and_shows_the_details(client, cora, draft, kunshan):
    DeviceFactory(sn="A1")
    orders.add_unit(draft, orders.Device(sn="A1"), actor=cora)
    answer = post(client, cora, url("repair-submit", draft), complete(draft, kunshan))
    assert answer.status_code == 303
    page = client.get(answer.url).content.decode()
    assert "Waiting for receipt" in page
    assert kunshan.name_en in page


def test_a_form_sent_twice_counts_once(client, cora, draft, kunshan):
    DeviceFactory(sn="A1")
    orders.add_unit(draft, orders.Device(sn="A1"), actor=cora)
    told = complete(draft, kunshan) | {"form_key": "one"}
    first = post(client, cora, url("repair-submit", draft), told)
    second = post(client, cora, url("repair-submit", draft), told)
    assert (first.status_code, second.status_code) == (303, 303)
    assert Entry.objects.filter(verb="submit").count() == 1


def test_a_refused_submission_says_why_and_keeps_the_draft(client, cora, draft, kunshan):
    DeviceFactory(sn="A1")
    orders.add_unit(draft, orders.Device(sn="A1"), actor=cora)
    own = UnitFactory(order=RepairOrderFactory(submitted=True, customer=cora.customer), sn="A1")
    answer = post(client, cora, url("repair-submit", draft), complete(draft, kunshan))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f"A1 is in your open repair order {own.order.code}" in page
    assert RepairOrder.objects.get(pk=draft.pk).waybill == "HWB77001"


@pytest.mark.row("R30")
def test_what_was_submitted_cannot_be_saved_again(client, cora, sent, kunshan):
    answer = post(client, cora, url("repair-save", sent), complete(sent, kunshan))
    assert answer.status_code == 409
    assert get(client, cora, url("unit-add", sent)).status_code == 409


# ------------------------------------------------------------------ devices
def device(at, **changed):
    told = {
        "sn": "1H21415090018",
        "device_type": "machine",
        "model": ProductModelFactory().pk,
        "shop": at.pk,
        "remark": "",
    }
    return told | changed


@pytest.mark.row("R23")
def test_a_device_is_added_by_the_dialog_or_the_page(client, cora, draft, kunshan):
    DeviceFactory(sn="1H21415090018")
    assert get(client, cora, url("unit-add", draft)).status_code == 200
    told = device(kunshan, sn=" 1h21 4150-90018 ", remark="Fans")
    answer = post(client, cora, url("unit-add", draft), told)
    assert answer.status_code == 303
    assert answer.url == url("repair", draft)
    page = client.get(answer.url).content.decode()
    assert "1H21415090018" in page
    assert "In warranty" in page
    assert RepairOrder.objects.get().shop == kunshan


@pytest.mark.row("R26")
def test_another_device_can_follow_at_once(client, cora, draft, kunshan):
    DeviceFactory(sn="1H21415090018")
    answer = post(client, cora, url("unit-add", draft), device(kunshan, again="1"))
    assert answer.url == url("unit-add", draft)


@pytest.mark.row("E9")
def test_a_device_out_of_warranty_is_asked_about(client, cora, draft, kunshan):
    """E9: flagged, never silently accepted."""
    DeviceFactory(sn="1H21415090018", out=True)
    answer = post(client, cora, url("unit-add", draft), device(kunshan))
    assert answer.status_code == 422
    assert 'name="accepted"' in answer.content.decode()
    answer = post(client, cora, url("unit-add", draft), device(kunshan, accepted="on"))
    assert answer.status_code == 303
    assert "Out of warranty" in client.get(answer.url).content.decode()


def test_an_own_open_order_is_linked_a_foreign_one_is_not(client, cora, draft, kunshan):
    """E11."""
    own = UnitFactory(order=RepairOrderFactory(submitted=True, customer=cora.customer), sn="A1")
    foreign = UnitFactory(sn="B2")
    page = post(client, cora, url("unit-add", draft), device(kunshan, sn="A1")).content.decode()
    assert url("repair", own.order) in page
    page = post(client, cora, url("unit-add", draft), device(kunshan, sn="B2")).content.decode()
    assert "Write to customer service" in page
    assert foreign.order.code not in page


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"sn": ""}, "Enter the serial number."),
        ({"sn": "---"}, "as it stands on the label"),
        ({"sn": "X" * 300}, "A serial number is not that long."),
        ({"sn": "A1\x00"}, "Null characters are not allowed."),
        ({"model": "999999"}, "Select a valid choice"),
        ({"shop": ""}, "Choose the repair shop."),
        ({"remark": "x" * 501}, "more than 500 characters"),
        ({"device_type": "spaceship"}, "Select a valid choice"),
    ],
)
def test_bad_input_is_an_error_beside_its_field(client, cora, draft, kunshan, changed, text):
    answer = post(client, cora, url("unit-add", draft), device(kunshan, **changed))
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert not draft.units.exists()


@pytest.mark.row("R23")
def test_an_empty_device_form_names_every_field(client, cora, draft):
    page = post(client, cora, url("unit-add", draft), {"x": "1"}).content.decode()
    for text in ("Enter the serial number.", "Choose the device model.", "Choose the repair shop."):
        assert text in page


def test_a_shop_that_does_not_serve_the_model_is_refused(client, cora, draft, kunshan):
    other = ProductModelFactory(name="VolcMiner D3")
    kunshan.models_served.add(other)
    answer = post(client, cora, url("unit-add", draft), device(kunshan))
    assert answer.status_code == 422
    assert "does not repair this model" in answer.content.decode()


@pytest.mark.row("E8")
def test_another_shop_is_offered_as_a_second_order(client, cora, draft, kunshan, leipzig):
    """E8."""
    DeviceFactory(sn="A1")
    DeviceFactory(sn="B2")
    post(client, cora, url("unit-add", draft), device(kunshan, sn="A1"))
    answer = post(client, cora, url("unit-add", draft), device(leipzig, sn="B2"))
    assert answer.status_code == 422
    assert 'name="split"' in answer.content.decode()
    answer = post(client, cora, url("unit-add", draft), device(leipzig, sn="B2", split="on"))
    second = RepairOrder.objects.get(shop=leipzig)
    assert answer.url == url("repair", second)
    assert second.code == f"{draft.code}-2"
    assert second.units.get().sn == "B2"
    assert second.code in client.get(url("repair", draft)).content.decode()


def test_the_only_device_takes_the_order_along(client, cora, draft, kunshan, leipzig):
    DeviceFactory(sn="A1")
    post(client, cora, url("unit-add", draft), device(kunshan, sn="A1"))
    unit = draft.units.get()
    address = url("unit-edit", draft, unit.pk)
    answer = post(client, cora, address, device(leipzig, sn="A1", version=unit.version))
    assert answer.status_code == 303
    assert RepairOrder.objects.get().shop == leipzig


@pytest.mark.row("R25")
def test_a_device_is_edited_and_a_stale_edit_is_a_conflict(client, cora, draft, kunshan):
    DeviceFactory(sn="A1")
    post(client, cora, url("unit-add", draft), device(kunshan, sn="A1"))
    unit = draft.units.get()
    address = url("unit-edit", draft, unit.pk)
    assert "A1" in client.get(address).content.decode()
    told = device(kunshan, sn="A1", version=1, remark="No boot")
    assert post(client, cora, address, told).status_code == 303
    answer = post(client, cora, address, told | {"remark": "Mine"})
    assert answer.status_code == 409
    assert "Mine" in answer.content.decode()
    assert draft.units.get().remark == "No boot"


@pytest.mark.row("R25")
def test_a_device_is_deleted_after_a_question(client, cora, draft):
    unit = orders.add_unit(draft, orders.Device(sn="A1", accepted=True), actor=cora)
    address = url("unit-delete", draft, unit.pk)
    assert get(client, cora, address).status_code == 200
    assert Unit.objects.count() == 1
    assert post(client, cora, address).status_code == 303
    assert post(client, cora, address).status_code == 303
    assert not Unit.objects.exists()


def test_a_device_of_another_order_is_not_found(client, cora, otto, draft):
    """Z03: own code, foreign device."""
    foreign = UnitFactory(order=RepairOrderFactory(customer=otto.customer))
    assert get(client, cora, url("unit-edit", draft, foreign.pk)).status_code == 404
    assert get(client, cora, url("unit-delete", draft, foreign.pk)).status_code == 404
    post(client, cora, url("unit-delete", draft, foreign.pk))
    assert Unit.objects.filter(pk=foreign.pk).exists()


# ------------------------------------------------------------------ many at once
def upload(name, raw):
    return SimpleUploadedFile(name, raw)


def excel(*rows):
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


LISTS = {
    "plain text": ("list.txt", b"A1\nB2\r\n\nC3"),
    "gbk with a heading": ("list.csv", "型号,设备SN码\n矿机,A1\n矿机,B2\n矿机,C3\n".encode("gbk")),
    "utf-16": ("list.csv", "Model;SN\nD1;A1\nD1;B2\nD1;C3\n".encode("utf-16")),
    "excel": (
        "list.xlsx",
        excel(["Model", "Serial number"], ["D1", "A1"], ["D1", "B2"], ["D1", "C3"]),
    ),
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_is_read_whatever_wrote_it(client, cora, draft, kind):
    for sn in ("A1", "B2"):
        DeviceFactory(sn=sn)
    told = {"file": upload(*LISTS[kind]), "check": "1"}
    page = post(client, cora, url("units-paste", draft), told).content.decode()
    assert re.findall(r'class="verdict-(\w+)"', page) == ["unknown", "in", "in"]
    assert "A1\nB2\nC3" in page


def test_checking_adds_nothing_and_adding_takes_what_was_chosen(client, cora, draft):
    DeviceFactory(sn="A1")
    DeviceFactory(sn="B2", out=True)
    told = {"sns": "a-1, B2; C3\nA1"}
    answer = post(client, cora, url("units-paste", draft), told | {"check": "1"})
    assert answer.status_code == 200
    assert not draft.units.exists()
    answer = post(
        client, cora, url("units-paste", draft), told | {"add": "1", "take": ["in", "out"]}
    )
    assert answer.status_code == 303
    assert set(draft.units.values_list("sn", "verdict")) == {("A1", "in"), ("B2", "out")}


def test_unknown_devices_need_a_model(client, cora, draft):
    told = {"sns": "C3", "add": "1", "take": ["unknown"]}
    answer = post(client, cora, url("units-paste", draft), told)
    assert answer.status_code == 422
    told["model"] = ProductModelFactory().pk
    assert post(client, cora, url("units-paste", draft), told).status_code == 303
    assert draft.units.get().model is not None


def test_nothing_chosen_is_an_error(client, cora, draft):
    answer = post(client, cora, url("units-paste", draft), {"sns": "C3", "add": "1"})
    assert answer.status_code == 422
    assert "C3" in answer.content.decode()


def test_six_thousand_rows_are_refused_with_their_number_and_kept(client, cora, draft):
    text = "\n".join(f"SN{n:05}" for n in range(6000))
    for told in ({"sns": text}, {"file": upload("list.csv", text.encode())}):
        answer = post(client, cora, url("units-paste", draft), told | {"check": "1"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "6000 rows" in page
        assert "SN05999" in page


def test_five_thousand_pasted_rows_are_added(client, cora, draft):
    model = ProductModelFactory()
    until = DeviceFactory().warranty_until
    Device.objects.bulk_create(
        Device(sn=f"SN{n:05}", model=model, warranty_until=until) for n in range(5000)
    )
    text = "\n".join(f"SN{n:05}" for n in range(5000))
    answer = post(
        client, cora, url("units-paste", draft), {"sns": text, "add": "1", "take": ["in"]}
    )
    assert answer.status_code == 303
    assert RepairOrder.objects.get().unit_count == 5000
    page = client.get(answer.url)
    assert page.content.decode().count("/delete/") == 8


@pytest.mark.parametrize(
    "raw", [b"%PDF-1.7\n", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old", b"\xff\x00\x01"]
)
def test_a_file_that_is_no_list_is_an_error_beside_its_field(client, cora, draft, raw):
    told = {"sns": "A1", "file": upload("list.csv", raw), "check": "1"}
    answer = post(client, cora, url("units-paste", draft), told)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "id_file_error" in page
    assert "A1" in page


@pytest.mark.parametrize("told", [{"sns": "  \n"}, {"sns": ""}])
def test_an_empty_list_is_an_error(client, cora, draft, told):
    assert post(client, cora, url("units-paste", draft), told).status_code == 422


# ------------------------------------------------------------------ after submission
@pytest.mark.row("R30", "R32")
def test_the_details_show_progress_devices_and_both_ways(client, cora, sent, emil):
    unit = sent.units.get()
    Unit.objects.filter(pk=unit.pk).update(finding="Fan driver broken", work_done="Replaced")
    bench.add_note(unit, actor=emil, text="Dust in all fans", public=True)
    bench.add_note(unit, actor=emil, text="Customer opened it", public=False)
    page = get(client, cora, url("repair", sent)).content.decode()
    for text in ("Fan driver broken", "Replaced", "Dust in all fans", sent.waybill, sent.shop.name):
        assert text in page
    assert "Customer opened it" not in page


@pytest.mark.row("R32", "E6")
def test_a_partial_return_counts_and_links_the_carrier(client, cora, sent):
    """R32, E6: Returned 1 of 2, carrier and number."""
    UnitFactory(order=sent, state="repairing")
    shipment = ShipmentFactory(consignment=sent.consignment, direction="out", waybill="BACK1")
    box = sent.consignment.containers.create(
        direction="out", state="released", number=1, shipment=shipment
    )
    Unit.objects.filter(sn="1H21415090018")._move(state="ready", outbound_container=box)
    orders.follow_units(sent, actor=None)
    page = get(client, cora, url("repair", sent)).content.decode()
    assert "Returned 1 of 2" in page
    assert "https://track.example/BACK1" in page
    listed = client.get(reverse("workorders:my-orders")).content.decode()
    assert "Returned 1 of 2" in listed
    assert "https://track.example/BACK1" in listed


def test_five_thousand_devices_are_shown_twenty_at_a_time(
    client, cora, sent, django_assert_max_num_queries
):
    Unit.objects.bulk_create(Unit(order=sent, sn=f"SN{n:05}") for n in range(4999))
    client.force_login(cora)
    with django_assert_max_num_queries(20):
        page = client.get(url("repair", sent)).content.decode()
    assert page.count("badge state-unit-expected") == 8
    following = re.search(r'href="(\?after=\d+)#devices" rel="next"', page).group(1)
    second = client.get(url("repair", sent) + following).content.decode()
    assert second.count("badge state-unit-expected") == 8
    assert "1H21415090018" not in second


def test_the_number_of_queries_does_not_grow_with_devices(client, cora, sent):
    client.force_login(cora)
    client.get(url("repair", sent))
    with CaptureQueriesContext(connection) as one:
        client.get(url("repair", sent))
    for _n in range(7):
        UnitFactory(order=sent)
    with CaptureQueriesContext(connection) as eight:
        client.get(url("repair", sent))
    assert len(one) == len(eight)


def test_the_packing_slip_names_code_devices_and_shop(client, cora, sent):
    page = get(client, cora, url("packing-slip", sent)).content.decode()
    assert sent.code in page
    assert "1H21415090018" in page
    assert sent.shop.address_en in page
    assert "<svg" in page
    assert "style=" not in page


def test_a_packing_slip_needs_a_shop(client, cora, draft):
    assert get(client, cora, url("packing-slip", draft)).status_code == 409


def test_waybills_are_corrected_and_added_until_receipt(client, cora, sent):
    shipment = sent.consignment.shipments.get()
    address = url("waybill-correct", sent, shipment.pk)
    assert shipment.waybill in get(client, cora, address).content.decode()
    told = {"version": 1, "carrier": sent.carrier_id, "waybill": "new 1"}
    assert post(client, cora, address, told).status_code == 303
    stale = post(client, cora, address, told | {"waybill": "new 2"})
    assert stale.status_code == 409
    assert "new 2" in stale.content.decode()
    assert "NEW1" in stale.content.decode()
    add = url("waybill-add", sent)
    assert get(client, cora, add).status_code == 200
    assert post(client, cora, add, told).status_code == 422
    assert post(client, cora, add, told | {"waybill": "second"}).status_code == 303
    assert sent.consignment.shipments.count() == 2
    RepairOrder.objects.update(received_at=timezone.now())
    for late in (address, add, url("return-correct", sent)):
        assert get(client, cora, late).status_code == 409


def test_a_used_number_cannot_be_a_correction(client, cora, sent):
    used = ShipmentFactory(consignment=RepairOrderFactory(submitted=True).consignment)
    address = url("waybill-correct", sent, sent.consignment.shipments.get().pk)
    told = {"version": 1, "carrier": used.carrier_id, "waybill": used.waybill}
    answer = post(client, cora, address, told)
    assert answer.status_code == 422
    assert "used before" in answer.content.decode()


def test_a_foreign_shipment_is_not_found(client, cora, sent):
    foreign = RepairOrderFactory(submitted=True).consignment.shipments.get()
    assert get(client, cora, url("waybill-correct", sent, foreign.pk)).status_code == 404


def test_the_way_back_is_corrected(client, cora, sent):
    address = AddressFactory(customer=cora.customer, city="Kiruna")
    page = url("return-correct", sent)
    assert "Storgatan 1" in get(client, cora, page).content.decode()
    told = {"version": 1, "return_to": address.pk, "return_carrier": sent.carrier_id}
    assert post(client, cora, page, {"version": 1}).status_code == 422
    assert post(client, cora, page, told).status_code == 303
    assert "Kiruna" in client.get(url("repair", sent)).content.decode()
    assert post(client, cora, page, told).status_code == 409


def test_cancelling_asks_first_and_takes_a_note(client, cora, sent):
    page = url("repair-cancel", sent)
    assert get(client, cora, page).status_code == 200
    assert post(client, cora, page, {"note": "x" * 1001}).status_code == 422
    assert post(client, cora, page, {"note": "Repaired it ourselves"}).status_code == 303
    assert RepairOrder.objects.get().state == S.CANCELLED
    assert Entry.objects.get(verb="cancel", object_id=sent.pk, note__gt="").note
    assert "was cancelled" in client.get(url("repair", sent)).content.decode()
    assert post(client, cora, page).status_code == 409


def test_after_receipt_the_page_of_cancelling_says_why_not(client, cora, sent):
    RepairOrder.objects.filter(pk=sent.pk)._move(state="received", received_at=timezone.now())
    page = get(client, cora, url("repair-cancel", sent)).content.decode()
    assert "cannot be cancelled any more" in page


def test_everything_back_is_confirmed_once(client, cora, otto, sent):
    assert post(client, cora, url("repair-complete", sent)).status_code == 409
    shipment = ShipmentFactory(consignment=sent.consignment, direction="out")
    box = sent.consignment.containers.create(
        direction="out", state="released", number=1, shipment=shipment
    )
    Unit.objects.filter(order=sent)._move(state="ready", outbound_container=box)
    orders.follow_units(sent, actor=None)
    page = get(client, cora, url("repair", sent)).content.decode()
    assert "Confirm that everything is back" in page
    assert post(client, otto, url("repair-complete", sent)).status_code == 404
    assert post(client, cora, url("repair-complete", sent)).status_code == 303
    assert post(client, cora, url("repair-complete", sent)).status_code == 409


@pytest.mark.row("R33")
@pytest.mark.parametrize(
    "state", ["pending_delivery", "received", "repaired", "returned", "completed"]
)
def test_every_state_says_what_comes_next(client, cora, sent, state):
    RepairOrder.objects.filter(pk=sent.pk)._move(state=state)
    response = get(client, cora, url("repair", sent))
    assert response.status_code == 200
    assert "<h2>" in response.content.decode()
