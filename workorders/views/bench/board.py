"""The work list of a workshop, and the scan field that opens everything."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP, Role
from core.limits import MISSES, MISSES_PER, Limited, client, hit, waiting
from devices.models import normalise_sn
from logistics.models import Container, Direction, Parcel, Shipment, normalise_waybill
from repairshops.models import RepairShop
from workorders.models import RepairOrder, Unit
from workorders.views.bench.parts import asked, page_by_due, tabs

WAITING = ("awaiting_customer", "awaiting_parts")
TABS = (
    ("bench", _("At the bench")),
    ("mine", _("Mine")),
    ("new", _("Not begun")),
    ("waiting", _("Waiting for customer or parts")),
    ("ready", _("Ready to return")),
    ("coming", _("To receive")),
)


def _claims(user_pk: int) -> dict[str, Q]:
    return {
        "bench": Q(state__in=Unit.WORKING),
        "mine": Q(state__in=Unit.WORKING, engineer=user_pk),
        "new": Q(state=Unit.State.RECEIVED),
        "waiting": Q(state__in=WAITING),
        "ready": Q(state__in=Unit.GOING_BACK, outbound_container=None),
        "coming": Q(state=Unit.State.EXPECTED),
    }


@require_safe
@access(Role.ENGINEER, Role.SHOP_MANAGER)
def bench(request: UserRequest) -> HttpResponse:
    """Units of my shops, the most urgent first (R29, R33)."""
    claims, shops = _claims(request.user.pk), _shops(request)
    tab = request.GET.get("tab", "bench")
    tab = tab if tab in claims else "bench"
    units, shop = _units(request, shops)
    counts = units.aggregate(**{name: Count("pk", filter=claim) for name, claim in claims.items()})
    listed = units.filter(claims[tab]).select_related("order__customer", "model", "engineer")
    context = {
        "page": page_by_due(request, listed),
        "tabs": tabs(request, TABS, current=tab, counts=counts),
        "tab": tab,
        "shops": shops,
        "shop": shop,
        "now": timezone.now(),
    }
    return render(request, "workorders/bench/bench.html", context)


def _shops(request: UserRequest) -> list[RepairShop]:
    """The user's own shops; who reads everything chooses none."""
    if request.user.role == Role.ADMIN:
        return []
    return list(RepairShop.objects.visible_to(request.user))


def _units(
    request: UserRequest, shops: list[RepairShop]
) -> tuple[QuerySet[Unit], RepairShop | None]:
    """Living units of the orders this person may see, of one shop when one is chosen."""
    units = Unit.objects.visible_to(request.user).exclude(state__in=Unit.FINAL)
    units = units.filter(order__state__in=RepairOrder.FOLLOWING)
    shop = next((s for s in shops if s.code == asked(request, "shop")), None)
    return (units.filter(order__shop=shop) if shop else units), shop


# ------------------------------------------------------------------ scanning
@require_safe
@access(Role.ENGINEER, Role.SHOP_MANAGER)
def scan(request: UserRequest) -> HttpResponse:
    """What was scanned opens: a unit, an order, a parcel; the unknown may be recorded (D3, E12)."""
    text = asked(request)
    if not text:
        return redirect("workorders:bench")
    who = client(request)
    if seconds := waiting("miss", who, limit=MISSES, per=MISSES_PER):
        raise Limited(seconds)
    if found := _thing(request, text):
        return redirect(found)
    hit("miss", who, limit=MISSES, per=MISSES_PER)
    return redirect(f"{reverse('workorders:parcel-new')}?{urlencode({'scanned': text})}")


def _thing(request: UserRequest, text: str) -> str:
    """The address of what a label says; empty when nobody knows it."""
    for look in (_unit, _container, _order, _parcel):
        if found := look(request, text):
            return found
    return ""


def _container(request: UserRequest, text: str) -> str:
    """An open one is packed, every other one is looked at (D12)."""
    box = Container.objects.visible_to(request.user).coded(text).first()
    if box is None:
        return ""
    packs = box.state == Container.State.OPEN and request.user.role in WORKSHOP
    return reverse("workorders:container-scan" if packs else "workorders:container", args=[box.pk])


def _unit(request: UserRequest, text: str) -> str:
    sn = normalise_sn(text)
    if not sn:
        return ""
    units = Unit.objects.visible_to(request.user).filter(sn=sn).exclude(state="cancelled")
    unit = units.select_related("order").order_by("-holds_sn", "-pk").first()
    if unit is None:
        return ""
    if unit.state in (Unit.State.EXPECTED, Unit.State.MISSING):
        return f"{reverse('workorders:receive', args=[unit.order.code])}?{urlencode({'sn': sn})}"
    return reverse("workorders:unit", args=[unit.pk])


def _order(request: UserRequest, text: str) -> str:
    orders = RepairOrder.objects.visible_to(request.user)
    if order := orders.coded(text).first():
        return _door(order)
    waybill = normalise_waybill(text)
    shipments = Shipment.objects.visible_to(request.user).exclude(waybill="")
    shipment = shipments.filter(waybill=waybill).order_by("-pk").first() if waybill else None
    if shipment is None:
        return ""
    order = orders.filter(consignment=shipment.consignment_id).first()
    if order is None:
        return ""
    if shipment.direction == Direction.OUT:
        return reverse("workorders:return-ship", args=[order.code])
    return f"{reverse('workorders:receive', args=[order.code])}?shipment={shipment.pk}"


def _door(order: RepairOrder) -> str:
    """The receipt while something is to come, the order afterwards."""
    coming = order.units.filter(state=Unit.State.EXPECTED).exists()
    open_for_receipt = coming and order.state in RepairOrder.FOLLOWING
    name = "workorders:receive" if open_for_receipt else "workorders:repair"
    return reverse(name, args=[order.code])


def _parcel(request: UserRequest, text: str) -> str:
    sn, waybill = normalise_sn(text), normalise_waybill(text)
    parcels = Parcel.objects.visible_to(request.user).unmatched()
    rows: Any = parcels.values_list("pk", "waybill", "code", "sns")[:2_000]
    for pk, number, code, sns in rows:
        if (waybill and number == waybill) or code == text.upper() or (sn and sn in sns):
            return reverse("workorders:parcel", args=[pk])
    return ""
