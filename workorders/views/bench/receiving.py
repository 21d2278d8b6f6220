"""Opening parcels: what is to come, and expected against arrived for one order."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP, Role
from attachments.uploads import files_first
from core.workflow import Refused
from devices.models import Device, Verdict, normalise_sn
from history.services import Outcome
from jobs.once import once
from logistics.models import Container, Direction, Parcel, Shipment, normalise_waybill
from workorders.forms.bench import DamageForm, add_errors
from workorders.models import RepairOrder, Unit
from workorders.services import bench
from workorders.views.answers import see_other
from workorders.views.bench.parts import asked, number, page_by_key, tabs

TABS = (
    ("expected", _("Expected")),
    ("arrived", _("Arrived")),
    ("missing", _("Missing")),
    ("unexpected", _("Unexpected")),
)
CLAIMS = {
    "expected": Q(state=Unit.State.EXPECTED),
    "arrived": ~Q(state__in=(Unit.State.EXPECTED, *Unit.FINAL)),
    "missing": Q(state=Unit.State.MISSING),
    "unexpected": Q(announced=False) & ~Q(state=Unit.State.CANCELLED),
}
PARCELS_SHOWN = 40


# ------------------------------------------------------------------ what is to come
@require_safe
@access(Role.ENGINEER, Role.SHOP_MANAGER)
def receiving(request: UserRequest) -> HttpResponse:
    """Orders with devices still to come, and parcels nobody announced (R31, R64)."""
    coming = Unit.objects.visible_to(request.user).filter(state=Unit.State.EXPECTED)
    orders = RepairOrder.objects.visible_to(request.user).filter(
        state__in=RepairOrder.FOLLOWING, pk__in=coming.values("order")
    )
    text = asked(request)
    found = _search(request, orders, text) if text else orders
    page = page_by_key(request, found.select_related("customer", "shop"), newest=False)
    parcels = Parcel.objects.visible_to(request.user).unmatched().select_related("carrier", "shop")
    context = {
        "page": page,
        "rows": _rows(request, page.rows),
        "parcels": list(parcels[:PARCELS_SHOWN]),
        "q": text,
    }
    return render(request, "workorders/bench/receiving.html", context)


def _search(
    request: UserRequest, orders: QuerySet[RepairOrder], text: str
) -> QuerySet[RepairOrder]:
    """By waybill, code, customer or serial number."""
    shipments = Shipment.objects.visible_to(request.user).filter(
        waybill=normalise_waybill(text), direction=Direction.IN
    )
    units = Unit.objects.visible_to(request.user).filter(sn=normalise_sn(text))
    claim = Q(code__istartswith=text) | Q(customer__name__icontains=text)
    if normalise_waybill(text):
        claim |= Q(consignment__in=shipments.values("consignment"))
        claim |= Q(pk__in=units.values("order"))
    return orders.filter(claim)


def _rows(request: UserRequest, orders: list[RepairOrder]) -> list[dict[str, Any]]:
    """Each order with its waybills and how many devices are still to come; two queries."""
    waybills: dict[int, list[Shipment]] = {}
    shipments = Shipment.objects.visible_to(request.user).filter(
        consignment__in=[order.consignment_id for order in orders], direction=Direction.IN
    )
    for shipment in shipments.exclude(waybill="").select_related("carrier"):
        waybills.setdefault(shipment.consignment_id, []).append(shipment)
    units = Unit.objects.visible_to(request.user).filter(order__in=orders)
    coming = units.filter(state=Unit.State.EXPECTED).order_by().values_list("order")
    counts = dict(coming.annotate(n=Count("pk")))
    return [
        {
            "order": order,
            "coming": counts.get(order.pk, 0),
            "shipments": waybills.get(order.consignment_id or 0, []),
        }
        for order in orders
    ]


# ------------------------------------------------------------------ one order
def _order(request: UserRequest, code: str) -> RepairOrder:
    orders = RepairOrder.objects.visible_to(request.user).select_related(
        "customer", "shop", "consignment", "counselling"
    )
    order: RepairOrder = get_object_or_404(orders, code=code.upper())
    return order


def _back(order: RepairOrder, **query: Any) -> HttpResponse:
    address = reverse("workorders:receive", args=[order.code])
    return see_other(f"{address}?{urlencode(query)}" if query else address)


@require_safe
@access(Role.ENGINEER, Role.SHOP_MANAGER)
def receive(request: UserRequest, code: str) -> HttpResponse:
    """Expected against arrived: tick, scan, or take all (R65, R66)."""
    return _page(request, _order(request, code))


def _page(
    request: UserRequest,
    order: RepairOrder,
    *,
    status: int = 200,
    damage: DamageForm | None = None,
) -> HttpResponse:
    tab = request.GET.get("tab", "expected")
    tab = tab if tab in CLAIMS else "expected"
    counts = order.units.aggregate(**{n: Count("pk", filter=c) for n, c in CLAIMS.items()})
    units = order.units.filter(CLAIMS[tab]).select_related("model")
    page = page_by_key(request, units, newest=False)
    now = timezone.now()
    consignment, boxes = order.consignment, _boxes(order)
    context = {
        "order": order,
        "page": page,
        "rows": [(unit, _may_undo(request, unit, now)) for unit in page.rows],
        "tabs": tabs(request, TABS, current=tab, counts=counts),
        "tab": tab,
        "counts": counts,
        "shipments": _shipments(order),
        "shipment": number(asked(request, "shipment")),
        "boxes": boxes,
        "container": number(asked(request, "container")),
        "parcels": list(consignment.parcels.all()) if consignment else [],
        "damage": damage or DamageForm(actor=request.user, order=order, boxes=boxes),
        "unexpected": _unexpected(request, order),
        "scanned": normalise_sn(asked(request, "sn")),
        "can_receive": request.user.role in WORKSHOP and order.state in RepairOrder.FOLLOWING,
    }
    return render(request, "workorders/bench/receive.html", context, status=status)


def _may_undo(request: UserRequest, unit: Unit, now: Any) -> bool:
    return unit.state == Unit.State.RECEIVED and not bench.why_not_undo(unit, request.user, now)


def _shipments(order: RepairOrder) -> list[Shipment]:
    if order.consignment is None:
        return []
    inbound = order.consignment.shipments.filter(direction=Direction.IN)
    return list(inbound.select_related("carrier"))


def _boxes(order: RepairOrder) -> list[Container]:
    """What the parcels consist of; worth choosing from when there are several."""
    if order.consignment is None:
        return []
    inbound = order.consignment.containers.filter(direction=Direction.IN)
    return list(inbound.select_related("consignment").order_by("pk")[:200])


def _unexpected(request: UserRequest, order: RepairOrder) -> dict[str, Any] | None:
    """A serial number that was scanned and is not announced, with what the registry says."""
    sn = normalise_sn(asked(request, "unexpected"))
    if not sn:
        return None
    device = Device.objects.visible_to(request.user).filter(sn=sn).select_related("model").first()
    verdict = device.verdict(bench.judged_at(order)) if device else Verdict.UNKNOWN
    return {"sn": sn, "device": device, "verdict": Verdict(verdict)}


# ------------------------------------------------------------------ writing
def _shipment(request: UserRequest, order: RepairOrder) -> Shipment | None:
    pk = number(request.POST.get("shipment", ""))
    shipments = Shipment.objects.visible_to(request.user).filter(consignment=order.consignment_id)
    return shipments.filter(pk=pk).first() if pk is not None else None


def _opened(request: UserRequest, order: RepairOrder) -> dict[str, Any]:
    """The shipment and the container that are being unpacked, as the form says."""
    pk = number(request.POST.get("container", ""))
    mine = Container.objects.visible_to(request.user).filter(
        consignment=order.consignment_id, direction=Direction.IN
    )
    container = mine.filter(pk=pk).first() if pk is not None else None
    return {"shipment": _shipment(request, order), "container": container}


def _again(opened: dict[str, Any]) -> dict[str, int]:
    return {name: row.pk for name, row in opened.items() if row is not None}


@require_POST
@access(*WORKSHOP)
def receive_scan(request: UserRequest, code: str) -> HttpResponse:
    """One scan: an announced device comes in; an unknown one is asked about (D3)."""
    order, sn = _order(request, code), normalise_sn(request.POST.get("sn", ""))
    if not sn:
        return _back(order)
    unit = order.units.filter(sn=sn).exclude(state=Unit.State.CANCELLED).first()
    if unit is None:
        return _back(order, unexpected=sn, **_again(_opened(request, order)))
    if unit.state not in (Unit.State.EXPECTED, Unit.State.MISSING):
        messages.info(request, _now("%(sn)s was received before.") % {"sn": sn})
        return _back(order)
    chosen = Unit.objects.visible_to(request.user).filter(pk=unit.pk)
    opened = _opened(request, order)
    _say(request, bench.receive_units(order, chosen, actor=request.user, **opened), sn)
    return _back(order, **_again(opened))


@require_POST
@access(*WORKSHOP)
def receive_units(request: UserRequest, code: str) -> HttpResponse:
    """The ticked devices, or all that are expected (5,000 in one go)."""
    order = _order(request, code)
    chosen = _chosen(request, order)
    opened = _opened(request, order)
    _say(request, bench.receive_units(order, chosen, actor=request.user, **opened))
    return _back(order, **_again(opened))


@require_POST
@access(*WORKSHOP)
def receive_missing(request: UserRequest, code: str) -> HttpResponse:
    """The ticked devices, or the whole rest, were not in the parcel."""
    order = _order(request, code)
    out = bench.mark_missing(order, _chosen(request, order), actor=request.user)
    text = ngettext("%(n)d device is missing.", "%(n)d devices are missing.", len(out.moved))
    messages.warning(request, text % {"n": len(out.moved)})
    return _back(order)


def _chosen(request: UserRequest, order: RepairOrder) -> Any:
    """All expected devices of the order, or those ticked. Raises Refused when none is."""
    units = Unit.objects.visible_to(request.user).filter(order=order)
    if request.POST.get("all"):
        return units.filter(state=Unit.State.EXPECTED)
    ticked = [pk for text in request.POST.getlist("unit") if (pk := number(text)) is not None]
    if not ticked:
        raise Refused(_("Choose at least one device."))
    return units.filter(pk__in=ticked)


def _say(request: UserRequest, out: Outcome, sn: str = "") -> None:
    """How many came in, and why others did not."""
    if sn and out.moved:
        messages.success(request, _now("%(sn)s is received.") % {"sn": sn})
    elif out.moved:
        text = ngettext("%(n)d device is received.", "%(n)d devices are received.", len(out.moved))
        messages.success(request, text % {"n": len(out.moved)})
    if out.refused:
        text = ngettext(
            "%(n)d device stays as it is: %(reason)s",
            "%(n)d devices stay as they are: %(reason)s",
            len(out.refused),
        )
        reason = next(iter(out.refused.values()))
        messages.warning(request, text % {"n": len(out.refused), "reason": reason})


@require_POST
@access(*WORKSHOP)
@once
def receive_unexpected(request: UserRequest, code: str) -> HttpResponse:
    """Record the device nobody announced; the page flags it."""
    order = _order(request, code)
    try:
        unit = bench.add_unexpected(
            order,
            request.POST.get("sn", ""),
            actor=request.user,
            **_opened(request, order),
        )
    except ValidationError as error:
        raise Refused(*error.messages) from error
    messages.success(request, _now("%(sn)s is received as unexpected.") % {"sn": unit.sn})
    return _back(order)


@require_POST
@access(*WORKSHOP)
@files_first
@once
def receive_damage(request: UserRequest, code: str) -> HttpResponse:
    """Shipping damage with photos; the customer of the order sees it (R66)."""
    order = _order(request, code)
    form = DamageForm(
        request.POST, request.FILES, actor=request.user, order=order, boxes=_boxes(order)
    )
    if form.is_valid():
        try:
            bench.record_damage(order, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return see_other(f"{reverse('workorders:receive', args=[order.code])}#damages")
    return _page(request, order, status=422, damage=form)
