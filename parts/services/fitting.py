"""Parts into devices and out of them; what of the shop's stayed in, for the invoice (D5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.workflow import Refused
from devices.models import normalise_sn
from history.services import record
from parts.models import Condition, Movement, Owner, Part, PartType, Place, Why
from parts.services.ledger import Occasion, Spot, lock_parts, lock_stock, move_part, move_quantity
from parts.services.reservations import use_reservation
from workorders.models import RepairOrder, Unit
from workorders.services.drafts import lock
from workorders.services.receiving import require_workshop

OUT = (Place.STOCK, Place.SCRAP, Place.CUSTOMER)
Used = tuple[int, int, int, list[int]]


@dataclass(frozen=True)
class Leaving:
    """What becomes of the part that comes out of a slot. `serial` and `type` say what it is when
    nobody had registered it before; `to` is one of OUT."""

    to: str
    condition: str = Condition.FAULTY
    kind: str = ""
    serial: str = ""
    type: PartType | None = None
    reason: str = ""


def used_parts(unit_pks: Iterable[int]) -> list[Used]:
    """The repair centre's parts that went into these devices and stayed in (one query).

    Rows of (unit key, part type key, quantity, keys of the parts). What was taken out again does
    not count, what moved on into another device counts there; what a device brought back from
    an earlier repair is the customer's by then.
    """
    pks = set(unit_pks)
    lines = Movement.objects.filter(
        Q(target_unit__in=pks) | Q(source_unit__in=pks), owner=Owner.MAKER, type__isnull=False
    ).values_list("source_unit", "target_unit", "type", "part", "quantity")
    counted: dict[tuple[int, int], dict[int | None, int]] = {}
    for source, target, kind, part, quantity in lines.order_by("pk"):
        for unit, sign in ((source, -1), (target, 1)):
            if unit in pks:
                pieces = counted.setdefault((unit, kind), {})
                pieces[part] = pieces.get(part, 0) + sign * quantity
    return [
        (unit, kind, total, [pk for pk, n in pieces.items() if pk and n > 0])
        for (unit, kind), pieces in sorted(counted.items())
        if (total := sum(pieces.values())) > 0
    ]


# ------------------------------------------------------------------ before anything moves
def lock_unit(unit: Unit, *, actor: Any) -> tuple[RepairOrder, Unit]:
    """Order first, then the device; both fresh. Raises PermissionDenied, Refused."""
    require_workshop(actor)
    order = lock(unit.order)
    fresh: Unit = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    if reason := why_closed(fresh):
        raise Refused(reason)
    carry(fresh, order, actor=actor)
    return order, fresh


def why_closed(unit: Unit) -> Any:
    """Why no part of this device can be touched now; empty when one can."""
    if unit.state in (Unit.State.EXPECTED, *Unit.FINAL):
        return _("The device is not here.")
    if unit.outbound_container_id is not None:
        return _("It is in an outbound container already.")
    if unit.state in (Unit.State.READY, Unit.State.REJECTED):
        return _("Take the device back to the bench first.")
    return ""


def carry(unit: Unit, order: RepairOrder, *, actor: Any) -> None:
    """Parts that an earlier repair of the same serial number left in the device come with it.

    By now they are the customer's: they were handed over with the device.
    """
    earlier = Part.objects.filter(unit__sn=unit.sn).exclude(unit=unit.pk)
    mine = earlier.filter(unit__order__customer=order.customer_id)
    taken = set(Part.objects.filter(unit=unit.pk).values_list("slot", flat=True))
    assert order.shop is not None  # noqa: S101 - a received device has its shop
    occasion = Occasion(Why.CARRIED, actor, timezone.now(), order)
    for part in lock_parts(mine.values_list("pk", flat=True)).values():
        if part.slot in taken:
            continue
        taken.add(part.slot)
        part.owner, part.shop = Owner.CUSTOMER, order.shop
        came = Spot(Place.CUSTOMER)
        move_part(part, Spot(Place.UNIT, unit=unit, slot=part.slot), occasion, source=came)


def sitting(unit: Unit, slot: str) -> Part | None:
    """The registered part in the slot, locked."""
    pks = Part.objects.filter(unit=unit.pk, slot=slot).values_list("pk", flat=True)
    return next(iter(lock_parts(pks).values()), None)


# ------------------------------------------------------------------ what sits where
@transaction.atomic
def register(
    unit: Unit,
    slot: str,
    *,
    actor: Any,
    kind: str,
    type: PartType | None = None,
    serial: str = "",
    condition: str = Condition.UNKNOWN,
) -> Part:
    """Write down a part that came in the device: the customer's, first seen in this miner (E26).

    Raises PermissionDenied, Refused (the slot holds one already), ValidationError on `serial`.
    """
    order, fresh = lock_unit(unit, actor=actor)
    if sitting(fresh, slot) is not None:
        raise Refused(_("There is a part in this slot already."))
    occasion = Occasion(Why.FOUND, actor, timezone.now(), order)
    return _found(fresh, slot, occasion, Leaving("", condition, kind, serial, type))


def _found(unit: Unit, slot: str, occasion: Occasion, said: Leaving) -> Part:
    serial = normalise_sn(said.serial)
    kind = said.type.kind if said.type else said.kind
    if serial and said.type is None:
        raise ValidationError({"type": _("Choose the type that the serial number belongs to.")})
    order = occasion.order
    assert order is not None  # noqa: S101
    assert order.shop is not None  # noqa: S101
    part = Part(
        type=said.type,
        kind=kind,
        serial=serial,
        owner=Owner.CUSTOMER,
        condition=said.condition,
        place=Place.UNIT,
        shop=order.shop,
        unit=unit,
        slot=slot,
        origin_sn=unit.sn,
    )
    save_new(part)
    spot = Spot(Place.UNIT, unit=unit, slot=slot)
    found = Occasion(Why.FOUND, occasion.actor, occasion.at, order)
    return move_part(part, spot, found, source=Spot(Place.CUSTOMER))


def save_new(part: Part) -> None:
    """Insert it; the database has the last word on serial numbers. Raises ValidationError."""
    try:
        with transaction.atomic():
            part.save(force_insert=True)
    except IntegrityError as clash:
        raise ValidationError(
            {"serial": _("%(serial)s is registered already.") % {"serial": part.serial}}
        ) from clash


# ------------------------------------------------------------------ in and out
@transaction.atomic
def attach(unit: Unit, slot: str, part: Part | PartType, *, actor: Any, reason: str = "") -> Part:
    """Fit a spare part of the order's shop: a piece, or one of a type without serial numbers.

    Raises PermissionDenied; Refused when the slot is taken, or the part is not there for it (of two
    at once one gets it).
    """
    order, fresh = lock_unit(unit, actor=actor)
    occasion = Occasion(Why.FITTED, actor, timezone.now(), order, reason)
    fitted = _fit(fresh, slot, part, occasion)
    _tell(fresh, slot, actor, occasion.at, old=None, new=fitted)
    return fitted


@transaction.atomic
def detach(unit: Unit, slot: str, *, actor: Any, leaving: Leaving) -> Part:
    """Take the part out of a slot: to stock, to scrap, or back to the customer.

    Into the stock comes only what is good and the repair centre's; anything else is put aside in
    the shop. Raises PermissionDenied, Refused, ValidationError on `serial`, `type`.
    """
    order, fresh = lock_unit(unit, actor=actor)
    occasion = Occasion(Why.TAKEN_OUT, actor, timezone.now(), order, leaving.reason)
    gone = _take_out(fresh, slot, leaving, occasion)
    _tell(fresh, slot, actor, occasion.at, old=gone, new=None)
    return gone


@transaction.atomic
def replace(
    unit: Unit, slot: str, part: Part | PartType, *, actor: Any, leaving: Leaving
) -> tuple[Part, Part]:
    """Out with the old one, in with the new one; both serial numbers are kept (D4).

    Returns (old, new). Raises what `attach` and `detach` raise.
    """
    order, fresh = lock_unit(unit, actor=actor)
    at = timezone.now()
    locked = [part.pk] if isinstance(part, Part) else []
    there = Part.objects.filter(unit=fresh.pk, slot=slot).values_list("pk", flat=True)
    lock_parts([*locked, *there])  # both at once, by key
    out = Occasion(Why.TAKEN_OUT, actor, at, order, leaving.reason)
    old = _take_out(fresh, slot, leaving, out)
    new = _fit(fresh, slot, part, Occasion(Why.FITTED, actor, at, order, leaving.reason))
    _tell(fresh, slot, actor, at, old=old, new=new)
    return old, new


def _tell(
    unit: Unit, slot: str, actor: Any, at: datetime, *, old: Part | None, new: Part | None
) -> None:
    verb = "part_replaced" if old and new else "part_fitted" if new else "part_removed"
    data = {"slot": slot, "old": str(old) if old else "", "new": str(new) if new else ""}
    record(unit, verb, actor=actor, at=at, internal=verb == "part_removed", data=data)


def _fit(unit: Unit, slot: str, part: Part | PartType, occasion: Occasion) -> Part:
    if not slot:
        raise ValidationError({"slot": _("Name the slot.")})
    if Part.objects.filter(unit=unit.pk, slot=slot).exists():
        raise Refused(_("There is a part in this slot already."))
    order = occasion.order
    assert order is not None  # noqa: S101
    into = Spot(Place.UNIT, unit=unit, slot=slot)
    if isinstance(part, PartType):
        return _fit_uncounted(unit, part, into, occasion)
    fresh = lock_parts([part.pk])[part.pk]
    _require_available(fresh, order)
    if fresh.place == Place.STOCK and fresh.type is not None:
        use_reservation(unit, fresh.type, _stock_of(order, fresh.type))
    return move_part(fresh, into, occasion)


def _stock_of(order: RepairOrder, kind: PartType) -> Any:
    assert order.shop_id is not None  # noqa: S101
    return lock_stock([(order.shop_id, kind.pk)])[order.shop_id, kind.pk]


def _fit_uncounted(unit: Unit, kind: PartType, into: Spot, occasion: Occasion) -> Part:
    """One of many like it: the row stands for it while it sits in the device."""
    if kind.serialised:
        raise ValidationError({"serial": _("Scan the serial number of the new part.")})
    order = occasion.order
    assert order is not None  # noqa: S101
    assert order.shop is not None  # noqa: S101
    use_reservation(unit, kind, _stock_of(order, kind))
    part = Part.objects.create(
        type=kind, kind=kind.kind, shop=order.shop, condition=Condition.GOOD, place=Place.STOCK
    )
    return move_part(part, into, occasion)


def _require_available(part: Part, order: RepairOrder) -> None:
    """Raise Refused unless it lies in the order's shop and may go into this customer's device."""
    if part.shop_id != order.shop_id:
        raise Refused(_("%(part)s lies in another shop.") % {"part": part})
    if part.place == Place.STOCK:
        return
    if part.place != Place.SHELF:
        raise Refused(_("%(part)s is not in stock any more.") % {"part": part})
    last = part.movements.select_related("order").order_by("-pk").first()
    theirs = last is not None and last.order and last.order.customer_id == order.customer_id
    if part.owner != Owner.CUSTOMER or not theirs:
        raise Refused(_("%(part)s is put aside and not for this device.") % {"part": part})


def _take_out(unit: Unit, slot: str, leaving: Leaving, occasion: Occasion) -> Part:
    if leaving.to not in OUT:
        raise ValidationError({"to": _("Say where the old part goes.")})
    part = sitting(unit, slot)
    if part is None:
        part = _found(unit, slot, occasion, leaving)
    elif leaving.serial and not part.serial:
        _name(part, leaving)
    part.condition = leaving.condition
    if part.condition == Condition.SCRAPPED:
        part.condition = Condition.FAULTY
    return move_part(part, _way_out(part, leaving.to), _for(leaving.to, occasion))


def _name(part: Part, leaving: Leaving) -> None:
    """The serial number, read only now that the part is out."""
    part.type, part.serial = leaving.type or part.type, normalise_sn(leaving.serial)
    if part.type is None:
        raise ValidationError({"type": _("Choose the type that the serial number belongs to.")})
    taken = Part.objects.filter(type=part.type, serial=part.serial).exclude(pk=part.pk)
    if taken.exists():
        said = _("%(serial)s is registered already.") % {"serial": part.serial}
        raise ValidationError({"serial": said})
    Part.objects.filter(pk=part.pk).update(type=part.type, serial=part.serial)


def _way_out(part: Part, to: str) -> Spot:
    if to != Place.STOCK:
        return Spot(to)
    usable = part.owner == Owner.MAKER and part.condition == Condition.GOOD and part.type
    return Spot(Place.STOCK if usable else Place.SHELF, part.shop)


def _for(to: str, occasion: Occasion) -> Occasion:
    why = {Place.SCRAP: Why.SCRAPPED, Place.CUSTOMER: Why.RETURNED}.get(to, occasion.why)  # type: ignore[call-overload]
    return Occasion(why, occasion.actor, occasion.at, occasion.order, occasion.reason)


__all__ = [
    "OUT",
    "Leaving",
    "attach",
    "carry",
    "detach",
    "lock_unit",
    "move_quantity",
    "register",
    "replace",
    "save_new",
    "sitting",
    "used_parts",
    "why_closed",
]
