"""Work at the bench: steps of a unit, its report, its notes (R33). Receiving and sending back
stand in their own files and are named here too, so that callers need one door."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from attachments.services import attach
from core.workflow import Refused, Step
from history.services import advance, edit, record
from workorders.models import Fault, Unit, UnitNote
from workorders.services import orders
from workorders.services.drafts import lock
from workorders.services.receiving import (
    add_unexpected,
    mark_missing,
    match_parcel,
    receive_units,
    record_damage,
    record_parcel,
    require_workshop,
    undo_receipt,
    why_not_undo,
)
from workorders.services.returns import (
    correct_tracking,
    move_return,
    remove_return_tracking,
    ship_back,
    take_out,
)
from workorders.services.serials import judged_at
from workorders.services.steps import EXITS, STEPS, took, written_by

__all__ = [
    "EXITS",
    "STEPS",
    "add_note",
    "add_unexpected",
    "correct_tracking",
    "judged_at",
    "mark_missing",
    "match_parcel",
    "move_return",
    "receive_units",
    "record_damage",
    "record_parcel",
    "remove_return_tracking",
    "save_report",
    "ship_back",
    "take_out",
    "take_step",
    "undo_receipt",
    "why_not_undo",
]


@transaction.atomic
def take_step(unit: Unit, name: str, *, actor: Any, note: str = "") -> Unit:
    """One step of one unit; its clock and its order follow. Returns the fresh unit.

    `note` is the reason where the step is an exit ("Beyond repair", "Reject"), else a remark of
    the history. Raises PermissionDenied, Refused (also without a reason for an exit).
    """
    Step(Unit, name).require(actor)
    if name == "undo_receipt":
        return undo_receipt(unit, actor=actor)
    if name in ("receive", "mark_missing"):
        return _at_the_door(unit, name, actor=actor)
    order, at = lock(unit.order), timezone.now()
    if name in EXITS and note.strip():
        Unit.objects.filter(pk=unit.pk).update(exit_reason=note.strip())
    fresh = advance(unit, name, actor=actor, note=note.strip(), at=at)
    if fields := written_by(name, actor):
        Unit.objects.filter(pk=fresh.pk).update(**fields)
    took(name, [fresh.pk], order=order, actor=actor, at=at)
    orders.follow_units(order, actor=actor, at=at)
    again: Unit = Unit.objects.get(pk=fresh.pk)
    return again


def _at_the_door(unit: Unit, name: str, *, actor: Any) -> Unit:
    chosen = Unit.objects.filter(pk=unit.pk)
    act = receive_units if name == "receive" else mark_missing
    out = act(unit.order, chosen, actor=actor)
    if out.refused:
        raise Refused(*out.refused.values())
    again: Unit = Unit.objects.get(pk=unit.pk)
    return again


@transaction.atomic
def save_report(
    unit: Unit,
    *,
    version: int,
    actor: Any,
    faults: Iterable[str],
    finding: str,
    work_done: str,
) -> Unit:
    """What was found and done. Raises Stale when somebody else saved since (the text is kept by
    the form), PermissionDenied, Refused before it is here or once it is in its return box,
    ValidationError on a fault nobody knows."""
    require_workshop(actor)
    chosen = [fault for fault in Fault.values if fault in set(faults)]
    if unknown := set(faults) - set(chosen):
        raise ValidationError({"faults": _("Unknown fault: %(name)s") % {"name": unknown.pop()}})
    if Fault.NONE_FOUND in chosen and len(chosen) > 1:
        raise ValidationError({"faults": _("“No fault found” cannot stand beside a fault.")})
    lock(unit.order)
    fresh: Unit = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    if fresh.state in (Unit.State.EXPECTED, *Unit.FINAL):
        raise Refused(_("The device is not here."))
    if fresh.outbound_container_id is not None:
        raise Refused(_("It is in an outbound container already."))
    return edit(
        fresh,
        version=version,
        actor=actor,
        verb="report",
        internal=True,
        faults=chosen,
        finding=finding.strip(),
        work_done=work_done.strip(),
    )


@transaction.atomic
def add_note(
    unit: Unit, *, actor: Any, text: str, public: bool, files: Sequence[Any] = ()
) -> UnitNote:
    """A note at the bench with photos; customers read it only when `public` (D10).

    Raises PermissionDenied, ValidationError when there is neither text nor photo.
    """
    require_workshop(actor)
    if not (text.strip() or files):
        raise ValidationError({"text": _("Write a note or add a photo.")})
    note = UnitNote.objects.create(unit=unit, author=actor, text=text.strip(), public=public)
    attach(files, note, actor=actor)
    record(unit, "note_added", actor=actor, internal=not public, data={"note": note.pk})
    return note
