"""The admin's day: a list of devices, master data, a mail that did not leave; no state by hand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIST = (
    "sn,model,shipped_on,warranty_until\n"
    "9X00000001,VolcMiner D1,2026-01-10,2031-01-10\n"
    "9X00000002,VolcMiner D1,2026-01-10,2031-01-10\n"
    "9X00000003,No such model,2026-01-10,2031-01-10\n"
)


def upload(page: Page, button: str) -> None:
    """The list, and then the page that shows how far the work is, until it is done."""
    page.goto("/devices/import/")
    content = {"name": "devices.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    page.get_by_label("File with devices").set_input_files(content)  # type: ignore[arg-type]
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_url("**/jobs/**")
    expect(page.locator("#job-state")).to_have_text("Done")
    expect(page.locator("#job-problems")).to_have_text("1 row with a problem")


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
def test_a_list_is_checked_first_and_then_imported(house, script):
    page = house.person("admin", script=script)
    nth = 1 if script else 2
    if script:
        upload(page, "Check only")
        answer = page.goto("/devices/9X00000001/")
        assert answer is not None
        assert answer.status == 404
    upload(page, "Import")
    page.goto(f"/devices/9X0000000{nth}/")
    expect(page.locator(".sn").get_by_text(f"9X0000000{nth}").first).to_be_visible()


def test_master_data_is_kept_in_the_admin(house):
    page = house.person("admin")
    page.goto("/admin/logistics/carrier/add/")
    page.locator("#id_code").fill("ups")
    page.locator("#id_name_en").fill("UPS")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("UPS")
    page.goto("/admin/repairshops/repairshop/")
    page.get_by_role("link", name=re.compile("leipzig|Europe")).first.click()
    page.locator("#id_phone").fill("+49 341 5500 234")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    shops = house.person("customer")
    shops.goto("/shops/")
    expect(shops.get_by_text("+49 341 5500 234")).to_be_visible()


def test_a_mail_that_did_not_leave_is_tried_again(house):
    page = house.person("admin")
    key = house.portal.fail_mail("customer@demo.test")
    page.goto("/admin/notifications/mail/?state__exact=dead")
    page.locator(f"input[name=_selected_action][value='{key}']").check()
    page.locator("select[name=action]").select_option(label="Try again now")
    page.get_by_role("button", name=re.compile("^(Go|Run)")).click()
    expect(page.locator(".messagelist")).to_contain_text("1 mail is tried again.")
    mailbox = house.visitor()
    for _look in range(40):
        mailbox.goto(f"/mail/{key}/")
        if "Sent" in mailbox.locator(".head .badge[class*=state-]").inner_text():
            return
        mailbox.wait_for_timeout(500)
    pytest.fail("the mail did not leave")


@pytest.mark.parametrize("model", ["repairorder", "unit", "counselling"])
def test_no_state_is_set_by_hand(house, model):
    page = house.person("admin")
    page.goto(f"/admin/workorders/{model}/")
    page.locator("#result_list tbody th a").first.click()
    page.wait_for_url("**/change/**")
    expect(page.locator("#content")).to_be_visible()
    expect(page.locator("#content form :is(select, input:not([type=hidden]))")).to_have_count(0)
    expect(page.locator("#content").get_by_role("button", name="Save")).to_have_count(0)
