"""A submitted repair order as its customer sees it (R30, R32, R33)."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import UserRequest
from accounts.roles import Role
from attachments.models import Attachment
from core.templatetags.ui import query
from core.words import write_date
from core.workflow import offered_steps
from logistics.models import Direction, Shipment
from workorders.charts import charts_of
from workorders.models import RepairOrder, Unit, UnitNote
from workorders.services import orders
from workorders.services.settling import ASKED
from workorders.views.bench.parts import files_of
from workorders.views.order.listing import Wanted
from workorders.views.repair_parts import stepper, units_page

State = RepairOrder.State
NOTES = 2  # of one device, in the table of all


@dataclass
class Seen:
    """One device with what the workshop lets its owner read."""

    unit: Unit
    notes: list[tuple[UnitNote, list[Attachment]]] = field(default_factory=list)
    hidden: int = 0  # earlier notes, a link away
    by_owner: bool = False

    @property
    def may_give_up(self) -> bool:
        """Whether its owner may agree to scrapping it now (E7)."""
        unit = self.unit
        agreed = unit.scrap_agreed_at is not None or unit.outbound_container_id is not None
        return self.by_owner and unit.state in ASKED and not agreed


def detail_page(request: UserRequest, order: RepairOrder) -> HttpResponse:
    """Progress, promise, devices, what happened, both ways of the goods."""
    units = units_page(request, order)
    charts = charts_of(
        order,
        request.user,
        lambda **changes: f"{query(request, **changes)}#devices",
        **Wanted.of(request.GET).segments,
    )
    states = Counter(charts.by_state)
    shipments = _shipments(request, order)
    steps = {step.name: reasons for step, reasons in offered_steps(order, request.user)}
    context = {
        "order": order,
        "number": order.counselling.number if order.counselling else None,
        "steps": stepper(order) if order.state != State.CANCELLED else [],
        "promise": promise(order, states, charts.due),
        "charts": charts,
        "units": units,
        "seen": _seen(request, units.rows, whole=units.one),
        "here": reverse("workorders:repair", args=[order.code]),
        "total": sum(states.values()),
        "finished": sum(states[state] for state in Unit.GOING_BACK),
        "inbound": [row for row in shipments if row.direction == Direction.IN and row.waybill],
        "outbound": _outbound(shipments),
        "correctable": order.state == State.PENDING_DELIVERY and order.received_at is None,
        "cancel": steps.get("cancel"),
        "complete": steps.get("complete"),
        "thread_url": reverse("workorders:counselling", args=[order.counselling.number])
        if order.counselling
        else "",
    }
    return render(request, "workorders/repair/detail.html", context)


def _shipments(request: UserRequest, order: RepairOrder) -> list[Any]:
    """Both ways of the goods, each with how many devices go back on it; one query."""
    if order.consignment_id is None:
        return []
    rows = Shipment.objects.visible_to(request.user).filter(consignment=order.consignment_id)
    on_it = orders.units_of(order).filter(outbound_container__shipment=OuterRef("pk"))
    per_shipment = on_it.order_by().values("outbound_container__shipment").annotate(n=Count("pk"))
    counted = rows.annotate(devices=Subquery(per_shipment.values("n")))
    return list(counted.select_related("carrier").order_by("pk"))


def _outbound(shipments: list[Any]) -> list[tuple[Shipment, int]]:
    """Returns that have a number, each with how many devices are on it (D6)."""
    tracked = [row for row in shipments if row.direction == Direction.OUT and row.tracked_at]
    return [(row, row.devices) for row in tracked if row.devices]


def _seen(request: UserRequest, rows: list[Unit], *, whole: bool) -> list[Seen]:
    """Notes the customer may read and their photos, two queries for all devices of the page.

    Of each device the newest; the `whole` of them when it is looked at alone.
    """
    owner = request.user.role == Role.CUSTOMER
    seen = {unit.pk: Seen(unit, by_owner=owner) for unit in rows}
    told: dict[int, list[UnitNote]] = defaultdict(list)
    for note in UnitNote.objects.visible_to(request.user).filter(unit__in=seen):
        told[note.unit_id].append(note)
    shown = {pk: notes if whole else notes[-NOTES:] for pk, notes in told.items()}
    files = files_of(UnitNote, [note.pk for notes in shown.values() for note in notes])
    for pk, notes in shown.items():
        seen[pk].notes = [(note, files.get(note.pk, [])) for note in notes]
        seen[pk].hidden = len(told[pk]) - len(notes)
    return list(seen.values())


# ------------------------------------------------------------------ the promise
def promise(order: RepairOrder, states: Counter[str], due: datetime | None) -> dict[str, str]:
    """One sentence on what happens next and by when; tone and icon of its note."""
    shop = order.shop.name if order.shop else ""
    match order.state:
        case State.PENDING_DELIVERY:
            return {
                "tone": "blue",
                "icon": "truck",
                "title": _("The repair shop is waiting for your parcel"),
                "text": _("Write the code %(code)s on every box. %(shop)s confirms the receipt.")
                % {"code": order.code, "shop": shop},
            }
        case State.RECEIVED:
            return _promise_of_repair(states, due)
        case State.REPAIRED:
            return {
                "tone": "teal",
                "icon": "box",
                "title": _("All devices are finished at the bench"),
                "text": _("They go back to you next; carrier and number appear here."),
            }
        case State.RETURNED:
            return {
                "tone": "teal",
                "icon": "out",
                "title": _("Everything is on its way back to you"),
                "text": _(
                    "Confirm when all of it has arrived. After %(days)d days without a message "
                    "the order completes by itself."
                )
                % {"days": orders.SILENT_DAYS},
            }
        case State.COMPLETED:
            title, tone, icon = _("This repair order is completed"), "green", "ok"
        case _other:
            title, tone, icon = _("This repair order was cancelled"), "gray", "fail"
    return {"tone": tone, "icon": icon, "title": title, "text": ""}


def _promise_of_repair(states: Counter[str], due: datetime | None) -> dict[str, str]:
    waiting = states[Unit.State.AWAITING_CUSTOMER]
    if waiting:
        title = ngettext(
            "%(count)d device waits for your answer",
            "%(count)d devices wait for your answer",
            waiting,
        ) % {"count": waiting}
    elif due:
        title = _("Expected to be repaired by %(day)s") % {"day": write_date(due, "long")}
    else:
        title = _("Your devices are at the repair shop")
    bench = sum(states[state] for state in Unit.WORKING)
    ready = sum(states[state] for state in Unit.GOING_BACK)
    expected = states[Unit.State.EXPECTED]
    text = _("At the bench: %(bench)d. Finished: %(ready)d. Not arrived yet: %(expected)d.") % {
        "bench": bench,
        "ready": ready,
        "expected": expected,
    }
    tone = "amber" if waiting else "violet"
    return {"tone": tone, "icon": "clock", "title": title, "text": text}
