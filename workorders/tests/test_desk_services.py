"""What customer service does with an enquiry: take, assign, settle, convert."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import CustomerFactory, UserFactory
from core.events import happened
from core.workflow import Refused
from devices.models import Verdict
from devices.tests.factories import DeviceFactory
from history.models import Entry
from sla.models import Clock, ClockKind
from workorders.models import Counselling, Message, Outcome, RepairOrder, SavedView, Unit
from workorders.services import desk, intake, views
from workorders.services.intake import Intake, Override
from workorders.tests.factories import CounsellingFactory


def fresh(counselling):
    return Counselling.objects.get(pk=counselling.pk)


@pytest.fixture
def zhao(db) -> User:
    return UserFactory(role=Role.AGENT, name="Zhao Min")


@pytest.fixture
def enquiry(cora):
    return CounsellingFactory(customer=cora.customer, opened_by=cora)


def clock(counselling, kind=ClockKind.FIRST_RESPONSE):
    from django.contrib.contenttypes.models import ContentType

    now = timezone.now()
    due = now + timedelta(hours=12)
    Counselling.objects.filter(pk=counselling.pk).update(due_at=due, due_since=now)
    return Clock.objects.create(
        kind=kind,
        content_type=ContentType.objects.get_for_model(Counselling),
        object_id=counselling.pk,
        started_at=now,
        due_at=due,
        warn_at=due,
    )


# ------------------------------------------------------------------ take and assign
def test_an_agent_takes_a_free_enquiry_and_the_history_says_so(agnes, enquiry):
    taken = desk.take(enquiry, actor=agnes)
    assert taken.assignee == agnes
    entry = Entry.objects.of(enquiry).get(verb="assigned")
    assert entry.internal
    assert entry.data == {"to": agnes.pk, "name": str(agnes)}


def test_taking_twice_writes_once(agnes, enquiry):
    desk.take(enquiry, actor=agnes)
    desk.take(enquiry, actor=agnes)
    assert Entry.objects.of(enquiry).filter(verb="assigned").count() == 1


def test_who_comes_second_is_told_who_was_first(agnes, zhao, enquiry):
    desk.take(enquiry, actor=zhao)
    with pytest.raises(Refused, match="Zhao Min"):
        desk.take(enquiry, actor=agnes)
    assert fresh(enquiry).assignee == zhao


def test_assigning_gives_it_to_a_colleague_and_back_to_nobody(agnes, zhao, enquiry):
    desk.assign(enquiry, actor=agnes, to=zhao)
    assert fresh(enquiry).assignee == zhao
    desk.assign(enquiry, actor=agnes, to=None)
    assert fresh(enquiry).assignee is None
    assert Entry.objects.of(enquiry).filter(verb="released").exists()


@pytest.mark.parametrize("name", ["cora", "emil", "ada"])
def test_only_people_of_customer_service_can_be_assigned(agnes, enquiry, name, request):
    with pytest.raises(Refused):
        desk.assign(enquiry, actor=agnes, to=request.getfixturevalue(name))


def test_somebody_who_left_cannot_be_assigned(agnes, zhao, enquiry):
    User.objects.filter(pk=zhao.pk).update(is_active=False)
    zhao.is_active = False
    with pytest.raises(Refused):
        desk.assign(enquiry, actor=agnes, to=zhao)


@pytest.mark.parametrize("name", ["cora", "emil", "mona", "fin", "sal"])
def test_nobody_else_may_take_assign_or_take_next(enquiry, name, request, agnes):
    person = request.getfixturevalue(name)
    for act in (
        lambda: desk.take(enquiry, actor=person),
        lambda: desk.assign(enquiry, actor=person, to=agnes),
        lambda: desk.take_next(actor=person),
        lambda: desk.no_answer_needed(enquiry, actor=person),
        lambda: desk.resolve(enquiry, actor=person),
        lambda: desk.refer(enquiry, actor=person),
        lambda: desk.convert(enquiry, actor=person),
        lambda: intake.set_device(enquiry, actor=person, sn="X1"),
        lambda: intake.override_warranty(enquiry, actor=person, decision="paid", reason="x"),
        lambda: intake.open_for(enquiry.customer, actor=person, intake=Intake(text="x")),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert fresh(enquiry).state == "open"
    assert not Message.objects.exists()


# ------------------------------------------------------------------ take next
def test_take_next_gives_the_most_urgent_free_enquiry(agnes, zhao, cora):
    now = timezone.now()
    later = CounsellingFactory(customer=cora.customer, due_at=now + timedelta(hours=3))
    soon = CounsellingFactory(customer=cora.customer, due_at=now + timedelta(hours=1))
    CounsellingFactory(customer=cora.customer, due_at=now, assignee=zhao)
    CounsellingFactory(customer=cora.customer, answered=True, due_at=now)
    assert desk.take_next(actor=agnes) == soon
    assert desk.take_next(actor=zhao) == later
    assert desk.take_next(actor=agnes) is None


def test_a_finished_enquiry_that_was_written_to_can_be_the_next(agnes, cora):
    again = CounsellingFactory(customer=cora.customer, finished=True, needs_answer=True)
    assert desk.take_next(actor=agnes) == again


def test_assign_many_moves_what_it_can_and_says_why_not(agnes, zhao, cora):
    free = CounsellingFactory(customer=cora.customer)
    taken = CounsellingFactory(customer=cora.customer, assignee=zhao)
    done = desk.assign_many([taken, free], actor=agnes, to=agnes)
    assert done.moved == [free.number]
    assert list(done.refused) == [taken.number]


# ------------------------------------------------------------------ settle
def test_an_enquiry_nobody_answered_cannot_be_resolved(agnes, enquiry):
    with pytest.raises(Refused, match="Answer the customer"):
        desk.resolve(enquiry, actor=agnes)


def test_last_words_answer_and_resolve_in_one_step(agnes, enquiry):
    running = clock(enquiry)
    solved = desk.resolve(enquiry, actor=agnes, message="Glad it works.")
    assert (solved.state, solved.outcome) == ("finished", Outcome.SOLVED)
    assert Message.objects.get(thread=enquiry.thread).text == "Glad it works."
    running.refresh_from_db()
    assert running.stopped_at is not None
    assert fresh(enquiry).due_at is None


def test_a_refused_resolve_leaves_no_message_behind(agnes, cora):
    finished = CounsellingFactory(customer=cora.customer, finished=True)
    with pytest.raises(Refused):
        desk.resolve(finished, actor=agnes, message="Again.")
    assert not Message.objects.exists()


def test_referring_finishes_with_a_message(agnes, enquiry):
    referred = desk.refer(enquiry, actor=agnes, message="See the shops.")
    assert referred.outcome == Outcome.THIRD_PARTY
    assert Message.objects.filter(text="See the shops.").exists()


@pytest.mark.row("E5")
def test_no_answer_needed_takes_a_finished_one_out_of_the_queue(agnes, cora):
    again = CounsellingFactory(customer=cora.customer, finished=True, needs_answer=True)
    desk.no_answer_needed(again, actor=agnes)
    assert not Counselling.objects.for_queue().exists()
    assert fresh(again).state == "finished"


def test_an_open_enquiry_cannot_be_left_without_answer(agnes, enquiry):
    with pytest.raises(Refused):
        desk.no_answer_needed(enquiry, actor=agnes)


# ------------------------------------------------------------------ convert (R16-R18, E2, E10)
@pytest.mark.row("R16", "R17", "R18")
def test_converting_finishes_with_a_code_a_draft_and_a_message(agnes, enquiry):
    running = clock(enquiry)
    order = desk.convert(
        enquiry, actor=agnes, message="Your code is {code}.", service_note="EEPROM?"
    )
    done = fresh(enquiry)
    assert (done.state, done.outcome) == ("finished", Outcome.REPAIR)
    assert done.code == order.code
    assert len(order.code) == 8
    assert order.state == "awaiting_submission"
    assert order.service_note == "EEPROM?"
    assert list(Unit.objects.filter(order=order).values_list("sn", flat=True)) == [enquiry.sn]
    assert Message.objects.get(thread=enquiry.thread).text == f"Your code is {order.code}."
    running.refresh_from_db()
    assert running.stopped_at is not None
    assert done.due_at is None


def test_converting_tells_one_event(agnes, enquiry):
    told = []

    def hear(sender, event, **_kw):
        told.append(event.verb)

    happened.connect(hear, sender=Counselling)
    try:
        desk.convert(enquiry, actor=agnes)
    finally:
        happened.disconnect(hear, sender=Counselling)
    assert told == ["convert"]


def test_without_a_serial_number_there_is_no_conversion(agnes, cora):
    nameless = CounsellingFactory(customer=cora.customer, sn="")
    with pytest.raises(Refused, match="serial number"):
        desk.convert(nameless, actor=agnes, message="Send it.")
    assert not Message.objects.exists()
    assert not RepairOrder.objects.exists()


def test_out_of_warranty_with_a_brand_that_refers_is_refused(agnes, cora):
    out = CounsellingFactory(customer=cora.customer, verdict=Verdict.OUT)
    with pytest.raises(Refused, match="out of warranty"):
        desk.convert(out, actor=agnes)


def test_out_of_warranty_with_a_paid_repair_is_converted(agnes, cora):
    out = CounsellingFactory(customer=cora.customer, verdict=Verdict.OUT, paid_repair=True)
    assert desk.convert(out, actor=agnes).counselling == out


def test_converting_twice_is_refused(agnes, enquiry):
    desk.convert(enquiry, actor=agnes)
    with pytest.raises(Refused):
        desk.convert(enquiry, actor=agnes)
    assert RepairOrder.objects.count() == 1


# ------------------------------------------------------------------ device and warranty
def test_the_warranty_is_judged_on_the_day_of_opening(agnes, cora):
    """E10: it ran out while the enquiry was open; the enquiry still counts."""
    opened = timezone.now() - timedelta(days=30)
    enquiry = CounsellingFactory(customer=cora.customer, sn="", opened_at=opened)
    device = DeviceFactory(warranty_until=(timezone.now() - timedelta(days=10)).date())
    entered = intake.set_device(enquiry, actor=agnes, sn=f" {device.sn.lower()} ")
    assert entered.sn == device.sn
    assert entered.verdict == Verdict.IN
    assert entered.device == device


def test_an_unknown_number_is_flagged_not_refused(agnes, enquiry):
    entered = intake.set_device(enquiry, actor=agnes, sn="hb-77 12", model_name="Hash board")
    assert (entered.sn, entered.verdict) == ("HB7712", Verdict.UNKNOWN)
    assert entered.model_name == "Hash board"


@pytest.mark.row("E10")
def test_a_decision_against_the_registry_needs_a_reason(agnes, enquiry):
    with pytest.raises(Refused, match="reason"):
        intake.override_warranty(enquiry, actor=agnes, decision=Override.COVERED, reason="  ")


def test_a_decision_is_recorded_with_its_reason_and_opens_the_way(agnes, cora):
    device = DeviceFactory(warranty_until=(timezone.now() - timedelta(days=10)).date())
    out = CounsellingFactory(
        customer=cora.customer, sn=device.sn, device=device, verdict=Verdict.OUT
    )
    decided = intake.override_warranty(
        out, actor=agnes, decision=Override.COVERED, reason="Stood in customs for two weeks."
    )
    assert decided.verdict == Verdict.IN
    entry = Entry.objects.of(out).get(verb="warranty_decided")
    assert entry.note == "Stood in customs for two weeks."
    assert entry.internal
    back = intake.override_warranty(
        out, actor=agnes, decision=Override.REGISTRY, reason="Mistaken."
    )
    assert back.verdict == Verdict.OUT


def test_nothing_is_decided_once_the_enquiry_is_finished(agnes, cora):
    done = CounsellingFactory(customer=cora.customer, finished=True)
    with pytest.raises(Refused):
        intake.override_warranty(done, actor=agnes, decision=Override.PAID, reason="x")
    with pytest.raises(Refused):
        intake.set_device(done, actor=agnes, sn="X1")


# ------------------------------------------------------------------ on a customer's behalf
def test_an_agent_opens_for_a_customer_without_a_login(agnes):
    """R83, R84."""
    customer = CustomerFactory(name="Ma Li", email="", phone="+86 138 0000 0000")
    taken = Intake(text="Fans stand still.", sn="x-1", channel="wechat", request_kind="replacement")
    opened = intake.open_for(customer, actor=agnes, intake=taken)
    assert opened.channel == "wechat"
    assert fresh(opened).request_kind == "replacement"
    assert fresh(opened).assignee == agnes
    assert opened.opened_by == agnes


# ------------------------------------------------------------------ saved views
def test_saving_under_the_same_name_replaces(agnes):
    desk.save_view(agnes, name="Nordics", query="language=en")
    desk.save_view(agnes, name="Nordics", query="language=zh-hans")
    assert SavedView.objects.get(owner=agnes).query == "language=zh-hans"


def test_there_is_an_end_to_saved_views(agnes):
    for number in range(views.VIEWS_PER_PERSON):
        desk.save_view(agnes, name=f"View {number}", query="q=1")
    with pytest.raises(Refused):
        desk.save_view(agnes, name="One more", query="q=1")
    desk.save_view(agnes, name="View 1", query="q=2")
