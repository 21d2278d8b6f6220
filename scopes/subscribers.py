"""What follows for the scope when work orders move. Runs inside the transaction of the news."""

from __future__ import annotations

from accounts.models import User
from core.events import Event, subscribe
from scopes.services import work
from workorders.models import RepairOrder, Unit


@subscribe(RepairOrder, "opened")
def draft_opened(event: Event) -> None:
    """Approval opened the draft: the serial numbers of the request are on it at once.

    A second draft for another shop starts empty: its devices are moved there by hand (E8).
    """
    if "split_from" in event.data:
        return
    for order in event.subjects():
        work.fill_draft(order, actor=User.objects.get(pk=event.actor_id))


@subscribe(RepairOrder, "submit")
def order_submitted(event: Event) -> None:
    for order in event.subjects():
        work.set_services(order)


@subscribe(Unit, "added", "unexpected")
def unit_came(event: Event) -> None:
    """On a draft nothing happens yet: its devices get their services when it is submitted."""
    drafts = RepairOrder.State.AWAITING_SUBMISSION
    orders = RepairOrder.objects.filter(units__in=event.pks).exclude(state=drafts).distinct()
    for order in orders:
        work.set_services(order, unit_pks=event.pks)
