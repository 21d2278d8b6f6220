"""Working time: when a calendar works, and where a promise counted in it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import holidays
from django.utils import timezone

from sla.models import Calendar

HORIZON = 3 * 366  # days; a calendar that works on none of them is a mistake of its admin


@lru_cache(maxsize=32)
def public_holidays(country: str) -> holidays.HolidayBase:
    """Holidays of a country, make-up working weekends included; years are filled in on demand."""
    return holidays.country_holidays(country)


class WorkTime:
    """A calendar to reckon with. Reads its exceptions once."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.zone)

    @cached_property
    def exceptions(self) -> dict[date, bool]:
        return dict(self.calendar.days.values_list("day", "working"))

    def works_on(self, day: date) -> bool:
        """Own exceptions first, then the country's holidays and make-up days, then the week."""
        if day in self.exceptions:
            return self.exceptions[day]
        weekday = str(day.isoweekday()) in self.calendar.weekdays
        if not self.calendar.country:
            return weekday
        country = public_holidays(self.calendar.country)
        if day in country:
            return False
        makes_up = country.is_working_day(day) and country.is_weekend(day)
        return weekday or makes_up

    def spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of work of one day, as moments."""
        if not self.works_on(day):
            return
        rest, again = self.calendar.break_from, self.calendar.break_until
        if rest and again:
            yield self._at(day, self.calendar.opens), self._at(day, rest)
            yield self._at(day, again), self._at(day, self.calendar.closes)
        else:
            yield self._at(day, self.calendar.opens), self._at(day, self.calendar.closes)

    def working_days(self, after: date) -> Iterator[date]:
        """Working days later than `after`, in order."""
        for n in range(1, HORIZON):
            if self.works_on(day := after + timedelta(days=n)):
                yield day

    def close_of_day(self, start: datetime, number: int) -> datetime:
        """Close of working day `number`; the day of the start is day 0, working or not (E15)."""
        first = timezone.localtime(start, self.zone).date()
        days = self.working_days(first)
        day = first
        for _ in range(number):
            day = next(days)
        return self._at(day, self.calendar.closes)

    def add(self, start: datetime, span: timedelta) -> datetime:
        """The moment when `span` of working time has passed since `start`."""
        day = timezone.localtime(start, self.zone).date()
        for n in range(HORIZON):
            for opens, closes in self.spans(day + timedelta(days=n)):
                begin = max(opens, start)
                if begin >= closes:
                    continue
                if begin + span <= closes:
                    return begin + span
                span -= closes - begin
        raise ValueError(f"{self.calendar} has no working time.")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`."""
        total = timedelta()
        day = timezone.localtime(start, self.zone).date()
        last = timezone.localtime(end, self.zone).date()
        while day <= last:
            for opens, closes in self.spans(day):
                total += max(min(closes, end) - max(opens, start), timedelta())
            day += timedelta(days=1)
        return total

    def _at(self, day: date, clock: time) -> datetime:
        """Local time as a moment in UTC, so that differences are true across a change of clocks."""
        return datetime.combine(day, clock, self.zone).astimezone(UTC)
