"""Two people talk, each in a browser (R14, R15, E28, L01; drafts that nothing loses)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from attachments.tests import samples
from workorders.models import Counselling, Message
from workorders.services.threads import post_message
from workorders.tests.browsing import Opened
from workorders.tests.factories import CounsellingFactory, MessageFactory, RepairOrderFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def enquiry(cora: User) -> Counselling:
    enquiry: Counselling = CounsellingFactory(customer=cora.customer)
    MessageFactory(thread=enquiry.thread, author=cora)
    return enquiry


def at(enquiry: Counselling) -> str:
    return reverse("workorders:counselling", args=[enquiry.number])


def box(page: Page) -> Any:
    return page.locator("#composer textarea")


def send(page: Page) -> None:
    page.get_by_role("button", name="Send", exact=True).click()


@pytest.mark.row("R14", "R15", "E28")
def test_both_sides_see_each_other_within_three_seconds_without_reloading(
    opened: Opened, cora: User, agnes: User, enquiry: Counselling
) -> None:
    customer, desk = opened(cora, at(enquiry)), opened(agnes, at(enquiry))
    customer.evaluate("window.stayed = true")
    box(customer).fill("Half a sentence")
    box(desk).fill("Please send a log.")
    send(desk)
    sent = time.monotonic()
    answer = customer.locator("#thread").get_by_text("Please send a log.")
    expect(answer).to_be_visible(timeout=3000)
    assert time.monotonic() - sent < 3.5
    expect(box(customer)).to_have_value("Half a sentence")
    expect(box(desk)).to_have_value("")
    send(customer)
    expect(desk.locator("#thread").get_by_text("Half a sentence")).to_be_visible(timeout=3000)
    time.sleep(2.5)  # one more poll on each side
    for page in (customer, desk):
        assert page.locator("#thread").get_by_text("Please send a log.").count() == 1
        assert page.locator("#thread").get_by_text("Half a sentence").count() == 1
    assert customer.evaluate("window.stayed") is True
    expect(customer.get_by_text("Waiting for customer service")).to_be_visible()


def test_who_is_writing_is_seen_and_forgotten(
    opened: Opened, cora: User, agnes: User, enquiry: Counselling
) -> None:
    customer, desk = opened(cora, at(enquiry)), opened(agnes, at(enquiry))
    box(desk).press_sequentially("Let me see")
    expect(customer.get_by_text("Agnes Moreau is writing")).to_be_visible(timeout=4000)
    expect(customer.get_by_text("Agnes Moreau is writing")).to_be_hidden(timeout=15_000)


@pytest.mark.row("E28")
def test_what_is_half_written_survives_reload_back_and_an_expired_session(
    opened: Opened, cora: User, enquiry: Counselling
) -> None:
    page = opened(cora, at(enquiry))
    address = page.url
    box(page).fill("Fan 2 stops")
    page.reload()
    expect(box(page)).to_have_value("Fan 2 stops")
    page.get_by_role("link", name="My work orders").first.click()
    page.go_back()
    expect(box(page)).to_have_value("Fan 2 stops")
    Session.objects.all().delete()
    page.wait_for_url("**/accounts/login/**", timeout=8000)
    client = Client()
    client.force_login(cora)
    name = settings.SESSION_COOKIE_NAME
    key = client.cookies[name].value
    page.context.add_cookies([{"name": name, "value": key, "url": address}])
    page.goto(address)
    expect(box(page)).to_have_value("Fan 2 stops")


def test_a_refused_file_keeps_the_text_and_the_good_file(
    opened: Opened, cora: User, enquiry: Counselling
) -> None:
    page = opened(cora, at(enquiry))
    box(page).fill("Log and picture")
    files: Any = [
        {"name": "boot.log", "mimeType": "text/plain", "buffer": samples.LOG},
        {"name": "front.jpg", "mimeType": "image/jpeg", "buffer": samples.EXE},
    ]
    page.locator("#composer input[type=file]").set_input_files(files)
    send(page)
    expect(page.get_by_text("“front.jpg” is not a JPEG or PNG picture")).to_be_visible()
    expect(box(page)).to_have_value("Log and picture")
    expect(page.get_by_label("Files to send").get_by_text("boot.log")).to_be_visible()
    send(page)
    expect(page.locator("#thread").get_by_text("boot.log")).to_be_visible(timeout=4000)
    expect(box(page)).to_have_value("")
    page.reload()
    expect(box(page)).to_have_value("")


def test_clicking_twice_sends_once(opened: Opened, cora: User, enquiry: Counselling) -> None:
    page = opened(cora, at(enquiry))
    box(page).fill("Once")
    page.get_by_role("button", name="Send", exact=True).dblclick()
    expect(page.locator("#thread").get_by_text("Once", exact=True)).to_be_visible(timeout=4000)
    time.sleep(1)
    assert Message.objects.filter(text="Once").count() == 1


def test_everything_works_without_script(opened: Opened, cora: User, agnes: User) -> None:
    order = RepairOrderFactory(customer=cora.customer)
    enquiry = order.counselling
    page = opened(cora, at(enquiry), java_script_enabled=False)
    page.get_by_role("button", name="Hide this reminder").click()
    expect(page.get_by_text("Submit your repair order")).to_be_hidden()
    box(page).fill("Without script")
    send(page)
    expect(page.locator("#thread").get_by_text("Without script")).to_be_visible()
    post_message(enquiry.thread, actor=agnes, text="Seen.")
    page.get_by_role("link", name="Show new messages").click()
    expect(page.locator("#thread").get_by_text("Seen.")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits(
    opened: Opened, cora: User, agnes: User, enquiry: Counselling, width: int, scheme: str
) -> None:
    post_message(enquiry.thread, actor=agnes, text="word" * 100)
    size = {"width": width, "height": 900}
    page = opened(cora, at(enquiry), viewport=size, color_scheme=scheme)
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
