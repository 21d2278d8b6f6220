"""Containers and shipments across orders, filtered, and the same as CSV (R64, R76)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from core.csvout import csv_response
from core.templatetags.ui import query
from logistics.models import Container, Direction, Shipment
from repairshops.models import RepairShop
from workorders.forms.known import CARRIERS
from workorders.services import boxing
from workorders.views.bench.parts import asked, page_by_key
from workorders.views.goods.reading import STAFF, claim_of, containers_of, shipments_of

BATCH = 1_000


def _shops(request: UserRequest) -> list[RepairShop]:
    official = RepairShop.objects.visible_to(request.user).filter(kind=RepairShop.Kind.OFFICIAL)
    return list(official)


def _stamp(at: Any, zone: Any) -> str:
    return timezone.localtime(at, zone).strftime("%Y-%m-%d %H:%M") if at else ""


# ------------------------------------------------------------------ containers
def _containers(request: UserRequest) -> QuerySet[Container]:
    """What the address asks for: list and export alike."""
    boxes, text = containers_of(request), asked(request)
    direction, state, shop = (asked(request, n) for n in ("direction", "state", "shop"))
    if direction in Direction.values:
        boxes = boxes.filter(direction=direction)
    if state in Container.State.values:
        boxes = boxes.filter(state=state)
    if shop:
        boxes = boxes.filter(consignment__shop__code=shop)
    if text:
        one = Container.objects.coded(text).values("pk")
        boxes = boxes.filter(claim_of(text, prefix="shipment__") | Q(pk__in=one))
    return boxes


@require_safe
@access(*STAFF)
def containers(request: UserRequest) -> HttpResponse:
    """Across customers, the newest first."""
    page = page_by_key(request, _containers(request), newest=True)
    counts = boxing.held_by(page.rows)
    context = {
        "page": page,
        "rows": [(box, counts.get(box.pk, 0)) for box in page.rows],
        "directions": Direction.choices,
        "states": Container.State.choices,
        "shops": _shops(request),
        **{name: asked(request, name) for name in ("direction", "state", "shop", "q")},
        "filtered": any(asked(request, n) for n in ("q", "state", "shop", "direction")),
        "export": reverse("workorders:containers-export") + query(request),
    }
    return render(request, "workorders/goods/containers.html", context)


@require_safe
@access(*STAFF)
def containers_export(request: UserRequest) -> HttpResponseBase:
    """Exactly what is filtered."""
    header = [
        _("Container"),
        _("First visit code"),
        _("Customer"),
        _("Repair shop"),
        _("Direction"),
        _("Kind"),
        _("State"),
        _("Devices"),
        _("Carrier"),
        _("Waybill (HWB) number"),
        _("Arrived"),
        _("Sealed"),
    ]
    rows = _in_batches(_containers(request))
    zone, language = timezone.get_current_timezone(), translation.get_language() or "en"
    lines = _container_lines(rows, zone, language)
    return csv_response(_now("containers.csv"), [str(word) for word in header], lines)


def _in_batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """By key, so that memory stays small and each batch asks once for what belongs to it."""
    last: int | None = None
    while True:
        more = rows.order_by("-pk")
        batch = list((more.filter(pk__lt=last) if last is not None else more)[:BATCH])
        if not batch:
            return
        yield batch
        last = batch[-1].pk


def _container_lines(batches: Iterator[list[Any]], zone: Any, language: str) -> Iterator[list[Any]]:
    """The stream outlives the request: language and zone are those of who asked."""
    for batch in batches:
        counts = boxing.held_by(batch)
        for box in batch:
            with translation.override(language):
                line = _container_line(box, counts.get(box.pk, 0), zone)
            yield line


def _container_line(box: Container, count: int, zone: Any) -> list[Any]:
    shipment = box.shipment
    return [
        box.code,
        box.consignment.reference,
        box.consignment.customer.name,
        box.consignment.shop.name,
        box.get_direction_display(),
        box.get_kind_display(),
        box.get_state_display(),
        count,
        shipment.carrier.name if shipment and shipment.carrier else "",
        shipment.waybill if shipment else "",
        _stamp(box.arrived_at, zone),
        _stamp(box.sealed_at, zone),
    ]


# ------------------------------------------------------------------ shipments
def _shipments(request: UserRequest) -> QuerySet[Shipment]:
    """What the address asks for: list and export alike."""
    rows, text = shipments_of(request), asked(request)
    names = ("direction", "status", "shop", "carrier")
    direction, status, shop, carrier = (asked(request, name) for name in names)
    if direction in Direction.values:
        rows = rows.filter(direction=direction)
    if status in Shipment.Status.values:
        rows = rows.filter(status=status)
    if shop:
        rows = rows.filter(consignment__shop__code=shop)
    if carrier:
        rows = rows.filter(carrier__code=carrier)
    return rows.filter(claim_of(text)) if text else rows


@require_safe
@access(*STAFF)
def shipments(request: UserRequest) -> HttpResponse:
    """Across customers, the newest first."""
    names = ("direction", "status", "shop", "carrier", "q")
    context = {
        "page": page_by_key(request, _shipments(request), newest=True),
        "directions": Direction.choices,
        "statuses": Shipment.Status.choices,
        "shops": _shops(request),
        "carriers": CARRIERS.rows(),
        **{name: asked(request, name) for name in names},
        "filtered": any(asked(request, name) for name in names),
        "export": reverse("workorders:shipments-export") + query(request),
    }
    return render(request, "workorders/goods/shipments.html", context)


@require_safe
@access(*STAFF)
def shipments_export(request: UserRequest) -> HttpResponseBase:
    """Exactly what is filtered."""
    header = [
        _("Carrier"),
        _("Waybill (HWB) number"),
        _("First visit code"),
        _("Customer"),
        _("Repair shop"),
        _("Direction"),
        _("Status"),
        _("Entered"),
        _("Tracking given"),
        _("Picked up"),
        _("Delivered"),
    ]
    zone, language = timezone.get_current_timezone(), translation.get_language() or "en"
    lines = _shipment_lines(_in_batches(_shipments(request)), zone, language)
    return csv_response(_now("shipments.csv"), [str(word) for word in header], lines)


def _shipment_lines(batches: Iterator[list[Any]], zone: Any, language: str) -> Iterator[list[Any]]:
    for batch in batches:
        for one in batch:
            with translation.override(language):
                line = _shipment_line(one, zone)
            yield line


def _shipment_line(one: Shipment, zone: Any) -> list[Any]:
    return [
        one.carrier.name if one.carrier else "",
        one.waybill,
        one.consignment.reference,
        one.consignment.customer.name,
        one.consignment.shop.name,
        one.get_direction_display(),
        one.get_status_display(),
        *(_stamp(getattr(one, f"{name}_at"), zone) for name in STAMPS),
    ]


STAMPS = ("created", "tracked", "picked_up", "delivered")
