"""A conversation longer than a page: its end first, everything else a link away (R13, Z04)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import UserFactory
from history.services import record
from workorders.conversation import LATEST
from workorders.models import Counselling, Message
from workorders.services.threads import post_message
from workorders.tests.factories import CounsellingFactory, MessageFactory
from workorders.tests.talk import HTMX, at, cursor, signed_in

pytestmark = pytest.mark.django_db
MANY = 60


@pytest.fixture
def enquiry(cora: User, agnes: User) -> Counselling:
    """Sixty messages in sixty hours, and an internal note after each of the customer's."""
    enquiry: Counselling = CounsellingFactory(customer=cora.customer, assignee=agnes)
    start = timezone.now() - timedelta(hours=MANY)
    for number in range(MANY):
        when = start + timedelta(hours=number)
        MessageFactory(thread=enquiry.thread, author=cora, text=f"said {number}.", created_at=when)
        MessageFactory(
            thread=enquiry.thread,
            author=agnes,
            author_role=agnes.role,
            internal=True,
            text=f"noted {number}.",
            created_at=when,
        )
    return enquiry


def shown(page: Any) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="m-(\d+)"', page.text)]


def link(page: Any, words: str) -> str:
    found = re.search(rf'<a[^>]* href="([^"#]*)[^"]*"[^>]*>{words}</a>', page.text)
    return found[1] if found else ""


