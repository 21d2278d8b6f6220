"""Boxes and shipments of goods going out (R32, R64, R77, R80): what is sealed, released, loaded.

Nothing here knows repair orders; who calls holds the lock of the order, then of the containers.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import WORKSHOP
from core.workflow import Refused, Text
from history.services import record
from logistics.models import Carrier, Consignment, Container, Direction, Shipment
from logistics.permissions import DESK, require
from logistics.services import USED, check_waybill

MOST_AT_ONCE = 200


def next_number(consignment: Consignment, direction: str) -> int:
    """The next free number of a box that way. The consignment's row is locked by the caller."""
    boxes = Container.objects.filter(consignment=consignment, direction=direction)
    return (boxes.aggregate(last=Max("number"))["last"] or 0) + 1


def known_kind(kind: str) -> str:
    """Raises ValidationError when it is neither a box nor a pallet."""
    if kind not in Container.Kind.values:
        raise ValidationError({"kind": _("Choose a box or a pallet.")})
    return kind


@transaction.atomic
def open_box(consignment: Consignment, *, actor: Any, kind: str = "box") -> Container:
    """A new outbound container of these goods, numbered; it belongs to one order alone (E31)."""
    require(actor, WORKSHOP)
    Consignment.objects.select_for_update(of=("self",)).get(pk=consignment.pk)
    box: Container = Container.objects.create(
        consignment=consignment,
        direction=Direction.OUT,
        kind=known_kind(kind),
        number=next_number(consignment, Direction.OUT),
    )
    record(box, "opened", actor=actor)
    return box


@transaction.atomic
def announce_boxes(
    shipment: Shipment, *, actor: Any, kind: str = "box", count: int = 1
) -> list[Container]:
    """Further boxes or pallets of a parcel on its way to us, or found at the door (R64).

    Raises PermissionDenied, ValidationError (kind, or not 1 to MOST_AT_ONCE), Refused for goods
    going out.
    """
    require(actor, DESK)
    if shipment.direction != Direction.IN:
        raise Refused(_("Containers going out are packed, not announced."))
    if not 1 <= count <= MOST_AT_ONCE:
        raise ValidationError(
            {"count": _("Between 1 and %(most)d containers at once.") % {"most": MOST_AT_ONCE}}
        )
    known_kind(kind)
    goods = Consignment.objects.select_for_update(of=("self",)).get(pk=shipment.consignment_id)
    first = next_number(goods, Direction.IN)
    made: list[Container] = Container.objects.bulk_create(
        Container(
            consignment=goods,
            direction=Direction.IN,
            state=Container.State.ANNOUNCED,
            shipment=shipment,
            kind=kind,
            number=first + step,
        )
        for step in range(count)
    )
    record(made, "announced", actor=actor)
    return made


# ------------------------------------------------------------------ shipments
@transaction.atomic
def new_shipment(
    consignment: Consignment,
    *,
    actor: Any,
    carrier: Carrier | None,
    waybill: str,
    at: datetime | None = None,
) -> Shipment:
    """An outbound shipment, tracked when its number is known already (R32).

    Raises PermissionDenied, ValidationError (number used before, no carrier to a number).
    """
    require(actor, WORKSHOP)
    at, number = at or timezone.now(), ""
    if waybill.strip():
        if carrier is None:
            raise ValidationError({"carrier": _("Choose the carrier of this number.")})
        number = check_waybill(carrier, waybill)
    try:
        with transaction.atomic():
            shipment = Shipment.objects.create(
                consignment=consignment,
                direction=Direction.OUT,
                carrier=carrier,
                waybill=number,
                tracked_at=at if number else None,
                created_at=at,
            )
    except IntegrityError as clash:  # somebody used the number between the look and the write
        raise ValidationError({"waybill": USED}) from clash
    if number:
        record(shipment, "tracked", actor=actor, at=at, data={"waybill": number})
    else:
        record(shipment, "prepared", actor=actor, at=at)
    return shipment


def why_not_load(box: Container, shipment: Shipment | None = None) -> Text | None:
    """The reason that keeps this container off a shipment; None when it may go (R77, R80)."""
    if box.shipment_id is not None:
        return _("%(code)s is on a shipment already.") % {"code": box.code}
    if box.direction == Direction.OUT and box.state != Container.State.RELEASED:
        return _("%(code)s is “%(state)s”: it goes on a shipment when its bill is paid.") % {
            "code": box.code,
            "state": box.get_state_display(),
        }
    if shipment is None:
        return None
    if (shipment.consignment_id, shipment.direction) != (box.consignment_id, box.direction):
        return _("%(code)s and the shipment belong to different ways or orders.") % {
            "code": box.code
        }
    return why_not_touch(shipment)


def why_not_touch(shipment: Shipment) -> Text | None:
    """What is on it is fixed once the carrier has it."""
    if shipment.picked_up_at or shipment.delivered_at:
        return _("The carrier has this shipment already.")
    return None


@transaction.atomic
def load(boxes: Iterable[Container], shipment: Shipment, *, actor: Any) -> None:
    """Put locked containers on a shipment. Raises PermissionDenied, Refused with every reason."""
    require(actor, WORKSHOP)
    chosen = list(boxes)
    if not chosen:
        raise Refused(_("Choose at least one container."))
    if reasons := [why for box in chosen if (why := why_not_load(box, shipment))]:
        raise Refused(*dict.fromkeys(reasons))
    Container.objects.filter(pk__in=[box.pk for box in chosen]).update(shipment=shipment)
    record(chosen, "loaded", actor=actor, data={"shipment": shipment.pk, "name": str(shipment)})
    record(shipment, "loaded", actor=actor, data={"containers": [box.code for box in chosen]})


@transaction.atomic
def unload(boxes: Iterable[Container], shipment: Shipment, *, actor: Any) -> None:
    """Take locked containers off their shipment, until the carrier has it.

    Raises PermissionDenied, Refused.
    """
    require(actor, WORKSHOP)
    if why := why_not_touch(shipment):
        raise Refused(why)
    chosen = list(boxes)
    if any(box.shipment_id != shipment.pk for box in chosen):
        raise Refused(_("One of the containers is not on this shipment."))
    Container.objects.filter(pk__in=[box.pk for box in chosen]).update(shipment=None)
    record(chosen, "unloaded", actor=actor, data={"shipment": shipment.pk, "name": str(shipment)})
    record(shipment, "unloaded", actor=actor, data={"containers": [box.code for box in chosen]})
