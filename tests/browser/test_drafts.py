"""A half-written text is never lost: poll, colleague, expired session, Back, reload (E28, D10)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import customer, staff
from tests.browser.house import House, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HALF = "The second fan still turns slower than"
NEWS = re.compile(r"/messages/\?")


def enquiry(house: House, sn: str) -> tuple[Page, str]:
    """A new enquiry of the demo's customer, and the page it stands on."""
    page = house.person("customer")
    customer.look_up(page, sn)
    return page, customer.open_enquiry(page, f"{sn} is too loud.")


def at_enquiry(house: House, who: str, number: str) -> Page:
    page = house.person(who)
    page.goto(f"/enquiries/{number}/")
    return page


def box(page: Page):
    return page.locator("#composer textarea")


def hear_nothing(page: Page) -> None:
    """Its questions for news are answered with nothing, until `hear_again`."""
    page.route(NEWS, lambda route: route.fulfill(status=204))


def hear_again(page: Page) -> None:
    page.unroute(NEWS)


def session_of(page: Page) -> str:
    cookies = {cookie.get("name"): cookie.get("value") for cookie in page.context.cookies()}
    return str(cookies["session"])


@pytest.mark.parametrize(("who", "other"), [("customer", "agent"), ("agent", "customer")])
def test_it_stays_while_news_arrive_and_after_reload_and_back(house, who, other):
    page, number = enquiry(house, "1H21415090031" if who == "customer" else "1H21415090032")
    mine, theirs = (
        (page, at_enquiry(house, other, number))
        if who == "customer"
        else (at_enquiry(house, who, number), page)
    )
    box(mine).fill(HALF)
    (staff.reply if other == "agent" else customer.write)(theirs, "One more thing.")
    expect(mine.locator("#thread")).to_contain_text("One more thing.")
    expect(box(mine)).to_have_value(HALF)
    mine.reload()
    expect(box(mine)).to_have_value(HALF)
    mine.goto("/shops/")
    mine.go_back()
    expect(box(mine)).to_have_value(HALF)
    box(mine).fill("")
    mine.reload()
    expect(box(mine)).to_have_value("")


def half_written(house: House, who: str, sn: str) -> tuple[Page, str]:
    """Somebody in a browser of their own, in the middle of a text; and the enquiry's number."""
    _page, number = enquiry(house, sn)
    page = house.visitor()
    sign_in(page, f"{who}@demo.test")
    page.goto(f"/enquiries/{number}/")
    return page, number


def signed_in_again(page: Page, who: str, number: str) -> None:
    """Back at the enquiry: the text is in the box and nowhere else; it is sent, and gone."""
    page.wait_for_url("**/accounts/login/**")
    sign_in(page, f"{who}@demo.test")
    page.wait_for_url(f"**/enquiries/{number}/**")
    expect(box(page)).to_have_value(HALF)
    expect(page.locator("#thread").get_by_text(HALF)).to_have_count(0)
    page.locator("#composer button.primary").click()
    expect(page.locator("#thread").get_by_text(HALF)).to_have_count(1)
    expect(box(page)).to_have_value("")
    page.reload()
    expect(box(page)).to_have_value("")


@pytest.mark.parametrize(("who", "sn"), [("customer", "1H21415090033"), ("agent", "1H21415090035")])
def test_sending_into_an_ended_session_gives_it_back_after_signing_in(house, who, sn):
    page, number = half_written(house, who, sn)
    hear_nothing(page)  # else the next poll may be first to find the session gone
    box(page).fill(HALF)
    house.portal.expire(session_of(page))
    page.locator("#composer button.primary").click()
    page.wait_for_url("**/accounts/login/**")
    hear_again(page)
    signed_in_again(page, who, number)


@pytest.mark.parametrize(("who", "sn"), [("customer", "1H21415090049"), ("agent", "1H21415090040")])
def test_a_poll_that_finds_the_session_ended_gives_it_back_after_signing_in(house, who, sn):
    """Nothing is pressed: the page asks for news and goes to the sign-in page by itself."""
    page, number = half_written(house, who, sn)
    box(page).fill(HALF)
    house.portal.expire(session_of(page))
    signed_in_again(page, who, number)


def test_two_agents_who_answer_at_once_are_told_and_lose_nothing(house):
    _page, number = enquiry(house, "1H21415090036")
    li, zhao = at_enquiry(house, "agent", number), at_enquiry(house, "agent2", number)
    hear_nothing(zhao)
    box(zhao).fill(HALF)
    staff.reply(li, "Replace the fan, please.")
    zhao.locator("#composer button.primary").click()
    expect(zhao.get_by_role("alert").filter(has_text="Li Wei answered")).to_be_visible()
    expect(box(zhao)).to_have_value(HALF)
    hear_again(zhao)
    zhao.locator("#composer button.primary").click()
    expect(zhao.locator("#thread").get_by_text(HALF)).to_have_count(1)


def test_a_draft_that_a_colleague_saved_meanwhile_keeps_what_was_typed(house):
    marta, jonas = house.person("customer"), house.person("colleague")
    for page in (marta, jonas):
        page.goto("/repairs/E60000H/")
    jonas.get_by_label("Waybill (HWB) number").fill("SF5550001")
    jonas.get_by_role("button", name="Save draft").click()
    expect(jonas.locator("#toasts")).to_contain_text("Draft saved.")
    marta.get_by_label("Waybill (HWB) number").fill("SF5550002")
    marta.get_by_role("button", name="Save draft").click()
    alert = marta.get_by_role("alert").filter(has_text="Somebody changed this draft")
    expect(alert).to_contain_text("SF5550001")
    expect(marta.get_by_label("Waybill (HWB) number")).to_have_value("SF5550002")


def test_a_new_enquiry_survives_the_end_of_the_session(house):
    page = house.visitor()
    sign_in(page, "customer@demo.test")
    customer.look_up(page, "1H21415090037")
    customer.new_enquiry(page)
    page.get_by_label("What is wrong?").fill(HALF)
    house.portal.expire(session_of(page))
    page.get_by_role("button", name="Create counselling order").click()
    page.wait_for_url("**/accounts/login/**")
    sign_in(page, "customer@demo.test")
    customer.look_up(page, "1H21415090037")
    customer.new_enquiry(page)
    expect(page.get_by_label("What is wrong?")).to_have_value(HALF)


def test_a_new_address_opens_when_it_is_chosen_by_keyboard_at_the_edge_of_the_screen(house):
    page = house.person("customer", viewport={"width": 1280, "height": 500})
    page.goto("/repairs/E60000H/")
    page.wait_for_function("window.htmx")
    page.locator("input[name=return_to][value=new]").focus()
    page.keyboard.press("Space")
    expect(page.locator("#new-address input").first).to_be_attached()
