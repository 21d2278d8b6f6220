"""From registering to the parcel that comes back: the customer manual's nine steps (R1 to R33).

Once as people have it, once with JavaScript switched off: the same steps, the same words.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from tests.browser import customer, staff
from tests.browser.house import House

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OUT_OF_WARRANTY = "1H21415090030"


@dataclass
class Story:
    """Who takes part, at which page, and what they know by now."""

    house: House
    script: bool
    first_sn: int
    pages: dict[str, Page] = field(default_factory=dict)
    number: str = ""
    code: str = ""

    def at(self, who: str) -> Page:
        """The page of somebody of the demo; signed in when first asked for."""
        if who not in self.pages:
            self.pages[who] = self.house.person(who, script=self.script)
        return self.pages[who]

    def sn(self, nth: int) -> str:
        return f"1H214150900{self.first_sn + nth}"

    @property
    def email(self) -> str:
        return f"cora{self.first_sn}@example.com"

    @property
    def cora(self) -> Page:
        return self.pages["cora"]

    def shown(self, page: Page) -> None:
        """New things come by themselves; without a script one asks for them."""
        if not self.script:
            page.reload()


@pytest.mark.parametrize(
    ("script", "first_sn"), [(True, 41), (False, 51)], ids=["with a script", "without a script"]
)
def test_from_registering_to_the_parcel_that_comes_back(house, script, first_sn, tell):
    story = Story(house, script, first_sn)
    story.pages["cora"] = house.visitor(script=script)
    for chapter in (
        register_and_look_up,
        ask_with_three_files,
        talk,
        convert,
        fill_in_the_repair_order,
        receive,
        repair,
        return_the_devices,
        read_the_mails,
    ):
        began = time.monotonic()
        chapter(story)
        tell(chapter.__name__, f"{time.monotonic() - began:.1f} s")


def register_and_look_up(story):
    customer.sign_up(story.cora, story.email, "Cora Lind")
    customer.look_ups(story.cora, story.sn(0), old=OUT_OF_WARRANTY)


def ask_with_three_files(story):
    story.number = customer.open_enquiry(story.cora, "Fans turn, but there is no air.")
    expect(story.cora.locator(".head .meta")).to_contain_text(story.number)


def talk(story):
    """The agent takes it and answers; the customer reads it without asking (R14, R15)."""
    cora, li, zhao = story.cora, story.at("agent"), story.at("agent2")
    staff.take_from_queue(li, story.number)
    li.bring_to_front()
    staff.reply(li, "Which firmware does it run?")
    story.shown(cora)
    expect(cora.locator("#thread").get_by_text("Which firmware does it run?")).to_be_visible()
    expect(cora.locator("#thread .bubble").last).to_contain_text("Li Wei")
    staff.note(li, "Third one of batch 1509 this week.")
    zhao.goto(f"/enquiries/{story.number}/")
    expect(zhao.get_by_text("Third one of batch 1509")).to_be_visible()
    if story.script:
        expect(zhao.locator("#talk-cursor")).to_contain_text("Li Wei")
    customer.write(cora, "1.4.1, as delivered.")
    story.shown(li)
    expect(li.locator("#thread").get_by_text("1.4.1, as delivered.")).to_be_visible()
    assert "batch 1509" not in cora.content()


def convert(story):
    """Finished, a code, a reminder that can be closed, a thread that stays open (R16 to R22)."""
    cora, li = story.cora, story.at("agent")
    story.code = staff.convert(
        li, message="It needs the bench. Your code is {code}.", service_note="Look at U14 first."
    )
    story.shown(cora)
    expect(cora.locator("#thread")).to_contain_text(f"Your code is {story.code}.")
    expect(cora.locator("#enquiry-meta .badge").first).to_contain_text("Finished")
    reminder = cora.locator("#enquiry-reminder section")
    expect(reminder).to_contain_text("Submit your repair order")
    reminder.get_by_role("button", name=re.compile("^Hide this reminder")).click()
    expect(reminder).to_have_count(0)
    customer.write(cora, "Thank you, I send it tomorrow.")
    expect(cora.locator("#enquiry-meta")).to_contain_text("Finished")


def fill_in_the_repair_order(story):
    """Dialog, edit, delete, a pasted list, shipment and way back; the slip with its QR code."""
    cora, code = story.cora, story.code
    cora.goto("/orders/")
    row = cora.get_by_role("row").filter(has_text=story.number)
    expect(row).to_contain_text(story.sn(0))
    row.get_by_role("link", name=code).click()
    cora.wait_for_url(f"**/repairs/{code}/**")
    customer.heading(cora, "Self-service repair")
    assert "U14" not in cora.content()
    customer.add_device(cora, story.sn(1), remark="Left fan", dialog=story.script)
    customer.edit_device(cora, story.sn(1), "Right fan")
    customer.add_device(cora, story.sn(2), remark="", dialog=story.script)
    customer.delete_device(cora, story.sn(2))
    customer.paste_devices(cora, good=story.sn(3), out=OUT_OF_WARRANTY, twice=story.sn(0))
    customer.fill_shipping(cora, f"SF70070{story.first_sn}")
    customer.submit_order(cora)
    customer.packing_slip(cora, code, [story.sn(0), story.sn(1), story.sn(3)])


def receive(story):
    """Only the chosen shop knows the order; one device is missing, one was not announced."""
    anna, chen, code = story.at("engineer2"), story.at("engineer"), story.code
    for path in (f"/repairs/{code}/", f"/receiving/{code}/"):
        answer = anna.goto(path)
        assert answer is not None
        assert answer.status == 404
    staff.receive(chen, code, here=[story.sn(0), story.sn(1)], strange=story.sn(4))
    staff.rest_is_missing(chen, code, story.sn(3))
    staff.record_damage(chen, code, "Corner of the box pushed in.", story.sn(1))
    story.cora.goto(f"/repairs/{code}/")
    expect(story.cora.locator(".head .badge[class*=state-]")).to_have_text("Received")


def repair(story):
    chen = story.at("engineer")
    staff.repair(chen, story.sn(0))
    expect(chen.get_by_text("Look at U14 first.")).to_be_visible()
    staff.open_unit(chen, story.sn(1))
    staff.step(chen, "Start diagnosis", "In diagnosis")
    staff.give_up(
        chen, story.sn(1), label="Beyond repair", reason="Water inside.", state="Beyond repair"
    )
    staff.give_up(
        chen, story.sn(4), label="Reject", reason="Not one of our models.", state="Rejected"
    )
    story.cora.reload()
    expect(story.cora.locator(".head .badge[class*=state-]")).to_have_text("Repaired")
    expect(story.cora.get_by_text("Fan driver burnt.")).to_be_visible()
    expect(story.cora.get_by_text("Water inside.")).to_be_visible()


def return_the_devices(story):
    """Carrier and number stand in the customer's list at once; the state is Returned (R32)."""
    cora, waybill = story.cora, f"JD01460077{story.first_sn}"
    staff.send_back(story.at("engineer"), story.code, waybill)
    cora.goto("/orders/?view=all")
    row = cora.get_by_role("row").filter(has_text=story.code)
    expect(row).to_contain_text("Returned")
    expect(row).to_contain_text("DHL Express")
    expect(row).to_contain_text(waybill)
    cora.goto(f"/repairs/{story.code}/")
    assert "U14" not in cora.content()
    life = cora.locator("section:has(> header > #history)")
    for sentence in ("Repair order submitted", "At the repair shop", "Sent back with DHL Express"):
        expect(life).to_contain_text(sentence)
    expect(cora.locator("section:has(> header > #sent)")).to_contain_text("Delivered")


def read_the_mails(story):
    """One mail per step, none about what is internal (R33, D14)."""
    number, code = story.number, story.code
    story.cora.goto(f"/mail/?to={story.email}")
    subjects = story.cora.locator("tbody .lead a").all_inner_texts()
    for subject in (
        f"Enquiry {number}: we have received it",
        f"Enquiry {number}: a new answer",
        "Send your device and submit the repair order",
        f"Repair order {code} is submitted",
        f"Repair order {code}: received",
        f"Repair order {code}: not everything can be repaired",
        f"Repair order {code}: the work is done",
        f"Repair order {code}: on the way back",
    ):
        assert subject in subjects, subjects
    assert subjects.count(f"Repair order {code}: received") == 1
    for row in story.cora.locator("tbody tr").all():
        expect(row.locator(".side-cell")).not_to_contain_text("Given up")
