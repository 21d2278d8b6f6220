"""One container: what is in it, its steps, and packing it scan by scan (R64, R73, R78)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP, Role
from core.workflow import Refused, Text, offered_steps
from devices.models import normalise_sn
from logistics import shipping
from logistics.models import Container, Direction
from workorders.models import RepairOrder, Unit
from workorders.services import boxing
from workorders.views.answers import see_other
from workorders.views.bench.parts import number, page_by_key
from workorders.views.goods.reading import (
    READERS,
    find_container,
    may_pack,
    order_of_goods,
    ticked,
    units_in,
)

STEPS = ("arrive", "unpack", "seal", "reopen")
LAST = 8  # scans that the packing page shows
WAITS: dict[str, Text] = {
    "sealed": _("It is sealed and waits for its bill."),
    "ready_for_billing": _("It waits for its bill; it can be shipped when that is paid."),
    "billed": _("It waits for payment; it can be shipped when the bill is paid."),
    "released": _("It is released and can go on a shipment."),
}


@require_safe
@access(*READERS)
def container(request: UserRequest, pk: int) -> HttpResponse:
    """Its devices, its steps with the reasons against them, its shipment."""
    box = find_container(request, pk)
    order = order_of_goods(request, box)
    units = units_in(request, box).select_related("model")
    context = {
        "container": box,
        "order": order,
        "page": page_by_key(request, units, newest=False),
        "count": units.order_by().count(),
        "steps": _steps(request, box, order),
        "packing": may_pack(request, order) and _open(box),
        "may_ship": may_pack(request, order)
        and shipping.why_not_load(box) is None
        and box.direction == Direction.OUT,
        "waits": WAITS.get(box.state, "") if box.shipment_id is None else "",
        "customer": request.user.role == Role.CUSTOMER,
        "crumbs": _crumbs(request, box, order),
    }
    return render(request, "workorders/goods/container.html", context)


def _open(box: Container) -> bool:
    return box.direction == Direction.OUT and box.state == Container.State.OPEN


def _steps(request: UserRequest, box: Container, order: RepairOrder) -> list[dict[str, Any]]:
    """Buttons while the order's goods are with us; afterwards a container stands as it is."""
    if not may_pack(request, order):
        return []
    return [
        {
            "url": reverse(f"workorders:container-{step.name}", args=[box.pk]),
            "label": step.label,
            "reasons": reasons,
            "primary": step.name != "reopen",
        }
        for step, reasons in offered_steps(box, request.user)
    ]


def _crumbs(request: UserRequest, box: Container, order: RepairOrder) -> list[tuple[str, Any]]:
    if request.user.role == Role.CUSTOMER:
        return [(reverse("workorders:repair", args=[order.code]), order.code), ("", box.code)]
    tab = reverse("workorders:order-logistics", args=[order.code])
    return [(reverse("workorders:containers"), _("Containers")), (tab, order.code), ("", box.code)]


@require_POST
@access(*WORKSHOP)
def container_step(request: UserRequest, pk: int, name: str) -> HttpResponse:
    """Arrived, unpacked, sealed, open again."""
    box = find_container(request, pk)
    acts = {"seal": boxing.seal, "reopen": boxing.reopen}
    if name in acts:
        fresh = acts[name](box, actor=request.user)
    else:
        fresh = boxing.step_inbound(box, name, actor=request.user)
    if name == "seal":
        messages.info(request, str(WAITS.get(fresh.state, "")))
    return see_other(reverse("workorders:container", args=[box.pk]))


@require_POST
@access(*WORKSHOP)
def container_out(request: UserRequest, pk: int) -> HttpResponse:
    """The ticked devices, or the last scan, leave the open box."""
    box = find_container(request, pk)
    order = order_of_goods(request, box)
    chosen = units_in(request, box).filter(pk__in=ticked(request, "unit"))
    if not chosen.exists():
        raise Refused(_("Choose at least one device."))
    out = boxing.assign(order, chosen, None, actor=request.user)
    if not out.moved:
        raise Refused(*dict.fromkeys(out.refused.values()))
    text = ngettext("%(n)d device is out again.", "%(n)d devices are out again.", len(out.moved))
    messages.info(request, text % {"n": len(out.moved)})
    packing = request.POST.get("back") == "packing"
    name = "workorders:container-scan" if packing else "workorders:container"
    return see_other(reverse(name, args=[box.pk]))


# ------------------------------------------------------------------ packing
@require_http_methods(["GET", "HEAD", "POST"])
@access(*WORKSHOP)
def container_scan(request: UserRequest, pk: int) -> HttpResponse:
    """One scan after the other, each with its verdict; the last one can be undone."""
    box = find_container(request, pk)
    if request.method != "POST":
        return _packing(request, box, last=number(request.GET.get("last", "")))
    sn = normalise_sn(request.POST.get("sn", ""))[:40]
    try:
        unit = boxing.scan(box, sn, actor=request.user)
    except Refused as refusal:
        verdict = {"sn": sn, "reasons": refusal.reasons}
        return _packing(request, box, status=409, verdict=verdict)
    address = reverse("workorders:container-scan", args=[box.pk])
    return see_other(f"{address}?last={unit.pk}")


def _packing(
    request: UserRequest,
    box: Container,
    *,
    status: int = 200,
    last: int | None = None,
    verdict: dict[str, Any] | None = None,
) -> HttpResponse:
    order, units = order_of_goods(request, box), units_in(request, box)
    scanned = boxing.last_scans(box, most=LAST)
    newest = next((unit for unit in scanned if unit.pk == last), None)
    ready = Unit.objects.visible_to(request.user).filter(order=order).ready_to_box()
    context = {
        "container": box,
        "order": order,
        "count": units.count(),
        "left": ready.count(),
        "scanned": scanned,
        "verdict": verdict or ({"sn": newest.sn, "unit": newest} if newest else None),
        "open": may_pack(request, order) and _open(box),
        "crumbs": [*_crumbs(request, box, order)[:-1], *_last_crumbs(box)],
    }
    return render(request, "workorders/goods/packing.html", context, status=status)


def _last_crumbs(box: Container) -> list[tuple[str, Any]]:
    return [(reverse("workorders:container", args=[box.pk]), box.code), ("", _("Pack"))]
