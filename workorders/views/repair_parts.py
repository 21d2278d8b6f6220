"""What the pages of one repair order share: finding it, its devices, its steps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.forms import Form
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.limits import get_or_miss
from core.workflow import Text
from devices.models import Verdict
from workorders.customer_list import STEPS
from workorders.models import RepairOrder, Unit
from workorders.services import orders

PAGE = 50
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
    """Fifty devices of an order and the address of the next ones."""

    rows: list[Unit]
    next: str
    first: str


def units_page(request: HttpRequest, order: RepairOrder) -> UnitPage:
    """By key, so that the hundredth page costs what the first one costs."""
    rows = orders.units_of(order).select_related("model").order_by("pk")
    after = request.GET.get("after", "")
    moved = after.isascii() and after.isdigit() and len(after) < 16
    if moved:
        rows = rows.filter(pk__gt=int(after))
    found = list(rows[: PAGE + 1])
    following = f"?after={found[PAGE - 1].pk}#devices" if len(found) > PAGE else ""
    return UnitPage(found[:PAGE], following, "?#devices" if moved else "")


def tally(order: RepairOrder) -> Counter[str]:
    """How many devices per state; one GROUP BY for any number of devices."""
    counted = orders.units_of(order).order_by().values_list("state").annotate(n=Count("pk"))
    return Counter(dict(counted))


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
