"""What a customer sees in "My work orders": enquiries and repair orders as one list.

An enquiry that became a repair order is one line, that of the order; with a second order for
another shop it is two. Enquiries and orders are two parts of one UNION, so a page costs one query
whatever stands on it, and goes on by keyset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.workflow import Text
from devices.models import normalise_sn
from logistics.models import Direction, Shipment
from workorders.models import Counselling, RepairOrder, Unit
from workorders.models.counselling import NUMBER_BASE

PAGE = 50
ENQUIRY, ORDER = 0, 1
C, R = Counselling.State, RepairOrder.State
OVER = (R.COMPLETED, R.CANCELLED)

VIEWS: list[tuple[str, Text]] = [
    ("open", pgettext_lazy("work orders", "Open")),
    ("needs", _("Needs you")),
    ("enquiries", _("Enquiries")),
    ("repair", _("In repair")),
    ("finished", _("Finished")),
    ("all", _("All")),
]
STATUSES: list[tuple[Text, list[tuple[str, Text]]]] = [
    (_("Enquiry"), [(f"c-{value}", label) for value, label in C.choices]),
    (_("Repair order"), [(f"r-{value}", label) for value, label in R.choices]),
]
STEPS = (R.AWAITING_SUBMISSION, R.PENDING_DELIVERY, R.RECEIVED, R.REPAIRED, R.RETURNED, R.COMPLETED)


class Line(NamedTuple):
    """One row of the list, straight from the database."""

    needs: int
    at: datetime
    kind: int
    pk: int
    counselling: int | None
    subject: str | None
    sn: str | None
    model: str | None
    until: date | None
    enquiry_state: str | None
    code: str
    state: str
    consignment: int | None
    units: int
    sent: int
    back: int

    @property
    def number(self) -> int | None:
        return NUMBER_BASE + self.counselling if self.counselling else None

    @property
    def submitted(self) -> bool:
        return self.kind == ORDER and self.state != R.AWAITING_SUBMISSION

    @property
    def step(self) -> int:
        """How many of the six steps are done; 0 for an enquiry and for what was cancelled."""
        return STEPS.index(R(self.state)) + 1 if self.state in STEPS else 0


@dataclass(frozen=True)
class Chosen:
    """What the page was asked for."""

    view: str = "open"
    status: str = ""
    text: str = ""
    after: str = ""


def _waits_for_customer() -> Exists:
    return Exists(Unit.objects.filter(order=OuterRef("pk"), state=Unit.State.AWAITING_CUSTOMER))


def _yes(claim: Any) -> Case:
    return Case(When(claim, then=Value(1)), default=Value(0), output_field=IntegerField())


def enquiries_of(user: Any) -> QuerySet[Counselling]:
    """Enquiries without a repair order."""
    orders = RepairOrder.objects.filter(counselling=OuterRef("pk"))
    rows: QuerySet[Counselling] = Counselling.objects.visible_to(user).filter(~Exists(orders))
    return rows.annotate(needs=_yes(Q(state=C.ANSWERED)))


def orders_of(user: Any) -> QuerySet[RepairOrder]:
    rows: QuerySet[RepairOrder] = RepairOrder.objects.visible_to(user)
    waits = _waits_for_customer()
    return rows.annotate(needs=_yes(Q(state=R.AWAITING_SUBMISSION) | Q(waits)))


# ------------------------------------------------------------------ views and counts
def in_view(kind: int, state: str, needs: int) -> set[str]:
    """The tabs a row stands under."""
    if kind == ENQUIRY:
        names = {"finished"} if state == C.FINISHED else {"open", "enquiries"}
    elif state in OVER:
        names = {"finished"}
    else:
        names = {"open"} if state == R.AWAITING_SUBMISSION else {"open", "repair"}
    return names | {"all"} | ({"needs"} if needs else set())


def counts(user: Any) -> Counter[str]:
    """How many rows stand under each tab; one query."""
    total: Counter[str] = Counter()
    parts = [
        rows.order_by()
        .annotate(kind=Value(kind, output_field=IntegerField()))
        .values_list("kind", "state", "needs")
        .annotate(n=Count("pk"))
        for kind, rows in ((ENQUIRY, enquiries_of(user)), (ORDER, orders_of(user)))
    ]
    for kind, state, needs, n in parts[0].union(parts[1], all=True):
        for name in in_view(kind, state, needs):
            total[name] += n
    return total


_ENQUIRY_VIEWS: dict[str, Q | None] = {
    "open": ~Q(state=C.FINISHED),
    "needs": Q(needs=1),
    "enquiries": ~Q(state=C.FINISHED),
    "repair": None,
    "finished": Q(state=C.FINISHED),
    "all": Q(),
}
_ORDER_VIEWS: dict[str, Q | None] = {
    "open": ~Q(state__in=OVER),
    "needs": Q(needs=1),
    "enquiries": None,
    "repair": ~Q(state__in=(*OVER, R.AWAITING_SUBMISSION)),
    "finished": Q(state__in=OVER),
    "all": Q(),
}


# ------------------------------------------------------------------ one page
def page(user: Any, chosen: Chosen) -> list[Line]:
    """The lines of one page and one more, when there are more; one query.

    Rows that need the customer first, then the newest (by the time they were opened).
    """
    enquiries = _filtered(enquiries_of(user), ENQUIRY, chosen)
    orders = _filtered(orders_of(user), ORDER, chosen)
    both = _columns(enquiries, **_enquiry_columns()).union(
        _columns(orders, **_order_columns()), all=True
    )
    ordered = both.order_by("-needs", "-at", "kind", "-key")[: PAGE + 1]
    return [Line(*row) for row in ordered]


def _filtered(rows: Any, kind: int, chosen: Chosen) -> Any:
    views = _ENQUIRY_VIEWS if kind == ENQUIRY else _ORDER_VIEWS
    claims = [
        views.get(chosen.view, Q()),
        _status(kind, chosen.status),
        _search(kind, chosen.text),
        _beyond(kind, chosen.after),
    ]
    if any(claim is None for claim in claims):
        return rows.none()
    for claim in claims:
        rows = rows.filter(claim)
    return rows


def _status(kind: int, status: str) -> Q | None:
    """A draft stands under its enquiry's status as well, which it shows until submitted (E4)."""
    part, _dash, state = status.partition("-")
    if not status or part not in {"c", "r"}:
        return Q()
    if kind == ENQUIRY:
        return Q(state=state) if part == "c" else None
    if part == "r":
        return Q(state=state)
    return Q(state=R.AWAITING_SUBMISSION, counselling__state=state)


