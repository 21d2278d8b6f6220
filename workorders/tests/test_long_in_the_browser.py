"""Long conversations and orders of many devices in a browser: nothing doubled, nothing lost."""

from __future__ import annotations

import time
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from logistics.tests.factories import AddressFactory
from repairshops.models import RepairShop
from workorders.conversation import LATEST
from workorders.models import Counselling, Message, RepairOrder
from workorders.services.threads import post_message
from workorders.tests.browsing import Opened
from workorders.tests.factories import (
    CounsellingFactory,
    MessageFactory,
    RepairOrderFactory,
    UnitFactory,
)
from workorders.views.repair_parts import DRAFT_PAGE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MANY = 30


@pytest.fixture
def enquiry(cora: User) -> Counselling:
    enquiry: Counselling = CounsellingFactory(customer=cora.customer)
    for number in range(MANY):
        MessageFactory(thread=enquiry.thread, author=cora, text=f"said {number}.")
    return enquiry


@pytest.fixture
def draft(cora: User, kunshan: RepairShop) -> RepairOrder:
    order: RepairOrder = RepairOrderFactory(customer=cora.customer, shop=kunshan)
    for number in range(MANY):
        UnitFactory(order=order, sn=f"1H2141509{number:04}")
    RepairOrder.objects.filter(pk=order.pk).update(unit_count=MANY)
    AddressFactory(customer=cora.customer)
    return order


def of(enquiry: Counselling) -> str:
    return reverse("workorders:counselling", args=[enquiry.number])


def of_order(order: RepairOrder) -> str:
    return reverse("workorders:repair", args=[order.code])


def ids(page: Page) -> list[str]:
    found: list[str] = page.locator("#thread article").evaluate_all("all => all.map(e => e.id)")
    return found


def test_earlier_messages_go_on_top_and_the_poll_goes_on(
    opened: Opened, cora: User, agnes: User, enquiry: Counselling
) -> None:
    page = opened(cora, of(enquiry))
    page.locator("#composer textarea").fill("Half a sentence")
    expect(page.locator("#thread article")).to_have_count(LATEST)
    earlier = page.get_by_role("link", name="Show earlier messages")
    earlier.click()
    expect(page.locator("#thread article")).to_have_count(2 * LATEST)
    expect(earlier).to_be_focused()
    earlier.click()
    expect(page.locator("#thread article")).to_have_count(MANY)
    expect(earlier).to_have_count(0)
    expect(page.locator("#thread .day")).to_have_count(1)
    post_message(enquiry.thread, actor=agnes, text="New one")
    expect(page.locator("#thread").get_by_text("New one")).to_be_visible(timeout=4000)
    time.sleep(2.5)  # one more poll
    keys = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    assert ids(page) == [f"m-{key}" for key in keys]
    expect(page.locator("#composer textarea")).to_have_value("Half a sentence")


def test_a_link_to_an_old_message_shows_it(
    opened: Opened, cora: User, enquiry: Counselling
) -> None:
    old = Message.objects.order_by("pk")[3]
    page = opened(cora, f"{of(enquiry)}#m-{old.pk}")
    page.wait_for_url(f"**from={old.pk}#m-{old.pk}")
    expect(page.locator(f"#m-{old.pk}")).to_be_in_viewport()
    page.goto(page.url.split("?")[0] + "#m-999999")
    page.wait_for_url("**from=999999#m-999999")
    expect(page.locator("#thread article")).to_have_count(LATEST)


def test_dialogs_of_the_desk_come_with_their_form(
    opened: Opened, agnes: User, enquiry: Counselling
) -> None:
    post_message(enquiry.thread, actor=agnes, text="We look into it.")
    page = opened(agnes, of(enquiry))
    page.get_by_role("link", name="Convert to repair order").click()
    note = page.get_by_label("Note for the engineer")
    note.fill("Fan driver")
    page.locator("#convert").get_by_role("button", name="Cancel").click()
    expect(page.locator("#convert")).to_be_hidden()
    page.get_by_role("link", name="Convert to repair order").click()
    expect(note).to_have_value("Fan driver")
    page.get_by_role("button", name="Convert and send").click()
    expect(page.locator("aside a[href^='/repairs/']").first).to_be_visible()


# ------------------------------------------------------------------ many devices
def test_turning_pages_and_searching_leaves_the_form_alone(
    opened: Opened, cora: User, draft: RepairOrder
) -> None:
    page = opened(cora, of_order(draft))
    page.evaluate("window.stayed = true")
    page.get_by_label("Waybill (HWB) number").fill("HALF")
    page.locator("#draft [name=return_to]").first.check()
    rows = page.locator("#devices tbody tr")
    expect(rows).to_have_count(DRAFT_PAGE)
    page.get_by_role("button", name="Next").click()
    expect(rows.first).to_contain_text(f"1H2141509{DRAFT_PAGE:04}")
    page.get_by_role("button", name="Previous").click()
    expect(rows.first).to_contain_text("1H21415090000")
    page.get_by_role("searchbox", name="Serial number").fill("0027")
    page.get_by_role("searchbox", name="Serial number").press("Enter")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("1H21415090027")
    page.get_by_role("link", name="Show all devices").click()
    expect(rows).to_have_count(DRAFT_PAGE)
    expect(page.get_by_label("Waybill (HWB) number")).to_have_value("HALF")
    expect(page.locator("#draft [name=return_to]").first).to_be_checked()
    assert page.evaluate("window.stayed") is True


def test_enter_in_the_form_submits_it_and_turns_no_page(
    opened: Opened, cora: User, draft: RepairOrder
) -> None:
    page = opened(cora, of_order(draft))
    page.get_by_label("Waybill (HWB) number").press("Enter")
    page.wait_for_url("**/submit/")
    expect(page.get_by_text("Enter the waybill number.").first).to_be_visible()


def test_the_fields_of_a_new_address_come_when_it_is_chosen(
    opened: Opened, cora: User, draft: RepairOrder
) -> None:
    page = opened(cora, of_order(draft))
    page.get_by_label("Waybill (HWB) number").fill("HALF")
    expect(page.get_by_label("City", exact=True)).to_have_count(0)
    page.get_by_label("New address").check()
    page.get_by_label("City", exact=True).fill("Kiruna")
    expect(page.get_by_label("Waybill (HWB) number")).to_have_value("HALF")
    expect(page.get_by_label("New address")).to_be_checked()


def test_the_dialog_of_a_device_comes_with_its_form(
    opened: Opened, cora: User, draft: RepairOrder
) -> None:
    page = opened(cora, of_order(draft))
    page.get_by_role("button", name="Add device").first.click()
    number = page.locator("#add-device").get_by_label("Device SN")
    number.fill("1H7")
    page.locator("#add-device").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Add device").first.click()
    expect(number).to_have_value("1H7")
    assert Axe().run(page).response["violations"] == []


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_long_pages_are_accessible_and_fit(
    opened: Opened,
    cora: User,
    enquiry: Counselling,
    draft: RepairOrder,
    script: bool,
    width: int,
    scheme: str,
) -> None:
    size: Any = {"width": width, "height": 900}
    addresses = (of(enquiry), f"{of(enquiry)}?from=1", of_order(draft))
    for address in addresses:
        page = opened(cora, address, viewport=size, color_scheme=scheme, java_script_enabled=script)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if script:
            assert Axe().run(page).response["violations"] == []
