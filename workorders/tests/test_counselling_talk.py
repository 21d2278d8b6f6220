"""Polling, presence, writing, the reminder (R14, R15, R20, R21, E5, D10)."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import User
from attachments.models import Attachment
from attachments.services import store
from attachments.tests import samples
from workorders import presence
from workorders.models import Counselling, Message, RepairOrder
from workorders.services.threads import TEXT_LIMIT, post_message
from workorders.tests.factories import (
    CounsellingFactory,
    MessageFactory,
    RepairOrderFactory,
)
from workorders.tests.talk import HTMX, at, cursor, form_key, signed_in


@pytest.fixture
def enquiry(cora: User) -> Counselling:
    enquiry: Counselling = CounsellingFactory(customer=cora.customer)
    MessageFactory(thread=enquiry.thread, author=cora)
    return enquiry


# ------------------------------------------------------------------ polling (R15, E28)
@pytest.mark.row("R14", "R15", "E28")
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
    desk.get(at("messages", enquiry), {"after": "999999999", "doing": presence.READING})
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


@pytest.mark.row("R12", "E27")
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


@pytest.mark.row("R20")
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


@pytest.mark.row("R21")
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


@pytest.mark.row("R21")
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
