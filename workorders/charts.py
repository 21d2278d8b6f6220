"""Progress of an order in numbers and shapes; one query, however many units (R63, R69).

Geometry is computed here and drawn as SVG attributes, colours come from the tone classes. Every
segment is a link that filters the list below by the same words that `choice.chosen` knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _now

from core.words import write_date
from core.workflow import Text
from workorders.models import Fault, Place, RepairOrder, Unit
from workorders.services.choice import chosen
from workorders.services.settling import ASKED

TONES = {
    Place.COMING: "gray",
    Place.BENCH: "blue",
    Place.BOXED: "amber",
    Place.SHIPPED: "teal",
    Place.DELIVERED: "green",
    Place.SCRAPPED: "red",
}
WIDTH, HEIGHT, TOP = 242, 120, 14  # of the line chart, in its own units
SHOWN_DAYS = 14
Link = Callable[..., str]


@dataclass(frozen=True)
class Segment:
    """One part of a chart; `tone` is its class, the rest is where it is drawn."""

    key: str
    label: Text
    count: int
    tone: str
    url: str
    current: bool
    size: float = 0.0
    start: float = 0.0

    @property
    def rest(self) -> float:
        return round(100 - self.size, 2)

    @property
    def offset(self) -> float:
        return -self.start


@dataclass(frozen=True)
class Day:
    """How many were due and how many were finished on one day."""

    day: date
    due: int
    finished: int


@dataclass
class Charts:
    """What the partial draws."""

    total: int
    finished: int
    due: datetime | None = None  # when the last of them is promised
    asked: int = 0  # beyond repair, and nobody agreed to scrapping yet
    states: list[Segment] = field(default_factory=list)
    places: list[Segment] = field(default_factory=list)
    faults: list[Segment] = field(default_factory=list)
    days: list[Day] = field(default_factory=list)
    plan: str = ""
    line: str = ""
    area: str = ""
    said: str = ""

    @property
    def first_day(self) -> str:
        return write_date(self.days[0].day, "short")

    @property
    def last_day(self) -> str:
        return write_date(self.days[-1].day, "short")

    @property
    def by_state(self) -> dict[str, int]:
        return {segment.key: segment.count for segment in self.states}

    @property
    def shown_days(self) -> list[Day]:
        """The days on which something was due or finished, the latest of them."""
        told = [day for day in self.days if day.due or day.finished]
        return told[-SHOWN_DAYS:]


def charts_of(
    order: RepairOrder, user: Any, link: Link, *, state: str = "", place: str = "", fault: str = ""
) -> Charts:
    """The charts of all units of the order that this person sees; the chosen segments are marked.

    `link(state=…)` makes the address of a filtered list; None takes a filter off.
    """
    heap = _heap(order, user)
    states, places, faults = _sums(heap)
    total = sum(states.values())
    made = Charts(total, sum(states[s] for s in (*Unit.GOING_BACK, Unit.State.SCRAPPED)))
    made.due = max((pile["due"] for pile in heap if pile["due"]), default=None)
    made.asked = sum(pile["asked"] for pile in heap if pile["state"] in ASKED)
    made.states = _ring(
        [(value, label, states[value]) for value, label in Unit.State.choices if states[value]],
        total,
        lambda key: f"state-unit-{key}",
        lambda key: (link(state=None if key == state else key), key == state),
    )
    made.places = _ring(
        [(value, label, places[value]) for value, label in Place.choices if places[value]],
        total,
        lambda key: f"tone-{TONES[Place(key)]}",
        lambda key: (link(place=None if key == place else key), key == place),
    )
    made.faults = _bars(faults, fault, link)
    _draw_days(made, heap)
    return made


def _heap(order: RepairOrder, user: Any) -> list[dict[str, Any]]:
    """How many units are alike in all that the charts show; the only query.

    A unit is due when its newest repair clock says so, stopped or not: the copy on its row. Such
    promises end at the close of a day, so they are few; asking the database for the local day of
    each would cost as much as all the rest.
    """
    units: Any = chosen(order, user).order_by().annotate(ready_on=TruncDate("ready_at"))
    piles = units.values("state", "place", "faults", "promised_at", "ready_on").annotate(
        n=Count("pk"),
        due=Max("due_at"),
        asked=Count("pk", filter=Q(scrap_agreed_at=None, outbound_container=None)),
    )
    return list(piles)


def _sums(heap: list[dict[str, Any]]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """By state, place and fault; a unit with two faults counts at both."""
    states: Counter[str] = Counter()
    places: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for pile in heap:
        states[pile["state"]] += pile["n"]
        places[pile["place"]] += pile["n"]
        for one in set(pile["faults"] or ()):
            faults[one] += pile["n"]
    return states, places, faults


def _ring(
    parts: list[tuple[str, Text, int]],
    total: int,
    tone: Callable[[str], str],
    where: Callable[[str], tuple[str, bool]],
) -> list[Segment]:
    """Shares of a hundred, one after the other: a ring or a bar."""
    drawn, start = [], 0.0
    for key, label, count in parts:
        size = round(count * 100 / total, 2)
        url, current = where(key)
        drawn.append(Segment(key, label, count, tone(key), url, current, size, round(start, 2)))
        start += size
    return drawn


def _bars(faults: Counter[str], chosen_one: str, link: Link) -> list[Segment]:
    """The most frequent first; the longest bar is the frame."""
    most = max(faults.values(), default=1)
    known = [(value, label) for value, label in Fault.choices if faults[value]]
    return [
        Segment(
            value,
            label,
            faults[value],
            "tone-gray" if value == Fault.NONE_FOUND else "tone-violet",
            link(fault=None if value == chosen_one else value),
            value == chosen_one,
            round(faults[value] * 100 / most, 1),
        )
        for value, label in sorted(known, key=lambda pair: -faults[pair[0]])
    ]


# ------------------------------------------------------------------ throughput against plan
def _draw_days(made: Charts, heap: list[dict[str, Any]]) -> None:
    """Due against ready, day by day."""
    due: Counter[date] = Counter()
    finished: Counter[date] = Counter()
    for pile in heap:
        if pile["promised_at"]:
            due[timezone.localdate(pile["promised_at"])] += pile["n"]
        if pile["ready_on"]:
            finished[pile["ready_on"]] += pile["n"]
    if due or finished:
        made.days = _calendar(due, finished)
        _lines(made)


def _calendar(due: Counter[date], finished: Counter[date]) -> list[Day]:
    told = sorted({*due, *finished})
    span = (told[-1] - told[0]).days
    every = [told[0] + timedelta(days=n) for n in range(span + 1)] if span < 400 else told
    return [Day(day, due[day], finished[day]) for day in every]


def _lines(made: Charts) -> None:
    """Both sums, drawn from the left to the right edge; the highest sum is the height."""
    due = finished = 0
    planned, done = [], []
    for day in made.days:
        due, finished = due + day.due, finished + day.finished
        planned.append(due)
        done.append(finished)
    most = max(due, finished)
    made.plan, made.line = _path(planned, most), _path(done, most)
    made.area = f"{made.line} V{HEIGHT} H4z"
    made.said = _now("Finished until %(day)s: %(finished)d. Due until then: %(due)d.") % {
        "day": write_date(made.days[-1].day, "long"),
        "finished": finished,
        "due": due,
    }


def _path(sums: list[int], most: int) -> str:
    """A line through the sums; a single day is drawn as a rise from nothing."""
    points = sums if len(sums) > 1 else [0, *sums]
    width = (WIDTH - 4) / max(len(points) - 1, 1)
    spots = [
        f"{4 + at * width:.0f} {HEIGHT - value * (HEIGHT - TOP) / most:.0f}"
        for at, value in enumerate(points)
    ]
    return "M" + " L".join(spots)
