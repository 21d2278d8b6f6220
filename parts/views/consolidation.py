"""Two or three broken miners on one page, and which part goes where (R74)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP
from core.workflow import Refused
from jobs.once import once
from parts.services import consolidation
from parts.services.consolidation import Move, Plan
from parts.services.index import Index, SlotView, indexes_of
from workorders.models import RepairOrder, Unit
from workorders.services.drafts import units_of
from workorders.views.answers import see_other
from workorders.views.bench.parts import number


@dataclass(frozen=True)
class Choice:
    """One cell of the matrix: a slot of one device, and what may stand in it afterwards."""

    unit: Unit
    slot: SlotView | None
    name: str
    offers: list[tuple[str, str, bool]]  # value, words, chosen


@require_http_methods(["GET", "HEAD", "POST"])
@access(*WORKSHOP)
@once
def consolidate(request: UserRequest, code: str) -> HttpResponse:
    """GET shows the proposal, POST does what was chosen; anything else than two or three devices
    of one model is refused with the reason (409)."""
    order = get_object_or_404(
        RepairOrder.objects.visible_to(request.user).select_related("customer", "shop"), code=code
    )
    units = _units(request, order)
    if reasons := consolidation.why_not(units):
        return _refused(request, order, reasons)
    indexes = indexes_of(units)
    if request.method == "POST":
        plan = _plan(request, units, indexes)
        fresh = consolidation.consolidate(order, units, plan, actor=request.user)
        first = next(unit for unit in fresh if unit.pk not in plan.donors)
        return see_other(reverse("workorders:unit", args=[first.pk]))
    return _page(request, order, units, indexes)


@require_POST
@access(*WORKSHOP)
def pick(request: UserRequest, code: str) -> HttpResponse:
    """From the list of an order to the page, with the picked devices and nothing else of the form;
    a request of htmx is told to open the page."""
    order = get_object_or_404(RepairOrder.objects.visible_to(request.user), code=code)
    pks = [unit.pk for unit in _units(request, order)]
    where = reverse("parts:consolidate", args=[order.code])
    url = f"{where}?{urlencode({'unit': pks}, doseq=True)}"
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return see_other(url)


def _units(request: HttpRequest, order: RepairOrder) -> list[Unit]:
    """Those that the list picked; keys of other orders are nobody."""
    sent = request.POST if request.method == "POST" else request.GET
    pks = {pk for text in sent.getlist("unit")[:50] if (pk := number(text)) is not None}
    rows = units_of(order).filter(pk__in=pks).select_related("model", "order")
    return list(rows.order_by("pk")[: consolidation.MOST + 1])


def _refused(request: HttpRequest, order: RepairOrder, reasons: Any) -> HttpResponse:
    context = {"order": order, "reasons": reasons, "crumbs": _crumbs(order)}
    return render(request, "parts/consolidate_not.html", context, status=409)


def _page(
    request: HttpRequest, order: RepairOrder, units: list[Unit], indexes: dict[int, Index]
) -> HttpResponse:
    asked = {pk for text in request.GET.getlist("donor") if (pk := number(text)) is not None}
    plan = _proposal(units, indexes, asked)
    context = {
        "order": order,
        "units": [(unit, unit.pk in plan.donors, indexes[unit.pk].good) for unit in units],
        "rows": _matrix(units, indexes, plan),
        "keepers": plan.keepers(units),
        "free": any(index.free for index in indexes.values()),
        "moves": len(plan.moves),
        "crumbs": _crumbs(order),
    }
    return render(request, "parts/consolidate.html", context)


def _proposal(units: list[Unit], indexes: dict[int, Index], donors: set[int]) -> Plan:
    """The best one, or the best with the donors that the engineer named."""
    pks = {unit.pk for unit in units}
    if donors and donors < pks:
        return consolidation.propose_with(
            [indexes[pk] for pk in sorted(pks - donors)], [indexes[pk] for pk in sorted(donors)]
        )
    return consolidation.propose([indexes[unit.pk] for unit in units])


def _matrix(
    units: list[Unit], indexes: dict[int, Index], plan: Plan
) -> list[tuple[str, str, list[Choice]]]:
    """Slots down, devices across; a miner that is to work offers the donors' good parts."""
    labels: dict[str, str] = {}
    for unit in units:
        for slot in indexes[unit.pk].slots:
            labels.setdefault(slot.label, slot.kind_label)
    return [
        (label, kind, [_cell(unit, label, indexes, plan) for unit in units])
        for label, kind in labels.items()
    ]


def _cell(unit: Unit, label: str, indexes: dict[int, Index], plan: Plan) -> Choice:
    slot = indexes[unit.pk].slot(label)
    name = f"to-{unit.pk}-{label}"
    if slot is None or slot.good or unit.pk in plan.donors:
        return Choice(unit, slot, name, [])
    planned = {
        (move.to_unit, move.to_slot): f"{move.part}-{move.from_unit}-{move.from_slot}"
        for move in plan.moves
    }
    wanted = planned.get((unit.pk, label), "")
    offers = [("", str(_("Stays as it is")), not wanted)]
    for donor in plan.donors:
        for other in indexes[donor].slots:
            if other.good and other.kind == slot.kind and other.part is not None:
                value = f"{other.part.pk}-{donor}-{other.label}"
                words = _words(indexes[donor].unit, other)
                offers.append((value, words, value == wanted))
    return Choice(unit, slot, name, offers if len(offers) > 1 else [])


def _words(unit: Unit, slot: SlotView) -> str:
    serial = slot.part.serial if slot.part else ""
    return f"{unit.sn} {slot.label} {serial}".strip()


def _plan(request: HttpRequest, units: list[Unit], indexes: dict[int, Index]) -> Plan:
    """What was chosen, cell by cell. Raises Refused on an answer that no page offers."""
    donors = [unit.pk for unit in units if str(unit.pk) in request.POST.getlist("donor")]
    named = [
        (request.POST.get(f"to-{unit.pk}-{slot.label}", ""), unit, slot.label)
        for unit in units
        if unit.pk not in donors
        for slot in indexes[unit.pk].slots
    ]
    moves = [_move(value, unit, label) for value, unit, label in named if value]
    return Plan(donors, moves)


def _move(value: str, unit: Unit, label: str) -> Move:
    part, _dash, rest = value.partition("-")
    donor, _dash, slot = rest.partition("-")
    keys = number(part), number(donor)
    if keys[0] is None or keys[1] is None or not slot:
        raise Refused(_("Open the page again: this choice is not known."))
    return Move(keys[0], keys[1], slot, unit.pk, label)


def _crumbs(order: RepairOrder) -> list[tuple[str, Any]]:
    return [
        (reverse("workorders:bench"), _("Bench")),
        (reverse("workorders:repair", args=[order.code]), order.code),
        ("", _("Consolidation")),
    ]
