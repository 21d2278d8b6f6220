"""My work orders: one list of enquiries and repair orders, and the same on the home page."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from devices.models import warranty_day
from devices.tests.factories import DeviceFactory
from logistics.tests.factories import ShipmentFactory
from workorders import customer_list
from workorders.customer_list import Chosen
from workorders.models import RepairOrder, Unit
from workorders.services import orders
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory

pytestmark = pytest.mark.django_db
LIST = reverse("workorders:my-orders")


def lines(user, **chosen):
    return customer_list.page(user, Chosen(**{"view": "all", **chosen}))


def page_of(client, user, query=""):
    client.force_login(user)
    return client.get(LIST + query)


@pytest.fixture
def life(cora):
    """One row of every kind."""
    customer = cora.customer
    made = {
        "open": CounsellingFactory(customer=customer, subject="Fans spin"),
        "answered": CounsellingFactory(customer=customer, answered=True, subject="Noise"),
        "solved": CounsellingFactory(customer=customer, finished=True),
        "draft": RepairOrderFactory(customer=customer),
        "sent": RepairOrderFactory(customer=customer, submitted=True),
        "done": RepairOrderFactory(customer=customer, submitted=True, state="completed"),
        "cancelled": RepairOrderFactory(customer=customer, state="cancelled"),
    }
    made["asked"] = RepairOrderFactory(customer=customer, submitted=True, state="received")
    UnitFactory(order=made["asked"], state="awaiting_customer")
    return made


def kinds(made, found):
    """The names under which the rows were made."""
    names = {}
    for name, row in made.items():
        kind = customer_list.ORDER if isinstance(row, RepairOrder) else customer_list.ENQUIRY
        names[kind, row.pk] = name
    return [names[line.kind, line.pk] for line in found]


# ------------------------------------------------------------------ what stands in the list
def test_what_needs_the_customer_stands_on_top(cora, life):
    found = kinds(life, lines(cora))
    assert set(found[:3]) == {"answered", "draft", "asked"}
    assert len(found) == 8


@pytest.mark.row("E4")
def test_a_converted_enquiry_is_one_row_not_two(cora, life):
    numbers = [line.number for line in lines(cora)]
    assert len(numbers) == len(set(numbers))


def test_a_second_shop_is_a_row_of_its_own(cora, life, kunshan, leipzig):
    draft = life["draft"]
    orders.choose_shop(draft, kunshan, actor=cora)
    second = orders.split_to_shop(draft, leipzig, actor=cora)
    DeviceFactory(sn="SECOND1")
    orders.add_unit(second, orders.Device(sn="SECOND1"), actor=cora)
    found = [line for line in lines(cora) if line.counselling == draft.counselling_id]
    assert {line.code for line in found} == {draft.code, second.code}
    assert customer_list.first_devices(found)[second.pk].sn == "SECOND1"


VIEWS = {
    "open": {"open", "answered", "draft", "sent", "asked"},
    "needs": {"answered", "draft", "asked"},
    "enquiries": {"open", "answered"},
    "repair": {"sent", "asked"},
    "finished": {"solved", "done", "cancelled"},
}


@pytest.mark.parametrize("view", VIEWS)
def test_a_tab_shows_what_it_counts(cora, life, view):
    found = kinds(life, lines(cora, view=view))
    assert set(found) == VIEWS[view]
    assert customer_list.counts(cora)[view] == len(found)


@pytest.mark.row("E4")
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("c-open", {"open"}),
        ("c-answered", {"answered"}),
        ("c-finished", {"solved", "draft"}),
        ("r-awaiting_submission", {"draft"}),
        ("r-pending_delivery", {"sent"}),
        ("r-completed", {"done"}),
        ("r-nonsense", set()),
    ],
)
def test_both_statuses_filter_the_one_column(cora, life, status, expected):
    """E4: an order that is not submitted stands under its enquiry's status."""
    assert set(kinds(life, lines(cora, status=status))) == expected


def test_it_is_found_by_number_code_serial_number_and_subject(cora, life):
    enquiry, sent = life["open"], life["sent"]
    UnitFactory(order=sent, sn="UNIT12345")
    assert kinds(life, lines(cora, text=str(enquiry.number))) == ["open"]
    assert kinds(life, lines(cora, text=sent.code.lower())) == ["sent"]
    assert kinds(life, lines(cora, text="unit-123")) == ["sent"]
    assert kinds(life, lines(cora, text=enquiry.sn)) == ["open"]
    assert kinds(life, lines(cora, text="spin")).count("open") == 1
    assert kinds(life, lines(cora, text="no such thing")) == []


def test_nobody_sees_anothers_rows(otto, life):
    assert lines(otto) == []
    assert not customer_list.counts(otto)


@pytest.mark.parametrize(
    "after", ["", "x", "1~2~3", "1~now~0~1", "1~2026-01-01~0~1", "9~~~", "~~~"]
)
def test_a_place_that_is_none_starts_at_the_beginning(cora, life, after):
    assert len(lines(cora, after=after)) == 8


