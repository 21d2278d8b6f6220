"""What customer service and the workshop do, step by step; with a script and without one."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from attachments.tests import samples

PHOTO = {"name": "bent corner.png", "mimeType": "image/png", "buffer": samples.png()}


# ------------------------------------------------------------------ customer service
def take_from_queue(page: Page, number: str) -> None:
    page.goto("/desk/?view=unassigned")
    page.get_by_role("row").filter(has_text=number).get_by_role("link").first.click()
    page.get_by_role("button", name="Take", exact=True).click()
    expect(page.locator("#assignee option:checked")).to_contain_text("(me)")


def reply(page: Page, text: str) -> None:
    page.locator("#composer textarea").fill(text)
    page.locator("#composer").get_by_role("button", name=re.compile("^Send")).last.click()
    expect(page.locator("#thread").get_by_text(text)).to_be_visible()


def note(page: Page, text: str) -> None:
    """An internal note, and back to replies."""
    page.get_by_role("link", name="Internal note").click()
    expect(page.locator("#composer.is-internal")).to_be_visible()
    page.locator("#composer textarea").fill(text)
    page.locator("#composer button.primary").click()
    expect(page.locator("#thread .internal").get_by_text(text)).to_be_visible()
    page.get_by_role("link", name="Reply").first.click()
    expect(page.locator("#composer:not(.is-internal)")).to_be_visible()


def convert(page: Page, *, message: str, service_note: str) -> str:
    """Into a repair order; the answer is the first visit code (R16 to R18)."""
    page.get_by_role("link", name="Convert to repair order").click()
    page.get_by_label("Message to the customer").first.fill(message)
    page.get_by_label("Note for the engineer").fill(service_note)
    page.get_by_role("button", name="Convert and send").click()
    link = page.locator("aside a[href^='/repairs/']").first
    expect(link).to_be_visible()
    found = re.search(r"/repairs/([A-Z0-9]{8})/", link.get_attribute("href") or "")
    assert found
    return found[1]


# ------------------------------------------------------------------ receiving
def scan(page: Page, text: str) -> None:
    field = page.locator("[data-scan]")
    field.fill(text)
    field.press("Enter")


def receive(page: Page, code: str, *, here: list[str], strange: str) -> None:
    """By scanner: the code opens the order, each SN is ticked off, one was not announced."""
    page.goto("/receiving/")
    scan(page, code.lower())
    page.wait_for_url(f"**/receiving/{code}/**")
    for count, sn in enumerate(here, start=1):
        scan(page, sn)
        expect(page.locator(".head .meta")).to_contain_text(f"{count} of ")
    scan(page, strange)
    page.get_by_role("button", name="Receive as unexpected").click()
    expect(page.locator(".head .meta")).to_contain_text(f"{len(here) + 1} of ")


def rest_is_missing(page: Page, code: str, sn: str) -> None:
    page.goto(f"/receiving/{code}/")
    page.get_by_label(f"Pick {sn}").check()
    page.get_by_role("button", name="Ticked are missing").click()
    expect(page.get_by_label(f"Pick {sn}")).to_have_count(0)
    page.goto(f"/receiving/{code}/?tab=missing")
    expect(page.get_by_role("row").filter(has_text=sn)).to_contain_text("Missing")


def record_damage(page: Page, code: str, text: str, sn: str) -> None:
    page.goto(f"/receiving/{code}/")
    form = page.locator("#damages form")
    form.locator("[name=description]").fill(text)
    form.locator("[name=sn]").fill(sn)
    form.locator("input[type=file]").first.set_input_files(PHOTO)  # type: ignore[arg-type]
    form.get_by_role("button", name="Record damage").click()
    told = page.get_by_role("link", name="All damages")
    page.goto(told.get_attribute("href") or "")  # the card beside the form needs a script
    damage = page.locator("article").filter(has_text=text)
    expect(damage).to_contain_text(text)
    assert page.request.get(damage.locator("a").first.get_attribute("href") or "").ok


# ------------------------------------------------------------------ the bench
def open_unit(page: Page, sn: str) -> None:
    page.goto("/bench/")
    scan(page, sn)
    expect(page.locator("h1")).to_have_text(sn)


def step(page: Page, label: str, state: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()
    expect(page.locator("[class*=state-unit-]").first).to_have_text(state)


def report(page: Page, *, finding: str, work_done: str) -> None:
    page.locator("#report input[name=faults]").first.check()
    page.get_by_label("Finding").fill(finding)
    page.get_by_label("Work done").fill(work_done)
    with page.expect_navigation():  # the page that comes looks like the one that goes
        page.get_by_role("button", name="Save the report").click()
    expect(page.get_by_label("Finding")).to_have_value(finding)
    expect(page.get_by_label("Work done")).to_have_value(work_done)


def repair(page: Page, sn: str) -> None:
    """Diagnosis, report, repair, tests, ready (R33)."""
    open_unit(page, sn)
    step(page, "Start diagnosis", "In diagnosis")
    report(page, finding="Fan driver burnt.", work_done="Fan driver replaced.")
    step(page, "Start repair", "In repair")
    step(page, "Send to test", "In test")
    step(page, "Test passed", "Ready")


def give_up(page: Page, sn: str, *, label: str, reason: str, state: str) -> None:
    """The exits ask for a reason that the customer reads."""
    open_unit(page, sn)
    page.locator("summary", has_text=label).click()
    page.locator("details[open] textarea[name=note]").fill(reason)
    page.locator("details[open]").get_by_role("button", name=label).click()
    expect(page.locator("[class*=state-unit-]").first).to_have_text(state)


def send_back(page: Page, code: str, waybill: str) -> None:
    page.goto(f"/repairs/{code}/return/")
    page.get_by_label("Carrier").first.select_option(label="DHL Express")
    page.get_by_label("Waybill (HWB) number").first.fill(waybill)
    page.get_by_role("button", name="Save the return").click()
    expect(page.get_by_text(waybill).first).to_be_visible()
