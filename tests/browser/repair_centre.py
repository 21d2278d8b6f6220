"""A repair centre's order, step by step through the pages: from the enquiry to its completion.

Every size is a parameter: the journey of the tests walks some forty miners, `tools/walk.py` walks
five and five thousand with the same functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser import customer, staff
from tests.browser.house import House

LONG = 120_000  # a step of thousands may take longer than a page


@dataclass(frozen=True)
class Size:
    """How large an order is, and what becomes of its miners."""

    miners: int
    missing: int = 2
    unrepairable: int = 2
    pairs: int = 3  # consolidations of two: one works, one is scrapped
    scanned: int = 3  # received one by one
    boxes: int = 4
    shipments: int = 3

    @property
    def rest(self) -> int:
        """Repaired in bulk."""
        return self.miners - self.missing - self.unrepairable - 2 * self.pairs

    @property
    def final(self) -> dict[str, int]:
        """How many units end in which state."""
        told = {
            "ready": self.rest + self.pairs,
            "unrepairable": self.unrepairable,
            "scrapped": self.pairs,
            "missing": self.missing,
        }
        return {state: count for state, count in told.items() if count}

    @property
    def back(self) -> int:
        """How many are sent back."""
        return self.rest + self.pairs + self.unrepairable


@dataclass
class Centre:
    """One order on its way: who takes part, what is known by now.

    `first` is a registered device in warranty that is in no order; the others bear `batch`.
    """

    house: House
    size: Size
    first: str
    batch: int
    pages: dict[str, Page] = field(default_factory=dict)
    code: str = ""
    number: str = ""
    donors: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def at(self, who: str) -> Page:
        """The page of somebody of the demo; signed in when first asked for."""
        if who not in self.pages:
            self.pages[who] = self.house.person(who)
            self.pages[who].set_default_timeout(LONG)
        return self.pages[who]

    @property
    def sns(self) -> list[str]:
        """All but the first, in the order of the list."""
        return [f"1H26{self.batch:03d}{n:06d}" for n in range(1, self.size.miners)]

    def tab(self, who: str, name: str = "", **filters: Any) -> Page:
        """A tab of the order, filtered by its address as the charts do it."""
        page = self.at(who)
        words = "&".join(f"{key}={value}" for key, value in filters.items())
        page.goto(f"/repairs/{self.code}/{name}" + (f"?{words}" if words else ""))
        return page


# ------------------------------------------------------------------ before the parcel
def open_enquiry(centre: Centre) -> None:
    """The customer asks, customer service makes a repair order of it (R11, R16)."""
    cora, li = centre.at("customer"), centre.at("agent")
    customer.look_up(cora, centre.first)
    customer.new_enquiry(cora)
    cora.get_by_label("What is wrong?").fill("A whole hall of miners fell over.")
    cora.get_by_role("button", name="Create counselling order").click()
    expect(cora.locator("#thread .bubble")).to_have_count(1)
    centre.number = cora.url.rstrip("/").rsplit("/", 1)[1]
    staff.take_from_queue(li, centre.number)
    words = "Send all of them. Your code is {code}."
    centre.code = staff.convert(li, message=words, service_note="One hall, one order.")


def list_the_miners(centre: Centre) -> None:
    """A CSV of serial numbers, one verdict per row, then all of them on the draft (D3)."""
    page, sns = centre.tab("customer", "devices/paste/"), centre.sns
    table = "\n".join(["SN", *sns]).encode()
    listed = {"name": "hall 4.csv", "mimeType": "text/csv", "buffer": table}
    page.locator("input[type=file]").set_input_files(listed)  # type: ignore[arg-type]
    page.get_by_role("button", name="Check the list").click()
    customer.heading(page, re.compile(rf"^2\. {len(sns)} row"))
    page.locator("[name=take][value=unknown]").check()
    page.locator("[name=model]").select_option(label="VolcMiner D1")
    page.get_by_role("button", name="Add the chosen devices").click()
    expect(page.locator("#devices")).to_contain_text(f"{centre.size.miners} devices")


def submit(centre: Centre) -> None:
    customer.fill_shipping(centre.at("customer"), f"SF8{centre.batch:03d}0000{centre.batch:03d}")
    customer.submit_order(centre.at("customer"))


# ------------------------------------------------------------------ the dock
def receive(centre: Centre) -> None:
    """Some by scanner, some never arrived, the rest at once (R65, R66)."""
    chen, size = centre.at("engineer"), centre.size
    chen.goto("/receiving/")
    staff.scan(chen, centre.code)
    chen.wait_for_url(f"**/receiving/{centre.code}/**")
    for count, sn in enumerate(centre.sns[: size.scanned], start=1):
        staff.scan(chen, sn)
        expect(chen.locator(".head .meta")).to_contain_text(f"{count} of {size.miners}")
    centre.lost = centre.sns[size.scanned : size.scanned + size.missing]
    for sn in centre.lost:
        chen.get_by_label(f"Pick {sn}").check()
    chen.get_by_role("button", name="Ticked are missing").click()
    expect(chen.get_by_label(f"Pick {centre.lost[-1]}")).to_have_count(0)
    chen.get_by_role("button", name=re.compile("^All here")).click()
    yes(chen)
    arrived = f"{size.miners - size.missing} of {size.miners}"
    expect(chen.locator(".head .meta")).to_contain_text(arrived)
    expect(chen.locator(".head .badge[class*=state-]")).to_have_text("Received")


def settle_the_missing(centre: Centre) -> None:
    """Customer service agrees with the customer what never arrived (E7)."""
    step_all(centre, "agent", "Settle as missing", state="missing", note="Credited by the carrier.")


# ------------------------------------------------------------------ many at once
def yes(page: Page) -> None:
    """Our own dialog asks once more."""
    page.locator("#confirm [value=yes]").click()


def asked(page: Page, words: dict[str, str]) -> None:
    """The page that asks: how many and which stand there; answer and go on."""
    expect(page.locator("#asked")).to_be_visible()
    for name, text in words.items():
        page.locator(f"textarea[name={name}]").fill(text)
    page.locator("form[aria-labelledby=asked] footer button").click()
    page.wait_for_url("**/miners/**")


def step_all(centre: Centre, who: str, label: str, *, state: str, **words: str) -> None:
    """Nothing picked: all that the filter shows, after a question that names how many (E25)."""
    page = centre.tab(who, "miners/", state=state)
    page.locator("[name=step_all]").select_option(label=label)
    page.locator(".bulk-all").get_by_role("button", name="Update status").click()
    asked(page, words)
    expect(page.locator("#toasts")).to_contain_text(f"{label}: ")


def pick(page: Page, sns: list[str]) -> None:
    for sn in sns:
        page.locator("#board").get_by_label(sn, exact=True).check()


def step_picked(centre: Centre, label: str, sns: list[str], *, state: str, **words: str) -> None:
    page = centre.tab("engineer", "miners/", state=state)
    pick(page, sns)
    page.locator("#step-picked").select_option(label=label)
    page.locator(".bulk").get_by_role("button", name="Update status").click()
    asked(page, words)


def scope(centre: Centre) -> None:
    """The manager says what is to be done on all of them (R67)."""
    page = centre.tab("manager", "miners/")
    page.locator(".bulk-all").get_by_role("button", name="Services in scope").click()
    for name in ("Diagnosis", "Cleaning"):
        page.get_by_label(name, exact=True).check()
    asked(page, {})


def diagnose(centre: Centre) -> None:
    step_all(centre, "engineer", "Start diagnosis", state="received")


# ------------------------------------------------------------------ those that need a look
def _working(centre: Centre) -> Iterator[str]:
    """Listed and here, the first of them; they stand on the first page of the Miners tab."""
    return (sn for sn in centre.sns if sn not in centre.lost)


def consolidate(centre: Centre) -> None:
    """Two broken miners into one that works, as often as there are pairs (R74, E26)."""
    chen, here = centre.at("engineer"), _working(centre)
    for _pair in range(centre.size.pairs):
        keeper, donor = next(here), next(here)
        _look_into(chen, keeper, {"HB0": "good", "HB1": "faulty"})
        _look_into(chen, donor, {"HB1": "good"})
        page = centre.tab("engineer", "miners/", state="diagnosing")
        pick(page, [keeper, donor])
        page.get_by_role("button", name="Consolidate").click()
        customer.heading(page, "Consolidation")
        page.get_by_role("button", name="Consolidate", exact=True).click()
        yes(page)
        expect(page.locator("h1")).to_have_text(keeper)
        staff.report(page, finding="Board 1 dead.", work_done=f"Board of {donor}.")
        staff.step(page, "Start repair", "In repair")
        staff.step(page, "Send to test", "In test")
        for service in page.locator("form[action$='/services/'] input[type=checkbox]").all():
            service.check()
        page.get_by_role("button", name="Save the ticks").click()
        staff.step(page, "Test passed", "Ready")
        centre.donors.append(donor)


def _look_into(page: Page, sn: str, found: dict[str, str]) -> None:
    """The diagnosis of some of its boards; those that can move have a serial number (R75)."""
    staff.open_unit(page, sn)
    unit = page.url.split("?")[0]
    for slot, condition in found.items():
        page.goto(f"{unit}parts/?slot={slot}#slot")
        if condition == "good":
            page.locator("#x_serial").fill(f"{sn[4:]}{slot}")
            page.get_by_role("button", name="Keep the serial number").click()
            expect(page.locator("#slot dl")).to_contain_text(f"{sn[4:]}{slot}")
        form = page.locator("form[aria-labelledby=diag-h]")
        form.locator(f"[name=condition][value={condition}]").check()
        if condition == "faulty":
            form.get_by_label("Chip dead").check()
        form.get_by_role("button", name="Save the diagnosis").click()
        expect(page.locator("tr[aria-current]")).to_contain_text(condition.capitalize())


def give_up(centre: Centre) -> None:
    """Beyond repair, and sent back as they are."""
    here = list(_working(centre))[2 * centre.size.pairs :][: centre.size.unrepairable]
    words = "Water in every board."
    step_picked(centre, "Beyond repair", here, state="diagnosing", note=words)


def scrap_the_donors(centre: Centre) -> None:
    """The customer gives up those whose parts are gone, and only those; then they are scrapped."""
    cora = centre.tab("customer", state="unrepairable")
    for sn in centre.donors:
        row = cora.locator("#devices").get_by_role("row").filter(has_text=sn)
        row.get_by_role("button", name="Agree to scrapping").click()
        yes(cora)
        cora.wait_for_url(lambda url: "state=" not in url)
        centre.tab("customer", state="unrepairable")
        expect(row).to_contain_text("You agreed to scrapping")
    step_picked(centre, "Scrap", centre.donors, state="unrepairable")


def repair_the_rest(centre: Centre) -> None:
    """All others by their state alone, nothing picked (R72)."""
    told = {"finding": "Dust, a dead fan."}
    step_all(centre, "engineer", "Start repair", state="diagnosing", **told)
    done = {"work_done": "Cleaned, fan replaced."}
    step_all(centre, "engineer", "Send to test", state="repairing", **done)
    page = centre.tab("engineer", "miners/", state="testing")
    page.locator(".bulk-all").get_by_role("button", name="Complete services").click()
    asked(page, {})
    step_all(centre, "engineer", "Test passed", state="testing")


CHAPTERS = (
    open_enquiry,
    list_the_miners,
    submit,
    receive,
    settle_the_missing,
    scope,
    diagnose,
    consolidate,
    give_up,
    scrap_the_donors,
    repair_the_rest,
)
