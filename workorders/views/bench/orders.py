"""One order as staff see it, and the list across all customers (R68)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP, Role
from core.csvout import csv_response
from core.templatetags.ui import query
from devices.models import normalise_sn
from logistics.models import Container, Direction, Shipment, normalise_waybill
from repairshops.models import RepairShop
from workorders.models import RepairOrder, Unit
from workorders.views.bench.parts import asked, damages_of, page_by_key, tabs

READERS = (Role.AGENT, Role.ENGINEER, Role.SHOP_MANAGER)
EXPORT_BATCH = 2_000
ON_THE_PAGE = 15  # devices of an order at once, beside everything else that stands there
FEW = 3  # parcels, shipments and damages of each kind; all of them behind `?view=goods`
Group = tuple[Shipment | None, list[tuple[Container, int]]]


# ------------------------------------------------------------------ one order
def order_page(request: UserRequest, order: RepairOrder) -> HttpResponse:
    """The order for agents, workshop and admins; called by the one view of its address."""
    user = request.user
    units = Unit.objects.visible_to(user).filter(order=order)
    heap = _heap(units)
    states = _summed(heap, 0)
    state = request.GET.get("state", "")
    state = state if state in Unit.State.values else ""
    listed = units.filter(state=state) if state else units
    inbound, outbound = _goods(order, _summed(heap, 1) | _summed(heap, 2))
    workshop = user.role in WORKSHOP
    goods = request.GET.get("view") == "goods"
    few = slice(None) if goods else slice(FEW)
    damages = damages_of(order, photos=goods)
    parcels = list(order.consignment.parcels.all()) if order.consignment else []
    context = {
        "order": order,
        "page": page_by_key(
            request, listed.select_related("model", "engineer"), newest=False, size=ON_THE_PAGE
        ),
        "tabs": _state_tabs(request, states, state),
        "inbound": inbound[few],
        "outbound": outbound[few],
        "damages": damages[few],
        "parcels": parcels[few],
        "goods": goods,
        "folded": not goods
        and (bool(damages) or any(len(rows) > FEW for rows in (inbound, outbound, parcels))),
        "may_receive": workshop and order.state in RepairOrder.FOLLOWING,
        "ready_count": sum(states.get(s, 0) for s in Unit.GOING_BACK),
        "may_talk": user.role in {Role.AGENT, Role.ADMIN} and order.counselling_id is not None,
        "number": order.counselling.number if order.counselling else None,
        "crumbs": [(reverse("workorders:order-list"), _("Repair orders")), ("", order.code)],
        "now": timezone.now(),
        "user": user,
    }
    return render(request, "workorders/bench/order.html", context)


def _state_tabs(request: UserRequest, states: dict[str, int], current: str) -> list[Any]:
    words = [("", _("All devices"))]
    words += [(value, label) for value, label in Unit.State.choices if states.get(value)]
    counts = {"": sum(states.values()), **states}
    return tabs(request, words, current=current, counts=counts, name="state")


def _heap(units: QuerySet[Unit]) -> list[tuple[Any, ...]]:
    """How many units per state, box they came in and box they leave in; one query for all three."""
    names = ("state", "inbound_container", "outbound_container")
    return list(units.order_by().values_list(*names).annotate(n=Count("pk")))


def _summed(heap: list[tuple[Any, ...]], place: int) -> dict[Any, int]:
    """The heap by one of its columns, without what has none."""
    sums: dict[Any, int] = {}
    for row in heap:
        if row[place] is not None:
            sums[row[place]] = sums.get(row[place], 0) + row[-1]
    return sums


def _goods(order: RepairOrder, held: dict[int, int]) -> tuple[list[Group], list[Group]]:
    """Shipments in and out with their containers and how many units each holds.

    One query: no shipment is without a container (`submit_order`, `add_waybill`, `ship_out`).
    """
    if order.consignment is None:
        return [], []
    containers = list(order.consignment.containers.select_related("shipment__carrier"))
    shipments = {box.shipment.pk: box.shipment for box in containers if box.shipment}
    groups: dict[str, list[Group]] = {Direction.IN: [], Direction.OUT: []}
    for _pk, shipment in sorted(shipments.items()):
        boxes = [(c, held.get(c.pk, 0)) for c in containers if c.shipment_id == shipment.pk]
        emptied = shipment.direction == Direction.OUT and not any(n for _c, n in boxes)
        if not emptied:
            groups[shipment.direction].append((shipment, boxes))
    for direction in (Direction.IN, Direction.OUT):
        loose = [
            (c, held[c.pk])
            for c in containers
            if c.shipment_id is None and c.direction == direction and held.get(c.pk)
        ]
        if loose:
            groups[direction].append((None, loose))
    return groups[Direction.IN], groups[Direction.OUT]


# ------------------------------------------------------------------ the list
def _filtered(request: UserRequest) -> QuerySet[RepairOrder]:
    """What the address asks for, and nothing that this person may not see: list and export."""
    orders: QuerySet[RepairOrder] = RepairOrder.objects.visible_to(request.user)
    state, shop, text = asked(request, "state"), asked(request, "shop"), asked(request)
    if state in RepairOrder.State.values:
        orders = orders.filter(state=state)
    if shop:
        orders = orders.filter(shop__code=shop)
    return orders.filter(_claim(request, text)) if text else orders


def _claim(request: UserRequest, text: str) -> Q:
    """By code, customer, serial number or waybill."""
    claim = Q(code__istartswith=text) | Q(customer__name__icontains=text)
    sn, waybill = normalise_sn(text), normalise_waybill(text)
    if sn:
        units = Unit.objects.visible_to(request.user).filter(sn=sn)
        claim |= Q(pk__in=units.values("order"))
    if waybill:
        shipments = Shipment.objects.visible_to(request.user).filter(waybill=waybill)
        claim |= Q(consignment__in=shipments.values("consignment")) | Q(waybill=waybill)
    return claim


@require_safe
@access(*READERS)
def order_list(request: UserRequest) -> HttpResponse:
    """Orders across customers, newest first (R68)."""
    found = _filtered(request).select_related("customer", "shop", "counselling")
    shops = RepairShop.objects.visible_to(request.user).filter(kind=RepairShop.Kind.OFFICIAL)
    context = {
        "page": page_by_key(request, found, newest=True),
        "states": _choices(request),
        "shops": list(shops),
        "q": asked(request),
        "state": asked(request, "state"),
        "shop": asked(request, "shop"),
        "filtered": any(asked(request, name) for name in ("q", "state", "shop")),
        "export": reverse("workorders:order-export") + query(request),
    }
    return render(request, "workorders/bench/order_list.html", context)


def _choices(request: UserRequest) -> list[tuple[str, Any]]:
    """Workshops never see what was not submitted."""
    hidden = {RepairOrder.State.AWAITING_SUBMISSION} if request.user.role in WORKSHOP else set()
    return [(value, label) for value, label in RepairOrder.State.choices if value not in hidden]


@require_safe
@access(*READERS)
def order_export(request: UserRequest) -> HttpResponseBase:
    """Exactly what is filtered, as CSV (R68)."""
    header = [
        _("First visit code"),
        _("Enquiry number"),
        _("Customer"),
        _("Repair shop"),
        _("State"),
        _("Devices"),
        _("Returned"),
        _("To be returned"),
        _("Carrier"),
        _("Waybill (HWB) number"),
        _("Opened"),
        _("Submitted"),
        _("Received"),
        _("Repaired"),
        _("Back on its way"),
        _("Completed"),
    ]
    orders = _filtered(request).select_related("customer", "shop", "counselling", "carrier")
    rows = orders.order_by("-pk").iterator(EXPORT_BATCH)
    words = [str(word) for word in header]
    zone, language = timezone.get_current_timezone(), translation.get_language() or "en"
    return csv_response(_now("repair-orders.csv"), words, _lines(rows, zone, language))


def _lines(rows: Iterator[RepairOrder], zone: Any, language: str) -> Iterator[list[Any]]:
    """The stream outlives the request: language and zone are those of who asked."""
    for order in rows:
        with translation.override(language):
            line = _line(order, zone)
        yield line


def _line(order: RepairOrder, zone: Any) -> list[Any]:
    return [
        order.code,
        order.counselling.number if order.counselling else "",
        order.customer.name,
        order.shop.name if order.shop else "",
        order.state_label,
        order.unit_count,
        order.sent_count,
        order.back_count,
        order.carrier.name if order.carrier else "",
        order.waybill,
        *(_stamp(order, name, zone) for name in STAMPS),
    ]


STAMPS = (
    "opened_at",
    "submitted_at",
    "received_at",
    "repaired_at",
    "returned_at",
    "completed_at",
)


def _stamp(order: RepairOrder, name: str, zone: Any) -> str:
    at: datetime | None = getattr(order, name)
    return timezone.localtime(at, zone).strftime("%Y-%m-%d %H:%M") if at else ""