# ------------------------------------------------------------------ pages
def many(cora, n):
    now = timezone.now()
    for age in range(n):
        at = now - timedelta(minutes=age // 3)
        if age % 2:
            CounsellingFactory(customer=cora.customer, opened_at=at, answered=age % 5 == 0)
        else:
            order = RepairOrderFactory(customer=cora.customer, submitted=True, opened_at=at)
            UnitFactory(order=order)


def test_every_row_stands_on_exactly_one_page(cora, monkeypatch):
    monkeypatch.setattr(customer_list, "PAGE", 7)
    many(cora, 30)
    seen, after = [], ""
    while True:
        found = lines(cora, after=after)
        seen += found[:7]
        if len(found) <= 7:
            break
        after = customer_list.place_of(found[6])
    assert len(seen) == len({(line.kind, line.pk) for line in seen}) == 30
    assert seen == sorted(
        seen, key=lambda line: (-line.needs, -line.at.timestamp(), line.kind, -line.pk)
    )


def test_a_page_costs_the_same_with_one_row_and_with_eight(client, cora):
    def more(n):
        for _n in range(n):
            order = RepairOrderFactory(customer=cora.customer, submitted=True, state="returned")
            RepairOrder.objects.filter(pk=order.pk).update(sent_count=1, back_count=1)
            ShipmentFactory(consignment=order.consignment, direction="out")
            CounsellingFactory(customer=cora.customer)

    more(1)
    page_of(client, cora)
    with CaptureQueriesContext(connection) as one:
        page_of(client, cora)
    more(7)
    with CaptureQueriesContext(connection) as eight:
        page_of(client, cora)
    # force_login of each visit writes the session and reads the person once more
    sql = [q["sql"] for q in eight if "django_session" not in q["sql"]]
    assert len(one) == len(eight)
    own = [text for text in sql if "workorders_" in text or "logistics_" in text]
    assert len(own) <= 3


def test_fifty_rows_are_light(client, cora):
    many(cora, 60)
    answer = page_of(client, cora)
    page = answer.content.decode()
    assert page.count('<td class="lead">') == 50
    assert len(answer.content) <= 40_000, len(answer.content)
    following = re.search(r'href="([^"]+)" rel="next"', page).group(1).replace("&amp;", "&")
    second = client.get(LIST + following).content.decode()
    assert second.count('<td class="lead">') == 10
    assert 'rel="prev"' in second


def test_fifty_rows_with_everything_in_them_stay_light(client, cora):
    """Warranty, status, progress and a way back in each of fifty rows."""
    day = warranty_day()
    for n in range(50):
        order = RepairOrderFactory(
            customer=cora.customer, submitted=True, state="returned", sent_count=1, back_count=1,
            counselling__warranty_until=day - timedelta(days=n),
        )  # fmt: skip
        ShipmentFactory(consignment=order.consignment, direction="out")
    answer = page_of(client, cora)
    assert answer.content.decode().count("https://track.example/") == 50
    assert len(answer.content) <= 54_000, len(answer.content)
    assert len(gzip.compress(answer.content)) <= 8_000


@pytest.mark.row("R20", "R22")
def test_a_row_links_the_thread_and_the_repair_order(client, cora, life):
    page = page_of(client, cora, "?view=all").content.decode()
    sent = life["sent"]
    assert reverse("workorders:counselling", args=[sent.counselling.number]) in page
    assert reverse("workorders:repair", args=[sent.code]) in page
    assert "Step 2 of 6" in page
    assert "Submit repair order" in page
    assert page.count('<tr class="new">') == 3


@pytest.mark.row("R32")
def test_the_way_back_stands_in_the_list(client, cora, life):
    """R32."""
    order = life["sent"]
    Unit.objects.filter(order=order).delete()
    shipment = ShipmentFactory(consignment=order.consignment, direction="out", waybill="BACK9")
    RepairOrder.objects.filter(pk=order.pk).update(sent_count=1, back_count=1)
    page = page_of(client, cora).content.decode()
    assert "https://track.example/BACK9" in page
    assert str(shipment.carrier) in page


def test_words_of_the_customer_are_escaped(client, cora):
    CounsellingFactory(customer=cora.customer, subject="<script>alert(1)</script>")
    page = page_of(client, cora).content.decode()
    assert "<script>alert" not in page


def test_an_empty_list_says_how_to_begin(client, cora):
    page = page_of(client, cora).content.decode()
    assert "No work order yet" in page
    assert "<table" not in page


def test_a_filter_without_rows_says_so(client, cora, life):
    page = page_of(client, cora, "?q=nothing-like-it").content.decode()
    assert "Nothing matches" in page


@pytest.mark.parametrize(
    "query", ["?view=x", "?q=%00", "?after=%00~~~", "?status=c-", "?view=all&status=zz"]
)
def test_nonsense_in_the_address_is_no_error(client, cora, life, query):
    assert page_of(client, cora, query).status_code == 200


# ------------------------------------------------------------------ home page
def test_the_home_page_shows_what_needs_the_customer(client, cora, life):
    client.force_login(cora)
    page = client.get(reverse("devices:lookup")).content.decode()
    assert "Needs you" in page
    assert life["draft"].code in page
    assert life["sent"].code in page
