"""What happens when a parcel is opened: units come in, are missing, are too many, are damaged.

Whoever moves units locks their order first and looks only after the lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

import sla.services as clocks
from accounts.roles import WORKSHOP
from core.workflow import Refused, Step, Text
from devices.models import Device, Verdict, normalise_sn
from history.services import Outcome, advance, advance_many, record
from logistics import services as logistics
from logistics import shipping
from logistics.models import Carrier, Container, Damage, Parcel, Shipment
from repairshops.models import RepairShop
from sla.models import ClockKind
from workorders.models import RepairOrder, Unit
from workorders.models.unit import UnitQuerySet
from workorders.services import orders
from workorders.services.drafts import lock
from workorders.services.serials import judged_at

UNDO_MINUTES = 10
OPEN = (*RepairOrder.FOLLOWING,)


def require_workshop(actor: Any) -> None:
    if getattr(actor, "role", None) not in WORKSHOP:
        raise PermissionDenied


def _require_open(order: RepairOrder) -> None:
    if order.state not in OPEN:
        raise Refused(
            _("The repair order is “%(state)s”; nothing can be received for it.")
            % {"state": order.get_state_display()}
        )


@transaction.atomic
def receive_units(
    order: RepairOrder,
    units: UnitQuerySet,
    *,
    actor: Any,
    shipment: Shipment | None = None,
    container: Container | None = None,
) -> Outcome:
    """Take units of one order in, one or thousands with a constant number of statements (R65).

    The shipment is delivered and its containers unpacked thereby (with `container` that one only),
    repair clocks start in the shop's calendar, the order follows. Units that may not come in stay,
    with their reasons. Raises PermissionDenied, Refused when the order takes nothing any more.
    """
    Step(Unit, "receive").require(actor)
    order, at = lock(order), timezone.now()
    _require_open(order)
    chosen = Unit.objects.filter(order=order, pk__in=units.order_by().values("pk"))
    out = advance_many(chosen, "receive", actor=actor, at=at)
    if out.moved:
        _took_in(order, out.moved, actor=actor, shipment=shipment, container=container, at=at)
        orders.follow_units(order, actor=actor, at=at)
    return out


def _took_in(
    order: RepairOrder,
    pks: list[int],
    *,
    actor: Any,
    shipment: Shipment | None,
    at: datetime,
    container: Container | None = None,
) -> None:
    box = None
    if order.consignment is not None:
        box = logistics.arrive(
            order.consignment, actor=actor, shipment=shipment, container=container, at=at
        )
    Unit.objects.filter(pk__in=pks).update(
        received_by=actor, inbound_container=box, settled_at=None
    )
    calendar = order.shop.calendar if order.shop else None
    clocks.start(Unit, pks, ClockKind.REPAIR, at=at, calendar=calendar)


def why_not_undo(unit: Unit, actor: Any, at: datetime | None = None) -> tuple[Text, ...]:
    """What speaks against taking a receipt back: only who received it, within ten minutes."""
    reasons: list[Text] = []
    if unit.received_by_id != getattr(actor, "pk", None):
        reasons.append(_("Only the person who received it can undo that."))
    limit = timedelta(minutes=UNDO_MINUTES)
    if unit.received_at is None or (at or timezone.now()) - unit.received_at > limit:
        reasons.append(
            _("A receipt can be undone for %(minutes)d minutes.") % {"minutes": UNDO_MINUTES}
        )
    return tuple(reasons)


@transaction.atomic
def undo_receipt(unit: Unit, *, actor: Any) -> Unit:
    """A mis-scan: the unit is expected again; one that nobody had announced leaves the list.

    Raises PermissionDenied, Refused (another engineer, ten minutes over, work has begun).
    """
    Step(Unit, "undo_receipt").require(actor)
    order, at = lock(unit.order), timezone.now()
    fresh = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    if fresh.state == Unit.State.RECEIVED and (reasons := why_not_undo(fresh, actor, at)):
        raise Refused(*reasons)
    fresh = advance(fresh, "undo_receipt", actor=actor, at=at)
    clocks.stop(Unit, [fresh.pk], ClockKind.REPAIR, at=at)
    Unit.objects.filter(pk=fresh.pk).update(
        received_at=None, received_by=None, inbound_container=None
    )
    if not fresh.announced:
        advance(Unit.objects.get(pk=fresh.pk), "cancel", actor=actor, at=at)
        Unit.objects.filter(pk=fresh.pk).update(holds_sn=False)
    orders.follow_units(order, actor=actor, at=at)
    again: Unit = Unit.objects.get(pk=fresh.pk)
    return again


@transaction.atomic
def add_unexpected(
    order: RepairOrder,
    sn: str,
    *,
    actor: Any,
    shipment: Shipment | None = None,
    container: Container | None = None,
) -> Unit:
    """A device nobody announced was in the parcel: recorded, flagged, its warranty looked up on
    the day the case was opened (E9, E10).

    Raises PermissionDenied, ValidationError on an unusable serial, Refused when the serial stands
    in this or in another open order.
    """
    require_workshop(actor)
    serial = normalise_sn(sn)
    if not 4 <= len(serial) <= 40:
        raise ValidationError({"sn": _("This does not look like a serial number.")})
    order, at = lock(order), timezone.now()
    _require_open(order)
    if order.units.exclude(state=Unit.State.CANCELLED).filter(sn=serial).exists():
        raise Refused(_("This serial number is on the list already."))
    if elsewhere := Unit.objects.filter(sn=serial, holds_sn=True).select_related("order").first():
        raise Refused(_held_elsewhere(elsewhere, actor))
    unit = Unit.objects.create(
        order=order, sn=serial, announced=False, holds_sn=True, **_registered(order, serial)
    )
    record(unit, "unexpected", actor=actor, at=at)
    advance(unit, "receive", actor=actor, at=at)
    _took_in(order, [unit.pk], actor=actor, shipment=shipment, container=container, at=at)
    orders.follow_units(order, actor=actor, at=at)
    again: Unit = Unit.objects.get(pk=unit.pk)
    return again


def _registered(order: RepairOrder, sn: str) -> dict[str, Any]:
    """What the registry says of a serial number, as of the day the case was opened."""
    device = Device.objects.filter(sn=sn).select_related("model").first()
    if device is None:
        return {"verdict": Verdict.UNKNOWN}
    return {
        "device": device,
        "model": device.model,
        "device_type": device.model.device_type,
        "verdict": device.verdict(judged_at(order)),
        "warranty_until": device.warranty_until,
    }


def _held_elsewhere(unit: Unit, actor: Any) -> Text:
    """The reason; it names the other order only to who may open it (E11)."""
    if RepairOrder.objects.visible_to(actor).filter(pk=unit.order_id).exists():
        return _("This serial number is announced in repair order %(code)s.") % {
            "code": unit.order.code
        }
    return _("This serial number is in an open repair order elsewhere; ask customer service.")


@transaction.atomic
def mark_missing(order: RepairOrder, units: UnitQuerySet, *, actor: Any) -> Outcome:
    """Announced and not in the parcel; it can still be received when it comes later.

    Raises PermissionDenied, Refused when the order takes nothing any more.
    """
    Step(Unit, "mark_missing").require(actor)
    order, at = lock(order), timezone.now()
    _require_open(order)
    chosen = Unit.objects.filter(order=order, pk__in=units.order_by().values("pk"))
    out = advance_many(chosen, "mark_missing", actor=actor, at=at)
    if out.moved:
        orders.follow_units(order, actor=actor, at=at)
    return out


@transaction.atomic
def announce_containers(
    order: RepairOrder, shipment: Shipment, *, actor: Any, kind: str = "box", count: int = 1
) -> list[Container]:
    """Further boxes or pallets of one parcel of the order, found at the door or announced (R64).

    Raises PermissionDenied, ValidationError, Refused.
    """
    order = lock(order)
    _require_open(order)
    if shipment.consignment_id != order.consignment_id:
        raise Refused(_("This shipment belongs to another repair order."))
    made = shipping.announce_boxes(shipment, actor=actor, kind=kind, count=count)
    record(order, "containers_announced", actor=actor, data={"count": len(made)})
    return made


@transaction.atomic
def record_damage(
    order: RepairOrder,
    *,
    actor: Any,
    description: str,
    sn: str = "",
    container: Container | None = None,
    files: Sequence[Any] = (),
) -> Damage:
    """Shipping damage of an order's goods, of one container or device or of all (R66).

    Raises PermissionDenied, Refused without goods, ValidationError without a word about it."""
    require_workshop(actor)
    order = lock(order)
    if order.consignment is None:
        raise Refused(_("This repair order was not submitted yet."))
    damage = logistics.record_damage(
        order.consignment,
        actor=actor,
        description=description,
        sn=sn,
        container=container,
        files=files,
    )
    record(order, "damage_recorded", actor=actor, data={"damage": damage.pk})
    return damage


# ------------------------------------------------------------------ parcels without an order
@transaction.atomic
def record_parcel(
    shop: RepairShop,
    *,
    actor: Any,
    carrier: Carrier | None,
    waybill: str,
    code: str = "",
    sns: Sequence[str] = (),
    note: str = "",
    files: Sequence[Any] = (),
) -> Parcel:
    """A parcel that came without an order: matched at once where a submitted order claims it;
    where a draft does, its customer is asked to submit (E12, R31).

    Raises PermissionDenied, ValidationError.
    """
    require_workshop(actor)
    parcel = logistics.record_parcel(
        shop,
        actor=actor,
        carrier=carrier,
        waybill=waybill,
        code=code,
        sns=sns,
        note=note,
        files=files,
    )
    if order := _claims(parcel).filter(shop=shop, state__in=OPEN).first():
        assert order.consignment is not None  # noqa: S101 - submitted orders have one
        logistics.match_parcel(parcel, order.consignment, actor=actor)
        record(order, "parcel_matched", actor=actor, data={"parcel": parcel.pk})
        return Parcel.objects.get(pk=parcel.pk)
    drafts = list(_claims(parcel).filter(state=RepairOrder.State.AWAITING_SUBMISSION))
    record(drafts, "parcel_without_order", actor=actor, data={"parcel": parcel.pk})
    return parcel


def _claims(parcel: Parcel) -> Any:
    """Orders whose code or serial stands on the parcel, code first come first served."""
    units = Unit.objects.exclude(state=Unit.State.CANCELLED).filter(sn__in=parcel.sns)
    claim = Q(pk__in=units.values("order"))
    if parcel.code:
        claim |= Q(code=parcel.code)
    return RepairOrder.objects.filter(claim).order_by("pk")


@transaction.atomic
def match_parcel(parcel: Parcel, order: RepairOrder, *, actor: Any) -> Parcel:
    """By hand, to an order of the same shop. A draft cannot have it yet: its customer is asked to
    submit instead. Raises PermissionDenied, Refused."""
    order = lock(order)
    if order.consignment is None:
        raise Refused(_("The customer has not submitted this repair order yet."))
    _require_open(order)
    matched = logistics.match_parcel(parcel, order.consignment, actor=actor)
    record(order, "parcel_matched", actor=actor, data={"parcel": parcel.pk})
    return matched
