"""The second half of a repair centre's order: boxes, money, the way back (see repair_centre.py)."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from attachments.tests import samples
from tests.browser.repair_centre import Centre, asked, yes

PAGE = 50  # devices on a page of the Miners tab
PROOF = {"name": "bank receipt.png", "mimeType": "image/png", "buffer": samples.png()}
SHOP_ZONE = ZoneInfo("Asia/Shanghai")  # of the manager, who types times


def shares(whole: int, parts: int) -> list[int]:
    """As even as whole numbers can be."""
    return [whole // parts + (place < whole % parts) for place in range(parts)]


# ------------------------------------------------------------------ boxes
def box(centre: Centre) -> None:
    """One box from picked rows, a page at a time; the rest at once, as many to a box (R73)."""
    share = -(-centre.size.back // centre.size.boxes)
    for start in range(0, share, PAGE):
        page = centre.tab("engineer", "miners/", place="bench")
        _tick(page, min(PAGE, share - start))
        page.locator(".bulk").get_by_role("button", name="Put in a container").click()
        page.locator("[name=container]").select_option(label="Box 1" if start else "A new box")
        asked(page, {})
        expect(page.locator("#toasts")).to_contain_text("Put in a container: ")
    page = centre.tab("engineer", "logistics/")
    page.get_by_text("Pack all finished devices").click()
    page.get_by_label("Devices in each").fill(str(share))
    page.get_by_role("button", name="Pack them").click()
    expect(page.locator("#toasts")).to_contain_text(f"{centre.size.boxes - 1} container")


def _tick(page: Page, count: int) -> None:
    """The first rows of the page, as fast as a hand with the keyboard."""
    boxes = page.locator("#board tbody input[name=unit]")
    boxes.evaluate_all("(all, count) => all.slice(0, count).forEach((one) => one.click())", count)


def seal(centre: Centre) -> None:
    """One on its own page, the others at once."""
    chen = centre.at("engineer")
    chen.goto(_boxes(centre, "engineer")[0])
    chen.get_by_role("button", name="Seal", exact=True).click()
    expect(chen.locator(".head .meta")).not_to_contain_text("Open")
    page = centre.tab("engineer", "logistics/")
    page.get_by_text("Pack all finished devices").click()
    page.get_by_role("button", name="Seal all open containers").click()
    yes(page)
    expect(page.locator("#toasts")).to_contain_text(f"{centre.size.boxes - 1} container")


def _boxes(centre: Centre, who: str) -> list[str]:
    """Addresses of the outbound containers, from the Logistics tab."""
    page = centre.tab(who, "logistics/")
    links = page.locator("section[aria-labelledby=outbound] .lead a[href^='/containers/']")
    return [link.get_attribute("href") or "" for link in links.all()]


# ------------------------------------------------------------------ money
def invoice(centre: Centre) -> None:
    """Drafted by the manager from the work done, issued by finance (R78)."""
    page = centre.tab("manager", "billing/")
    page.get_by_role("button", name=re.compile(r"^Draft \d+ invoice")).click()
    expect(page.locator("#toasts")).to_contain_text("written")
    fin = centre.at("finance")
    fin.goto(f"/billing/{centre.code}/")
    fin.get_by_role("button", name=re.compile(r"^Issue \d+ draft")).click()
    yes(fin)
    expect(fin.locator("#toasts")).to_contain_text("issued")


def pay(centre: Centre) -> None:
    """Each invoice with a proof, confirmed by finance against the statement (R79)."""
    cora, fin = centre.at("customer"), centre.at("finance")
    cora.goto(f"/invoices/?q={centre.code}&state=issued")
    links = cora.locator("tbody .lead a").all()
    addresses = [link.get_attribute("href") or "" for link in links]
    assert len(addresses) == centre.size.boxes, addresses
    for address in addresses:
        cora.goto(address)
        cora.get_by_role("link", name="I have paid").click()
        cora.locator("[name=reference]").fill(centre.code)
        cora.locator("input[type=file]").first.set_input_files(PROOF)  # type: ignore[arg-type]
        cora.get_by_role("button", name="Announce the payment").click()
        expect(cora.locator("section[aria-labelledby=paid] .files")).to_be_visible()
    for left in range(len(addresses), 0, -1):
        fin.goto(f"/payments/?q={centre.code}")
        buttons = fin.get_by_role("button", name="Confirm", exact=True)
        expect(buttons).to_have_count(min(left, PAGE))
        buttons.first.click()
        yes(fin)
        expect(fin.locator("#toasts")).to_contain_text("onfirm")


# ------------------------------------------------------------------ the way back
def ship(centre: Centre) -> None:
    """Released boxes leave on several shipments (R77, D6)."""
    for number, share in enumerate(shares(centre.size.boxes, centre.size.shipments), start=1):
        page = centre.tab("manager", "logistics/")
        ways = page.locator("section[aria-labelledby=outbound]")
        for one in ways.locator("input[name=container]").all()[:share]:
            one.check()
        ways.get_by_label("Carrier").select_option(label="DHL Express")
        ways.get_by_label("Waybill (HWB) number").fill(f"JD77{centre.batch:03d}{number:05d}")
        page.get_by_role("button", name="New shipment").click()
        page.wait_for_url("**/shipments/*/")


def deliver(centre: Centre) -> None:
    page = centre.tab("manager", "logistics/")
    links = page.locator("section[aria-labelledby=outbound] h3 a[href^='/shipments/']").all()
    addresses = [link.get_attribute("href") or "" for link in links]
    assert len(addresses) == centre.size.shipments, addresses
    now = datetime.now(SHOP_ZONE).strftime("%Y-%m-%dT%H:%M")
    for address in addresses:
        page.goto(address)
        for name in ("Picked up", "Delivered"):
            page.get_by_label(name).fill(now)
        page.get_by_role("button", name="Save the dates").click()
        expect(page.locator(".head")).to_contain_text("Delivered")


def complete(centre: Centre) -> None:
    """The customer confirms that everything is back."""
    cora = centre.tab("customer")
    cora.get_by_role("button", name="Confirm that everything is back").click()
    yes(cora)
    expect(cora.locator(".head .badge[class*=state-]")).to_have_text("Completed")


CHAPTERS = (box, seal, invoice, pay, ship, deliver, complete)
