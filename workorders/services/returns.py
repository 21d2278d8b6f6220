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
from logistics import tracking
from logistics.models import Carrier, Container, Direction, Shipment, TrackingEvent
from logistics.services import check_waybill
from workorders.models import RepairOrder, Unit
from workorders.models.unit import UnitQuerySet
from workorders.services import boxing, orders
from workorders.services.boxing import tell
from workorders.services.drafts import lock
from workorders.services.receiving import require_workshop


@transaction.atomic
def ship_back(
    order: RepairOrder, units: UnitQuerySet, *, actor: Any, carrier: Carrier, waybill: str
) -> Shipment | None:
    """Box these finished units, seal the box and, when that released it, track it; the order
    follows. None when the box waits for its payment first: it is shipped later (R80).

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
    check_waybill(carrier, waybill)
    box = boxing.open_container(order, actor=actor)
    out = boxing.assign(order, units, box, actor=actor)
    if out.refused:
        raise Refused(_("One of the devices is not ready or is in a box already."))
    if not out.moved:
        raise Refused(_("Choose at least one device."))
    box = boxing.seal(box, actor=actor)
    if box.state != Container.State.RELEASED:
        return None
    return boxing.ship(order, [box], actor=actor, carrier=carrier, waybill=waybill)


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
def note_event(
    order: RepairOrder,
    shipment: Shipment,
    *,
    actor: Any,
    kind: str,
    at: datetime,
    place: str = "",
    text: str = "",
) -> TrackingEvent:
    """What the carrier told by telephone or on its page; the dates of the shipment follow.

    Raises PermissionDenied, ValidationError, Refused without a number.
    """
    order = lock(order)
    fresh = boxing.lock_shipment(order, shipment)
    event = tracking.add_event(fresh, actor=actor, kind=kind, at=at, place=place, text=text)
    _follow_event(order, fresh, event, actor=actor)
    return event


@transaction.atomic
def follow_event(event_pk: int, *, actor: Any) -> bool:
    """Bring shipment and order to where a carrier's message says; whether anything changed.

    Repeating it changes nothing. A message without a shipment waits for its number.
    """
    event = TrackingEvent.objects.select_related("shipment").get(pk=event_pk)
    if event.shipment is None:
        return False
    order = RepairOrder.objects.filter(consignment=event.shipment.consignment_id).first()
    if order is None:
        return False
    order = lock(order)
    return _follow_event(order, boxing.lock_shipment(order, event.shipment), event, actor=actor)


def _follow_event(
    order: RepairOrder, shipment: Shipment, event: TrackingEvent, *, actor: Any
) -> bool:
    after = tracking.follow(shipment, event, actor=actor)
    if event.kind == TrackingEvent.Kind.EXCEPTION:
        tell(order, "shipment_problem", after, actor=actor, text=event.text)
    if after.version == shipment.version:
        return False
    if after.direction == Direction.OUT:
        tell(order, "return_moved", after, actor=actor)
    orders.follow_units(order, actor=actor)
    return True


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
        if before.tracked_at is None and after.tracked_at is not None:
            units = boxing.units_on(after)
            tell(order, "return_shipped", after, actor=actor, units=units)
        else:
            tell(order, verb, after, actor=actor)
        orders.follow_units(order, actor=actor)
        tracking.match_events(after, actor=actor)
    return after


def _return_of(order: RepairOrder, shipment: Shipment) -> Shipment:
    return Shipment.objects.select_for_update(of=("self",)).get(
        pk=shipment.pk, consignment=order.consignment_id, direction=Direction.OUT
    )