def readable(user: User) -> list[int]:
    return list(Message.objects.visible_to(user).order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize("name", ["cora", "colin", "agnes", "ada"])
def test_links_lead_through_all_of_it_without_script(
    request: pytest.FixtureRequest, enquiry: Counselling, name: str
) -> None:
    user = request.getfixturevalue(name)
    client, pages, address = signed_in(user), [], at("counselling", enquiry)
    while address:
        pages.append(client.get(address))
        address = link(pages[-1], "Show earlier messages")
    assert [len(shown(page)) for page in pages[:2]] == [LATEST, LATEST]
    assert [pk for page in reversed(pages) for pk in shown(page)] == readable(user)
    if name in ("cora", "colin"):
        assert not any("noted" in page.text for page in pages)
    back, address = [shown(pages[-1])], link(pages[-1], "Show later messages")
    while address:
        page = client.get(address)
        back.append(shown(page))
        address = link(page, "Show later messages")
    assert sorted({pk for part in back for pk in part}) == readable(user)


@pytest.mark.parametrize("name", ["cora", "agnes", "ada"])
def test_htmx_gets_what_was_before_and_the_next_link(
    request: pytest.FixtureRequest, enquiry: Counselling, name: str
) -> None:
    user = request.getfixturevalue(name)
    client = signed_in(user)
    page = client.get(at("counselling", enquiry))
    seen = shown(page)
    while found := re.search(r'hx-get="([^"]*\?before=\d+)"', page.text):
        page = client.get(found[1], headers=HTMX)
        assert "<html" not in page.text
        assert 'id="talk-cursor"' not in page.text
        seen = shown(page) + seen
    assert seen == readable(user)
    assert 'id="thread-more" hx-swap-oob="true" hidden' in page.text


@pytest.mark.parametrize("name", ["otto", "emil", "fin", "sal"])
def test_nobody_else_reads_the_earlier_part(
    request: pytest.FixtureRequest, enquiry: Counselling, name: str
) -> None:
    client = signed_in(request.getfixturevalue(name))
    for page in ("counselling", "messages"):
        assert client.get(at(page, enquiry), {"before": 10**6}).status_code in (403, 404)


def test_a_day_stands_once_where_two_parts_meet(cora: User, enquiry: Counselling) -> None:
    Message.objects.update(created_at=timezone.now())
    client = signed_in(cora)
    first = shown(client.get(at("counselling", enquiry)))[0]
    part = client.get(at("messages", enquiry), {"before": first}, headers=HTMX)
    day = re.search(r'<p class="day" id="(d-[\d-]+)"', part.text)
    assert day is not None
    assert f'<p id="{day[1]}" hx-swap-oob="delete">' in part.text


def test_what_happened_stands_in_its_part_once(
    cora: User, agnes: User, enquiry: Counselling
) -> None:
    early = Message.objects.filter(internal=False).order_by("pk")[5]
    record(enquiry, "resolve", actor=agnes, at=early.created_at + timedelta(minutes=1))
    client, address, told = signed_in(cora), at("counselling", enquiry), []
    while address:
        page = client.get(address)
        told.append(page.text.count("marked this enquiry as solved"))
        address = link(page, "Show earlier messages")
    assert told == [0] * (len(told) - 1) + [1]


def test_the_poll_goes_on_from_the_end_whatever_was_loaded(
    cora: User, agnes: User, enquiry: Counselling
) -> None:
    client = signed_in(cora)
    page = client.get(at("counselling", enquiry))
    client.get(at("messages", enquiry), {"before": shown(page)[0]}, headers=HTMX)
    new = post_message(enquiry.thread, actor=agnes, text="new")
    news = client.get(at("messages", enquiry), cursor(page), headers=HTMX)
    assert shown(news) == [new.pk]


def test_more_news_than_a_page_holds_come_whole(cora: User, enquiry: Counselling) -> None:
    """A tab that slept for a week misses nothing."""
    client = signed_in(cora)
    page = client.get(at("counselling", enquiry))
    new = MessageFactory.create_batch(3 * LATEST, thread=enquiry.thread, author=cora)
    news = client.get(at("messages", enquiry), cursor(page), headers=HTMX)
    assert shown(news) == [message.pk for message in new]


def test_a_link_to_one_message_opens_its_part(cora: User, enquiry: Counselling) -> None:
    client, old = signed_in(cora), readable(cora)[7]
    page = client.get(at("counselling", enquiry), {"from": old})
    assert shown(page)[0] == old
    assert link(page, "Show earlier messages")
    assert 'id="composer"' not in page.text, "one answers at the end of the conversation"
    assert "data-poll" not in page.text, "news belong to the end"
    newest = client.get(link(page, "Go to the newest messages"))
    assert shown(newest) == readable(cora)[-LATEST:]
    assert 'id="composer"' in newest.text


def test_a_link_to_one_of_the_newest_opens_the_end(cora: User, enquiry: Counselling) -> None:
    page = signed_in(cora).get(at("counselling", enquiry), {"from": readable(cora)[-2]})
    assert shown(page) == readable(cora)[-LATEST:]
    assert 'id="composer"' in page.text


def test_the_whole_of_it_can_be_printed(cora: User, enquiry: Counselling) -> None:
    client = signed_in(cora)
    page = client.get(link(client.get(at("counselling", enquiry)), "Show the whole conversation"))
    assert shown(page) == readable(cora)


@pytest.mark.parametrize("value", ["x", "-1", "0", "9" * 30, "1;2", "٣"])
@pytest.mark.parametrize("name", ["before", "from"])
def test_nonsense_shows_the_end(cora: User, enquiry: Counselling, name: str, value: str) -> None:
    client = signed_in(cora)
    page = client.get(at("counselling", enquiry), {name: value})
    assert shown(page) == readable(cora)[-LATEST:]
    assert client.get(at("messages", enquiry), {name: value}, headers=HTMX).status_code == 200


def test_an_old_answer_that_is_not_shown_is_no_conflict(agnes: User, enquiry: Counselling) -> None:
    """D10: what a colleague said long ago, above what the page shows, does not stop a reply."""
    zhao = UserFactory(email="zhao@example.com", name="Zhao Min", role=Role.AGENT)
    older = readable(agnes)[0]
    Message.objects.filter(pk=older).update(author=zhao, author_role=zhao.role, internal=False)
    client = signed_in(agnes)
    page = client.get(at("counselling", enquiry))
    latest = re.findall(r'name="latest" value="(\d+)"', page.text)[0]
    told = {"text": "My answer", "latest": latest}
    assert client.post(at("message-post", enquiry), told).status_code == 303


def test_the_steps_of_an_agent_are_fetched_when_their_dialogs_open(
    agnes: User, enquiry: Counselling
) -> None:
    client = signed_in(agnes)
    MessageFactory(thread=enquiry.thread, author=agnes, author_role=agnes.role)
    page = client.get(at("counselling", enquiry)).text
    assert 'hx-trigger="opened"' in page
    assert 'name="service_note"' not in page
    for step, name in (("convert", "service_note"), ("refer", "message")):
        form = client.get(at(f"counselling-{step}", enquiry), headers=HTMX).text
        assert "<html" not in form
        assert f'name="{name}"' in form
        whole = client.get(at(f"counselling-{step}", enquiry)).text
        assert "<html" in whole
        assert f'name="{name}"' in whole
