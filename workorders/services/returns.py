"""Sending repaired goods back: the order reads "Returned 3 of 10" from these facts (R32, E6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.workflow import Refused
from history.services import record
from logistics import services as logistics
from logistics.models import Carrier, Direction, Shipment
from workorders.models import RepairOrder, Unit
from workorders.models.unit import UnitQuerySet
from workorders.services import orders
from workorders.services.drafts import lock
from workorders.services.receiving import require_workshop


@transaction.atomic
def ship_back(
    order: RepairOrder, units: UnitQuerySet, *, actor: Any, carrier: Carrier, waybill: str
) -> Shipment:
    """Box these finished units, release the box and track it; the order follows.

    Raises PermissionDenied, ValidationError (number used before), Refused when a unit is not
    finished, is in a box already, or none was chosen: then nothing is boxed.
    """
    require_workshop(actor)
    order = lock(order)
    if order.consignment is None or order.state not in RepairOrder.FOLLOWING:
        raise Refused(
            _("Nothing can be sent back while the order is “%(state)s”.")
            % {"state": order.get_state_display()}
        )
    asked = Unit.objects.filter(order=order, pk__in=units.order_by().values("pk"))
    rows = (
        asked.select_for_update(of=("self",))
        .order_by("pk")
        .values_list("pk", "state", "outbound_container")
    )
    chosen = list(rows)
    if not chosen:
        raise Refused(_("Choose at least one device."))
    if any(state not in Unit.GOING_BACK or box for _pk, state, box in chosen):
        raise Refused(_("One of the devices is not ready or is in a box already."))
    box = logistics.open_box(order.consignment, actor=actor)
    pks = [pk for pk, _state, _box in chosen]
    Unit.objects.filter(pk__in=pks).update(outbound_container=box)
    shipment = logistics.ship_out(
        order.consignment, actor=actor, carrier=carrier, waybill=waybill, box=box
    )
    _tell(order, "return_shipped", shipment, actor=actor, units=len(pks))
    orders.follow_units(order, actor=actor, at=shipment.tracked_at)
    return shipment


def correct_tracking(
    order: RepairOrder,
    shipment: Shipment,
    *,
    version: int,
    carrier: Carrier,
    waybill: str,
    actor: Any,
) -> Shipment:
    """Another carrier or number on a return. Raises Stale, ValidationError, PermissionDenied,
    Refused once it was delivered."""

    def change(fresh: Shipment) -> Shipment:
        return logistics.correct_shipment(
            fresh, version=version, carrier=carrier, waybill=waybill, actor=actor
        )

    return _change(order, shipment, change, "tracking_corrected", actor=actor)


def remove_return_tracking(
    order: RepairOrder, shipment: Shipment, *, version: int, actor: Any
) -> Shipment:
    """Take a wrong number back: the order moves back to where its units say. Raises Stale,
    PermissionDenied, Refused once the carrier has it."""

    def change(fresh: Shipment) -> Shipment:
        return logistics.remove_tracking(fresh, version=version, actor=actor)

    return _change(order, shipment, change, "tracking_removed", actor=actor)


def move_return(
    order: RepairOrder,
    shipment: Shipment,
    *,
    version: int,
    actor: Any,
    picked_up_at: datetime | None,
    delivered_at: datetime | None,
) -> Shipment:
    """Picked up and delivered. Raises Stale, ValidationError, PermissionDenied, Refused."""

    def change(fresh: Shipment) -> Shipment:
        return logistics.record_movement(
            fresh,
            version=version,
            actor=actor,
            picked_up_at=picked_up_at,
            delivered_at=delivered_at,
        )

    return _change(order, shipment, change, "return_moved", actor=actor)


@transaction.atomic
def take_out(order: RepairOrder, shipment: Shipment, *, actor: Any) -> int:
    """Unbox the units of a return that has no number (any more), so that they can go back to the
    bench or into another box. Returns how many. Raises PermissionDenied, Refused."""
    require_workshop(actor)
    order = lock(order)
    fresh = _return_of(order, shipment)
    if fresh.tracked_at is not None:
        raise Refused(_("Remove the waybill number first."))
    count: int = Unit.objects.filter(order=order, outbound_container__shipment=fresh).update(
        outbound_container=None
    )
    record(order, "return_unboxed", actor=actor, data={"units": count})
    orders.follow_units(order, actor=actor)
    return count


@transaction.atomic
def _change(
    order: RepairOrder,
    shipment: Shipment,
    change: Callable[[Shipment], Shipment],
    verb: str,
    *,
    actor: Any,
) -> Shipment:
    """Change a return under its order's lock, tell it of the order, let the order follow."""
    require_workshop(actor)
    order = lock(order)
    before = _return_of(order, shipment)
    if order.state == RepairOrder.State.COMPLETED and verb == "tracking_removed":
        raise Refused(_("The customer has confirmed that everything is back."))
    after = change(before)
    if after.version != before.version:
        _tell(order, verb, after, actor=actor)
        orders.follow_units(order, actor=actor)
    return after


def _return_of(order: RepairOrder, shipment: Shipment) -> Shipment:
    return Shipment.objects.select_for_update(of=("self",)).get(
        pk=shipment.pk, consignment=order.consignment_id, direction=Direction.OUT
    )


def _tell(order: RepairOrder, verb: str, shipment: Shipment, *, actor: Any, **more: Any) -> None:
    carrier = shipment.carrier
    data = {
        "carrier": carrier.name if carrier else "",
        "waybill": shipment.waybill,
        "tracking": shipment.tracking_page if shipment.waybill else "",
        "shipment": shipment.pk,
        **more,
    }
    record(order, verb, actor=actor, data=data)
