"""What carriers say of a shipment on its way: by hand, or by their signed webhook (R64, D6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.workflow import Refused
from history.services import edit, record
from logistics.models import Carrier, Shipment, TrackingEvent, normalise_waybill
from logistics.permissions import DESK, require

KEPT_DAYS = 90  # how long a message waits for a shipment with its number
CLOCKS_DIFFER = timedelta(minutes=10)


def _check(kind: str, at: datetime) -> None:
    if kind not in TrackingEvent.Kind.values:
        raise ValidationError({"kind": _("Choose what happened.")})
    if at > timezone.now() + CLOCKS_DIFFER:
        raise ValidationError({"at": _("This cannot be in the future.")})


@transaction.atomic
def add_event(
    shipment: Shipment, *, actor: Any, kind: str, at: datetime, place: str = "", text: str = ""
) -> TrackingEvent:
    """Something the carrier told us by telephone or on its page.

    Raises PermissionDenied, ValidationError, Refused without a number.
    """
    require(actor, DESK)
    if shipment.carrier is None or not shipment.waybill:
        raise Refused(_("Enter the waybill number first."))
    _check(kind, at)
    event = TrackingEvent.objects.create(
        carrier=shipment.carrier,
        shipment=shipment,
        waybill=shipment.waybill,
        kind=kind,
        at=at,
        place=place.strip()[:120],
        text=text.strip()[:500],
        source=TrackingEvent.Source.HAND,
        recorded_by=actor,
    )
    record(event, "noted", actor=actor)
    return event


@transaction.atomic
def receive_event(
    carrier: Carrier,
    *,
    external_id: str,
    waybill: str,
    kind: str,
    at: datetime,
    place: str = "",
    text: str = "",
) -> tuple[TrackingEvent, bool]:
    """A signed message of a carrier and whether it is new; the same one twice is one (replay-safe).

    One about a number nobody gave yet is kept without a shipment and finds it when the number is
    entered. Nothing follows from it before `report`. Raises ValidationError.
    """
    _check(kind, at)
    number = normalise_waybill(waybill)
    if not number or len(number) > 40:
        raise ValidationError({"waybill": _("This is no waybill number.")})
    known = TrackingEvent.objects.filter(carrier=carrier, external_id=external_id).first()
    if known is not None:
        return known, False
    try:
        with transaction.atomic():
            event = TrackingEvent.objects.create(
                carrier=carrier,
                shipment=Shipment.objects.filter(carrier=carrier, waybill=number).first(),
                waybill=number,
                kind=kind,
                at=at,
                place=place[:120],
                text=text[:500],
                source=TrackingEvent.Source.WEBHOOK,
                external_id=external_id,
            )
    except IntegrityError:  # the same message at the same moment
        return TrackingEvent.objects.get(carrier=carrier, external_id=external_id), False
    return event, True


def report(event: TrackingEvent, *, actor: Any) -> None:
    """Tell the floors above what a carrier said of one of our shipments (verb "reported")."""
    if event.shipment_id is not None:
        record(event, "reported", actor=actor)


def match_events(shipment: Shipment, *, actor: Any) -> None:
    """A shipment got its number: messages that came earlier are its own now."""
    if not shipment.waybill:
        return
    early = TrackingEvent.objects.filter(
        carrier=shipment.carrier_id, waybill=shipment.waybill, shipment=None
    )
    pks = list(early.values_list("pk", flat=True))
    if pks:
        mine = TrackingEvent.objects.filter(pk__in=pks)
        mine.update(shipment=shipment)
        record(list(mine.order_by("at", "pk")), "reported", actor=actor)


def follow(shipment: Shipment, event: TrackingEvent, *, actor: Any) -> Shipment:
    """The locked shipment with the dates that the message tells; known dates stay.

    A problem on the way is no date, and a message older than what is known changes nothing.
    """
    kind = TrackingEvent.Kind
    picked_up, delivered = shipment.picked_up_at, shipment.delivered_at
    at = min(event.at, timezone.now())
    if event.kind == kind.DELIVERED:
        delivered = delivered or max(at, picked_up or at)
    elif event.kind != kind.EXCEPTION and not delivered:
        picked_up = picked_up or at
    return edit(
        shipment,
        version=shipment.version,
        actor=actor,
        verb="moved",
        picked_up_at=picked_up,
        delivered_at=delivered,
    )


def carrier_of(code: str) -> Carrier | None:
    """The carrier that a webhook address names."""
    return Carrier.objects.filter(code=code, active=True).first()


def forget_unmatched(at: datetime) -> int:
    """Messages about numbers that nobody gave for KEPT_DAYS days. Returns how many went."""
    old = TrackingEvent.objects.filter(
        shipment=None, received_at__lt=at - timedelta(days=KEPT_DAYS)
    )
    return old.delete()[0]
