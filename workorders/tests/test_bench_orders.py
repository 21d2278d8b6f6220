"""The order as staff see it, the list across customers, its export, Django admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from attachments import services as attachments
from attachments.tests import samples
from history.models import Entry
from logistics import models as logistics
from workorders import models
from workorders.models import RepairOrder, Unit
from workorders.services import bench
from workorders.tests.bench import finish, fresh, receive, state_of
from workorders.tests.factories import RepairOrderFactory, UnitFactory
from workorders.views.goods.damages import FEW

pytestmark = pytest.mark.django_db
LIST = "workorders:order-list"
EXPORT = "workorders:order-export"


def repair_url(order: RepairOrder) -> str:
    return reverse("workorders:repair", args=[order.code])


def exported(client: Client, **query: str) -> list[str]:
    response = client.get(reverse(EXPORT), query)
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    return text.removeprefix("\ufeff").splitlines()


# ------------------------------------------------------------------ one order
def test_many_damages_are_folded_and_a_link_shows_all_with_their_photos(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    photo = attachments.store(SimpleUploadedFile("dent.png", samples.png()), actor=emil)
    for number in range(FEW + 2):
        bench.record_damage(order, actor=emil, description=f"Dent {number}.", files=[photo])
        photo = attachments.store(SimpleUploadedFile("dent.png", samples.png()), actor=emil)
    client.force_login(emil)
    all_of_them = reverse("workorders:damages", args=[order.code])
    for name in ("order-logistics", "receive"):
        page = client.get(reverse(f"workorders:{name}", args=[order.code]))
        assert f'hx-get="{all_of_them}"' in page.text
        assert f'href="{all_of_them}"' in page.text
    folded, whole = client.get(all_of_them, headers={"HX-Request": "true"}), client.get(all_of_them)
    assert folded.text.count("Dent ") == FEW
    assert f"Dent {FEW + 1}." in folded.text
    assert f'href="{all_of_them}"' in folded.text
    assert whole.text.count("Dent ") == FEW + 2
    assert "dent.png" in whole.text


@pytest.mark.parametrize(
    ("person", "status"),
    [("emil", 200), ("mona", 200), ("agnes", 200), ("ada", 200), ("erna", 404)],
)
def test_staff_read_the_order_and_their_ways_on(
    request: pytest.FixtureRequest,
    client: Client,
    order: RepairOrder,
    units: list[Unit],
    person: str,
    status: int,
) -> None:
    receive(order, request.getfixturevalue("emil"))
    client.force_login(request.getfixturevalue(person))
    response = client.get(repair_url(order))
    assert response.status_code == status
    if status == 404:
        return
    text = response.content.decode()
    for expected in (units[0].sn, "Nordfjell", "Check the EEPROM first."):
        assert expected in text
    workshop = person in ("emil", "mona")
    assert (reverse("workorders:return-ship", args=[order.code]) in text) is workshop
    number = order.counselling.number
    assert (reverse("workorders:counselling", args=[number]) in text) is not workshop


def test_units_are_filtered_by_their_state(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    finish(fresh(units[0]), emil)
    client.force_login(emil)
    rows = client.get(repair_url(order), {"state": "ready"}).context["rows"]
    assert [unit for unit, _next in rows] == [units[0]]
    assert len(client.get(repair_url(order), {"state": "no"}).context["rows"]) == 3


# ------------------------------------------------------------------ the list
@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("emil", 200),
        ("agnes", 200),
        ("ada", 200),
        ("erna", 200),
        ("cora", 403),
        ("fin", 403),
        ("sal", 403),
    ],
)
def test_list_and_export_show_the_same_to_the_same_people(
    request: pytest.FixtureRequest, client: Client, order: RepairOrder, person: str, status: int
) -> None:
    RepairOrderFactory()  # a draft: no workshop ever sees it
    client.force_login(request.getfixturevalue(person))
    response = client.get(reverse(LIST))
    assert response.status_code == client.get(reverse(EXPORT)).status_code == status
    if status == 200:
        shown = [o.code for o in response.context["page"].rows]
        assert [line.split(",")[0] for line in exported(client)[1:]] == shown
        assert len(shown) == {"emil": 1, "agnes": 2, "ada": 2, "erna": 0}[person]


def test_filters_hold_for_the_list_and_for_the_export(
    client: Client, order: RepairOrder, units: list[Unit], agnes: User
) -> None:
    UnitFactory(order__customer__name="Somebody Else Ltd")
    client.force_login(agnes)
    for query in (
        {"q": "nordfjell"},
        {"q": order.code.lower()},
        {"q": units[0].sn.lower()},
        {"q": order.waybill},
        {"shop": "kunshan"},
        {"shop": "kunshan", "state": "pending_delivery"},
    ):
        assert client.get(reverse(LIST), query).context["page"].rows == [order], query
        lines = exported(client, **query)
        assert len(lines) == 2
        assert lines[1].startswith(order.code)
    assert client.get(reverse(LIST), {"state": "returned"}).context["page"].rows == []
    assert client.get(reverse(LIST), {"q": "a\x00b%_'"}).status_code == 200


def test_the_export_gives_no_formula_to_a_spreadsheet(
    client: Client, order: RepairOrder, cora: User, agnes: User
) -> None:
    company = order.customer
    company.name = "=HYPERLINK(1)"
    company.save()
    client.force_login(agnes)
    assert "'=HYPERLINK(1)" in exported(client)[1]


def test_the_list_pages_by_key_and_costs_the_same(
    client: Client, order: RepairOrder, agnes: User
) -> None:
    client.force_login(agnes)
    costs = []
    for made in (0, 7):
        for _ in range(made):
            UnitFactory()
        client.get(reverse(LIST))
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse(LIST))
        costs.append(len(seen))
    assert costs[0] == costs[1]
    RepairOrderFactory.create_batch(60)
    seen_codes: list[str] = []
    address = reverse(LIST)
    while address:
        page = client.get(address).context["page"]
        seen_codes += [o.code for o in page.rows]
        address = reverse(LIST) + page.next if page.next else ""
    assert len(seen_codes) == len(set(seen_codes)) == 68


# ------------------------------------------------------------------ admin
READING = [
    models.Counselling,
    models.RepairOrder,
    models.Unit,
    models.UnitNote,
    models.Message,
    logistics.Consignment,
    logistics.Shipment,
    logistics.Container,
    logistics.Damage,
    logistics.Parcel,
    logistics.Address,
]


@pytest.mark.parametrize("model", READING, ids=lambda m: m.__name__)
def test_the_admin_reads_and_neither_adds_changes_nor_deletes(
    client: Client, order: RepairOrder, units: list[Unit], ada: User, emil: User, model: Any
) -> None:
    receive(order, emil)
    bench.record_damage(order, actor=emil, description="Dent.")
    client.force_login(ada)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    assert client.get(reverse(f"{name}_add")).status_code == 403
    row = model.objects.first()
    if row is not None:
        address = reverse(f"{name}_change", args=[row.pk])
        assert client.get(address).status_code == 200
        assert client.post(address, {"state": "completed"}).status_code == 403
        assert client.post(reverse(f"{name}_delete", args=[row.pk])).status_code == 403
    assert "delete_selected" not in site.get_model_admin(model).get_actions(
        client.get(reverse(f"{name}_changelist")).wsgi_request
    )


def test_an_admin_cancels_with_a_note_and_only_what_has_not_arrived(
    client: Client, order: RepairOrder, ada: User, emil: User
) -> None:
    arrived = UnitFactory(order__shop=order.shop).order
    receive(arrived, emil)
    client.force_login(ada)
    address = reverse("admin:workorders_repairorder_changelist")
    data = {
        "action": "cancel_with_a_note",
        "_selected_action": [order.pk, arrived.pk],
        "note": "",
    }
    assert "Write a note first." in client.post(address, data, follow=True).content.decode()
    answer = client.post(address, {**data, "note": "Customer called."}, follow=True)
    assert "1 order is cancelled." in answer.content.decode()
    assert state_of(order) == "cancelled"
    assert state_of(arrived) == "received"
    entry = Entry.objects.of(order).get(verb="cancel")
    assert (entry.note, entry.actor) == ("Customer called.", ada)


def test_carriers_are_kept_as_master_data_and_never_deleted(
    client: Client, order: RepairOrder, ada: User
) -> None:
    client.force_login(ada)
    data = {"code": "sf", "name_en": "SF Express", "name_zh": "顺丰", "active": "on"}
    assert client.post(reverse("admin:logistics_carrier_add"), data).status_code == 302
    carrier = logistics.Carrier.objects.get(code="sf")
    gone = reverse("admin:logistics_carrier_delete", args=[carrier.pk])
    assert client.post(gone).status_code == 403


@pytest.mark.parametrize("person", ["cora", "agnes", "emil", "fin"])
def test_the_admin_site_is_closed_to_everybody_else(
    request: pytest.FixtureRequest, client: Client, order: RepairOrder, person: str
) -> None:
    client.force_login(request.getfixturevalue(person))
    address = reverse("admin:workorders_repairorder_changelist")
    assert client.get(address).status_code in (302, 403)
