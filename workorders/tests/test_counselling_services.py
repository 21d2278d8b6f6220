"""Opening an enquiry, writing into it, and what follows (R7, R11, R14, R20, E5, E10, E11, E13)."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.models import Customer, User
from attachments.services import store
from attachments.tests import samples
from core.workflow import Refused
from devices.models import Brand, Device
from devices.tests.factories import DeviceFactory
from history.models import Entry
from sla.models import Clock, ClockKind, Policy
from workorders.models import Counselling, Message
from workorders.services.counselling import find, open_counselling, withdraw
from workorders.services.threads import TEXT_LIMIT, post_message
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
HOURS_12 = dt.timedelta(hours=12)


@pytest.fixture(autouse=True)
def _promises(db: None) -> None:
    for kind in (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE):
        Policy.objects.update_or_create(kind=kind, defaults={"amount": 720, "unit": "minutes"})


def of(user: User) -> Customer:
    assert user.customer is not None
    return user.customer


@pytest.fixture
def device(cora: User) -> Device:
    return DeviceFactory(
        sn="1H21415090018", warranty_until=dt.date(2027, 3, 7), customer=cora.customer
    )


@pytest.fixture
def enquiry(cora: User, device: Device) -> Counselling:
    with time_machine.travel(NOON, tick=False):
        return open_counselling(
            of(cora), actor=cora, sn=device.sn, text="Fans spin without force.\nSince Monday."
        )


def again(enquiry: Counselling) -> Counselling:
    fresh: Counselling = Counselling.objects.get(pk=enquiry.pk)
    return fresh


def clocks(enquiry: Counselling) -> list[tuple[str, bool]]:
    rows = Clock.objects.filter(object_id=enquiry.pk).order_by("pk")
    return [(clock.kind, clock.stopped_at is None) for clock in rows]


# ------------------------------------------------------------------ opening
@pytest.mark.row("R11")
def test_an_enquiry_opens_with_its_first_message_and_clock(
    enquiry: Counselling, cora: User, device: Device
) -> None:
    assert (enquiry.state, enquiry.needs_answer, enquiry.channel) == ("open", True, "portal")
    assert enquiry.subject == "Fans spin without force."
    assert (enquiry.device, enquiry.sn, enquiry.model_name) == (
        device, "1H21415090018", device.model.name,
    )  # fmt: skip
    assert enquiry.due_at == NOON + HOURS_12
    assert clocks(enquiry) == [("first_response", True)]
    message = Message.objects.get(thread=enquiry.thread)
    assert (message.author, message.author_role, message.internal) == (cora, "customer", False)
    entry = Entry.objects.of(enquiry).get()
    assert (entry.verb, entry.data) == ("opened", {"message": message.pk})


@pytest.mark.row("E10")
def test_the_verdict_is_that_of_the_day_of_opening_and_stays(
    enquiry: Counselling, device: Device
) -> None:
    Device.objects.filter(pk=device.pk).update(warranty_until=dt.date(2026, 1, 1))
    fresh = again(enquiry)
    assert (fresh.verdict, fresh.warranty_until) == ("in", dt.date(2027, 3, 7))


@pytest.mark.parametrize(
    ("at", "verdict"),
    [("2027-03-07 15:59:59+00:00", "in"), ("2027-03-07 16:00:00+00:00", "out")],
)
def test_warranty_ends_with_its_last_day_in_the_zone_of_warranty(
    device: Device, at: str, verdict: str
) -> None:
    assert find(device.sn, at=dt.datetime.fromisoformat(at)).verdict == verdict


@pytest.mark.row("R8", "E10")
def test_out_of_warranty_opens_nothing_unless_the_brand_repairs_for_a_quote(
    cora: User, device: Device
) -> None:
    Device.objects.filter(pk=device.pk).update(warranty_until=dt.date(2020, 1, 1))
    with pytest.raises(Refused, match="not in warranty"):
        open_counselling(of(cora), actor=cora, sn=device.sn, text="It is silent.")
    Brand.objects.update(out_of_warranty="quote")
    opened = open_counselling(of(cora), actor=cora, sn=device.sn, text="It is silent.")
    assert (opened.verdict, opened.paid_repair) == ("out", True)


@pytest.mark.row("R10")
def test_an_unknown_number_opens_nothing_for_a_customer(cora: User) -> None:
    with pytest.raises(Refused):
        open_counselling(of(cora), actor=cora, sn="NOSUCH1", text="It is silent.")
    assert not Counselling.objects.exists()


def test_customer_service_opens_for_anybody_and_any_number(cora: User, agnes: User) -> None:
    opened = open_counselling(
        of(cora), actor=agnes, sn="", text="Called: fan is silent.", channel="phone",
        subject="Silent fan", model_name="VolcMiner D1",
    )  # fmt: skip
    assert (opened.subject, opened.channel, opened.model_name) == (
        "Silent fan", "phone", "VolcMiner D1",
    )  # fmt: skip
    assert (opened.verdict, opened.state, opened.first_replied_at) == ("unknown", "open", None)
    assert clocks(opened) == [("first_response", True)]


def test_nobody_opens_for_a_foreign_customer(
    cora: User, otto: User, emil: User, ada: User, device: Device
) -> None:
    for stranger in (otto, emil, ada):
        with pytest.raises(PermissionDenied):
            open_counselling(of(cora), actor=stranger, sn=device.sn, text="Hello")


@pytest.mark.row("E11")
def test_a_device_in_ones_own_open_order_is_refused_with_its_code(
    cora: User, device: Device
) -> None:
    order = RepairOrderFactory(customer=cora.customer, submitted=True)
    UnitFactory(order=order, sn=device.sn)
    with pytest.raises(Refused, match=order.code):
        open_counselling(of(cora), actor=cora, sn=device.sn, text="It is silent.")


@pytest.mark.row("E11")
def test_a_device_in_somebody_elses_order_goes_to_customer_service(
    cora: User, otto: User, device: Device
) -> None:
    """E11: it is flagged inside, and nothing of it is told to the customer."""
    order = RepairOrderFactory(customer=otto.customer, submitted=True)
    UnitFactory(order=order, sn=device.sn)
    opened = open_counselling(of(cora), actor=cora, sn=device.sn, text="It is silent.")
    flag = Entry.objects.of(opened).get(verb="sn_elsewhere")
    assert (flag.internal, flag.note) == (True, order.code)


@pytest.mark.parametrize("text", ["", "   \n ", "a\x00b", "x" * (TEXT_LIMIT + 1)])
def test_a_text_that_cannot_be_kept_opens_nothing(cora: User, device: Device, text: str) -> None:
    with pytest.raises(ValidationError):
        open_counselling(of(cora), actor=cora, sn=device.sn, text=text)
    assert not Counselling.objects.exists()
    assert not Message.objects.exists()


def test_a_long_first_line_makes_a_short_subject(cora: User, device: Device) -> None:
    opened = open_counselling(of(cora), actor=cora, sn=device.sn, text="fan " * 200)
    assert len(opened.subject) <= 90
    assert len(opened.excerpt) <= 120


# ------------------------------------------------------------------ writing
def test_an_answer_stops_the_first_clock_and_turns_the_ball(
    enquiry: Counselling, agnes: User
) -> None:
    later = NOON + dt.timedelta(hours=1)
    with time_machine.travel(later, tick=False):
        post_message(enquiry.thread, actor=agnes, text="Please send a log.")
    fresh = again(enquiry)
    assert (fresh.state, fresh.needs_answer, fresh.due_at) == ("answered", False, None)
    assert (fresh.first_replied_at, fresh.last_message_at) == (later, later)
    assert fresh.excerpt == "Please send a log."
    assert clocks(enquiry) == [("first_response", False)]


def test_the_first_reply_is_set_once(enquiry: Counselling, agnes: User) -> None:
    with time_machine.travel(NOON + dt.timedelta(hours=1), tick=False):
        post_message(enquiry.thread, actor=agnes, text="One")
    with time_machine.travel(NOON + dt.timedelta(hours=2), tick=False):
        post_message(enquiry.thread, actor=agnes, text="Two")
    assert again(enquiry).first_replied_at == NOON + dt.timedelta(hours=1)


def test_a_second_question_waits_for_the_first_answer_and_not_longer(
    enquiry: Counselling, cora: User
) -> None:
    """Before the first answer there is one promise, and writing more does not put it off."""
    with time_machine.travel(NOON + dt.timedelta(hours=3), tick=False):
        post_message(enquiry.thread, actor=cora, text="Anybody?")
    assert clocks(enquiry) == [("first_response", True)]
    assert again(enquiry).due_at == NOON + HOURS_12


def test_a_customer_who_writes_again_starts_the_next_clock_once(
    enquiry: Counselling, cora: User, agnes: User
) -> None:
    post_message(enquiry.thread, actor=agnes, text="Swap the cables.")
    asked = NOON + dt.timedelta(days=1)
    with time_machine.travel(asked, tick=False):
        post_message(enquiry.thread, actor=cora, text="Swapped.")
    with time_machine.travel(asked + dt.timedelta(hours=5), tick=False):
        post_message(enquiry.thread, actor=cora, text="Still slow.")
    fresh = again(enquiry)
    assert (fresh.state, fresh.needs_answer, fresh.due_at) == ("open", True, asked + HOURS_12)
    assert clocks(enquiry) == [("first_response", False), ("next_response", True)]
    post_message(enquiry.thread, actor=agnes, text="It needs a repair.")
    assert clocks(enquiry) == [("first_response", False), ("next_response", False)]


@pytest.mark.row("R20", "E5")
def test_a_finished_enquiry_stays_finished_and_asks_for_an_answer(cora: User, agnes: User) -> None:
    """E5, D11."""
    done = CounsellingFactory(customer=cora.customer, finished=True)
    post_message(done.thread, actor=cora, text="It happens again.")
    fresh = again(done)
    assert (fresh.state, fresh.outcome, fresh.needs_answer) == ("finished", "solved", True)
    assert clocks(done) == []
    post_message(done.thread, actor=agnes, text="Then send it in.")
    fresh = again(done)
    assert (fresh.state, fresh.needs_answer) == ("finished", False)


def test_an_internal_note_moves_nothing_and_shows_nowhere(
    enquiry: Counselling, agnes: User
) -> None:
    """D10, Z04: neither state, clock, excerpt nor time betray it."""
    before = again(enquiry)
    note = post_message(enquiry.thread, actor=agnes, text="Third case today.", internal=True)
    fresh = again(enquiry)
    for name in ("state", "needs_answer", "due_at", "excerpt", "last_message_at"):
        assert getattr(fresh, name) == getattr(before, name)
    assert fresh.first_replied_at is None
    assert Entry.objects.of(enquiry).get(verb="message_posted").internal
    assert note.internal


@pytest.mark.parametrize("who", ["otto", "emil", "mona", "fin", "sal", "ada"])
def test_only_the_two_sides_of_a_thread_write(
    request: pytest.FixtureRequest, enquiry: Counselling, who: str
) -> None:
    with pytest.raises(PermissionDenied):
        post_message(enquiry.thread, actor=request.getfixturevalue(who), text="Hello")


def test_a_customer_writes_no_internal_notes(enquiry: Counselling, cora: User) -> None:
    with pytest.raises(PermissionDenied):
        post_message(enquiry.thread, actor=cora, text="Hello", internal=True)


@pytest.mark.row("R14", "E32")
def test_a_colleague_writes_too(enquiry: Counselling, colin: User) -> None:
    assert post_message(enquiry.thread, actor=colin, text="Hello").author == colin


def test_a_file_alone_is_a_message_and_nothing_is_none(enquiry: Counselling, cora: User) -> None:
    kept = store(samples.upload("boot.log", samples.LOG), actor=cora)
    message = post_message(enquiry.thread, actor=cora, text="", files=[kept])
    kept.refresh_from_db()
    assert kept.owner == message
    with pytest.raises(ValidationError, match="Write a message"):
        post_message(enquiry.thread, actor=cora, text=" ")


@pytest.mark.row("R12", "E27")
def test_four_files_are_one_too_many(enquiry: Counselling, cora: User) -> None:
    files = [store(samples.upload(f"{n}.log", samples.LOG), actor=cora) for n in range(4)]
    with pytest.raises(ValidationError, match="at most 3 files"):
        post_message(enquiry.thread, actor=cora, text="Logs", files=files)
    assert Message.objects.count() == 1


def test_somebody_elses_upload_is_not_sent(enquiry: Counselling, cora: User, otto: User) -> None:
    his = store(samples.upload("boot.log", samples.LOG), actor=otto)
    with pytest.raises(PermissionDenied):
        post_message(enquiry.thread, actor=cora, text="Look", files=[his])
    assert Message.objects.count() == 1


def test_odd_text_is_kept_as_written(enquiry: Counselling, cora: User) -> None:
    text = "风扇 🔥 \u202etxet\u202c <b>bold</b>\r\nnext"
    assert post_message(enquiry.thread, actor=cora, text=text).text == text.replace("\r\n", "\n")


def test_an_order_without_an_enquiry_can_be_talked_about(cora: User, agnes: User) -> None:
    order = RepairOrderFactory(customer=cora.customer, submitted=True)
    thread = type(order.thread).objects.create(customer=cora.customer)
    type(order).objects.filter(pk=order.pk).update(thread=thread, counselling=None)
    post_message(thread, actor=agnes, text="Your parcel is here.")
    assert Entry.objects.of(order).filter(verb="message_posted").exists()


# ------------------------------------------------------------------ withdrawing
def test_withdrawing_finishes_and_stops_the_clock(enquiry: Counselling, cora: User) -> None:
    done = withdraw(enquiry, actor=cora)
    assert (done.state, done.outcome, done.due_at) == ("finished", "withdrawn", None)
    assert clocks(enquiry) == [("first_response", False)]
    with pytest.raises(Refused):
        withdraw(enquiry, actor=cora)


def test_customer_service_does_not_withdraw(enquiry: Counselling, agnes: User) -> None:
    with pytest.raises(PermissionDenied):
        withdraw(enquiry, actor=agnes)
