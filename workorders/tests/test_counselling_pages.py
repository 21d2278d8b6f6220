"""The customer's pages and the conversation both sides share (R11-R15, R20, R21, Z01, Z04, Z10)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from attachments.models import Attachment
from attachments.services import attach, store
from attachments.tests import samples
from devices.models import Device
from devices.tests.factories import DeviceFactory
from history.services import record
from workorders.models import Counselling, Message
from workorders.services.threads import TEXT_LIMIT, post_message
from workorders.tests.factories import (
    CounsellingFactory,
    MessageFactory,
    RepairOrderFactory,
    UnitFactory,
)
from workorders.tests.talk import HTMX, at, cursor, looked_up, signed_in

EVERYBODY = ("cora", "colin", "otto", "agnes", "emil", "mona", "fin", "sal", "ada")


@pytest.fixture
def enquiry(cora: User) -> Counselling:
    enquiry: Counselling = CounsellingFactory(customer=cora.customer)
    MessageFactory(thread=enquiry.thread, author=cora)
    return enquiry


@pytest.fixture
def device(cora: User) -> Device:
    return DeviceFactory(sn="1H21415090018", warranty_until=dt.date(2999, 1, 1))


# ------------------------------------------------------------------ who
MATRIX = {
    ("get", "counselling"): (200, 200, 404, 200, 403, 403, 403, 403, 200),
    ("get", "messages"): (200, 200, 404, 200, 403, 403, 403, 403, 200),
    ("post", "message-post"): (303, 303, 404, 303, 403, 403, 403, 403, 403),
    ("post", "counselling-withdraw"): (303, 303, 404, 403, 403, 403, 403, 403, 403),
    ("post", "reminder-close"): (303, 303, 404, 403, 403, 403, 403, 403, 403),
}


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row[1])
def test_each_address_answers_each_role_and_strangers(
    request: pytest.FixtureRequest,
    enquiry: Counselling,
    row: tuple[str, str],
    headers: dict[str, str],
) -> None:
    method, name = row
    for who, expected in zip(EVERYBODY, MATRIX[row], strict=True):
        fresh = CounsellingFactory(customer=enquiry.customer)
        MessageFactory(thread=fresh.thread)
        client = signed_in(request.getfixturevalue(who))
        answer = getattr(client, method)(at(name, fresh), {"text": "Hello"}, headers=headers)
        ok = {200, 303} if headers and expected == 303 else {expected}
        assert answer.status_code in ok, (who, name)
    stranger = getattr(Client(), method)(at(name, enquiry))
    assert stranger.status_code == 302
    assert reverse("account_login") in stranger["Location"]


@pytest.mark.parametrize("who", EVERYBODY)
def test_only_customers_open_enquiries_here(request: pytest.FixtureRequest, who: str) -> None:
    expected = {"cora": 302, "colin": 302, "otto": 302, "ada": 302}.get(who, 403)
    client = signed_in(request.getfixturevalue(who))
    assert client.get(reverse("workorders:counselling-new")).status_code == expected


@pytest.mark.parametrize("number", [1, 99, 10_999_999, 10**30])
def test_absent_and_foreign_numbers_are_the_same_404(
    otto: User, enquiry: Counselling, number: int
) -> None:
    client = signed_in(otto)
    absent = client.get(reverse("workorders:counselling", args=[number]))
    foreign = client.get(at("counselling", enquiry))
    assert absent.status_code == foreign.status_code == 404


@pytest.mark.parametrize("name", ["message-post", "counselling-withdraw", "reminder-close"])
def test_nothing_happens_by_get(cora: User, enquiry: Counselling, name: str) -> None:
    assert signed_in(cora).get(at(name, enquiry)).status_code == 405


# ------------------------------------------------------------------ opening
def test_without_a_look_up_there_is_nothing_to_open(cora: User, device: Device) -> None:
    client = signed_in(cora)
    for answer in (
        client.get(reverse("workorders:counselling-new")),
        client.get(reverse("workorders:counselling-new"), {"sn": device.sn}),
        client.post(reverse("workorders:counselling-new"), {"text": "It is silent."}),
    ):
        assert answer.status_code == 302
        assert answer["Location"] == reverse("devices:lookup")
    assert not Counselling.objects.exists()


@pytest.mark.row("R7", "R11")
def test_a_device_in_warranty_leads_to_an_enquiry(cora: User, device: Device) -> None:
    client = looked_up(cora, device.sn)
    assert "Create counselling order" in client.get(reverse("devices:lookup")).text
    assert device.sn in client.get(reverse("workorders:counselling-new")).text
    log = samples.upload("boot.log", samples.LOG)
    sent = {"subject": "", "text": "Fans spin.\nSince Monday.", "files": log}
    answer = client.post(reverse("workorders:counselling-new"), sent)
    opened = Counselling.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, at("counselling", opened))
    assert (opened.sn, opened.subject, opened.customer) == (device.sn, "Fans spin.", cora.customer)
    page = client.get(at("counselling", opened))
    assert "boot.log" in page.text
    assert client.get(reverse("workorders:counselling-new")).status_code == 302  # looked up once


@pytest.mark.row("R8")
def test_out_of_warranty_offers_no_enquiry(cora: User, device: Device) -> None:
    Device.objects.update(warranty_until=dt.date(2020, 1, 1))
    client = looked_up(cora, device.sn)
    assert "Create counselling order" not in client.get(reverse("devices:lookup")).text
    answer = client.post(reverse("workorders:counselling-new"), {"text": "It is silent."})
    assert (answer.status_code, Counselling.objects.count()) == (302, 0)


def test_a_device_in_ones_own_order_leads_there(cora: User, device: Device) -> None:
    order = RepairOrderFactory(customer=cora.customer, submitted=True)
    UnitFactory(order=order, sn=device.sn)
    client = looked_up(cora, device.sn)
    there = reverse("workorders:repair", args=[order.code])
    assert there in client.get(reverse("devices:lookup")).text
    page = client.get(reverse("workorders:counselling-new"))
    assert there in page.text
    assert "<textarea" not in page.text
    before = Counselling.objects.count()
    answer = client.post(reverse("workorders:counselling-new"), {"text": "It is silent."})
    assert (answer.status_code, Counselling.objects.count()) == (422, before)


def test_somebody_elses_order_is_told_to_customer_service_alone(
    cora: User, otto: User, agnes: User, device: Device
) -> None:
    order = RepairOrderFactory(customer=otto.customer, submitted=True)
    UnitFactory(order=order, sn=device.sn)
    client = looked_up(cora, device.sn)
    for name in ("devices:lookup", "workorders:counselling-new"):
        assert order.code not in client.get(reverse(name)).text
    client.post(reverse("workorders:counselling-new"), {"text": "It is silent."})
    opened = Counselling.objects.get(customer=cora.customer)
    assert order.code not in client.get(at("counselling", opened)).text
    assert order.code in signed_in(agnes).get(at("counselling", opened)).text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Describe what is wrong."),
        ("a\x00b", "Null characters are not allowed."),
        ("x" * 1_000_000, f"at most {TEXT_LIMIT} characters"),
    ],
)
def test_a_text_that_cannot_be_kept_is_a_form_error(
    cora: User, device: Device, text: str, words: str
) -> None:
    client = looked_up(cora, device.sn)
    answer = client.post(reverse("workorders:counselling-new"), {"text": text})
    assert answer.status_code == 422
    assert words in answer.text
    assert not Counselling.objects.exists()


# ------------------------------------------------------------------ reading
@pytest.mark.row("R13")
def test_the_page_shows_who_wrote_in_what_role_and_when(
    cora: User, agnes: User, enquiry: Counselling
) -> None:
    post_message(enquiry.thread, actor=agnes, text="Please send a log.")
    text = signed_in(cora).get(at("counselling", enquiry)).text
    thread = text[text.index('id="thread"') : text.index('id="talk-cursor"')]
    assert '<b dir="auto">You</b>' in thread
    assert "Agnes Moreau" in thread
    assert "Customer service" in thread
    assert thread.count("<time datetime=") >= 3
    assert 'class="day"' in thread


@pytest.mark.row("R13")
def test_files_show_as_what_they_are(cora: User, enquiry: Counselling) -> None:
    for name, content in (
        ("front.jpg", samples.jpeg()),
        ("noise.mp4", samples.mp4()),
        ("boot.log", samples.LOG),
    ):
        kept = store(samples.upload(name, content), actor=cora)
        attach([kept], MessageFactory(thread=enquiry.thread, author=cora, text=""), actor=cora)
    text = signed_in(cora).get(at("counselling", enquiry)).text
    tokens = list(Attachment.objects.order_by("pk").values_list("token", flat=True))
    assert f'<img src="/files/{tokens[0]}/thumb/"' in text
    assert '<video controls preload="metadata"' in text
    assert f'href="/files/{tokens[2]}/preview/"' in text


def test_markup_in_a_message_stays_text_and_htmx_is_off_in_it(
    cora: User, enquiry: Counselling
) -> None:
    """O01, O02."""
    post_message(
        enquiry.thread, actor=cora, text='<img src=x onerror=alert(1)> <a hx-get="/x">go</a>'
    )
    text = signed_in(cora).get(at("counselling", enquiry)).text
    assert "<img src=x" not in text
    assert '<a hx-get="/x"' not in text
    assert '<div class="text" hx-disable>' in text


def test_what_happened_stands_between_the_messages(
    cora: User, agnes: User, enquiry: Counselling
) -> None:
    from workorders.services import desk

    desk.convert(enquiry, actor=agnes)
    text = signed_in(cora).get(at("counselling", enquiry)).text
    assert "Agnes Moreau turned this enquiry into a repair order" in text
    assert Counselling.objects.get().code in text


def test_internal_notes_never_reach_customers(
    cora: User, agnes: User, enquiry: Counselling
) -> None:
    """Z04, D10: page, partial, excerpt, list."""
    client = signed_in(cora)
    before = cursor(client.get(at("counselling", enquiry)))
    post_message(enquiry.thread, actor=agnes, text="CANARY-NOTE", internal=True)
    record(enquiry, "assigned", actor=agnes, internal=True, note="CANARY-NOTE")
    assert "CANARY-NOTE" not in client.get(at("counselling", enquiry)).text
    assert client.get(at("messages", enquiry), before, headers=HTMX).status_code == 204
    everything = client.get(at("messages", enquiry), headers=HTMX)
    assert "CANARY-NOTE" not in everything.text
    assert "CANARY-NOTE" not in client.get(reverse("workorders:my-orders")).text
    assert "CANARY-NOTE" in signed_in(agnes).get(at("counselling", enquiry)).text


def test_the_promise_says_by_when(cora: User, enquiry: Counselling) -> None:
    soon = dt.datetime(2999, 11, 21, 14, 20, tzinfo=dt.UTC)
    for fields, words in (
        ({"due_at": soon}, "We answer by"),
        ({"due_at": soon.replace(year=2020)}, "Our answer is late"),
        ({"due_at": None}, "We answer as soon as we can"),
    ):
        Counselling.objects.update(**fields)
        assert words in signed_in(cora).get(at("counselling", enquiry)).text


def test_a_long_thread_shows_its_end_first(cora: User, enquiry: Counselling) -> None:
    MessageFactory.create_batch(205, thread=enquiry.thread, author=cora, text="more")
    first = Message.objects.order_by("pk").first()
    assert first is not None
    client = signed_in(cora)
    page = client.get(at("counselling", enquiry))
    assert "Show earlier messages" in page.text
    assert f'id="m-{first.pk}"' not in page.text
    assert f'id="m-{first.pk}"' in client.get(at("counselling", enquiry), {"all": 1}).text


def test_the_page_costs_the_same_with_one_and_with_eight_messages(
    cora: User, enquiry: Counselling, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = signed_in(cora)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get(at("counselling", enquiry))
        return len(seen)

    client.get(at("counselling", enquiry))
    one = cost()
    for _more in range(7):
        kept = store(samples.upload("boot.log", samples.LOG), actor=cora)
        attach([kept], MessageFactory(thread=enquiry.thread, author=cora), actor=cora)
    assert cost() == one <= 10
