"""What follows at the stock from what happens to devices."""

from __future__ import annotations

from core.events import Event, subscribe
from parts.services.reservations import end_reservations
from workorders.models import Unit


@subscribe(Unit, "pass_test", "give_up", "reject", "scrap", "mark_missing", "cancel")
def free_what_was_promised(event: Event) -> None:
    """A device that leaves the bench needs no parts any more."""
    end_reservations(event.pks, at=event.at)
