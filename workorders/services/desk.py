"""What customer service does with an enquiry besides talking: take, assign, settle, convert."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Role
from attachments.models import Attachment
from core.workflow import Refused, Step, Text
from history.services import advance, record
from repairshops.models import RepairShop
from sla import services as clocks
from workorders.models import Counselling, RepairOrder, SavedView
from workorders.services import orders, threads, views

CODE_MARK = "{code}"


@dataclass
class Assigned:
    """What a bulk assignment did: the numbers that moved, and why each other one did not."""

    moved: list[int] = field(default_factory=list)
    refused: dict[int, Text] = field(default_factory=dict)


def require_agent(actor: Any) -> None:
    if getattr(actor, "role", None) not in {Role.AGENT, Role.ADMIN}:
        raise PermissionDenied("desk")


def lock(counselling: Counselling) -> Counselling:
    """The row as it stands now, locked until the transaction ends."""
    fresh: Counselling = Counselling.objects.select_for_update(of=("self",)).get(pk=counselling.pk)
    return fresh


def _give(counselling: Counselling, to: User | None, *, actor: Any) -> Counselling:
    """The row is locked by the caller. Nothing is written when nothing changes."""
    if counselling.assignee_id == (to.pk if to else None):
        return counselling
    Counselling.objects.filter(pk=counselling.pk).update(assignee=to)
    counselling.assignee = to
    verb, data = ("assigned", {"to": to.pk, "name": str(to)}) if to else ("released", {})
    record(counselling, verb, actor=actor, internal=True, data=data)
    return counselling


@transaction.atomic
def assign(counselling: Counselling, *, actor: Any, to: User | None) -> Counselling:
    """Give the enquiry to a colleague, or back to the queue with `to=None`.

    Raises PermissionDenied, and Refused when the person cannot work on it.
    """
    require_agent(actor)
    if to is not None and (to.role != Role.AGENT or not to.is_active):
        raise Refused(_("Only people of customer service can look after an enquiry."))
    return _give(lock(counselling), to, actor=actor)


@transaction.atomic
def take(counselling: Counselling, *, actor: Any) -> Counselling:
    """Look after it oneself. Raises Refused when a colleague was faster (D10)."""
    require_agent(actor)
    fresh = lock(counselling)
    if fresh.assignee_id not in {None, actor.pk}:
        raise Refused(_("%(name)s looks after this enquiry already.") % {"name": fresh.assignee})
    return _give(fresh, actor, actor=actor)


@transaction.atomic
def take_next(*, actor: Any) -> Counselling | None:
    """The most urgent enquiry that waits for an answer and that nobody has; None when done.

    Two agents at the same moment get two different ones: rows under way are skipped where the
    database can, elsewhere writers come one after the other.
    """
    require_agent(actor)
    free = Counselling.objects.visible_to(actor).for_queue().most_urgent_first()
    skips = connection.features.has_select_for_update_skip_locked
    locked = free.select_for_update(of=("self",), skip_locked=skips)
    chosen = locked.filter(assignee=None, needs_answer=True).first()
    return _give(chosen, actor, actor=actor) if chosen else None


@transaction.atomic
def assign_many(rows: Iterable[Counselling], *, actor: Any, to: User | None) -> Assigned:
    """The same for the rows picked in the queue; finished ones stay as they are."""
    out = Assigned()
    for row in sorted(rows, key=lambda counselling: counselling.pk):
        try:
            if to is not None and to == actor:
                take(row, actor=actor)
            else:
                assign(row, actor=actor, to=to)
        except Refused as refusal:
            out.refused[row.number] = refusal.reasons[0]
        else:
            out.moved.append(row.number)
    return out


@transaction.atomic
def resolve(
    counselling: Counselling,
    *,
    actor: Any,
    message: str = "",
    files: Sequence[Attachment] = (),
    at: datetime | None = None,
) -> Counselling:
    """Finished as solved, with a last message to the customer if there is one.

    Raises Refused while nobody has answered the customer.
    """
    return _settle(counselling, "resolve", actor=actor, message=message, files=files, at=at)


@transaction.atomic
def refer(
    counselling: Counselling, *, actor: Any, message: str = "", at: datetime | None = None
) -> Counselling:
    """Finished: the repair is a third party's, at the customer's own cost (R8, R9)."""
    return _settle(counselling, "refer", actor=actor, message=message, at=at)


def _settle(
    counselling: Counselling,
    step: str,
    *,
    actor: Any,
    message: str = "",
    files: Sequence[Attachment] = (),
    at: datetime | None = None,
) -> Counselling:
    at = at or timezone.now()
    _may_take(step, actor)
    if message.strip() or files:
        threads.post_message(counselling.thread, actor=actor, text=message, files=files)
    fresh = advance(counselling, step, actor=actor, at=at)
    clocks.stop(Counselling, [fresh.pk], at=at)
    return fresh


def _may_take(step: str, actor: Any) -> None:
    """Permission before anything is written or told."""
    Step(Counselling, step).require(actor)


@transaction.atomic
def convert(
    counselling: Counselling,
    *,
    actor: Any,
    message: str = "",
    service_note: str = "",
    shop: RepairShop | None = None,
    at: datetime | None = None,
) -> RepairOrder:
    """Finish the enquiry with a first visit code and open the draft repair order (R16-R18, E2).

    `{code}` in the message becomes the code. Clocks of the enquiry stop. Raises Refused with every
    reason: no serial number, or out of warranty with a brand that refers such repairs (E10).
    """
    at = at or timezone.now()
    _may_take("convert", actor)
    lock(counselling)
    code = orders.new_code()
    if message.strip():
        threads.post_message(counselling.thread, actor=actor, text=message.replace(CODE_MARK, code))
    fresh = advance(counselling, "convert", actor=actor, at=at, code=code)
    clocks.stop(Counselling, [fresh.pk], at=at)
    return orders.open_draft(fresh, actor=actor, shop=shop, service_note=service_note)


@transaction.atomic
def no_answer_needed(counselling: Counselling, *, actor: Any) -> Counselling:
    """A finished enquiry that was written to again leaves the queue without a reply (E5, D11)."""
    require_agent(actor)
    fresh = lock(counselling)
    if fresh.state != Counselling.State.FINISHED:
        raise Refused(_("The customer waits for an answer."))
    if fresh.needs_answer:
        Counselling.objects.filter(pk=fresh.pk).update(needs_answer=False)
        fresh.needs_answer = False
        record(fresh, "no_answer_needed", actor=actor, internal=True)
    return fresh


def save_view(owner: User, *, name: str, query: str) -> SavedView:
    """Keep filters of the queue under a name. Raises PermissionDenied, Refused (too many)."""
    require_agent(owner)
    return views.save_view(owner, page=SavedView.Page.QUEUE, name=name, query=query)
