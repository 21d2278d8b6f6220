"""What the pages of goods read: containers and shipments with how many devices they hold."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.roles import WORKSHOP, Role
from logistics.models import Container, Direction, Shipment, normalise_waybill
from workorders.models import RepairOrder, Unit
from workorders.views.bench.parts import number

STAFF = (Role.AGENT, Role.ENGINEER, Role.SHOP_MANAGER)
READERS = (*STAFF, Role.CUSTOMER)


def containers_of(request: HttpRequest) -> QuerySet[Container]:
    """What this person may see, with what every page names."""
    rows: QuerySet[Container] = Container.objects.visible_to(request.user)
    return rows.select_related("consignment__customer", "consignment__shop", "shipment__carrier")


def shipments_of(request: HttpRequest) -> QuerySet[Shipment]:
    return Shipment.objects.visible_to(request.user).select_related(
        "consignment__customer", "consignment__shop", "carrier"
    )


def find_container(request: HttpRequest, pk: int) -> Container:
    return get_object_or_404(containers_of(request), pk=pk)


def find_shipment(request: HttpRequest, pk: int) -> Shipment:
    return get_object_or_404(shipments_of(request), pk=pk)


def order_of_goods(request: HttpRequest, goods: Any) -> RepairOrder:
    """The order of a container or shipment; it says what may still happen to it."""
    orders = RepairOrder.objects.visible_to(request.user).select_related(
        "customer", "shop", "consignment"
    )
    order: RepairOrder = get_object_or_404(orders, consignment=goods.consignment_id)
    return order


def units_in(request: HttpRequest, box: Container) -> Any:
    """The devices of one container, whichever way it goes."""
    way = "inbound_container" if box.direction == Direction.IN else "outbound_container"
    units = Unit.objects.visible_to(request.user).exclude(state=Unit.State.CANCELLED)
    return units.filter(**{way: box.pk})


def ticked(request: HttpRequest, name: str) -> list[int]:
    """Primary keys of the boxes somebody ticked; nonsense is left out."""
    keys = (number(text) for text in request.POST.getlist(name))
    return [key for key in keys if key is not None]


def may_pack(request: HttpRequest, order: RepairOrder) -> bool:
    role = getattr(request.user, "role", None)
    return role in WORKSHOP and order.state in RepairOrder.FOLLOWING


def claim_of(text: str, *, prefix: str = "") -> Q:
    """By order code, customer or waybill; `prefix` leads from the row to its shipment."""
    claim = Q(consignment__reference__istartswith=text)
    claim |= Q(consignment__customer__name__icontains=text)
    if waybill := normalise_waybill(text):
        claim |= Q(**{f"{prefix}waybill": waybill})
    return claim
