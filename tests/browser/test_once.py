"""Two clicks do one thing, Back does not do it again; a message is seen within three seconds."""

from __future__ import annotations

import re
import statistics
import time

import pytest
from playwright.sync_api import expect

from tests.browser import customer, staff
from tests.browser.test_drafts import at_enquiry, enquiry

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPENED = re.compile(r"/enquiries/\d+/")
SEEN_WITHIN = 3.0  # seconds, from the click to the other one's screen (E28)


def test_two_clicks_on_create_open_one_enquiry_and_back_does_not_open_another(house):
    page = house.person("customer")
    customer.look_up(page, "1H21415090039")
    customer.new_enquiry(page)
    page.get_by_label("What is wrong?").fill("Board 3 is cold.")
    page.get_by_role("button", name="Create counselling order").dblclick()
    expect(page.locator("#thread .bubble")).to_have_count(1)
    page.go_back()
    page.goto("/orders/?view=all&q=1H21415090039")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_back_to_the_form_and_sent_again_leads_to_the_first_enquiry(house):
    page = house.person("customer", script=False)
    customer.look_up(page, "1H21415090043")
    customer.new_enquiry(page)
    page.get_by_label("What is wrong?").fill("Board 1 is cold.")
    page.get_by_role("button", name="Create counselling order").click()
    page.wait_for_url(OPENED)
    first = page.url
    page.go_back()
    if page.get_by_label("What is wrong?").count():  # as the browser kept it
        page.get_by_label("What is wrong?").fill("Board 1 is cold.")
        page.get_by_role("button", name="Create counselling order").click()
        page.wait_for_url(OPENED)
        assert page.url == first
    page.goto("/orders/?view=all&q=1H21415090043")
    expect(page.locator("tbody tr")).to_have_count(1)


@pytest.mark.parametrize("who", ["customer", "agent"])
def test_two_clicks_on_send_write_one_message(house, who):
    page, number = enquiry(house, "1H21415090044" if who == "customer" else "1H21415090045")
    if who == "agent":
        page = at_enquiry(house, who, number)
    page.locator("#composer textarea").fill("Only once.")
    page.locator("#composer button.primary").dblclick()
    expect(page.locator("#thread").get_by_text("Only once.")).to_have_count(1)
    page.reload()
    expect(page.locator("#thread").get_by_text("Only once.")).to_have_count(1)


def test_two_clicks_on_submit_send_one_repair_order(house):
    """From the code to the way back: each button pressed twice."""
    page, number = enquiry(house, "1H21415090046")
    li = at_enquiry(house, "agent", number)
    code = staff.convert(li, message="Your code is {code}.", service_note="")
    page.goto(f"/repairs/{code}/")
    customer.fill_shipping(page, "SF7100046")
    page.get_by_role("button", name="Submit repair order").dblclick()
    expect(page.locator(".head .badge[class*=state-]")).to_have_text("Waiting for receipt")
    page.go_back()
    page.goto("/orders/?view=all&q=1H21415090046")
    expect(page.locator("tbody tr")).to_have_count(1)
    chen = house.person("engineer")
    chen.goto(f"/receiving/{code}/")
    chen.get_by_label("Pick 1H21415090046").check()
    chen.get_by_role("button", name="Receive ticked").dblclick()
    expect(chen.locator(".head .meta")).to_contain_text("1 of 1")
    staff.open_unit(chen, "1H21415090046")
    chen.get_by_role("button", name="Start diagnosis").dblclick()
    expect(chen.locator("[class*=state-unit-]").first).to_have_text("In diagnosis")
    staff.give_up(chen, "1H21415090046", label="Reject", reason="A sample.", state="Rejected")
    chen.goto(f"/repairs/{code}/return/")
    chen.get_by_label("Carrier").first.select_option(label="DHL Express")
    chen.get_by_label("Waybill (HWB) number").first.fill("JD0146007146")
    chen.get_by_role("button", name="Save the return").dblclick()
    expect(chen.locator("article.shipment")).to_have_count(1)
    page.goto(f"/repairs/{code}/")
    expect(page.locator(".head .badge[class*=state-]")).to_have_text("Returned")
    expect(page.get_by_text("Sent back with DHL Express")).to_have_count(1)


def test_a_message_is_seen_within_three_seconds(house, tell):
    page, number = enquiry(house, "1H21415090047")
    li = at_enquiry(house, "agent", number)
    took = []
    for turn in range(6):
        writer, reader = (li, page) if turn % 2 == 0 else (page, li)
        writer.locator("#composer textarea").fill(f"Word {turn}.")
        began = time.monotonic()
        writer.locator("#composer button.primary").click()
        expect(reader.locator("#thread").get_by_text(f"Word {turn}.")).to_be_visible()
        took.append(time.monotonic() - began)
    tell("seen after", ", ".join(f"{one:.1f} s" for one in took))
    assert statistics.median(took) <= SEEN_WITHIN