def _search(kind: int, text: str) -> Q:
    """By enquiry number, first visit code, serial number of any device, or subject."""
    if not text:
        return Q()
    sn, code = normalise_sn(text)[:40], "".join(text.split()).upper()
    own = "" if kind == ENQUIRY else "counselling__"
    claim = Q(**{f"{own}subject__icontains": text})
    if code:
        claim |= Q(code__startswith=code)
    if sn:
        claim |= Q(**{f"{own}sn__startswith": sn})
        if kind == ORDER:
            listed = Unit.objects.filter(order=OuterRef("pk"), sn__startswith=sn)
            claim |= Q(Exists(listed))
    if text.isascii() and text.isdigit() and len(text) < 12:
        claim |= Q(**{f"{own}pk": int(text) - NUMBER_BASE})
    return claim


def place_of(line: Line) -> str:
    """Where a page ended, for the address of the next one."""
    return f"{line.needs}~{line.at.isoformat()}~{line.kind}~{line.pk}"


def _beyond(kind: int, after: str) -> Q:
    needs, at, before, pk = _read_place(after)
    if at is None:
        return Q()
    beyond = Q(needs__lt=needs) | Q(needs=needs, opened_at__lt=at)
    if kind > before:
        beyond |= Q(needs=needs, opened_at=at)
    elif kind == before:
        beyond |= Q(needs=needs, opened_at=at, pk__lt=pk)
    return beyond


