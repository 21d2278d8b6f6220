"""The pages of parts: who may open what, what is posted, what customers read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from devices.tests.factories import DeviceFactory
from parts.models import Part, PartDiagnosis, Reservation, Stock, StressTest
from parts.services import fitting
from parts.services.fitting import Leaving
from parts.tests.factories import (
    FailureTypeFactory,
    PartTypeFactory,
    fan_type,
    full,
    heap,
    in_stock,
    inside,
)
from repairshops.models import RepairShop
from tests.world import body
from workorders.models import RepairOrder, Unit
from workorders.tests.factories import RepairOrderFactory, UnitFactory

pytestmark = pytest.mark.django_db


def at(name: str, *args: Any) -> str:
    return reverse(f"parts:{name}", args=args)


def text_of(response: Any) -> str:
    return body(response).decode()


# ------------------------------------------------------------------ the parts of a device
@pytest.mark.parametrize(
    ("person", "status"),
    [("emil", 200), ("mona", 200), ("agnes", 200), ("ada", 200), ("erna", 404), ("cora", 403)],
)
def test_the_parts_of_a_device_open_to_who_may_see_the_device(
    request: pytest.FixtureRequest, client: Client, unit: Unit, person: str, status: int
) -> None:
    client.force_login(request.getfixturevalue(person))
    assert client.get(at("unit", unit.pk)).status_code == status
    assert client.get(at("unit", unit.pk) + "?slot=HB1").status_code == status


def test_a_scanned_part_replaces_the_old_one(
    client: Client, unit: Unit, kunshan: RepairShop, emil: User
) -> None:
    new = in_stock(kunshan, "HB0002")
    client.force_login(emil)
    page = text_of(client.get(at("unit", unit.pk) + "?slot=HB1"))
    assert "HB0002" in page
    sent = {"slot": "HB1", "kind": "hash_board", "serial": "hb-0002", "to": "customer",
            "condition": "faulty", "old_serial": "OLD1", "old_type": new.type_id}  # fmt: skip
    answer = client.post(at("fit", unit.pk), sent)
    assert answer.status_code == 303
    assert Part.objects.get(unit=unit, slot="HB1") == new
    assert Part.objects.get(serial="OLD1").place == "customer"
    again = client.post(at("fit", unit.pk), {**sent, "serial": "HB0002", "old_serial": ""})
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"serial": "NOBODY"}, "No part with this serial number"),
        ({"serial": ""}, "Scan the new part or pick one"),
        ({"pick": "part-99999"}, "not in stock any more"),
        ({"serial": "CB1"}, "does not fit this slot"),
        ({"serial": "HB0002", "to": ""}, "This field is required"),
    ],
)
def test_what_is_wrong_with_a_replacement_stands_beside_its_field(
    client: Client, unit: Unit, kunshan: RepairShop, emil: User, sent: dict[str, str], words: str
) -> None:
    in_stock(kunshan, "HB0002")
    in_stock(kunshan, "CB1", PartTypeFactory(code="cb-d1", kind="control_board"))
    client.force_login(emil)
    first = {"slot": "HB1", "kind": "hash_board", "to": "scrap", "condition": "faulty"}
    answer = client.post(at("fit", unit.pk), {**first, **sent})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Part.objects.filter(unit=unit).exists()


def test_an_empty_slot_is_filled_from_the_picked_list(
    client: Client, unit: Unit, kunshan: RepairShop, emil: User
) -> None:
    fan = fan_type()
    heap(kunshan, fan, 2)
    inside(unit, "FAN1")
    client.force_login(emil)
    where = {"slot": "FAN1", "kind": "fan"}
    out = client.post(at("take-out", unit.pk), {**where, "to": "scrap", "condition": "faulty"})
    assert out.status_code == 303
    answer = client.post(at("fit", unit.pk), {**where, "pick": f"type-{fan.pk}"})
    assert answer.status_code == 303
    assert Stock.objects.get(type=fan).quantity == 1


def test_a_diagnosis_is_posted_and_shown(client: Client, unit: Unit, emil: User) -> None:
    chips = FailureTypeFactory(name_en="Chips burnt")
    client.force_login(emil)
    sent = {"slot": "HB2", "kind": "hash_board", "condition": "faulty", "failures": [chips.pk]}
    assert client.post(at("diagnose", unit.pk), sent).status_code == 303
    assert at("panel", unit.pk) in text_of(client.get(reverse("workorders:unit", args=[unit.pk])))
    assert "Chips burnt" in text_of(client.get(at("panel", unit.pk)))
    empty = client.post(at("diagnose", unit.pk), {**sent, "failures": []})
    assert empty.status_code == 422
    assert PartDiagnosis.objects.count() == 1


def test_what_sits_inside_is_written_down(client: Client, unit: Unit, emil: User) -> None:
    kind = PartTypeFactory()
    client.force_login(emil)
    sent = {"slot": "HB1", "kind": "hash_board", "serial": "in 1", "type": kind.pk}
    assert client.post(at("register", unit.pk), sent).status_code == 303
    assert Part.objects.get(unit=unit).serial == "IN1"
    assert client.post(at("register", unit.pk), {**sent, "slot": "HB2"}).status_code == 422


def test_another_slot_may_be_opened_by_label_and_kind(
    client: Client, unit: Unit, emil: User
) -> None:
    client.force_login(emil)
    page = text_of(client.get(at("unit", unit.pk) + "?slot=FAN9&kind=fan"))
    assert "FAN9" in page
    assert client.get(at("unit", unit.pk) + "?slot=X&kind=nonsense").status_code == 200


def test_parts_are_reserved_and_released(
    client: Client, unit: Unit, units: list[Unit], kunshan: RepairShop, emil: User
) -> None:
    fan = fan_type()
    heap(kunshan, fan, 2)
    client.force_login(emil)
    sent = {"type": fan.pk, "quantity": 2}
    assert client.post(at("reserve", unit.pk), sent).status_code == 303
    assert client.post(at("reserve", unit.pk), sent).status_code == 409
    assert client.post(at("reserve", unit.pk), {"type": fan.pk}).status_code == 422
    row = Reservation.objects.get()
    assert client.post(at("release", units[1].pk, row.pk)).status_code == 404
    assert client.post(at("release", unit.pk, row.pk)).status_code == 303
    assert Stock.objects.get(type=fan).reserved == 0


def test_a_stress_test_comes_with_its_log(client: Client, unit: Unit, emil: User) -> None:
    client.force_login(emil)
    began = timezone.localtime() - timedelta(hours=3)
    sent = {"started_at": f"{began:%Y-%m-%dT%H:%M}", "minutes": 120, "result": "passed",
            "hash_rate": "210 TH/s", "temperature": "74.5"}  # fmt: skip
    log = SimpleUploadedFile("run.log", b"12:00 ok\n")
    assert client.post(at("stress-test", unit.pk), {**sent, "files": log}).status_code == 303
    page = text_of(client.get(at("panel", unit.pk)))
    assert "210 TH/s" in page
    assert "run.log" in page
    assert client.post(at("stress-test", unit.pk), {**sent, "minutes": ""}).status_code == 422
    assert client.get(at("stress-test", unit.pk)).status_code == 200
    assert StressTest.objects.count() == 1


# ------------------------------------------------------------------ consolidation
@pytest.mark.row("R74")
def test_consolidation_is_proposed_and_done(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    one, two = units[:2]
    full(one, faulty=("HB1",))
    full(two, faulty=("HB2", "PSU"))
    client.force_login(emil)
    url = at("consolidate", order.code)
    page = client.get(url, {"unit": [one.pk, two.pk]})
    assert page.status_code == 200
    board = Part.objects.get(unit=two, slot="HB1")
    value = f"{board.pk}-{two.pk}-HB1"
    assert f'value="{value}" selected' in text_of(page)
    sent = {"unit": [one.pk, two.pk], "donor": [two.pk], f"to-{one.pk}-HB1": value}
    assert client.post(url, sent).status_code == 303
    assert Part.objects.get(unit=one, slot="HB1") == board
    assert client.post(url, sent).status_code == 409


@pytest.mark.row("R74")
def test_consolidation_asks_for_two_or_three_devices(
    client: Client, order: RepairOrder, units: list[Unit], emil: User, erna: User, agnes: User
) -> None:
    url = at("consolidate", order.code)
    client.force_login(emil)
    answer = client.get(url, {"unit": [units[0].pk]})
    assert answer.status_code == 409
    assert "exactly two or three" in text_of(answer)
    nonsense = {
        "unit": [u.pk for u in units[:2]],
        f"to-{units[0].pk}-HB1": "x",
        "donor": units[1].pk,
    }
    assert client.post(url, nonsense).status_code == 409
    client.force_login(erna)
    assert client.get(url, {"unit": [units[0].pk, units[1].pk]}).status_code == 404
    client.force_login(agnes)
    assert client.get(url).status_code == 403


@pytest.mark.row("R74")
def test_the_list_of_an_order_leads_to_the_page_with_its_picks(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    client.force_login(emil)
    url, picks = at("consolidate-pick", order.code), {"unit": [unit.pk for unit in units[:2]]}
    answer = client.post(url, {**picks, "step": "give_up", "form_key": "k"})
    assert answer.status_code == 303
    assert answer["Location"].endswith(f"/consolidate/?unit={units[0].pk}&unit={units[1].pk}")
    told = client.post(url, picks, headers={"HX-Request": "true"})
    assert told["HX-Redirect"] == answer["Location"]


def test_another_giver_is_proposed_when_asked(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    one, two = units[:2]
    full(one, faulty=("HB1",))
    full(two, faulty=("HB2",))
    client.force_login(emil)
    asked: dict[str, Any] = {"unit": [one.pk, two.pk], "donor": one.pk}
    page = client.get(at("consolidate", order.code), asked)
    assert page.context["keepers"] == [two]


# ------------------------------------------------------------------ the stock
@pytest.mark.parametrize(
    ("person", "status"),
    [("emil", 200), ("mona", 200), ("agnes", 200), ("ada", 200), ("cora", 403), ("fin", 403)],
)
def test_the_stock_opens_to_workshop_and_customer_service(
    request: pytest.FixtureRequest,
    client: Client,
    kunshan: RepairShop,
    person: str,
    status: int,
) -> None:
    heap(kunshan, fan_type(), 3)
    client.force_login(request.getfixturevalue(person))
    for url in (at("stock"), at("stock") + "?tab=parts", at("stock-csv")):
        assert client.get(url).status_code == status
    manager = 200 if person in ("mona", "ada") else 403
    assert client.get(at("delivery")).status_code == manager


def test_people_see_the_stock_of_their_own_shops(
    client: Client, kunshan: RepairShop, leipzig: RepairShop, emil: User, erna: User
) -> None:
    part, row = in_stock(kunshan, "A1"), heap(kunshan, fan_type(), 3)
    client.force_login(erna)
    assert client.get(at("part", part.pk)).status_code == 404
    assert client.get(at("type", row.pk)).status_code == 404
    assert "Fan 12" not in text_of(client.get(at("stock")))
    client.force_login(emil)
    assert client.get(at("part", part.pk)).status_code == 200
    assert "Fan 12" in text_of(client.get(at("stock")))


def test_a_scanned_serial_number_finds_its_part(
    client: Client, kunshan: RepairShop, emil: User
) -> None:
    part = in_stock(kunshan, "A1")
    in_stock(kunshan, "A12")
    client.force_login(emil)
    assert client.get(at("stock"), {"q": "a-1"})["Location"] == at("part", part.pk)
    found = client.get(at("stock"), {"q": "a1", "tab": "parts"})
    assert len(found.context["page"].rows) == 2


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ({}, ["fan-12", "hb-d1"]),
        ({"kind": "fan"}, ["fan-12"]),
        ({"low": "1"}, ["fan-12"]),
        ({"q": "board"}, ["hb-d1"]),
        ({"shop": "leipzig"}, []),
        ({"kind": "\x00", "shop": "\x00"}, ["fan-12", "hb-d1"]),
    ],
)
def test_the_stock_is_filtered_and_exported_alike(
    client: Client, kunshan: RepairShop, emil: User, asked: dict[str, str], codes: list[str]
) -> None:
    heap(kunshan, fan_type(low_at=5), 3)
    in_stock(kunshan, "A1")
    client.force_login(emil)
    shown = client.get(at("stock"), asked).context["page"].rows
    assert sorted(row.type.code for row in shown) == codes
    lines = text_of(client.get(at("stock-csv"), asked)).splitlines()[1:]
    assert sorted(line.split(",")[1] for line in lines) == codes


def test_lists_cost_the_same_for_many_rows(client: Client, kunshan: RepairShop, emil: User) -> None:
    client.force_login(emil)
    costs: dict[str, list[int]] = {}
    for rows in (1, 8):
        for number in range(rows):
            kind = PartTypeFactory(code=f"k{rows}-{number}")
            in_stock(kunshan, f"S{rows}{number}", kind)
        for tab in ("types", "parts"):
            client.get(at("stock"), {"tab": tab})
            with CaptureQueriesContext(connection) as asked:
                client.get(at("stock"), {"tab": tab})
            costs.setdefault(tab, []).append(len(asked))
    assert all(len(set(numbers)) == 1 and numbers[0] <= 10 for numbers in costs.values()), costs


def test_a_delivery_is_checked_and_booked(client: Client, kunshan: RepairShop, mona: User) -> None:
    kind = PartTypeFactory()
    client.force_login(mona)
    first = {"shop": kunshan.pk, "type": kind.pk}
    checked = client.post(at("delivery"), {**first, "serials": "A1\nA1", "act": "check"})
    assert "It stands in the list twice." in text_of(checked)
    assert not Part.objects.exists()
    file = SimpleUploadedFile("serials.csv", b"type,serial\nhb-d1,A1\nhb-d1,A2\n")
    booked = client.post(at("delivery"), {"shop": kunshan.pk, "file": file, "act": "book"})
    assert booked.status_code == 303
    half = client.post(at("delivery"), {**first, "serials": "A2\nA3", "act": "book"})
    assert "It is registered already." in text_of(half)
    assert set(Part.objects.values_list("serial", flat=True)) == {"A1", "A2", "A3"}
    for bad in ({"serials": ""}, {"serials": "A1"}, {"quantity": 3}, {"shop": ""}):
        assert client.post(at("delivery"), {**first, "act": "book", **bad}).status_code == 422
    broken = SimpleUploadedFile("serials.csv", b"\xff\xfe\x00")
    assert client.post(at("delivery"), {**first, "file": broken}).status_code == 422


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_delivery_file_may_be_what_chinese_excel_wrote(
    client: Client, kunshan: RepairShop, mona: User, encoding: str
) -> None:
    PartTypeFactory()
    client.force_login(mona)
    told = "序列号,型号代码\r\nA1,hb-d1\r\nA2,hb-d1\r\n"
    file = SimpleUploadedFile("入库.csv", told.encode(encoding))
    booked = client.post(at("delivery"), {"shop": kunshan.pk, "file": file, "act": "book"})
    assert booked.status_code == 303
    assert set(Part.objects.values_list("serial", flat=True)) == {"A1", "A2"}


def test_a_count_is_entered_and_booked(client: Client, kunshan: RepairShop, mona: User) -> None:
    row = heap(kunshan, fan_type(), 5)
    in_stock(kunshan, "A1")
    client.force_login(mona)
    assert client.get(at("count")).status_code == 200
    sent = {"shop": kunshan.pk, f"n-{row.pk}": "4", f"was-{row.pk}": "5", "reason": "Stocktaking"}
    assert client.post(at("count"), {**sent, "reason": ""}).status_code == 422
    assert client.post(at("count"), {**sent, f"n-{row.pk}": "x"}).status_code == 422
    assert client.post(at("count"), sent).status_code == 303
    assert client.post(at("count"), sent).status_code == 409
    kind = Part.objects.get().type_id
    scanned = {"shop": kunshan.pk, "type": kind, "serials": "B1"}
    compared = client.post(at("count-pieces"), scanned)
    assert "A1" in text_of(compared)
    assert client.post(at("count-pieces"), {**scanned, "act": "book"}).status_code == 422
    done = client.post(at("count-pieces"), {**scanned, "act": "book", "reason": "Gone"})
    assert done.status_code == 303
    assert Part.objects.get().place == "count"


def test_a_manager_moves_marks_and_scraps(
    client: Client, kunshan: RepairShop, leipzig: RepairShop, mona: User
) -> None:
    row, part, other = (
        heap(kunshan, fan_type(), 5),
        in_stock(kunshan, "A1"),
        in_stock(kunshan, "A2"),
    )
    client.force_login(mona)
    moved = client.post(at("type-move", row.pk), {"shop": leipzig.pk, "quantity": 2})
    assert moved.status_code == 303
    assert client.post(at("type-move", row.pk), {"shop": kunshan.pk}).status_code == 422
    low = {"version": row.version, "low_at": 9}
    assert client.post(at("type-low", row.pk), low).status_code == 303
    assert client.post(at("type-low", row.pk), {**low, "low_at": 8}).status_code == 409
    assert client.post(at("type-low", row.pk), {**low, "low_at": "x"}).status_code == 422
    assert client.post(at("part-move", part.pk), {"shop": leipzig.pk}).status_code == 303
    assert client.post(at("part-move", other.pk), {"shop": ""}).status_code == 422
    assert client.post(at("part-scrap", other.pk), {"reason": ""}).status_code == 422
    assert client.post(at("part-repaired", other.pk)).status_code == 409
    assert client.post(at("part-return", other.pk)).status_code == 409
    assert client.post(at("part-scrap", other.pk), {"reason": "Bent."}).status_code == 303
    assert client.get(at("part", other.pk)).status_code == 200


# ------------------------------------------------------------------ what customers read
@pytest.mark.row("D4")
def test_customers_read_which_serial_number_took_the_place_of_which(
    client: Client, unit: Unit, cora: User, otto: User, kunshan: RepairShop, emil: User
) -> None:
    device = DeviceFactory(sn=unit.sn, customer=cora.customer)
    new = in_stock(kunshan, "NEW1")
    leaving = Leaving("scrap", "faulty", "hash_board", "OLD1", new.type, "burnt by lightning")
    fitting.replace(unit, "HB1", new, actor=emil, leaving=leaving)
    client.force_login(cora)
    own = at("replaced", unit.order.code)
    assert own in text_of(client.get(reverse("workorders:repair", args=[unit.order.code])))
    assert "OLD1" in text_of(client.get(own, headers={"HX-Request": "true"}))
    for url in (
        own,
        reverse("devices:device", args=[device.sn]),
    ):
        page = text_of(client.get(url))
        assert "OLD1" in page
        assert "NEW1" in page
        assert "lightning" not in page
    theirs = RepairOrderFactory(submitted=True, customer=otto.customer, shop=kunshan)
    UnitFactory(order=theirs, sn="1HOTTO")
    client.force_login(otto)
    assert client.get(own).status_code == 404
    assert not text_of(client.get(at("replaced", theirs.code), headers={"HX-Request": "true"}))


# ------------------------------------------------------------------ the administrator
def test_the_admin_keeps_master_data_and_checks_the_ledger(
    client: Client, kunshan: RepairShop, unit: Unit, ada: User
) -> None:
    row = heap(kunshan, fan_type(), 5)
    client.force_login(ada)
    changelist = reverse("admin:parts_stock_changelist")
    assert "Stock and ledger agree." in text_of(client.get(changelist))
    Stock.objects.filter(pk=row.pk).update(quantity=6)
    assert "stock 6, ledger 5" in text_of(client.get(changelist))
    Stock.objects.filter(pk=row.pk).update(quantity=5)
    for name in ("slot", "failuretype", "parttype"):
        assert client.get(reverse(f"admin:parts_{name}_changelist"), {"q": "a"}).status_code == 200
        assert client.get(reverse(f"admin:parts_{name}_add")).status_code == 200
