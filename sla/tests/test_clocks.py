from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from core.events import Event, happened
from history.models import Entry
from sla import services as sla
from sla.calendars import WorkTime
from sla.models import Calendar, CalendarDay, Clock, ClockKind, Policy
from sla.tasks import sweep_clocks
from workorders.models import Counselling
from workorders.tests.factories import CounsellingFactory

NINE = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)  # Friday, 09:00 in Shanghai
HOUR = timedelta(hours=1)


@pytest.fixture
def shanghai(db: None) -> Calendar:
    return Calendar.objects.create(
        name="Kunshan",
        zone="Asia/Shanghai",
        opens="09:00",
        closes="18:00",
        break_from="12:00",
        break_until="13:00",
        country="CN",
    )


@pytest.fixture
def work(shanghai: Calendar) -> WorkTime:
    return WorkTime(Calendar.objects.get())


@pytest.fixture
def enquiry(db: None) -> Counselling:
    return CounsellingFactory()


def clock(enquiry: Counselling) -> Clock:
    return Clock.objects.get(object_id=enquiry.pk)


def start(enquiry: Counselling, at: datetime = NINE) -> None:
    sla.start(Counselling, [enquiry.pk], ClockKind.FIRST_RESPONSE, at=at)


def test_friday_plus_two_working_days_is_tuesday_at_close(work: WorkTime) -> None:
    assert work.close_of_day(NINE, 2) == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_a_public_holiday_is_no_working_day_and_a_make_up_saturday_is_one(work: WorkTime) -> None:
    assert not work.works_on(datetime(2026, 2, 17, tzinfo=UTC).date())  # spring festival
    assert work.works_on(datetime(2026, 2, 14, tzinfo=UTC).date())  # a Saturday worked for it


def test_an_own_exception_beats_the_rule(shanghai: Calendar) -> None:
    day = NINE.date()
    CalendarDay.objects.create(calendar=shanghai, day=day, working=False)
    assert not WorkTime(Calendar.objects.get()).works_on(day)


def test_working_time_leaves_out_lunch_night_and_weekend(work: WorkTime) -> None:
    assert work.add(NINE, 4 * HOUR) == NINE + 5 * HOUR
    assert work.add(NINE, 9 * HOUR) == NINE + timedelta(days=3) + HOUR
    assert work.between(NINE, NINE + timedelta(days=3)) == 8 * HOUR


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_a_change_of_clocks_neither_adds_nor_loses_working_time(db: None, zone: str) -> None:
    calendar = Calendar.objects.create(
        name=zone, zone=zone, weekdays="1234567", opens="00:30", closes="23:30"
    )
    work = WorkTime(Calendar.objects.get(pk=calendar.pk))
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    for days in range(0, 300, 7):
        at = begin + timedelta(days=days)
        end = work.add(at, 50 * HOUR)
        assert work.between(at, end) == 50 * HOUR


def test_the_first_response_is_due_after_twelve_hours(enquiry: Counselling) -> None:
    start(enquiry)
    assert clock(enquiry).due_at == NINE + 12 * HOUR
    assert Counselling.objects.get().due_at == NINE + 12 * HOUR
    assert Counselling.objects.get().due_since == NINE


def test_a_second_start_changes_nothing(enquiry: Counselling) -> None:
    start(enquiry)
    start(enquiry, NINE + HOUR)
    assert clock(enquiry).started_at == NINE


def test_stopping_empties_the_due_time_of_the_subject(enquiry: Counselling) -> None:
    start(enquiry)
    sla.stop(Counselling, [enquiry.pk], at=NINE + HOUR)
    assert Counselling.objects.get().due_at is None


def test_a_pause_does_not_count(enquiry: Counselling) -> None:
    start(enquiry)
    sla.pause(Counselling, [enquiry.pk], at=NINE + HOUR)
    assert Counselling.objects.get().due_at is None
    sla.resume(Counselling, [enquiry.pk], at=NINE + 4 * HOUR)
    assert clock(enquiry).due_at == NINE + 15 * HOUR
    assert clock(enquiry).paused_seconds == 3 * 3600


def test_a_pause_over_the_weekend_costs_working_time_only(
    enquiry: Counselling, shanghai: Calendar
) -> None:
    kind = ClockKind.REPAIR
    sla.start(Counselling, [enquiry.pk], kind, at=NINE, calendar=Calendar.objects.get())
    due = clock(enquiry).due_at
    saturday = NINE + timedelta(days=1)
    sla.pause(Counselling, [enquiry.pk], kind, at=saturday)
    sla.resume(Counselling, [enquiry.pk], kind, at=saturday + timedelta(days=1))
    assert clock(enquiry).due_at == due


def test_a_policy_that_is_switched_off_starts_nothing(enquiry: Counselling) -> None:
    Policy.objects.update(active=False)
    start(enquiry)
    assert not Clock.objects.exists()


@pytest.fixture
def events() -> Any:
    said: list[Event] = []

    def hear(event: Event, **_: object) -> None:
        said.append(event)

    happened.connect(hear, dispatch_uid="test")
    yield said
    happened.disconnect(dispatch_uid="test")


def test_a_breach_is_raised_exactly_once(
    enquiry: Counselling, time_machine: Any, events: list[Event]
) -> None:
    start(enquiry)
    time_machine.move_to(NINE + 12 * HOUR - timedelta(seconds=1))
    sweep_clocks()
    time_machine.move_to(NINE + 12 * HOUR)
    sweep_clocks()
    sweep_clocks()
    assert [event.verb for event in events] == ["warned", "breached"]
    assert Entry.objects.filter(verb="breached", internal=True, actor=None).count() == 1


@pytest.mark.parametrize("before", ["stop", "pause"])
def test_what_stands_still_is_not_breached(
    enquiry: Counselling, time_machine: Any, before: str
) -> None:
    start(enquiry)
    getattr(sla, before)(Counselling, [enquiry.pk], at=NINE + HOUR)
    time_machine.move_to(NINE + timedelta(days=9))
    assert sweep_clocks() == 0


def test_the_sweep_costs_the_same_for_one_and_for_many(
    db: None, time_machine: Any, django_assert_max_num_queries: Any
) -> None:
    enquiries = [CounsellingFactory() for _ in range(30)]
    sla.start(Counselling, [e.pk for e in enquiries], ClockKind.FIRST_RESPONSE, at=NINE)
    time_machine.move_to(NINE + 13 * HOUR)
    with django_assert_max_num_queries(14):
        sweep_clocks()
    assert Clock.objects.filter(breached_at__isnull=False).count() == 30


def test_clocks_can_only_be_read_in_the_admin(client: Any, ada: User, enquiry: Counselling) -> None:
    start(enquiry)
    client.force_login(ada)
    assert client.get(f"/admin/sla/clock/{clock(enquiry).pk}/change/").status_code == 200
    assert client.post(f"/admin/sla/clock/{clock(enquiry).pk}/delete/").status_code == 403
