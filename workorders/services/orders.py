"""Repair orders from submission to completion. Drafts and device lists live next door."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.workflow import Refused, Step, Text, not_from
from history.services import advance, advance_many, edit, record
from logistics.models import Address, Carrier, Consignment, Container, Direction, Shipment
from logistics.services import USED, check_waybill, match_parcels
from workorders.models import Message, RepairOrder, Unit
from workorders.services.drafts import (
    Shipping,
    choose_shop,
    counted_family,
    family,
    lock,
    new_code,
    open_draft,
    require_editor,
    save_draft,
    split_to_shop,
    units_of,
)
from workorders.services.serials import (
    Device,
    Row,
    add_unit,
    add_units,
    check_sns,
    edit_unit,
    remove_unit,
)

__all__ = [
    "Device",
    "Row",
    "Shipping",
    "add_unit",
    "add_units",
    "add_waybill",
    "cancel_order",
    "check_sns",
    "choose_shop",
    "complete_order",
    "correct_return",
    "correct_waybill",
    "counted_family",
    "edit_unit",
    "family",
    "follow_units",
    "lock",
    "new_code",
    "open_draft",
    "remove_unit",
    "save_draft",
    "silent_since",
    "split_to_shop",
    "submit_order",
    "units_of",
]

SHOWN_CONFLICTS = 20
SILENT_DAYS = 7


# ------------------------------------------------------------------ submission
@transaction.atomic
def submit_order(order: RepairOrder, *, actor: Any, at: datetime | None = None) -> RepairOrder:
    """Send the order to its shop (R28, R29): consignment, inbound shipment, announced container.

    Every device now holds its serial number, so that it is in one open order only (L09); parcels
    that came before the order are matched to it (E12). Of two at once one has an effect.
    Raises PermissionDenied; Refused with every reason, conflicts named by serial number.
    """
    at = at or timezone.now()
    step = Step(RepairOrder, "submit")
    step.require(actor)
    require_editor(order, actor)
    fresh = lock(order)
    reasons = [*step.why_not(fresh)]
    if fresh.state == RepairOrder.State.AWAITING_SUBMISSION:
        reasons += [*_waybill_conflict(fresh), *sn_conflicts(fresh)]
    if reasons:
        raise Refused(*reasons)
    _hold_serials(fresh)
    assert fresh.shop_id is not None  # noqa: S101 - the guards said so
    assert fresh.return_to is not None  # noqa: S101
    consignment = Consignment.objects.create(
        customer_id=fresh.customer_id,
        shop_id=fresh.shop_id,
        reference=fresh.code,
        return_address=fresh.return_to.as_text(),
        return_carrier_id=fresh.return_carrier_id,
    )
    RepairOrder.objects.filter(pk=fresh.pk).update(consignment=consignment)
    _announce_parcel(consignment, fresh.carrier_id, fresh.waybill, at=at)
    submitted = advance(fresh, "submit", actor=actor, at=at)
    match_parcels(consignment, sns=_serials(submitted), actor=actor, at=at)
    return submitted


def _serials(order: RepairOrder) -> Iterable[str]:
    return units_of(order).values_list("sn", flat=True)


def _waybill_conflict(order: RepairOrder) -> list[Text]:
    if order.carrier is None or not order.waybill:
        return []
    try:
        check_waybill(order.carrier, order.waybill)
    except ValidationError as error:
        return list(error.messages)
    return []


def _announce_parcel(
    consignment: Consignment, carrier_id: int | None, waybill: str, *, at: datetime
) -> Shipment:
    """A tracked inbound shipment with one announced box. Raises Refused when the number is used."""
    try:
        with transaction.atomic():
            shipment = Shipment.objects.create(
                consignment=consignment,
                direction=Direction.IN,
                carrier_id=carrier_id,
                waybill=waybill,
                tracked_at=at,
                created_at=at,
            )
    except IntegrityError as clash:  # somebody used the number between the look and the write
        raise Refused(USED) from clash
    boxes = consignment.containers.filter(direction=Direction.IN)
    Container.objects.create(
        consignment=consignment,
        direction=Direction.IN,
        state=Container.State.ANNOUNCED,
        shipment=shipment,
        number=(boxes.aggregate(last=Max("number"))["last"] or 0) + 1,
    )
    return shipment


def sn_conflicts(order: RepairOrder) -> list[Text]:
    """One reason per serial number that is in another open order; never whose it is (E11)."""
    elsewhere = Unit.objects.filter(holds_sn=True, sn=OuterRef("sn")).exclude(order=order.pk)
    mine = units_of(order).filter(Exists(elsewhere))
    sns = list(mine.order_by("sn").values_list("sn", flat=True)[: SHOWN_CONFLICTS + 1])
    if not sns:
        return []
    own = dict(
        Unit.objects.filter(holds_sn=True, sn__in=sns, order__customer=order.customer_id)
        .exclude(order=order.pk)
        .values_list("sn", "order__code")
    )
    reasons: list[Text] = [
        _("%(sn)s is in your open repair order %(code)s.") % {"sn": sn, "code": own[sn]}
        if sn in own
        else _("%(sn)s is in an open repair order. Write to customer service.") % {"sn": sn}
        for sn in sns[:SHOWN_CONFLICTS]
    ]
    if len(sns) > SHOWN_CONFLICTS:
        reasons.append(_("More serial numbers are in open repair orders."))
    return reasons


def _hold_serials(order: RepairOrder) -> None:
    """One UPDATE; the database has the last word when two orders want the same number."""
    rows = units_of(order)
    try:
        with transaction.atomic():
            rows.update(holds_sn=True)
    except IntegrityError as clash:
        conflicts = sn_conflicts(order) or [_("A serial number is in an open repair order.")]
        raise Refused(*conflicts) from clash


# ------------------------------------------------------------------ following the units
@transaction.atomic
def follow_units(order: RepairOrder, *, actor: Any, at: datetime | None = None) -> RepairOrder:
    """Bring the order to where its units stand, and its counters with it (E6).

    Locks the order, then counts: who moved units has locked it before. Does nothing to drafts,
    cancelled and completed orders, and nothing when the units say the same as before.
    """
    fresh = lock(order)
    tally = fresh.tally
    going_back = tally.expected + tally.working + tally.going_back
    counters = {"unit_count": tally.total, "sent_count": tally.sent, "back_count": going_back}
    if any(getattr(fresh, name) != value for name, value in counters.items()):
        RepairOrder.objects.filter(pk=fresh.pk).update(**counters)
        for name, value in counters.items():
            setattr(fresh, name, value)
    if fresh.state in RepairOrder.FOLLOWING and tally.total and tally.state() != fresh.state:
        return advance(fresh, "follow_units", actor=actor, at=at)
    return fresh


# ------------------------------------------------------------------ ends
@transaction.atomic
def cancel_order(order: RepairOrder, *, actor: Any, note: str = "") -> RepairOrder:
    """Give the order up before anything arrived; serial and waybill numbers become free again.

    Raises PermissionDenied, Refused (something was received, or it is over already).
    """
    Step(RepairOrder, "cancel").require(actor)
    if actor.role == Role.CUSTOMER:
        require_editor(order, actor)
    fresh = lock(order)
    cancelled = advance(fresh, "cancel", actor=actor, note=note)
    advance_many(
        Unit.objects.filter(order=cancelled, state=Unit.State.EXPECTED), "cancel", actor=actor
    )
    Unit.objects.filter(order=cancelled.pk, holds_sn=True).update(holds_sn=False)
    if cancelled.consignment_id:
        Shipment.objects.filter(
            consignment=cancelled.consignment_id, direction=Direction.IN, delivered_at=None
        ).update(waybill="", tracked_at=None)
    return cancelled


@transaction.atomic
def complete_order(order: RepairOrder, *, actor: Any, at: datetime | None = None) -> RepairOrder:
    """Every device is final: on its way back, scrapped with consent, or missing and settled (R81,
    E7). Frees the serial numbers for a next order. `actor=None` is the clock.

    Raises PermissionDenied, Refused.
    """
    Step(RepairOrder, "complete").require(actor)
    if actor is not None:
        require_editor(order, actor)
    completed = advance(lock(order), "complete", actor=actor, at=at)
    Unit.objects.filter(order=completed.pk, holds_sn=True).update(holds_sn=False)
    return completed


def silent_since(at: datetime) -> list[int]:
    """Keys of orders returned SILENT_DAYS days ago or longer whose customer wrote nothing since.

    Those with a missing device that nobody settled are not asked: they cannot complete (E7).
    """
    lost = Unit.objects.filter(order=OuterRef("pk"), state=Unit.State.MISSING, settled_at=None)
    before = at - timedelta(days=SILENT_DAYS)
    wrote = Message.objects.filter(
        thread=OuterRef("thread"), author_role=Role.CUSTOMER, created_at__gt=before
    )
    returned = RepairOrder.objects.filter(
        state=RepairOrder.State.RETURNED, returned_at__lte=before
    ).exclude(counselling__needs_answer=True)
    return list(
        returned.filter(~Exists(wrote), ~Exists(lost)).order_by("pk").values_list("pk", flat=True)
    )


# ------------------------------------------------------------------ corrections until receipt
def _lock_until_receipt(order: RepairOrder, actor: Any) -> RepairOrder:
    require_editor(order, actor)
    fresh = lock(order)
    if fresh.state != RepairOrder.State.PENDING_DELIVERY:
        raise Refused(not_from(fresh))
    if fresh.received_at is not None:
        raise Refused(_("The repair shop has received devices of this order."))
    return fresh


@transaction.atomic
def correct_waybill(
    shipment: Shipment,
    order: RepairOrder,
    *,
    version: int,
    carrier: Carrier,
    waybill: str,
    actor: Any,
) -> Shipment:
    """Another carrier or number for a parcel on its way to us; until receipt.

    Raises PermissionDenied, Refused, Stale, ValidationError on `waybill`.
    """
    fresh = _lock_until_receipt(order, actor)
    if shipment.consignment_id != fresh.consignment_id or shipment.direction != Direction.IN:
        raise PermissionDenied("shipment")
    before = {"carrier": str(shipment.carrier or ""), "waybill": shipment.waybill}
    was_first = (fresh.carrier_id, fresh.waybill) == (shipment.carrier_id, shipment.waybill)
    number = check_waybill(carrier, waybill, shipment=shipment)
    try:
        with transaction.atomic():
            changed = edit(
                shipment,
                version=version,
                actor=actor,
                carrier=carrier,
                waybill=number,
                tracked_at=shipment.tracked_at or timezone.now(),
            )
    except IntegrityError as clash:
        raise ValidationError({"waybill": USED}) from clash
    if was_first:
        RepairOrder.objects.filter(pk=fresh.pk).update(carrier=carrier, waybill=number)
    after = {"carrier": str(carrier), "waybill": number}
    record(fresh, "waybill_corrected", actor=actor, data={"before": before, "after": after})
    match_parcels(changed.consignment, sns=_serials(fresh), actor=actor)
    return changed


@transaction.atomic
def add_waybill(order: RepairOrder, *, carrier: Carrier, waybill: str, actor: Any) -> Shipment:
    """A further parcel of the same order (E8: many waybills per order); until receipt.

    Raises PermissionDenied, Refused, ValidationError on `waybill`.
    """
    fresh = _lock_until_receipt(order, actor)
    number = check_waybill(carrier, waybill)
    assert fresh.consignment is not None  # noqa: S101 - submitted orders have one
    shipment = _announce_parcel(fresh.consignment, carrier.pk, number, at=timezone.now())
    data = {"carrier": str(carrier), "waybill": number}
    record(fresh, "waybill_added", actor=actor, data=data)
    match_parcels(fresh.consignment, sns=_serials(fresh), actor=actor)
    return shipment


@transaction.atomic
def correct_return(
    order: RepairOrder,
    *,
    version: int,
    return_to: Address,
    return_carrier: Carrier,
    actor: Any,
) -> RepairOrder:
    """Another way back; until receipt. Raises PermissionDenied, Refused, Stale."""
    fresh = _lock_until_receipt(order, actor)
    if return_to.customer_id != fresh.customer_id:
        raise PermissionDenied("address")
    changed = edit(
        fresh,
        version=version,
        actor=actor,
        verb="return_corrected",
        return_to=return_to,
        return_carrier=return_carrier,
    )
    Consignment.objects.filter(reference=fresh.code).update(
        return_address=return_to.as_text(), return_carrier=return_carrier
    )
    return changed
