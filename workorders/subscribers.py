"""What work orders hear from the floors below."""

from __future__ import annotations

from accounts.models import User
from core.events import Event, subscribe
from logistics.models import TrackingEvent
from workorders.services import returns


@subscribe(TrackingEvent, "reported")
def goods_moved(event: Event) -> None:
    """A carrier said something of a shipment: its order follows (R64)."""
    actor = User.objects.filter(pk=event.actor_id).first() if event.actor_id else None
    for pk in event.pks:
        returns.follow_event(pk, actor=actor)
