"""The pages of the bench: the list, the scan field, one unit with its whole life."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from history.models import Entry
from logistics.models import Shipment
from logistics.tests.factories import ParcelFactory
from repairshops.tests.factories import MembershipFactory
from workorders.models import RepairOrder, Unit, UnitNote
from workorders.services import bench
from workorders.tests.bench import finish, fresh, receive, state_of
from workorders.tests.factories import RepairOrderFactory, UnitFactory
from workorders.views.bench.units import NOTES

pytestmark = pytest.mark.django_db


def step_url(unit: Unit, step: str) -> str:
    return reverse("workorders:unit-step", kwargs={"pk": unit.pk, "step": step})


def unit_url(unit: Unit) -> str:
    return reverse("workorders:unit", args=[unit.pk])


def take(client: Client, unit: Unit, step: str, **data: str) -> Any:
    return client.post(step_url(unit, step), data)


# ------------------------------------------------------------------ who
@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("emil", 200),
        ("mona", 200),
        ("erna", 200),
        ("ada", 200),
        ("cora", 403),
        ("agnes", 403),
        ("fin", 403),
        ("sal", 403),
    ],
)
def test_the_bench_opens_to_the_workshop_and_its_readers(
    request: pytest.FixtureRequest, client: Client, order: RepairOrder, person: str, status: int
) -> None:
    client.force_login(request.getfixturevalue(person))
    assert client.get(reverse("workorders:bench")).status_code == status
    if status == 403:
        assert client.get(reverse("workorders:scan")).status_code == status


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("emil", 200),
        ("mona", 200),
        ("agnes", 200),
        ("ada", 200),
        ("erna", 404),
        ("cora", 403),
        ("otto", 403),
        ("fin", 403),
    ],
)
def test_a_unit_opens_to_its_shop_and_to_customer_service(
    request: pytest.FixtureRequest,
    client: Client,
    units: list[Unit],
    person: str,
    status: int,
) -> None:
    client.force_login(request.getfixturevalue(person))
    assert client.get(unit_url(units[0])).status_code == status


def test_a_visitor_is_sent_to_the_sign_in_page(client: Client, units: list[Unit]) -> None:
    for address in (reverse("workorders:bench"), unit_url(units[0])):
        assert client.get(address).status_code == 302


@pytest.mark.row("R29")
def test_nothing_of_another_shop_can_be_written(
    client: Client, order: RepairOrder, units: list[Unit], erna: User, emil: User
) -> None:
    receive(order, emil)
    client.force_login(erna)
    unit = units[0]
    for address in (
        step_url(unit, "start_diagnosis"),
        reverse("workorders:unit-report", args=[unit.pk]),
        reverse("workorders:unit-note", args=[unit.pk]),
    ):
        assert client.post(address, {"text": "x"}).status_code == 404
    assert state_of(unit) == "received"


def test_steps_are_posted_and_admins_only_read(
    client: Client, units: list[Unit], emil: User, ada: User
) -> None:
    client.force_login(emil)
    assert client.get(step_url(units[0], "receive")).status_code == 405
    client.force_login(ada)
    assert client.post(step_url(units[0], "receive")).status_code == 403


def test_an_agent_takes_only_the_step_that_is_hers(
    client: Client, order: RepairOrder, units: list[Unit], emil: User, agnes: User
) -> None:
    receive(order, emil)
    client.force_login(agnes)
    assert take(client, units[0], "start_diagnosis").status_code == 403
    unit = bench.take_step(units[0], "start_diagnosis", actor=emil)
    bench.save_report(unit, version=1, actor=emil, faults=[], finding="Why?", work_done="")
    bench.take_step(unit, "ask_customer", actor=emil)
    assert take(client, unit, "customer_answered").status_code == 303
    assert state_of(unit) == "diagnosing"


# ------------------------------------------------------------------ the whole life
@pytest.mark.row("R33")
def test_the_whole_life_of_a_unit_through_its_pages(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    client.force_login(emil)
    unit = units[0]
    assert take(client, unit, "receive").status_code == 303
    assert take(client, unit, "start_diagnosis").status_code == 303
    page = client.get(unit_url(unit)).content.decode()
    assert "Check the EEPROM first." in page
    assert "Write down what was found first." in page
    refused = take(client, unit, "start_test")
    assert refused.status_code == 409
    assert "Write down what was done first." in refused.content.decode()
    report = {
        "version": str(fresh(unit).version),
        "faults": ["fan", "psu"],
        "finding": "Fan driver broken.",
        "work_done": "Replaced.",
    }
    saved = client.post(reverse("workorders:unit-report", args=[unit.pk]), report)
    assert saved.status_code == 303
    for step in ("start_repair", "start_test", "fail_test", "start_test", "pass_test"):
        assert take(client, unit, step).status_code == 303, step
    assert state_of(unit) == "ready"
    verbs = list(Entry.objects.of(unit).values_list("verb", flat=True))
    assert verbs[:2] == ["receive", "start_diagnosis"]
    assert verbs[-1] == "pass_test"
    assert "Tests passed, ready" in client.get(unit_url(unit)).content.decode()


def test_an_exit_without_its_reason_comes_back_with_the_question(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    client.force_login(emil)
    answer = take(client, units[0], "reject", note="  ")
    assert answer.status_code == 422
    assert "Give the reason first." in answer.content.decode()
    assert take(client, units[0], "reject", note="Not ours.").status_code == 303
    assert fresh(units[0]).exit_reason == "Not ours."


def test_a_stale_report_is_a_conflict_and_keeps_what_was_typed(
    client: Client, order: RepairOrder, units: list[Unit], emil: User, mona: User
) -> None:
    receive(order, emil)
    unit = units[0]
    bench.save_report(
        unit, version=1, actor=mona, faults=[], finding="Mona was here.", work_done=""
    )
    client.force_login(emil)
    address = reverse("workorders:unit-report", args=[unit.pk])
    data = {"version": "1", "finding": "Emil's own words.", "work_done": "", "faults": ["fan"]}
    answer = client.post(address, data)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Mona was here." in text
    assert "Emil&#x27;s own words." in text
    assert 'name="version" value="2"' in text
    assert fresh(unit).finding == "Mona was here."
    assert client.post(address, {**data, "version": "2"}).status_code == 303


def test_bad_input_in_a_report_is_said_and_never_an_error(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    client.force_login(emil)
    address = reverse("workorders:unit-report", args=[units[0].pk])
    for data in (
        {},
        {"version": "x"},
        {"version": "1", "faults": ["gremlin"]},
        {"version": "1", "faults": ["fan", "none_found"]},
        {"version": "1", "finding": "a\x00b"},
        {"version": "1", "finding": "x" * 10_001},
    ):
        assert client.post(address, data).status_code == 422


def test_notes_show_who_may_read_them(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    client.force_login(emil)
    address = reverse("workorders:unit-note", args=[units[0].pk])
    assert client.post(address, {"text": ""}).status_code == 422
    assert client.post(address, {"text": "Burnt <b>smell</b>."}).status_code == 303
    assert client.post(address, {"text": "A day more.", "public": "on"}).status_code == 303
    page = client.get(unit_url(units[0])).content.decode()
    assert "Burnt &lt;b&gt;smell&lt;/b&gt;." in page
    assert "Visible to the customer" in page
    assert UnitNote.objects.filter(public=True).count() == 1


def test_many_notes_are_folded_and_a_link_shows_all(
    client: Client, units: list[Unit], emil: User
) -> None:
    for number in range(NOTES + 2):
        UnitNote.objects.create(unit=units[0], author=emil, text=f"Seen {number}.")
    client.force_login(emil)
    folded, whole = (client.get(unit_url(units[0]) + query).text for query in ("", "?notes=all"))
    assert folded.count("Seen ") == NOTES
    assert f"Seen {NOTES + 1}." in folded
    assert "Show all notes" in folded
    assert "Show all notes" not in whole
    assert whole.count("Seen ") == NOTES + 2


def test_a_note_sent_twice_counts_once(client: Client, units: list[Unit], emil: User) -> None:
    client.force_login(emil)
    data = {"text": "Once.", "form_key": "k1"}
    for _ in range(2):
        sent = client.post(reverse("workorders:unit-note", args=[units[0].pk]), data)
        assert sent.status_code == 303
    assert UnitNote.objects.count() == 1


def test_the_page_tells_earlier_repairs_that_one_may_see(
    client: Client, order: RepairOrder, units: list[Unit], emil: User, agnes: User
) -> None:
    near = RepairOrderFactory(submitted=True, shop=order.shop)
    far = RepairOrderFactory(submitted=True)
    for old in (near, far):
        UnitFactory(order=old, sn=units[0].sn, holds_sn=False, finding="Loose cable.")
    client.force_login(emil)
    page = client.get(unit_url(units[0])).content.decode()
    assert near.code in page
    assert far.code not in page
    client.force_login(agnes)
    assert far.code in client.get(unit_url(units[0])).content.decode()


def test_the_undo_says_why_it_is_too_late(
    client: Client, order: RepairOrder, units: list[Unit], emil: User, mona: User
) -> None:
    receive(order, emil)
    client.force_login(mona)
    assert "Only the person who received it" in client.get(unit_url(units[0])).content.decode()
    assert take(client, units[0], "undo_receipt").status_code == 409
    client.force_login(emil)
    assert take(client, units[0], "undo_receipt").status_code == 303
    assert state_of(units[0]) == "expected"


# ------------------------------------------------------------------ the list
def test_the_list_shows_the_most_urgent_first_and_sorts_into_views(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    finish(fresh(units[0]), emil)
    bench.take_step(units[1], "start_diagnosis", actor=emil)
    client.force_login(emil)
    seen = {}
    for tab in ("bench", "mine", "new", "waiting", "ready", "coming", "nonsense"):
        response = client.get(reverse("workorders:bench"), {"tab": tab})
        seen[tab] = {u.sn for u in response.context["page"].rows}
    assert seen["bench"] == seen["nonsense"] == {units[1].sn, units[2].sn}
    assert seen["mine"] == {units[1].sn}
    assert seen["new"] == {units[2].sn}
    assert seen["waiting"] == seen["coming"] == set()
    assert seen["ready"] == {units[0].sn}


def test_the_list_of_several_shops_can_be_narrowed_to_one(
    client: Client, order: RepairOrder, leipzig: Any, emil: User
) -> None:
    MembershipFactory(user=emil, shop=leipzig)
    there = UnitFactory(order__shop=leipzig, state="received")
    client.force_login(emil)
    address = reverse("workorders:bench")
    assert there in client.get(address).context["page"].rows
    assert client.get(address, {"shop": "kunshan"}).context["page"].rows == []
    assert client.get(address, {"shop": "leipzig"}).context["page"].rows == [there]


def test_pages_of_the_list_follow_without_gap_or_double(
    client: Client, order: RepairOrder, emil: User
) -> None:
    Unit.objects.bulk_create(
        Unit(order=order, sn=f"PAGE{n:04d}", state="received", holds_sn=True) for n in range(120)
    )
    client.force_login(emil)
    address, seen = reverse("workorders:bench") + "?tab=new", []
    while address:
        page = client.get(address).context["page"]
        seen += [unit.pk for unit in page.rows]
        address = reverse("workorders:bench") + page.next if page.next else ""
    assert len(seen) == len(set(seen)) == 120


def test_the_list_costs_the_same_with_one_row_and_with_eight(
    client: Client, order: RepairOrder, emil: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(emil)
    address = reverse("workorders:bench") + "?tab=new"
    for made in (1, 7):
        UnitFactory.create_batch(made, order=order, state="received")
        client.get(address)
        with django_assert_max_num_queries(6):
            client.get(address)


# ------------------------------------------------------------------ scanning
def test_a_scan_opens_what_it_names(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    client.force_login(emil)

    def scanned(text: str) -> str:
        return str(client.get(reverse("workorders:scan"), {"q": text}).headers["Location"])

    receipt = reverse("workorders:receive", args=[order.code])
    assert scanned(units[0].sn.lower()) == f"{receipt}?sn={units[0].sn}"
    assert scanned(f" {order.code.lower()} ") == receipt
    shipment = Shipment.objects.get(waybill=order.waybill)
    assert scanned(order.waybill.lower()) == f"{receipt}?shipment={shipment.pk}"
    receive(order, emil)
    assert scanned(units[0].sn) == unit_url(units[0])
    assert scanned(order.code) == reverse("workorders:repair", args=[order.code])
    parcel = ParcelFactory(shop=order.shop, waybill="LOST123", sns=["LOSTSN1"], recorded_by=emil)
    here = reverse("workorders:parcel", args=[parcel.pk])
    assert scanned("lost-123") == scanned("lostsn1") == here
    assert scanned("") == reverse("workorders:bench")


def test_an_unknown_scan_offers_to_record_a_parcel(
    client: Client, order: RepairOrder, emil: User
) -> None:
    foreign = UnitFactory()
    client.force_login(emil)
    for text in ("NOBODY77", foreign.sn, foreign.order.code, foreign.order.waybill):
        answer = client.get(reverse("workorders:scan"), {"q": text}, follow=True)
        page = answer.content.decode()
        assert answer.redirect_chain[0][0].startswith(reverse("workorders:parcel-new"))
        assert "Nothing at your shop has the number" in page
        assert f'value="{text}"' in page


def test_guessing_by_scan_is_limited(client: Client, order: RepairOrder, emil: User) -> None:
    client.force_login(emil)
    for number in range(20):
        client.get(reverse("workorders:scan"), {"q": f"GUESS{number}"})
    assert client.get(reverse("workorders:scan"), {"q": "GUESS99"}).status_code == 429
