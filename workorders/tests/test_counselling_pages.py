"""The customer's pages and the conversation both sides share (R11-R15, R20, R21, Z01, Z04, Z10)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import User
from attachments.models import Attachment
from attachments.services import attach, store
from attachments.tests import samples
from devices.models import Device
from devices.tests.factories import DeviceFactory
from history.services import record
from workorders import presence
from workorders.models import Counselling, Message, RepairOrder
from workorders.services.threads import TEXT_LIMIT, post_message
from workorders.tests.factories import (
    CounsellingFactory,
    MessageFactory,
    RepairOrderFactory,
    UnitFactory,
)

EVERYBODY = ("cora", "colin", "otto", "agnes", "emil", "mona", "fin", "sal", "ada")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def enquiry(cora: User) -> Counselling:
    enquiry: Counselling = CounsellingFactory(customer=cora.customer)
    MessageFactory(thread=enquiry.thread, author=cora)
    return enquiry


@pytest.fixture
def device(cora: User) -> Device:
    return DeviceFactory(sn="1H21415090018", warranty_until=dt.date(2999, 1, 1))


def at(name: str, enquiry: Counselling | None) -> str:
    assert enquiry is not None
    return reverse(f"workorders:{name}", args=[enquiry.number])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def looked_up(user: User, sn: str) -> Client:
    client = signed_in(user)
    client.post(reverse("devices:lookup"), {"sn": sn})
    return client


def cursor(page: Any) -> dict[str, str]:
    found = dict(re.findall(r'name="(after|entry|day|who)" value="([^"]*)"', page.text))
    assert set(found) == {"after", "entry", "day", "who"}
    return found


def form_key(page: Any) -> str:
    composer = page.text[page.text.index('class="composer') :]
    return re.findall(r'name="form_key" value="([^"]+)"', composer)[0]


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


# ------------------------------------------------------------------ polling (R15, E28)
def test_the_other_sides_message_arrives_once(
    cora: User, agnes: User, enquiry: Counselling
) -> None:
    client = signed_in(cora)
    seen = cursor(client.get(at("counselling", enquiry)))
    assert client.get(at("messages", enquiry), seen, headers=HTMX).status_code == 204
    post_message(enquiry.thread, actor=agnes, text="Please send a log.")
    news = client.get(at("messages", enquiry), seen, headers=HTMX)
    assert news.status_code == 200
    assert news.text.count("Please send a log.") == 1
    assert "Waiting for your answer" in news.text  # the head follows
    assert 'id="m-' in news.text
    assert client.get(at("messages", enquiry), cursor(news), headers=HTMX).status_code == 204


def test_a_conversion_arrives_without_a_message(
    cora: User, agnes: User, enquiry: Counselling
) -> None:
    from workorders.services import desk

    client = signed_in(cora)
    seen = cursor(client.get(at("counselling", enquiry)))
    desk.convert(enquiry, actor=agnes)
    news = client.get(at("messages", enquiry), seen, headers=HTMX)
    assert "turned this enquiry into a repair order" in news.text
    assert "Submit your repair order" in news.text
    assert Counselling.objects.get().code in news.text


def test_a_poll_writes_nothing_and_costs_little(
    cora: User, enquiry: Counselling, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(cora)
    seen = cursor(client.get(at("counselling", enquiry)))
    client.get(at("messages", enquiry), seen, headers=HTMX)
    session = Session.objects.get()
    with django_assert_max_num_queries(4) as queries:
        answer = client.get(at("messages", enquiry), seen, headers=HTMX)
    assert answer.status_code == 204
    assert not [q for q in queries.captured_queries if not q["sql"].startswith("SELECT")]
    fresh = Session.objects.get()
    assert (fresh.expire_date, fresh.session_data) == (session.expire_date, session.session_data)
    assert "Set-Cookie" not in answer


def test_a_staff_poll_writes_nothing_either(
    agnes: User, enquiry: Counselling, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(agnes)
    seen = cursor(client.get(at("counselling", enquiry)))
    client.get(at("messages", enquiry), seen, headers=HTMX)
    with django_assert_max_num_queries(4) as queries:
        assert client.get(at("messages", enquiry), seen, headers=HTMX).status_code == 204
    assert not [q for q in queries.captured_queries if not q["sql"].startswith("SELECT")]


@pytest.mark.parametrize("after", ["", "-1", "x", "9" * 40, "１", "0"])
def test_a_strange_cursor_is_no_error(cora: User, enquiry: Counselling, after: str) -> None:
    answer = signed_in(cora).get(at("messages", enquiry), {"after": after, "entry": after})
    assert answer.status_code in {200, 204}


def test_signed_out_meanwhile_the_page_loads_anew(enquiry: Counselling) -> None:
    answer = Client().get(at("messages", enquiry), headers=HTMX)
    assert (answer.status_code, answer["HX-Refresh"]) == (401, "true")


# ------------------------------------------------------------------ presence
def test_a_customer_reads_that_somebody_is_writing_and_nothing_else(
    cora: User, agnes: User, enquiry: Counselling
) -> None:
    client, desk = signed_in(cora), signed_in(agnes)
    seen = cursor(client.get(at("counselling", enquiry)))
    desk.get(at("messages", enquiry), {"after": 9**9, "doing": presence.READING})
    desk.get(at("messages", enquiry), {"doing": presence.NOTING})
    assert client.get(at("messages", enquiry), seen, headers=HTMX).status_code == 204
    assert desk.get(at("messages", enquiry), {"doing": presence.WRITING}).status_code == 204
    assert "Agnes Moreau is writing" in client.get(at("messages", enquiry), seen).text


def test_two_agents_know_of_each_other(agnes: User, ada: User, enquiry: Counselling) -> None:
    from accounts.tests.factories import UserFactory

    zhao = UserFactory(name="Zhao Min", role="agent")
    client = signed_in(agnes)
    signed_in(zhao).get(at("messages", enquiry))
    signed_in(ada).get(at("messages", enquiry))
    assert "Zhao Min has this enquiry open, too." in client.get(at("messages", enquiry)).text
    assert "Ada Park" not in client.get(at("messages", enquiry)).text


def test_a_customer_cannot_pretend_to_write_a_note(
    cora: User, agnes: User, enquiry: Counselling
) -> None:
    signed_in(cora).get(at("messages", enquiry), {"doing": presence.NOTING})
    assert presence.who(enquiry.thread_id, agnes) == []


# ------------------------------------------------------------------ writing
def test_without_script_a_message_leads_to_itself(cora: User, enquiry: Counselling) -> None:
    answer = signed_in(cora).post(at("message-post", enquiry), {"text": "Still slow."})
    message = Message.objects.latest("pk")
    assert message.text == "Still slow."
    assert answer["Location"] == f"{at('counselling', enquiry)}#m-{message.pk}"


def test_by_htmx_the_composer_comes_back_empty_and_the_page_asks_for_news(
    cora: User, enquiry: Counselling
) -> None:
    answer = signed_in(cora).post(
        at("message-post", enquiry), {"text": "Still slow."}, headers=HTMX
    )
    assert (answer.status_code, answer["HX-Trigger"]) == (200, "new-messages")
    assert answer.text.lstrip().startswith("<form")
    assert "Still slow." not in answer.text


def test_sent_twice_is_one_message(cora: User, enquiry: Counselling) -> None:
    client = signed_in(cora)
    key = form_key(client.get(at("counselling", enquiry)))
    sent = {"text": "Once.", "form_key": key}
    first, second = (client.post(at("message-post", enquiry), sent) for _twice in range(2))
    assert Message.objects.filter(text="Once.").count() == 1
    assert first["Location"] == second["Location"]
    other = client.post(at("message-post", enquiry), {**sent, "text": "Other."})
    assert other.status_code == 409


def test_the_fourth_file_is_an_error_and_the_text_stays(cora: User, enquiry: Counselling) -> None:
    files = [samples.upload(f"{n}.log", samples.LOG) for n in range(4)]
    answer = signed_in(cora).post(
        at("message-post", enquiry), {"text": "Four logs at once", "files": files}
    )
    assert answer.status_code == 422
    assert "Send at most 3 files with one message; leave out 1." in answer.text
    assert "Four logs at once" in answer.text
    assert not Attachment.objects.exists()


def test_a_bad_file_is_named_and_the_good_one_is_kept_for_the_next_try(
    cora: User, enquiry: Counselling
) -> None:
    client = signed_in(cora)
    files = [samples.upload("boot.log", samples.LOG), samples.upload("x.jpg", samples.EXE)]
    answer = client.post(
        at("message-post", enquiry), {"text": "Two files", "files": files}, headers=HTMX
    )
    assert answer.status_code == 422
    assert "“x.jpg” is not a JPEG or PNG picture" in answer.text
    assert "Two files" in answer.text
    kept = Attachment.objects.get()
    assert f'name="kept" value="{kept.token}"' in answer.text
    client.post(at("message-post", enquiry), {"text": "Two files", "kept": kept.token})
    kept.refresh_from_db()
    assert kept.owner == Message.objects.latest("pk")


def test_a_kept_file_can_be_taken_off_again(cora: User, enquiry: Counselling) -> None:
    kept = store(samples.upload("boot.log", samples.LOG), actor=cora)
    before = Message.objects.count()
    sent = {"text": "Not yet sent", "kept": kept.token, "take_off": kept.token}
    answer = signed_in(cora).post(at("message-post", enquiry), sent)
    assert answer.status_code == 422
    assert kept.token not in answer.text
    assert "Not yet sent" in answer.text
    assert Message.objects.count() == before


@pytest.mark.parametrize("who", ["colin", "otto"])
def test_anothers_kept_file_is_ignored(
    request: pytest.FixtureRequest, cora: User, enquiry: Counselling, who: str
) -> None:
    foreign = store(samples.upload("boot.log", samples.LOG), actor=request.getfixturevalue(who))
    signed_in(cora).post(at("message-post", enquiry), {"text": "Look", "kept": foreign.token})
    foreign.refresh_from_db()
    assert foreign.object_id is None


@pytest.mark.parametrize(
    "text", ["", "  ", "a\x00b", "x" * (TEXT_LIMIT + 1), "x" * 1_000_000], ids=len
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
def test_what_cannot_be_sent_is_an_error_beside_the_text(
    cora: User, enquiry: Counselling, text: str, headers: dict[str, str]
) -> None:
    before = Message.objects.count()
    answer = signed_in(cora).post(at("message-post", enquiry), {"text": text}, headers=headers)
    assert answer.status_code == 422
    assert 'id="reply_text_error"' in answer.text
    assert Message.objects.count() == before


@pytest.mark.parametrize("text", ["🔥 风扇", "\u202etxet\u202c", "e\u0301" * 50, "\ufeff hello"])
def test_odd_signs_are_sent_and_shown(cora: User, enquiry: Counselling, text: str) -> None:
    client = signed_in(cora)
    assert client.post(at("message-post", enquiry), {"text": text}).status_code == 303
    assert client.get(at("counselling", enquiry)).status_code == 200


def test_extra_fields_change_nothing(cora: User, enquiry: Counselling) -> None:
    """U01: neither author, role, internal nor time come from the form."""
    signed_in(cora).post(
        at("message-post", enquiry),
        {"text": "Hello", "note": "1", "internal": "1", "author_role": "agent", "thread": "1"},
    )
    message = Message.objects.latest("pk")
    assert (message.internal, message.author, message.author_role) == (False, cora, "customer")


def test_a_finished_thread_still_takes_messages(cora: User) -> None:
    """E5, R20."""
    done = CounsellingFactory(customer=cora.customer, converted=True)
    client = signed_in(cora)
    assert "<textarea" in client.get(at("counselling", done)).text
    client.post(at("message-post", done), {"text": "One more thing."})
    fresh = Counselling.objects.get(pk=done.pk)
    assert (fresh.state, fresh.needs_answer) == ("finished", True)


def test_an_agents_note_and_reply_go_where_they_should(agnes: User, enquiry: Counselling) -> None:
    client = signed_in(agnes)
    client.post(at("message-post", enquiry), {"text": "Between us", "note": "1"})
    assert Message.objects.latest("pk").internal
    client.post(at("message-post", enquiry), {"text": "To you"})
    assert not Message.objects.latest("pk").internal


def test_a_second_agent_sees_that_a_colleague_was_faster(agnes: User, enquiry: Counselling) -> None:
    """D10: the text is kept, and sending again sends."""
    from accounts.tests.factories import UserFactory

    zhao = UserFactory(name="Zhao Min", role="agent")
    answered = post_message(enquiry.thread, actor=zhao, text="Try 1.4.1.")
    client = signed_in(agnes)
    sent = {"text": "Try the other firmware.", "latest": "0"}
    for headers in ({}, HTMX):
        answer = client.post(at("message-post", enquiry), sent, headers=headers)
        assert answer.status_code == 409
        assert "Try the other firmware." in answer.text
        assert "Zhao Min answered" in answer.text
        assert f'name="latest" value="{answered.pk}"' in answer.text
    client.post(at("message-post", enquiry), {**sent, "latest": str(answered.pk)})
    assert Message.objects.latest("pk").text == "Try the other firmware."


# ------------------------------------------------------------------ reminder and withdrawal
@pytest.fixture
def draft(cora: User) -> RepairOrder:
    return RepairOrderFactory(customer=cora.customer)


def test_the_reminder_can_be_closed_until_the_next_visit(cora: User, draft: RepairOrder) -> None:
    """R21."""
    enquiry, words = draft.counselling, "Submit your repair order"
    client = signed_in(cora)
    page = client.get(at("counselling", enquiry))
    assert words in page.text
    assert reverse("workorders:repair", args=[draft.code]) in page.text
    assert client.post(at("reminder-close", enquiry)).status_code == 303
    after = client.get(at("counselling", enquiry)).text
    assert words not in after
    assert "<textarea" in after
    assert words in signed_in(cora).get(at("counselling", enquiry)).text


def test_by_htmx_the_reminder_closes_in_place(cora: User, draft: RepairOrder) -> None:
    answer = signed_in(cora).post(at("reminder-close", draft.counselling), headers=HTMX)
    assert (answer.status_code, answer.text) == (200, "")


def test_a_submitted_order_needs_no_reminder(cora: User) -> None:
    order = RepairOrderFactory(customer=cora.customer, submitted=True)
    text = signed_in(cora).get(at("counselling", order.counselling)).text
    assert "Submit your repair order" not in text
    assert order.code in text


def test_withdrawing_finishes_the_enquiry_once(cora: User, enquiry: Counselling) -> None:
    client = signed_in(cora)
    assert "Withdraw enquiry" in client.get(at("counselling", enquiry)).text
    client.post(at("counselling-withdraw", enquiry))
    page = client.get(at("counselling", enquiry))
    assert "Cora Lind withdrew this enquiry" in page.text
    assert "Withdraw enquiry" not in page.text
    assert client.post(at("counselling-withdraw", enquiry)).status_code == 409
