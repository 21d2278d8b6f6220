"""What the pages of a real portal look like: states of real orders, all widths, a silent console.

That each page of each reader keeps to every rule of axe, light and dark, is shown in
test_matrix_pages.py, in a world with one thing of each kind. Here people walk through the demo:
badges and steps of all states, long lists, Chinese, the mailbox, the widths of telephones and
tablets, dialogs that open and forms that were refused (ui.md §11).
"""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser import customer, staff
from tests.browser.audit import audit
from tests.browser.crawl import walk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Who walks, and how many pages of a kind are opened to find all the states they can be in.
# Whoever sees what these see, with less, is looked at in test_matrix_pages.py.
WALKS = [
    ("nobody", 5),
    ("customer", 5),
    ("agent", 5),
    ("engineer", 5),
    ("admin", 2),
    ("customer2", 1),  # in Chinese
]


@pytest.mark.parametrize(("who", "most"), WALKS, ids=[who for who, _most in WALKS])
def test_every_state_is_accessible_and_fits(house, who, most, tell):
    """One page of each kind and state: every rule in light, the colours of dark, four widths."""
    page = house.visitor() if who == "nobody" else house.person(who)
    page.goto("/")
    wrong, count, began = [], 0, time.monotonic()
    for address in walk(page, most, house.common):
        wrong += [f"{address} {word}" for word in audit(page, thorough=False)]
        count += 1
    tell(f"{who}'s {count} pages", f"{time.monotonic() - began:.0f} s")
    assert not wrong, "\n".join(wrong)
    assert count >= 2


def add_device(page: Page) -> None:
    page.goto("/repairs/E60000H/")
    page.get_by_role("button", name="Add device").click()
    expect(page.locator("#add-device")).to_be_visible()


def device_with_errors(page: Page) -> None:
    add_device(page)
    page.locator("#add-device").get_by_role("button", name="Add device").click()
    expect(page.locator(".error").first).to_be_visible()


def order_with_errors(page: Page) -> None:
    page.goto("/repairs/E60000H/")
    page.get_by_label("Waybill (HWB) number").fill("?")
    page.get_by_role("button", name="Submit repair order").click()
    expect(page.get_by_role("alert").first).to_be_visible()


def pasted_list(page: Page) -> None:
    page.goto("/repairs/E60000H/devices/paste/")
    page.locator("[name=sns]").fill("1H21415090048\n1H21415090030\n1H0")
    page.get_by_role("button", name="Check the list").click()
    customer.heading(page, "2. 3 rows")


def verdict(page: Page) -> None:
    customer.look_up(page, "1H21415O90048")


def account_menu(page: Page) -> None:
    page.goto("/orders/")
    page.locator("button.me").click()
    expect(page.locator("#me")).to_be_visible()


def drawer(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/orders/")
    page.get_by_role("button", name="Menu").click()
    expect(page.locator("#side")).to_be_visible()


def an_enquiry(page: Page) -> None:
    page.goto("/desk/?view=all")
    page.get_by_role("row").filter(has_text="noise").or_(
        page.get_by_role("row").filter(has_text="breaker")
    ).get_by_role("link").first.click()
    page.wait_for_url("**/enquiries/**")  # with its scripts: links open as dialogs


def convert_dialog(page: Page) -> None:
    an_enquiry(page)
    page.get_by_role("link", name="Convert to repair order").click()
    expect(page.locator("#convert")).to_be_visible()


def refer_dialog(page: Page) -> None:
    an_enquiry(page)
    page.get_by_role("link", name="Refer to a third party").click()
    expect(page.locator("#refer")).to_be_visible()


def internal_note(page: Page) -> None:
    an_enquiry(page)
    page.get_by_role("link", name="Internal note").click()
    expect(page.locator("#composer.is-internal")).to_be_visible()


def save_view(page: Page) -> None:
    page.goto("/desk/?view=all")
    page.get_by_role("button", name="Save view").click()
    expect(page.locator("#save-view")).to_be_visible()


def picked_rows(page: Page) -> None:
    page.goto("/desk/?view=all")
    page.get_by_label("Pick all rows").check()
    expect(page.locator(".bulk")).to_be_visible()


def nothing_matches(page: Page) -> None:
    page.goto("/desk/?q=nobody-ever-wrote-this")


def an_order_to_receive(page: Page) -> None:
    page.goto("/receiving/")
    page.locator("a[href^='/receiving/'][href$='/']:has(.sn)").last.click()
    page.wait_for_url(re.compile(r"/receiving/\w+/"))


def a_question(page: Page) -> None:
    an_order_to_receive(page)
    page.get_by_role("button", name=re.compile("^All here")).click()
    expect(page.locator("#confirm")).to_be_visible()


def not_announced(page: Page) -> None:
    an_order_to_receive(page)
    staff.scan(page, "1H21415090079")
    expect(page.get_by_role("alert")).to_be_visible()


def exits(page: Page) -> None:
    staff.open_unit(page, "1H21415090014")
    page.wait_for_load_state()
    summaries = page.locator("details > summary").all()
    assert summaries
    for summary in summaries:
        summary.click()


def not_found(page: Page) -> None:
    page.goto("/repairs/AAAAAAAA/")


def not_allowed(page: Page) -> None:
    page.goto("/desk/")


def wrong_password(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill("nobody@example.com")
    page.get_by_label("Password", exact=True).fill("not-the-right-one")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").or_(page.locator(".note, .error")).first).to_be_visible()


def register_with_errors(page: Page) -> None:
    page.goto("/accounts/signup/")
    page.locator("form:has([name=password1])").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Register").click()
    expect(page.locator(".error").first).to_be_visible()


@pytest.mark.parametrize(
    ("who", "opened"),
    [
        ("customer", add_device),
        ("customer", device_with_errors),
        ("customer", order_with_errors),
        ("customer", pasted_list),
        ("customer", verdict),
        ("customer", account_menu),
        ("customer", drawer),
        ("customer", not_found),
        ("customer", not_allowed),
        ("agent", convert_dialog),
        ("agent", refer_dialog),
        ("agent", internal_note),
        ("agent", save_view),
        ("agent", picked_rows),
        ("agent", nothing_matches),
        ("engineer", a_question),
        ("engineer", not_announced),
        ("engineer", exits),
        ("nobody", wrong_password),
        ("nobody", register_with_errors),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_what_opens_or_goes_wrong_is_accessible_too(house, who, opened):
    page = house.visitor() if who == "nobody" else house.person(who)
    opened(page)
    wrong = audit(page)
    assert not wrong, "\n".join(wrong)
