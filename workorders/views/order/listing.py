"""The table of units that Summary and Miners share, and what a filter of it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import UserRequest
from core.templatetags.ui import query
from core.workflow import Step, Text, steps_of
from workorders.models import Fault, Place, RepairOrder, Unit
from workorders.models.unit import UnitQuerySet
from workorders.services import bulk
from workorders.views.bench.parts import NUL, number
from workorders.views.order.rows import unit_rows

# The usual next step of a unit, offered in its row.
NEXT = {
    "received": "start_diagnosis",
    "diagnosing": "start_repair",
    "awaiting_customer": "customer_answered",
    "awaiting_parts": "start_repair",
    "repairing": "start_test",
    "testing": "pass_test",
}


@dataclass(frozen=True)
class Wanted:
    """What the address asks to see; the same words filter table, CSV, charts and bulk work."""

    q: str = ""
    state: str = ""
    place: str = ""
    fault: str = ""
    service: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Wanted:
        """From a query string or a form; words that name nothing are left out."""
        words = {f.name: given.get(f.name, "").replace(NUL, "").strip()[:200] for f in fields(cls)}
        known: dict[str, Any] = {
            "state": Unit.State.values,
            "place": Place.values,
            "fault": Fault.values,
            "service": (bulk.OPEN_SERVICES,),
        }
        return cls(
            **{name: word for name, word in words.items() if word in known.get(name, (word,))}
        )

    @property
    def words(self) -> dict[str, str]:
        return {f.name: word for f in fields(self) if (word := getattr(self, f.name))}

    @property
    def segments(self) -> dict[str, str]:
        """The part that charts mark."""
        return {name: getattr(self, name) for name in ("state", "place", "fault")}

    @property
    def query(self) -> str:
        return f"?{urlencode(self.words)}" if self.words else ""

    def units(self, order: RepairOrder, user: Any, pks: list[int] | None = None) -> UnitQuerySet:
        return bulk.chosen(order, user, **self.words, pks=pks)

    def labels(self) -> dict[str, Text]:
        """How a person reads the filter."""
        said: dict[str, Text] = {"q": f"“{self.q}”"} if self.q else {}
        for name, choices in (("state", Unit.State), ("place", Place), ("fault", Fault)):
            if word := getattr(self, name):
                said[name] = choices(word).label
        if self.service:
            said["service"] = _("Services open")
        return said


def picked(given: Any) -> list[int]:
    """The ticked rows, by key; nonsense is no key."""
    return [pk for text in given.getlist("unit") if (pk := number(text)) is not None]


def counts_of(units: QuerySet[Unit]) -> Counter[str]:
    """How many per state; their sum is how many the filter shows."""
    heap = units.order_by().values_list("state").annotate(n=Count("pk"))
    return Counter(dict(heap))


def table(
    request: UserRequest,
    order: RepairOrder,
    wanted: Wanted,
    rows: list[Unit],
    counts: Counter[str],
) -> dict[str, Any]:
    """The context of `workorders/order/_units.html`; no query."""
    labels, may_bulk = wanted.labels(), _may_bulk(request.user)
    bulk_url = reverse("workorders:order-bulk", args=[order.code])
    following = {state: _next(state, request.user) for state in {unit.state for unit in rows}}
    shown = [(unit, following[unit.state]) for unit in rows]
    return {
        "rows": shown,
        "lines": unit_rows(shown, bulk_url=bulk_url, may_bulk=may_bulk, now=timezone.now()),
        "wanted": wanted,
        "shown": sum(counts.values()),
        "chips": [
            {"label": label, "url": query(request, **{name: None})}
            for name, label in labels.items()
        ],
        "clear_url": request.path,
        "steps": status_choices(request.user, set(counts)),
        "may_bulk": may_bulk,
        "may_scope": request.user.role in bulk.SPEAK_FOR,
        "bulk_url": bulk_url,
        "here": f"{request.path}{query(request)}".removesuffix("?"),
    }


def _may_bulk(user: Any) -> bool:
    return any(step.permits(user) for step in steps_of(Unit) if not step.derived)


def _next(state: str, user: Any) -> Step | None:
    name = NEXT.get(state)
    if name is None:
        return None
    step = Step(Unit, name)
    return step if step.permits(user) else None


SETTLE, AGREE = "settle", "agree"


def status_choices(user: Any, states: set[str]) -> list[tuple[str, Text]]:
    """What this person may do to units in these states; every word once."""
    found: list[tuple[str, Text]] = []
    for name in bulk.STEPS_FOR_MANY:
        step = Step(Unit, name)
        if step.permits(user) and states & set(step.by_source):
            found.append((name, step.label))
    if user.role in bulk.SPEAK_FOR:
        if states & set(Step(Unit, "scrap").by_source):
            found.append((AGREE, _("Record consent to scrapping")))
        if Unit.State.MISSING in states:
            found.append((SETTLE, _("Settle as missing")))
    return found
