"""What a customer does, step by step; each works with a script and without one."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from attachments.tests import samples
from tests.browser.house import sign_in

PASSWORD = "four-fans-spin-freely"
FILES = [
    {"name": "status page.png", "mimeType": "image/png", "buffer": samples.png()},
    {"name": "noise.mp4", "mimeType": "video/mp4", "buffer": samples.mp4()},
    {"name": "boot.log", "mimeType": "text/plain", "buffer": samples.LOG},
]


def heading(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", name=text).first).to_be_visible()


def sign_up(page: Page, email: str, name: str) -> None:
    """Register, confirm by the link of the mail, sign in (R1 to R3)."""
    page.goto("/")
    assert "/accounts/login/" in page.url
    page.get_by_role("link", name="Register").click()
    page.get_by_label("Your name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Register").click()
    heading(page, "Look into your mailbox")
    page.goto(f"/mail/?to={email}")
    page.locator("tbody .lead a").first.click()
    page.locator("a[href*='/accounts/confirm-email/']").first.click()
    page.get_by_role("button", name="Yes, confirm it").click()
    page.wait_for_url(lambda url: "/accounts/confirm-email/" not in url)
    if "/accounts/login/" in page.url:
        sign_in(page, email, PASSWORD)
    heading(page, "Initiate work order")


def look_up(page: Page, sn: str) -> None:
    page.goto("/warranty/")
    page.get_by_label("Device serial number (SN)").fill(sn)
    page.get_by_role("button", name="Check warranty").click()
    expect(page.locator("#result")).to_be_visible()


def look_ups(page: Page, sn: str, *, old: str) -> None:
    """Unknown, out of warranty with the jump to the shops, in warranty (R6 to R10)."""
    look_up(page, "1H2141599999X")
    heading(page, "We have no device with this SN")
    expect(page.get_by_role("link", name="Create counselling order")).to_have_count(0)
    look_up(page, old)
    heading(page, re.compile("^Out of warranty since"))
    expect(page.get_by_role("link", name="Create counselling order")).to_have_count(0)
    page.get_by_role("link", name="Third-party repair shops").first.click()
    heading(page, re.compile("HashWorks Repair"))
    expect(page.get_by_text("+00 555 0100").first).to_be_visible()
    look_up(page, sn)
    heading(page, re.compile("^In warranty until"))


def new_enquiry(page: Page) -> None:
    """From the verdict to the form, with its scripts loaded: what is typed now is kept."""
    page.get_by_role("link", name="Create counselling order").click()
    page.wait_for_url("**/enquiries/new/**")


def open_enquiry(page: Page, text: str) -> str:
    """A counselling order with three files; the answer is its number (R11, R12, R13)."""
    new_enquiry(page)
    page.get_by_label("What is wrong?").fill(text)
    page.locator("input[type=file]").set_input_files(FILES)  # type: ignore[arg-type]
    page.get_by_role("button", name="Create counselling order").click()
    expect(page.locator("#thread .bubble")).to_have_count(1)
    expect(page.locator("#thread .files > li")).to_have_count(3)
    for link in page.locator("#thread .files a").all():
        answer = page.request.get(link.get_attribute("href") or "")
        assert answer.ok, (answer.status, answer.url)
    found = re.search(r"/enquiries/(\d+)/", page.url)
    assert found
    return found[1]


def write(page: Page, text: str) -> None:
    """A message from the page of the enquiry."""
    page.get_by_label("Your message").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#thread").get_by_text(text)).to_be_visible()


def fill_device(page: Page, sn: str, *, remark: str = "") -> None:
    """The fields of a device, in the dialog or on the page of its own (R23, R24)."""
    form = page.locator("form:visible", has=page.locator("[name=device_type]"))
    form.get_by_label("Device SN").fill(sn)
    form.get_by_label("Complete machine").check()
    form.get_by_label("Device model").select_option(label="VolcMiner D1")
    form.get_by_label(re.compile("China-Mainland service center")).check()
    form.get_by_label("Remark").fill(remark)


def add_device(page: Page, sn: str, *, remark: str, dialog: bool) -> None:
    page.get_by_role("button" if dialog else "link", name="Add device", exact=True).first.click()
    fill_device(page, sn, remark=remark)
    page.locator("form:visible", has=page.locator("[name=device_type]")).get_by_role(
        "button", name="Add device", exact=True
    ).click()
    expect(page.locator("#devices").get_by_text(sn)).to_be_visible()


def edit_device(page: Page, sn: str, remark: str) -> None:
    page.get_by_role("link", name=f"Edit {sn}").click()
    page.get_by_label("Remark").fill(remark)
    page.get_by_role("button", name="Save device").click()
    expect(page.locator("#devices").get_by_text(remark)).to_be_visible()


def delete_device(page: Page, sn: str) -> None:
    page.get_by_role("link", name=f"Delete {sn}").click()
    page.get_by_role("button", name="Delete device").click()
    expect(page.locator("#devices")).to_be_visible()
    expect(page.locator("#devices").get_by_text(sn)).to_have_count(0)


def paste_devices(page: Page, *, good: str, out: str, twice: str) -> None:
    """One verdict per row before anything is added (D3); the covered one is taken."""
    page.get_by_role("link", name="Paste or upload many").click()
    page.locator("[name=sns]").fill(f"{good}\n{out}\n{twice}\n1H00000")
    page.get_by_role("button", name="Check the list").click()
    heading(page, "2. 4 rows")
    verdicts = {
        row.locator("td").nth(1).inner_text(): row.locator("td").nth(2).inner_text()
        for row in page.locator("#verdicts ~ * tbody tr, section:has(#verdicts) tbody tr").all()
    }
    assert verdicts[good] == "In warranty"
    assert verdicts[out] == "Out of warranty"
    assert len({*verdicts.values()}) == 4, verdicts
    for box in page.locator("[name=take]").all():
        box.set_checked(box.get_attribute("value") == "in")
    page.get_by_role("button", name="Add the chosen devices").click()
    expect(page.locator("#devices").get_by_text(good)).to_be_visible()
    expect(page.locator("#devices").get_by_text(out)).to_have_count(0)


def fill_shipping(page: Page, waybill: str) -> None:
    """Carrier, waybill, a new return address, carrier of the way back (R27)."""
    page.locator("#draft").get_by_label(re.compile("China-Mainland service center")).check()
    page.get_by_label("Logistics company").select_option(label="SF Express")
    page.get_by_label("Waybill (HWB) number").fill(waybill)
    page.get_by_label("New address").check()
    expect(page.locator("#draft [name$='-recipient']")).to_be_visible()  # asked for when chosen
    told = {
        "recipient": "Cora Lind",
        "phone": "+46 8 123 456",
        "city": "Luleå",
        "street": "Datavägen 12",
        "postcode": "977 53",
    }
    for name, text in told.items():
        page.locator(f"#draft [name$='-{name}']").fill(text)
    page.locator("#draft [name$='-country']").select_option("SE")
    page.get_by_label("Preferred return carrier").select_option(label="DHL Express")


def submit_order(page: Page) -> None:
    page.get_by_role("button", name="Submit repair order").click()
    expect(page.locator(".head .badge[class*=state-]")).to_have_text("Waiting for receipt")


def packing_slip(page: Page, code: str, sns: list[str]) -> None:
    page.goto(f"/repairs/{code}/packing-slip/")
    expect(page.locator(".qr-box svg")).to_be_visible()
    expect(page.get_by_text(code).first).to_be_visible()
    for sn in sns:
        expect(page.get_by_text(sn)).to_be_visible()
