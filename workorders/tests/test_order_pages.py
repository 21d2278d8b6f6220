"""The tabs of an order: who sees them, what they count, and how bulk work asks first."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import UserFactory
from logistics.tests.factories import ContainerFactory, ShipmentFactory
from workorders.charts import charts_of
from workorders.models import Fault, Place, RepairOrder, SavedView, Service, Unit, UnitNote
from workorders.services import bench, bulk, threads
from workorders.tests.bench import finish, fresh, receive, state_of
from workorders.tests.factories import RepairOrderFactory, UnitFactory

pytestmark = pytest.mark.django_db


def at(name: str, order: RepairOrder) -> str:
    return reverse(f"workorders:{name}", args=[order.code])


def all_of(order: RepairOrder, **fields: Any) -> Any:
    return Unit.objects.filter(order=order, **fields)


def exported(client: Client, order: RepairOrder, query: dict[str, str]) -> list[dict[str, str]]:
    response = client.get(at("order-csv", order), query)
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def listed(client: Client, order: RepairOrder, query: dict[str, str]) -> list[str]:
    page = client.get(at("order-miners", order), query).context
    return [unit.sn for unit, _next in page["rows"]]


# ------------------------------------------------------------------ who sees what
TABS = {
    "emil": ["Summary", "Miners", "Logistics"],
    "mona": ["Summary", "Miners", "Logistics", "Billing"],
    "agnes": ["Summary", "Miners", "Logistics", "Billing", "Messages"],
    "ada": ["Summary", "Miners", "Logistics", "Billing", "Messages"],
}


@pytest.mark.row("R62")
@pytest.mark.parametrize("person", TABS)
def test_each_role_has_its_tabs_and_each_tab_opens(
    request: pytest.FixtureRequest, client: Client, order: RepairOrder, person: str
) -> None:
    client.force_login(request.getfixturevalue(person))
    tabs = client.get(at("repair", order)).context["tabs"]
    assert [str(tab["label"]) for tab in tabs] == TABS[person]
    assert {client.get(tab["url"]).status_code for tab in tabs} == {200}


@pytest.mark.row("R62", "R82")
@pytest.mark.parametrize(
    ("person", "tab", "status"),
    [
        ("emil", "order-messages", 403),
        ("mona", "order-messages", 403),
        ("emil", "order-billing", 403),
        ("erna", "order-miners", 404),
        ("cora", "order-miners", 403),
        ("cora", "order-csv", 403),
        ("otto", "order-bulk", 403),
        ("fin", "order-miners", 403),
    ],
)
def test_what_is_not_theirs_stays_shut(
    request: pytest.FixtureRequest,
    client: Client,
    order: RepairOrder,
    person: str,
    tab: str,
    status: int,
) -> None:
    client.force_login(request.getfixturevalue(person))
    assert client.get(at(tab, order)).status_code == status


@pytest.mark.row("R63")
def test_the_customer_sees_the_same_progress_and_nothing_internal(
    client: Client, order: RepairOrder, units: list[Unit], cora: User, emil: User
) -> None:
    receive(order, emil)
    finish(fresh(units[0]), emil)
    UnitNote.objects.create(unit=units[0], author=emil, text="Between us.", public=False)
    client.force_login(cora)
    response = client.get(at("repair", order))
    assert response.context["charts"].by_state == {"received": 2, "ready": 1}
    text = response.content.decode()
    assert "Between us." not in text
    assert at("order-bulk", order) not in text
    shown = client.get(at("repair", order), {"state": "ready"}).context["seen"]
    assert [row.unit for row in shown] == [units[0]]


# ------------------------------------------------------------------ one rule for everything
@pytest.mark.row("R69", "R71")
def test_where_they_are_is_read_from_the_outbound_container(
    client: Client, order: RepairOrder, emil: User
) -> None:
    receive(order, emil)
    now = timezone.now()
    UnitFactory(order=order)
    UnitFactory(order=order, state="scrapped", scrap_agreed_at=now)
    for number, facts in enumerate(({}, {"tracked_at": now}, {"delivered_at": now}), start=1):
        sent = ShipmentFactory(consignment=order.consignment, direction="out", **facts)
        box = ContainerFactory(
            consignment=order.consignment,
            shipment=sent if facts else None,
            state="released",
            direction="out",
            number=number,
        )
        UnitFactory(order=order, ready=True, outbound_container=box)
    client.force_login(emil)
    charts = client.get(at("repair", order)).context["charts"]
    places = {segment.key: segment.count for segment in charts.places}
    assert places == {
        "coming": 1, "bench": 3, "boxed": 1, "shipped": 1, "delivered": 1, "scrapped": 1,
    }  # fmt: skip
    for place, icon in (("boxed", "#box"), ("shipped", "#truck"), ("delivered", "#house")):
        page = client.get(at("order-miners", order), {"place": place})
        assert len(page.context["rows"]) == 1
        table = page.content.decode().split("<tbody>")[1]
        assert icon in table.split("</tbody>")[0]


@pytest.mark.row("R65", "R75", "D3")
def test_devices_are_found_by_number_mac_tag_and_model(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    Unit.objects.filter(pk=units[0].pk).update(mac="02:41:6A:0C:51:1B", asset_tag="Rack 3/7")
    client.force_login(emil)
    for words in (units[0].sn.lower(), "0241.6a", "02416a0c511b", "02:41:6a", "rack 3"):
        query = words.replace(".", "")
        assert listed(client, order, {"q": query}) == [units[0].sn], words
    assert len(listed(client, order, {"q": units[0].model.name})) in (1, 3)
    assert listed(client, order, {"q": "no\x00thing%_'"}) == []
    assert len(listed(client, order, {"state": "nonsense", "place": "?", "fault": "x"})) == 3


def agree(client: Client, order: RepairOrder, user: User) -> None:
    """Charts, list and file say the same of every segment, and together they are all units."""
    client.force_login(user)
    charts = charts_of(order, user, lambda **_kw: "?")
    living = all_of(order).exclude(state="cancelled").count()
    assert sum(charts.by_state.values()) == sum(p.count for p in charts.places) == living
    for name, segments in (
        ("state", charts.states),
        ("place", charts.places),
        ("fault", charts.faults),
    ):
        for segment in segments:
            query = {name: segment.key}
            rows = exported(client, order, query)
            assert len(rows) == segment.count, query
            assert sorted(r["Serial number"] for r in rows) == sorted(listed(client, order, query))


def walk(order: RepairOrder, people: dict[str, User], rounds: int, seed: int) -> None:
    """Whatever people do to the units of an order, in no order and mostly refused."""
    lot = random.Random(seed)  # noqa: S311 - a walk that can be walked again
    goal = RepairOrderFactory(submitted=True, customer=order.customer, shop=order.shop)
    UnitFactory(order=goal)
    faults = [value for value in Fault.values if value != Fault.NONE_FOUND]
    for _round in range(rounds):
        keys = list(all_of(order).values_list("pk", flat=True))
        some = all_of(order, pk__in=lot.sample(keys, lot.randint(1, min(4, len(keys)))))
        words = {"finding": "Dust.", "work_done": "Cleaned.", "note": "Beyond repair."}
        what = lot.random()
        if what < 0.75:
            name = lot.choice(bulk.STEPS_FOR_MANY)
            bulk.step(order, some, name, actor=people["emil"], **words)
        elif what < 0.85:
            found = lot.sample(faults, lot.randint(1, 2))
            some.filter(state__in=Unit.WORKING).update(faults=found)
        elif what < 0.9:
            bulk.agree_to_scrapping(order, some, actor=people["mona"], note="By phone.")
        elif what < 0.95:
            bulk.settle_missing(order, some, actor=people["mona"], note="Refunded.")
        elif len(keys) > 8:
            bulk.move_units(order, some, goal, actor=people["emil"])
        order = fresh(order)
        assert order.unit_count == all_of(order).exclude(state="cancelled").count()
        assert order.state == order.tally.state()


@pytest.mark.row("R69", "R70")
@pytest.mark.parametrize("rounds", [200, pytest.param(1_000, marks=pytest.mark.slow)])
def test_charts_list_and_file_agree_whatever_happens(
    client: Client, order: RepairOrder, emil: User, mona: User, agnes: User, rounds: int
) -> None:
    UnitFactory.create_batch(9, order=order)
    for part in range(4):
        walk(fresh(order), {"emil": emil, "mona": mona}, rounds // 4, seed=part)
        agree(client, fresh(order), agnes)


@pytest.mark.row("R69")
def test_charts_cost_one_query_for_any_number_of_devices(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    costs = []
    for made in (0, 300):
        Unit.objects.bulk_create(
            Unit(order=order, sn=f"1H55{made}{n:05d}", faults=["fan"]) for n in range(made)
        )
        with CaptureQueriesContext(connection) as seen:
            charts = charts_of(order, emil, lambda **_kw: "?")
        costs.append(len(seen))
        assert charts.total == 3 + made
    assert costs == [1, 1]


@pytest.mark.row("R69")
def test_finished_stands_against_what_the_clocks_promise(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    finish(fresh(units[0]), emil)  # its clock is stopped, the promise still counts
    charts = charts_of(order, emil, lambda **_kw: "?")
    assert sum(day.due for day in charts.days) == 3
    assert sum(day.finished for day in charts.days) == 1
    assert charts.finished == 1
    assert charts.said.startswith("Finished until")


# ------------------------------------------------------------------ acting in the table
@pytest.mark.row("R70")
def test_the_button_of_a_row_takes_the_next_step_and_comes_back(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    client.force_login(emil)
    page = at("repair", order)
    data = {"one": f"{units[0].pk}:start_diagnosis", "next": page}
    response = client.post(at("order-bulk", order), data, headers={"HX-Request": "true"})
    assert (response.status_code, response["Location"]) == (303, page)
    assert client.get(page).context["charts"].by_state == {"received": 2, "diagnosing": 1}
    data["one"] = f"{units[0].pk}:start_repair"  # no finding yet
    assert client.post(at("order-bulk", order), data).status_code == 409
    other = UnitFactory()
    for wrong in (f"{other.pk}:start_diagnosis", "x:y", f"{units[1].pk}:undo_receipt"):
        assert client.post(at("order-bulk", order), {"one": wrong}).status_code == 404


@pytest.mark.row("R72", "E25")
def test_nothing_picked_asks_first_and_names_the_number_and_the_filter(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    bench.take_step(units[0], "start_diagnosis", actor=emil)
    client.force_login(emil)
    data = {"do": "step_all", "step_all": "start_diagnosis", "state": "received"}
    response = client.post(at("order-bulk", order), data)
    assert response.status_code == 303
    asked = client.get(response["Location"])
    text = asked.content.decode()
    assert "Start diagnosis: 2 devices" in text
    assert "All devices that this filter shows:" in text
    assert state_of(units[1]) == "received"  # a page asks, it does nothing
    sure = {"do": "step", "step": "start_diagnosis", "state": "received", "confirmed": "1"}
    assert client.post(at("order-bulk", order), sure | {"count": "3"}).status_code == 409
    assert client.post(at("order-bulk", order), sure | {"count": "2"}).status_code == 303
    assert set(all_of(order).values_list("state", flat=True)) == {"diagnosing"}


@pytest.mark.row("R72", "R73")
def test_picked_rows_move_at_once_unless_words_are_needed(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    client.force_login(emil)
    data = {"do": "step", "step": "start_diagnosis", "unit": [units[0].pk, units[1].pk]}
    assert client.post(at("order-bulk", order), data).status_code == 303
    assert [state_of(unit) for unit in units] == ["diagnosing", "diagnosing", "received"]
    data["step"] = "give_up"
    asked = client.post(at("order-bulk", order), data)
    assert f"unit={units[0].pk}" in asked["Location"]
    assert client.get(asked["Location"]).context["form"].fields.keys() == {"note"}
    empty = client.post(at("order-bulk", order), data | {"confirmed": "1", "note": " "})
    assert empty.status_code == 422
    told = data | {"confirmed": "1", "note": "Water inside."}
    answer = client.post(at("order-bulk", order), told, follow=True)
    assert "Beyond repair: 2 devices." in answer.content.decode()


def test_refusals_are_told_once_per_reason(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    bench.take_step(units[0], "start_diagnosis", actor=emil)
    client.force_login(emil)
    data = {"do": "step", "step": "start_diagnosis", "unit": [unit.pk for unit in units]}
    text = client.post(at("order-bulk", order), data, follow=True).content.decode()
    assert "Start diagnosis: 2 devices." in text
    assert "1 device stays as it is: This is not possible while it is “In diagnosis”." in text


@pytest.mark.row("R73")
def test_picked_devices_go_into_a_new_box_and_out_again(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    receive(order, emil)
    finish(fresh(units[0]), emil)
    client.force_login(emil)
    data: dict[str, Any] = {"do": "box", "unit": [units[0].pk, units[1].pk]}
    assert client.get(at("order-bulk", order), data).status_code == 200
    sure = data | {"confirmed": "1", "container": "new"}
    text = client.post(at("order-bulk", order), sure, follow=True).content.decode()
    assert "Put in a container: 1 device." in text
    assert fresh(units[0]).outbound_container_id
    client.post(at("order-bulk", order), data | {"confirmed": "1", "container": "none"})
    assert fresh(units[0]).outbound_container_id is None
    assert client.post(at("order-bulk", order), {"do": "box"}).status_code == 409  # none picked


@pytest.mark.row("R73")
def test_picked_devices_move_to_another_order(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    goal = RepairOrderFactory(submitted=True, customer=order.customer, shop=order.shop)
    UnitFactory(order=goal)
    client.force_login(emil)
    data = {"do": "move", "unit": [units[0].pk], "confirmed": "1", "target": "NOTMINE1"}
    assert client.post(at("order-bulk", order), data).status_code == 422
    data["target"] = goal.code
    assert client.post(at("order-bulk", order), data).status_code == 303
    assert fresh(units[0]).order_id == goal.pk
    assert client.post(at("order-bulk", order), data).status_code == 404  # not here any more


@pytest.mark.row("R67", "R72")
def test_services_of_many_are_set_by_managers_and_completed_by_the_workshop(
    client: Client, order: RepairOrder, emil: User, mona: User
) -> None:
    receive(order, emil)
    clean = Service.objects.create(code="clean", name_en="Cleaning")
    client.force_login(emil)
    assert client.get(at("order-services", order)).status_code == 403
    client.force_login(mona)
    assert client.get(at("order-services", order)).status_code == 200
    sure = {"confirmed": "1", "count": "3", "services": [clean.pk]}
    assert client.post(at("order-services", order), sure).status_code == 303
    assert len(listed(client, order, {"service": "open"})) == 3
    client.force_login(emil)
    done = {"do": "services", "confirmed": "1", "count": "3"}
    assert client.post(at("order-bulk", order), done).status_code == 303
    assert listed(client, order, {"service": "open"}) == []
    assert {row["Services done"] for row in exported(client, order, {})} == {"1"}


def test_agents_take_only_their_own_step(
    client: Client, order: RepairOrder, units: list[Unit], emil: User, agnes: User, ada: User
) -> None:
    receive(order, emil)
    client.force_login(agnes)
    data: dict[str, Any] = {"do": "step", "step": "start_diagnosis", "unit": [units[0].pk]}
    assert client.post(at("order-bulk", order), data).status_code == 403
    assert client.post(at("order-bulk", order), data | {"do": "services"}).status_code == 403
    client.force_login(ada)
    assert client.get(at("order-bulk", order), data).status_code == 200
    assert client.post(at("order-bulk", order), data).status_code == 403


def test_the_file_gives_no_formula_to_a_spreadsheet(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    Unit.objects.filter(pk=units[0].pk).update(asset_tag="=HYPERLINK(1)")
    client.force_login(emil)
    assert exported(client, order, {})[0]["Asset tag"] == "'=HYPERLINK(1)"


def test_pages_cost_the_same_with_five_units_and_with_sixty(
    client: Client, order: RepairOrder, emil: User
) -> None:
    client.force_login(emil)
    for name in ("repair", "order-miners"):
        costs = []
        for made in (2, 55):
            UnitFactory.create_batch(made, order=order)
            client.get(at(name, order))
            with CaptureQueriesContext(connection) as seen:
                client.get(at(name, order))
            costs.append(len(seen))
        assert costs[0] == costs[1], name
    page = client.get(at("order-miners", order))
    assert len(page.content) < 60_000
    assert len(client.get(at("repair", order)).content) < 30_000


# ------------------------------------------------------------------ messages
@pytest.mark.row("R82")
def test_customer_service_talks_to_the_customer_on_the_order(
    client: Client, order: RepairOrder, agnes: User, cora: User
) -> None:
    threads.post_message(order.thread, actor=cora, text="When is it ready?")
    client.force_login(agnes)
    page = client.get(at("order-messages", order))
    assert "When is it ready?" in page.content.decode()
    assert ">Refresh</a>" in page.content.decode()
    latest = page.context["form"]["latest"].value()
    response = client.post(at("order-messages", order), {"text": "On Friday.", "latest": latest})
    assert response.status_code == 303
    assert response["Location"].startswith(at("order-messages", order))
    client.post(at("order-messages", order), {"text": "They are upset.", "note": "1"})
    text = client.get(at("order-messages", order)).content.decode()
    assert "On Friday." in text
    assert "They are upset." in text
    client.force_login(cora)
    thread = client.get(reverse("workorders:counselling", args=[order.counselling.number]))
    assert "On Friday." in thread.content.decode()
    assert "They are upset." not in thread.content.decode()


@pytest.mark.row("R82")
def test_the_poll_brings_what_is_new_and_nothing_else(
    client: Client, order: RepairOrder, agnes: User, cora: User
) -> None:
    first = threads.post_message(order.thread, actor=cora, text="One.")
    client.force_login(agnes)
    cursor = {"after": first.pk, "entry": 10**9}
    assert client.get(at("order-news", order), cursor).status_code == 204
    threads.post_message(order.thread, actor=cora, text="Two.")
    news = client.get(at("order-news", order), cursor)
    assert news.status_code == 200
    assert "Two." in news.content.decode()
    assert "One." not in news.content.decode()
    assert client.get(at("order-news", order), {"doing": "writing"}).status_code == 204


def test_two_agents_do_not_answer_unawares(client: Client, order: RepairOrder, agnes: User) -> None:
    zhao = UserFactory(name="Zhao", role=Role.AGENT)
    threads.post_message(order.thread, actor=zhao, text="Zhao was first.")
    client.force_login(agnes)
    data = {"text": "Me too.", "latest": "0"}
    response = client.post(at("order-messages", order), data)
    assert response.status_code == 409
    assert "Me too." in response.content.decode()
    assert client.post(at("order-messages", order), {"text": " "}).status_code == 422


# ------------------------------------------------------------------ the list of orders
@pytest.mark.row("R68")
def test_orders_are_filtered_by_customer_period_and_lateness(
    client: Client, order: RepairOrder, units: list[Unit], agnes: User, emil: User
) -> None:
    other = UnitFactory().order
    client.force_login(agnes)
    address = reverse("workorders:order-list")

    def found(**query: str) -> set[str]:
        rows = {o.code for o in client.get(address, query).context["page"].rows}
        file = client.get(reverse("workorders:order-export"), query)
        text = b"".join(file.streaming_content).decode().removeprefix("\ufeff")  # type: ignore[attr-defined]
        assert {line.split(",")[0] for line in text.splitlines()[1:]} == rows
        return rows

    assert found(customer=str(order.customer_id)) == {order.code}
    assert found(customer="x") == set()
    assert found(overdue="1") == set()
    Unit.objects.filter(pk=units[0].pk).update(due_at=timezone.now())
    assert found(overdue="1") == {order.code}
    RepairOrder.objects.filter(pk=other.pk).update(opened_at="2026-01-15T12:00Z")
    assert found(until="2026-01-31") == {other.code}
    assert found(since="2026-01-15", until="2026-01-15") == {other.code}
    assert found(since="2026-02-01", until="nonsense") == {order.code}
    assert found(since="2026-13-41") == {order.code, other.code}


@pytest.mark.row("R68")
def test_views_of_the_list_are_ones_own_and_not_the_queues(
    client: Client, order: RepairOrder, emil: User, agnes: User
) -> None:
    queue = SavedView.objects.create(owner=agnes, name="Queue", query="view=mine")
    client.force_login(agnes)
    save = reverse("workorders:order-view-save")
    data = {"name": "Late ones", "query": "overdue=1&after=7&role=admin"}
    response = client.post(save, data)
    view = SavedView.objects.get(owner=agnes, page="orders")
    assert view.query == "overdue=1"
    assert response["Location"].endswith(f"?overdue=1&saved={view.pk}")
    tabs = client.get(response["Location"]).context["tabs"]
    assert [(str(tab["label"]), tab["current"]) for tab in tabs] == [
        ("All", False),
        ("Late ones", True),
    ]
    assert client.post(save, {"name": "", "query": ""}).status_code == 303
    delete = "workorders:order-view-delete"
    assert client.post(reverse(delete, args=[queue.pk])).status_code == 404
    client.force_login(emil)
    assert client.get(reverse("workorders:order-list")).context["tabs"] == []
    assert client.post(reverse(delete, args=[view.pk])).status_code == 404
    client.force_login(agnes)
    assert client.post(reverse(delete, args=[view.pk])).status_code == 303
    assert SavedView.objects.get() == queue


def test_places_have_a_tone_and_an_order() -> None:
    from workorders.charts import TONES

    assert set(TONES) == set(Place)
