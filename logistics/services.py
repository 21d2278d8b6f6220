"""What is written about goods on the way: parcels, damages, boxes, waybills and their dates.

Nothing here knows repair orders: who moves units as well locks their order first and calls these
functions inside the same transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import WORKSHOP, Role
from attachments.models import Attachment
from attachments.services import attach
from core.workflow import Refused
from devices.models import normalise_sn
from history.services import advance, edit, record
from logistics.models import (
    Carrier,
    Consignment,
    Container,
    Damage,
    Direction,
    Parcel,
    Shipment,
    normalise_waybill,
)
from logistics.permissions import DESK, require
from logistics.tracking import match_events
from repairshops.models import RepairShop

USED = _("This waybill number has been used before.")


# ------------------------------------------------------------------ waybills
def check_waybill(carrier: Carrier, text: str, *, shipment: Shipment | None = None) -> str:
    """The number in its one spelling. Raises ValidationError on `waybill`: empty, not a number of
    this carrier, or used before by another shipment (once per carrier, R27, R32)."""
    waybill = normalise_waybill(text)
    if not waybill:
        raise ValidationError({"waybill": _("Enter the waybill number.")})
    if len(waybill) > 40:
        raise ValidationError({"waybill": _("A waybill number has at most 40 characters.")})
    if carrier.pattern and not re.fullmatch(carrier.pattern, waybill):
        raise ValidationError(
            {
                "waybill": _("This does not look like a waybill number of %(carrier)s.")
                % {"carrier": carrier.name}
            }
        )
    others = Shipment.objects.filter(carrier=carrier, waybill=waybill)
    if shipment is not None:
        others = others.exclude(pk=shipment.pk)
    if others.exists():
        raise ValidationError({"waybill": USED})
    return waybill


@transaction.atomic
def correct_shipment(
    shipment: Shipment, *, version: int, carrier: Carrier, waybill: str, actor: Any
) -> Shipment:
    """Another carrier or number; a shipment without number becomes a tracked one again.

    Raises Stale, ValidationError, PermissionDenied, and Refused once it was delivered.
    """
    require(actor, DESK if shipment.direction == Direction.OUT else DESK | {Role.CUSTOMER})
    if shipment.delivered_at is not None:
        raise Refused(_("This shipment was delivered; its number stays."))
    number = check_waybill(carrier, waybill, shipment=shipment)
    tracked = shipment.tracked_at or timezone.now()
    try:
        with transaction.atomic():
            return edit(
                shipment,
                version=version,
                actor=actor,
                verb="tracking_corrected",
                carrier=carrier,
                waybill=number,
                tracked_at=tracked,
            )
    except IntegrityError as clash:  # somebody used the number between the look and the write
        raise ValidationError({"waybill": USED}) from clash


@transaction.atomic
def remove_tracking(shipment: Shipment, *, version: int, actor: Any) -> Shipment:
    """Take a wrong number back; the status of the shipment moves back by itself.

    Raises Stale, PermissionDenied, and Refused once the carrier has it.
    """
    require(actor, DESK)
    if shipment.picked_up_at or shipment.delivered_at:
        raise Refused(_("The carrier has picked it up; correct the number instead."))
    return edit(
        shipment,
        version=version,
        actor=actor,
        verb="tracking_removed",
        waybill="",
        tracked_at=None,
    )


@transaction.atomic
def record_movement(
    shipment: Shipment,
    *,
    version: int,
    actor: Any,
    picked_up_at: datetime | None,
    delivered_at: datetime | None,
) -> Shipment:
    """When the carrier picked it up and when it was delivered; None takes a date back.

    Raises Stale, PermissionDenied, Refused without a number, ValidationError on impossible dates.
    """
    require(actor, DESK)
    if not shipment.waybill:
        raise Refused(_("Enter the waybill number first."))
    if picked_up_at and delivered_at and delivered_at < picked_up_at:
        raise ValidationError({"delivered_at": _("Delivered cannot be before picked up.")})
    if max(filter(None, (picked_up_at, delivered_at)), default=timezone.now()) > timezone.now():
        raise ValidationError(_("These dates cannot be in the future."))
    return edit(
        shipment,
        version=version,
        actor=actor,
        verb="moved",
        picked_up_at=picked_up_at,
        delivered_at=delivered_at,
    )


# ------------------------------------------------------------------ arriving
@transaction.atomic
def arrive(
    consignment: Consignment,
    *,
    actor: Any,
    shipment: Shipment | None = None,
    container: Container | None = None,
    at: datetime | None = None,
) -> Container | None:
    """The parcel is here: the shipment is delivered, its containers arrived and unpacked.

    With `container` only that one, and its shipment. Without `shipment` the first one of which
    something is still to come. Returns the container its units came in, None for goods that came
    without one. Repeating it changes nothing.
    """
    at = at or timezone.now()
    shipments = Shipment.objects.select_for_update(of=("self",)).filter(
        consignment=consignment, direction=Direction.IN
    )
    here = list(shipments.order_by("pk"))
    boxes = list(consignment.containers.filter(direction=Direction.IN).order_by("pk"))
    opened = [box for box in boxes if container is not None and box.pk == container.pk]
    come = _come(here, boxes, opened[0].shipment_id if opened else getattr(shipment, "pk", None))
    if come is not None and come.delivered_at is None:
        edit(come, version=come.version, actor=actor, verb="delivered", delivered_at=at)
    found = opened or [box for box in boxes if come and box.shipment_id == come.pk]
    here_now = [_unpacked(box, actor=actor, at=at) for box in found]
    return here_now[0] if here_now else None


def _unpacked(box: Container, *, actor: Any, at: datetime) -> Container:
    if box.state == Container.State.ANNOUNCED:
        box = advance(box, "arrive", actor=actor, at=at)
    if box.state == Container.State.ARRIVED:
        box = advance(box, "unpack", actor=actor, at=at)
    return box


def _come(here: list[Shipment], boxes: list[Container], wanted: int | None) -> Shipment | None:
    """The shipment that was opened: the wanted one, else the first with something to come."""
    closed = {box.shipment_id for box in boxes if box.state == Container.State.ANNOUNCED}
    for test in (
        lambda s: s.pk == wanted,
        lambda s: s.delivered_at is None,
        lambda s: s.pk in closed,
    ):
        if found := next(filter(test, here), None):
            return found
    return here[-1] if here else None


@transaction.atomic
def record_damage(
    consignment: Consignment,
    *,
    actor: Any,
    description: str,
    sn: str = "",
    container: Container | None = None,
    files: Iterable[Attachment] = (),
) -> Damage:
    """Shipping damage with its photos, seen by the customer of the goods too (R66).

    Raises PermissionDenied, ValidationError without a word about it or with another's container.
    """
    require(actor, WORKSHOP)
    if container is not None and container.consignment_id != consignment.pk:
        raise ValidationError({"container": _("This container belongs to another order.")})
    if not description.strip():
        raise ValidationError({"description": _("Write what is damaged.")})
    damage = Damage.objects.create(
        consignment=consignment,
        container=container,
        sn=normalise_sn(sn),
        description=description.strip(),
        recorded_by=actor,
    )
    attach(list(files), damage, actor=actor)
    record(damage, "recorded", actor=actor)
    return damage


# ------------------------------------------------------------------ parcels without an order
@transaction.atomic
def record_parcel(
    shop: RepairShop,
    *,
    actor: Any,
    carrier: Carrier | None,
    waybill: str,
    code: str,
    sns: Iterable[str],
    note: str,
    files: Iterable[Attachment],
) -> Parcel:
    """A parcel that came without an order (E12, R31), kept until its order is submitted.

    Raises PermissionDenied, ValidationError when nothing tells it from another parcel or when its
    waybill is noted already.
    """
    require(actor, WORKSHOP)
    number = normalise_waybill(waybill)
    serials = sorted({sn for sn in map(normalise_sn, sns) if sn})
    if not (number or code.strip() or serials or note.strip()):
        raise ValidationError(
            _("Enter at least the waybill, a code, a serial number or a note about the parcel.")
        )
    if len(number) > 40:
        raise ValidationError({"waybill": _("A waybill number has at most 40 characters.")})
    same = Parcel.objects.filter(shop=shop, waybill=number, carrier=carrier, consignment=None)
    if number and same.exists():
        raise ValidationError({"waybill": _("This parcel is recorded already.")})
    parcel = Parcel.objects.create(
        shop=shop,
        carrier=carrier,
        waybill=number,
        code=code.strip().upper(),
        sns=serials,
        note=note.strip(),
        recorded_by=actor,
    )
    attach(list(files), parcel, actor=actor)
    record(parcel, "recorded", actor=actor)
    return parcel


@transaction.atomic
def match_parcels(
    consignment: Consignment, *, sns: Iterable[str], actor: Any, at: datetime | None = None
) -> list[Parcel]:
    """Give the shop's unidentified parcels of these goods their consignment: by waybill, by the
    code written on them, or by a serial number. A waybill that matches is delivered thereby.

    Called when an order is submitted or its waybill is corrected; `actor` is who did that.
    """
    at = at or timezone.now()
    serials = {normalise_sn(sn) for sn in sns}
    waybills = set(
        consignment.shipments.filter(direction=Direction.IN)
        .exclude(waybill="")
        .values_list("waybill", flat=True)
    )
    open_parcels = (
        Parcel.objects.unmatched()
        .filter(shop=consignment.shop_id)
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    found = [
        parcel
        for parcel in open_parcels
        if parcel.waybill in waybills
        or parcel.code == consignment.reference
        or serials.intersection(parcel.sns)
    ]
    for parcel in found:
        _give(parcel, consignment, actor=actor, at=at)
    for shipment in consignment.shipments.filter(direction=Direction.IN).exclude(waybill=""):
        match_events(shipment, actor=actor)
    return found


@transaction.atomic
def match_parcel(parcel: Parcel, consignment: Consignment, *, actor: Any) -> Parcel:
    """By hand. Raises PermissionDenied, Refused (matched before, or goods of another shop)."""
    require(actor, DESK)
    fresh = Parcel.objects.select_for_update(of=("self",)).get(pk=parcel.pk)
    if fresh.consignment_id is not None:
        raise Refused(_("This parcel belongs to an order already."))
    if fresh.shop_id != consignment.shop_id:
        raise Refused(_("This order goes to another repair shop."))
    _give(fresh, consignment, actor=actor, at=timezone.now())
    return fresh


def _give(parcel: Parcel, consignment: Consignment, *, actor: Any, at: datetime) -> None:
    parcel.consignment, parcel.matched_at = consignment, at
    parcel.save(update_fields=["consignment", "matched_at"])
    record(parcel, "matched", actor=actor, at=at, data={"reference": consignment.reference})
    same = consignment.shipments.filter(
        direction=Direction.IN, waybill=parcel.waybill, delivered_at=None
    ).exclude(waybill="")
    for shipment in same:
        edit(
            shipment,
            version=shipment.version,
            actor=actor,
            verb="delivered",
            delivered_at=parcel.received_at,
        )
