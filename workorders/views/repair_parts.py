"""What the pages of one repair order share: finding it, its devices, its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.forms import Form
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.limits import get_or_miss
from core.workflow import Text
from devices.models import Verdict, normalise_sn
from workorders.customer_list import STEPS
from workorders.models import RepairOrder, Unit
from workorders.models.unit import UnitQuerySet
from workorders.services import orders
from workorders.services.choice import chosen
from workorders.views.bench.parts import asked, number

DRAFT_PAGE = 8  # in the form, beside everything else that is filled in there
PAGE = 8  # under the charts of an order; what a device is told about fills a row
LABELS: dict[str, Text] = {
    "awaiting_submission": _("Code issued"),
    "pending_delivery": _("Submitted"),
    "received": _("Received"),
    "repaired": _("Repaired"),
    "returned": _("Returned"),
    "completed": _("Completed"),
}
STAMPS = ("opened_at", "submitted_at", "received_at", "repaired_at", "returned_at", "completed_at")
VERDICT_TONES = {
    Verdict.IN: ("green", "shield"),
    Verdict.OUT: ("amber", "shieldx"),
    Verdict.UNKNOWN: ("amber", "help"),
}


def find_order(request: HttpRequest, code: str) -> RepairOrder:
    """The order of this code, if it is visible; a foreign code and an unknown one are the same 404.

    Misses are counted (S11). Raises Http404, Limited.
    """
    rows = RepairOrder.objects.visible_to(request.user).select_related(
        "counselling", "customer", "shop", "carrier", "return_to", "return_carrier", "consignment"
    )
    found: RepairOrder = get_or_miss(rows, request, code=code.replace("\x00", "").strip().upper())
    return found


def at_version(form: Form, version: int) -> None:
    """Let a stale form be sent again: what was typed stays, its version becomes the newest."""
    data: Any = form.data.copy()  # type: ignore[attr-defined]
    data[form.add_prefix("version")] = str(version)
    form.data = data


def way_to(order: RepairOrder, user: Any) -> str:
    """The page of the order: customer service edits drafts at an address of its own."""
    draft = order.state == RepairOrder.State.AWAITING_SUBMISSION
    name = "repair-draft" if draft and user.role != Role.CUSTOMER else "repair"
    return reverse(f"workorders:{name}", args=[order.code])


@dataclass(frozen=True)
class UnitPage:
    """Some devices of an order, and the query strings of those before and after them.

    `sn` is what was searched for, `one` says that a single device is looked at.
    """

    rows: list[Unit]
    previous: str = ""
    next: str = ""
    sn: str = ""
    one: bool = False

    @property
    def partial(self) -> bool:
        """Not every device of the order stands here."""
        return bool(self.previous or self.next or self.sn or self.one)


SEGMENTS = ("state", "place", "fault")  # of the charts


def shown_units(request: HttpRequest, order: RepairOrder) -> UnitQuerySet:
    """The devices of the list below the charts: those of the chosen segments (R69)."""
    state, place, fault = (asked(request, name) for name in SEGMENTS)
    return chosen(order, request.user, state=state, place=place, fault=fault)


def units_page(request: HttpRequest, order: RepairOrder, size: int = PAGE) -> UnitPage:
    """By key, so that the hundredth page costs what the first one costs; one query.

    `?sn=` finds serial numbers by a part of them, `?unit=` is one device.
    """
    rows = shown_units(request, order).select_related("model").order_by("pk")
    if pk := number(asked(request, "unit")):
        return UnitPage(list(rows.filter(pk=pk)), one=True)
    wanted = asked(request, "sn")[:80]
    if wanted:
        rows = rows.filter(sn__contains=normalise_sn(wanted) or wanted)
    after, before = number(asked(request, "after")) or 0, number(asked(request, "before"))
    if before:
        found = list(rows.filter(pk__lt=before).order_by("-pk")[: size + 1])
        shown, back, on = found[:size][::-1], len(found) > size, True
    else:
        found = list(rows.filter(pk__gt=after)[: size + 1])
        shown, back, on = found[:size], bool(after), len(found) > size
    search = {name: value for name in SEGMENTS if (value := asked(request, name))}
    search |= {"sn": wanted} if wanted else {}
    return UnitPage(
        shown,
        "?" + urlencode({**search, "before": shown[0].pk}) if back and shown else "",
        "?" + urlencode({**search, "after": shown[-1].pk}) if on and shown else "",
        wanted,
    )


def page_with(order: RepairOrder, pk: int, size: int) -> str:
    """The query string of the page a device stands on, or stood on; two queries."""
    rows = orders.units_of(order).order_by("pk").values_list("pk", flat=True)
    place = rows.filter(pk__lt=pk).count() // size * size
    return f"?after={rows[place - 1]}#devices" if place else ""


def stepper(order: RepairOrder) -> list[dict[str, Any]]:
    """The six steps with their days; the one that comes next is marked as current."""
    reached = STEPS.index(RepairOrder.State(order.state)) if order.state in STEPS else -1
    return [
        {
            "label": LABELS[state],
            "at": getattr(order, stamp) if place <= reached else None,
            "done": place <= reached,
            "current": place == reached + 1,
        }
        for place, (state, stamp) in enumerate(zip(STEPS, STAMPS, strict=True))
    ]
