"""Packing goods that go back: containers, what is in them, and the shipments they leave on.

Lock order of everything here: the repair order first, then containers by key, then units. So no
device is in two containers and no container on two shipments (E31), whoever clicks at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from core.workflow import Refused, Text
from devices.models import normalise_sn
from history.models import Entry
from history.services import Outcome, advance, record, record_many
from logistics import shipping, tracking
from logistics.models import Carrier, Container, Direction, Shipment
from workorders.models import RepairOrder, Unit
from workorders.models.unit import UnitQuerySet
from workorders.services import orders
from workorders.services.drafts import lock
from workorders.services.receiving import require_workshop

FINISHED_ONLY = _("Only devices that are finished at the bench go into a container.")
FOREIGN = _("It belongs to another repair order; a container holds one order's devices only.")


# ------------------------------------------------------------------ locks
def order_of(container: Container) -> RepairOrder:
    """The one order of a container (E31)."""
    found: RepairOrder = RepairOrder.objects.get(consignment=container.consignment_id)
    return found


def lock_following(order: RepairOrder) -> RepairOrder:
    """The locked order while its goods are with us. Raises Refused."""
    fresh = lock(order)
    if fresh.consignment is None or fresh.state not in RepairOrder.FOLLOWING:
        raise Refused(
            _("Nothing can be packed while the order is “%(state)s”.")
            % {"state": fresh.get_state_display()}
        )
    return fresh


def lock_containers(order: RepairOrder, containers: Iterable[Container]) -> list[Container]:
    """The rows, locked by key under the order's lock. Raises Refused (none, another order's)."""
    wanted = {container.pk for container in containers}
    if not wanted:
        raise Refused(_("Choose at least one container."))
    rows = Container.objects.filter(pk__in=wanted, consignment=order.consignment_id)
    found = list(rows.select_for_update(of=("self",)).select_related("consignment").order_by("pk"))
    if len(found) != len(wanted):
        raise Refused(_("This container belongs to another repair order."))
    return found


def _open_box(order: RepairOrder, container: Container) -> Container:
    box = lock_containers(order, [container])[0]
    if box.direction != Direction.OUT or box.state != Container.State.OPEN:
        raise Refused(
            _("%(code)s is “%(state)s”; only an open container can be packed.")
            % {"code": box.code, "state": box.get_state_display()}
        )
    return box


# ------------------------------------------------------------------ packing
@transaction.atomic
def open_container(order: RepairOrder, *, actor: Any, kind: str = "box") -> Container:
    """An empty outbound box or pallet of the order.

    Raises PermissionDenied, Refused (the order's goods are not with us), ValidationError (kind).
    """
    require_workshop(actor)
    order = lock_following(order)
    assert order.consignment is not None  # noqa: S101 - lock_following said so
    return shipping.open_box(order.consignment, actor=actor, kind=kind)


@transaction.atomic
def assign(
    order: RepairOrder, units: UnitQuerySet, container: Container | None, *, actor: Any
) -> Outcome:
    """Put finished devices into an open container of their order, or take them out (None) (R73).

    A constant number of statements for one device or five thousand; devices that may not go come
    back in `refused` with their reason, the others go. Raises PermissionDenied, Refused when the
    container takes nothing.
    """
    require_workshop(actor)
    order = lock_following(order)
    box = _open_box(order, container) if container is not None else None
    out = put(order, units, box, actor=actor)
    orders.follow_units(order, actor=actor)
    return out


def put(order: RepairOrder, units: UnitQuerySet, box: Container | None, *, actor: Any) -> Outcome:
    """Ask of each row whether it may go, move those that may with one UPDATE.

    Order and container are locked by the caller.
    """
    out = _put(order, units, box, actor=actor)
    if box is not None and out.moved:
        record(box, "filled", actor=actor, data={"units": len(out.moved)})
    return out


def _put(order: RepairOrder, units: UnitQuerySet, box: Container | None, *, actor: Any) -> Outcome:
    names = ("pk", "order_id", "state", "outbound_container", "outbound_container__state")
    asked = Unit.objects.filter(pk__in=units.order_by().values("pk"))
    rows = asked.select_for_update(of=("self",)).order_by("pk").values_list(*names)
    out = Outcome()
    for pk, *facts in rows:
        why = _why_not(order, box, *facts)
        if why is None:
            out.moved.append(pk)
        else:
            out.refused[pk] = why
    chosen = Unit.objects.filter(pk__in=out.moved)
    if out.moved and box is not None:
        chosen.update(outbound_container=box)
        record_many(
            Unit, out.moved, "boxed", actor=actor, data={"container": box.code, "box": box.pk}
        )
    elif out.moved:
        chosen.update(outbound_container=None)
        record_many(Unit, out.moved, "unboxed", actor=actor)
    return out


def _why_not(
    order: RepairOrder,
    box: Container | None,
    order_pk: int,
    state: str,
    held: int | None,
    held_state: str | None,
) -> Text | None:
    if order_pk != order.pk:
        return FOREIGN
    if held is not None and held_state != Container.State.OPEN:
        return _("It is in a container that is sealed already.")
    if box is None:
        return _("It is in no container.") if held is None else None
    if held == box.pk:
        return _("It is in this container already.")
    if held is not None:
        return _("It is in another container; take it out there first.")
    return None if state in Unit.GOING_BACK else FINISHED_ONLY


@transaction.atomic
def scan(container: Container, sn: str, *, actor: Any) -> Unit:
    """One device into the open box by its serial number. Raises PermissionDenied, Refused."""
    require_workshop(actor)
    order = lock_following(order_of(container))
    box = _open_box(order, container)
    unit = _scanned(order, sn)
    out = _put(order, Unit.objects.filter(pk=unit.pk), box, actor=actor)
    if out.refused:
        raise Refused(*out.refused.values())
    again: Unit = Unit.objects.get(pk=unit.pk)
    return again


def _scanned(order: RepairOrder, sn: str) -> Unit:
    serial = normalise_sn(sn)
    there = order.units.exclude(state=Unit.State.CANCELLED)
    unit: Unit | None = there.filter(sn=serial).first() if serial else None
    if unit is None:
        raise Refused(_("This serial number is not on the repair order."))
    return unit


def last_scans(container: Container, *, most: int) -> list[Unit]:
    """The devices that went in last and are still in there, the newest first; two queries."""
    inside = Unit.objects.filter(outbound_container=container.pk)
    entries = Entry.objects.filter(
        content_type=ContentType.objects.get_for_model(Unit),
        object_id__in=inside.values("pk"),
        verb="boxed",
    )
    newest = entries.order_by("-pk").values_list("object_id", flat=True)[: 2 * most]
    keys = list(dict.fromkeys(newest))[:most]
    found = inside.select_related("model").in_bulk(keys)
    return [found[key] for key in keys if key in found]


# ------------------------------------------------------------------ sealing
@transaction.atomic
def seal(container: Container, *, actor: Any) -> Container:
    """Close the box. Upper floors hear it and release it, or ask for its bill first (R78, R80).

    Returns the fresh row: released, or waiting. Raises PermissionDenied, Refused (empty, not open).
    """
    return _step(container, "seal", actor=actor)


@transaction.atomic
def reopen(container: Container, *, actor: Any) -> Container:
    """Open a sealed box again, while it is neither billed nor on a shipment.

    Raises PermissionDenied, Refused.
    """
    return _step(container, "reopen", actor=actor)


@transaction.atomic
def step_inbound(container: Container, name: str, *, actor: Any) -> Container:
    """ "arrive" or "unpack" by hand, one container of several. Raises PermissionDenied, Refused."""
    return _step(container, name, actor=actor)


def _step(container: Container, name: str, *, actor: Any) -> Container:
    require_workshop(actor)
    order = lock_following(order_of(container))
    box = lock_containers(order, [container])[0]
    advance(box, name, actor=actor)
    again: Container = Container.objects.select_related("consignment").get(pk=box.pk)
    return again


# ------------------------------------------------------------------ shipping
@transaction.atomic
def ship(
    order: RepairOrder,
    containers: Iterable[Container],
    *,
    actor: Any,
    carrier: Carrier | None,
    waybill: str,
) -> Shipment:
    """Released containers leave on a new shipment; the others may follow on further ones (D6).

    Without a number the shipment is prepared and counts when it gets one. Raises PermissionDenied,
    ValidationError (number used before), Refused with a reason per container: not paid for, on a
    shipment already, coming in (R80).
    """
    require_workshop(actor)
    order = lock_following(order)
    assert order.consignment is not None  # noqa: S101 - lock_following said so
    boxes = lock_containers(order, containers)
    if any(box.direction != Direction.OUT for box in boxes):
        raise Refused(_("Only containers that go back can be shipped."))
    if reasons := [why for box in boxes if (why := shipping.why_not_load(box))]:
        raise Refused(*reasons)
    shipment = shipping.new_shipment(
        order.consignment, actor=actor, carrier=carrier, waybill=waybill
    )
    shipping.load(boxes, shipment, actor=actor)
    if shipment.tracked_at is not None:
        tell(order, "return_shipped", shipment, actor=actor, units=units_on(shipment))
    orders.follow_units(order, actor=actor, at=shipment.tracked_at)
    tracking.match_events(shipment, actor=actor)
    return shipment


@transaction.atomic
def put_on(
    order: RepairOrder, containers: Iterable[Container], shipment: Shipment, *, actor: Any
) -> Shipment:
    """Containers of no shipment onto one of the same order and way, until the carrier has it (R77).

    Raises PermissionDenied, Refused with every reason.
    """
    require_workshop(actor)
    order = lock_following(order)
    boxes = lock_containers(order, containers)
    fresh = lock_shipment(order, shipment)
    shipping.load(boxes, fresh, actor=actor)
    if fresh.direction == Direction.OUT and fresh.tracked_at is not None:
        added = Unit.objects.filter(outbound_container__in=[box.pk for box in boxes]).count()
        tell(order, "return_added", fresh, actor=actor, units=added)
    orders.follow_units(order, actor=actor)
    return fresh


@transaction.atomic
def take_off(order: RepairOrder, containers: Iterable[Container], *, actor: Any) -> list[Container]:
    """Containers leave their shipments, until the carrier has them; the order moves back with them.

    Raises PermissionDenied, Refused.
    """
    require_workshop(actor)
    order = lock_following(order)
    boxes = lock_containers(order, containers)
    if any(box.shipment_id is None for box in boxes):
        raise Refused(_("One of the containers is on no shipment."))
    for key in sorted({box.shipment_id for box in boxes if box.shipment_id}):
        shipment = lock_shipment(order, Shipment(pk=key))
        shipping.unload([b for b in boxes if b.shipment_id == key], shipment, actor=actor)
    orders.follow_units(order, actor=actor)
    return boxes


def lock_shipment(order: RepairOrder, shipment: Shipment) -> Shipment:
    """The fresh row under the order's lock. Raises Refused when it is another order's."""
    rows = Shipment.objects.select_for_update(of=("self",)).select_related("carrier")
    fresh = rows.filter(pk=shipment.pk, consignment=order.consignment_id).first()
    if fresh is None:
        raise Refused(_("This shipment belongs to another repair order."))
    return fresh


def units_on(shipment: Shipment) -> int:
    """How many devices go back on it."""
    return int(Unit.objects.filter(outbound_container__shipment=shipment.pk).count())


def tell(order: RepairOrder, verb: str, shipment: Shipment, *, actor: Any, **more: Any) -> None:
    """What happened to a shipment, told of its order: the customer reads it there."""
    carrier = shipment.carrier
    data = {
        "carrier": carrier.name if carrier else "",
        "waybill": shipment.waybill,
        "tracking": shipment.tracking_page if shipment.waybill else "",
        "shipment": shipment.pk,
        **more,
    }
    record(order, verb, actor=actor, data=data)


def held_by(containers: Iterable[Container]) -> dict[int, int]:
    """How many devices came or leave in each container; one query for all of them."""
    keys = [box.pk for box in containers]
    if not keys:
        return {}
    rows = Unit.objects.filter(Q(inbound_container__in=keys) | Q(outbound_container__in=keys))
    counts: dict[int, int] = {}
    ways = rows.order_by().values_list("inbound_container", "outbound_container")
    for came, leaves, n in ways.annotate(n=Count("pk")):
        for key in (came, leaves):
            if key is not None:
                counts[key] = counts.get(key, 0) + n
    return counts


def with_held(boxes: QuerySet[Container]) -> QuerySet[Container]:
    """Each with how many devices came or leave in it, as `held`, in the query that fetches it."""

    def units(way: str) -> Subquery:
        inside = Unit.objects.filter(**{way: OuterRef("pk")}).order_by().values(way)
        return Subquery(inside.annotate(n=Count("pk")).values("n"))

    came = When(direction=Direction.IN, then=units("inbound_container"))
    held = Coalesce(Case(came, default=units("outbound_container")), 0)
    found: QuerySet[Container] = boxes.annotate(held=held)
    return found