def _read_place(after: str) -> tuple[int, datetime | None, int, int]:
    parts = after.split("~")
    digits = "".join([*parts[:1], *parts[2:]])
    if len(parts) != 4 or not digits.isascii() or not digits.isdigit() or len(digits) > 20:
        return 0, None, 0, 0
    try:
        at = parse_datetime(parts[1])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        return 0, None, 0, 0
    return int(parts[0] or 0), at, int(parts[2] or 0), int(parts[3] or 0)


def _columns(rows: Any, **named: Any) -> Any:
    return rows.order_by().annotate(**named).values_list("needs", *named)


def _nothing(field: Any) -> Value:
    return Value(None, output_field=field)


def _enquiry_columns() -> dict[str, Any]:
    whole, word = IntegerField(), CharField()
    return {
        "at": F("opened_at"),
        "kind": Value(ENQUIRY, output_field=whole),
        "key": F("pk"),
        "enquiry": F("pk"),
        "about": F("subject"),
        "serial": F("sn"),
        "device_name": F("model_name"),
        "until": F("warranty_until"),
        "enquiry_state": F("state"),
        "visit_code": Coalesce(F("code"), Value("")),
        "place": Value("", output_field=word),
        "goods": _nothing(whole),
        "units_there": Value(0, output_field=whole),
        "sent": Value(0, output_field=whole),
        "back": Value(0, output_field=whole),
    }


def _order_columns() -> dict[str, Any]:
    return {
        "at": F("opened_at"),
        "kind": Value(ORDER, output_field=IntegerField()),
        "key": F("pk"),
        "enquiry": F("counselling"),
        "about": F("counselling__subject"),
        "serial": F("counselling__sn"),
        "device_name": F("counselling__model_name"),
        "until": F("counselling__warranty_until"),
        "enquiry_state": F("counselling__state"),
        "visit_code": F("code"),
        "place": F("state"),
        "goods": F("consignment"),
        "units_there": F("unit_count"),
        "sent": F("sent_count"),
        "back": F("back_count"),
    }


# ------------------------------------------------------------------ what the rows of a page need
class Back(NamedTuple):
    """The newest tracked way back of an order."""

    carrier: str
    waybill: str
    url: str


def ways_back(lines: Iterable[Line]) -> dict[int, Back]:
    """By consignment; one query, none when nothing went back yet (R32)."""
    keys = [line.consignment for line in lines if line.consignment and line.sent]
    if not keys:
        return {}
    rows = Shipment.objects.filter(
        consignment__in=keys, direction=Direction.OUT, tracked_at__isnull=False
    )
    return {
        row.consignment_id: Back(str(row.carrier or ""), row.waybill, row.tracking_page)
        for row in rows.select_related("carrier").order_by("tracked_at", "pk")
    }


class First(NamedTuple):
    sn: str
    model: str | None
    until: date | None


def first_devices(lines: Iterable[Line]) -> dict[int, First]:
    """The first device of orders that show another than their enquiry's (E8); one query or none."""
    keys = [line.pk for line in lines if line.kind == ORDER and (not line.sn or "-" in line.code)]
    if not keys:
        return {}
    firsts = (
        Unit.objects.filter(order__in=keys)
        .exclude(state=Unit.State.CANCELLED)
        .order_by()
        .values("order")
        .annotate(first=Min("pk"))
        .values("first")
    )
    rows = Unit.objects.filter(pk__in=firsts)
    return {
        order: First(sn, model, until)
        for order, sn, model, until in rows.values_list(
            "order", "sn", "model__name", "warranty_until"
        )
    }
