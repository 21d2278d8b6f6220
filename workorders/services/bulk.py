"""Work on many units of one order at once (R72-R74). Everything starts from `chosen`, the one rule
of what a list shows; the other kinds of bulk work stand in their own files and are named here too.

Whoever moves units locks their order first and looks only after the lock. However many units are
chosen, the number of statements is the same.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.workflow import Refused, Step
from history.services import Outcome, advance_many, record_many
from workorders.models import RepairOrder, Unit
from workorders.models.unit import UnitQuerySet
from workorders.services import orders
from workorders.services.choice import OPEN_SERVICES, chosen
from workorders.services.drafts import lock
from workorders.services.moving import move_units
from workorders.services.names import decide_warranty, edit_names
from workorders.services.receiving import mark_missing, receive_units
from workorders.services.settling import (
    SPEAK_FOR,
    agree_to_scrapping,
    settle_missing,
    waiting_for_consent,
)
from workorders.services.steps import EXITS, STEPS, took, written_by
from workorders.services.ticks import complete_services, set_services, tick

__all__ = [
    "ALONE",
    "OPEN_SERVICES",
    "SPEAK_FOR",
    "STEPS_FOR_MANY",
    "WORDS",
    "agree_to_scrapping",
    "chosen",
    "complete_services",
    "decide_warranty",
    "edit_names",
    "move_units",
    "set_services",
    "settle_missing",
    "step",
    "tick",
    "waiting_for_consent",
]

ALONE = frozenset({"undo_receipt"})  # a mis-scan is one device
STEPS_FOR_MANY = tuple(name for name in STEPS if name not in ALONE)
# The words that a step waits for; what is given is written where nothing stands yet.
WORDS: dict[str, tuple[str, ...]] = {
    "ask_customer": ("finding",),
    "wait_for_parts": ("finding",),
    "start_repair": ("finding",),
    "start_test": ("finding", "work_done"),
}


@transaction.atomic
def step(
    order: RepairOrder,
    units: UnitQuerySet,
    name: str,
    *,
    actor: Any,
    note: str = "",
    finding: str = "",
    work_done: str = "",
) -> Outcome:
    """The same step of these units of the order; clocks follow, the order follows once.

    `note` is the reason where the step is an exit, else a remark of the history; `finding` and
    `work_done` are written for all whose report is still empty there. Who may not move comes back
    with the reason, the others move. Raises PermissionDenied, Refused (a step for one alone).
    """
    if name not in STEPS_FOR_MANY:
        raise Refused(_("This step is taken one device at a time."))
    Step(Unit, name).require(actor)
    if name in ("receive", "mark_missing"):
        act = receive_units if name == "receive" else mark_missing
        return act(order, units, actor=actor)
    order, at = lock(order), timezone.now()
    pks = keys_of(order, units)
    words = {"finding": finding, "work_done": work_done}
    _fill(pks, name, {k: v for k, v in words.items() if k in WORDS.get(name, ())}, actor=actor)
    if name in EXITS and note.strip():
        _from_here(pks, name).update(exit_reason=note.strip())
    rows: Any = Unit.objects.filter(pk__in=pks)
    fields = written_by(name, actor)
    out = advance_many(rows, name, actor=actor, note=note.strip(), at=at, also=fields)
    if out.moved:
        took(name, out.moved, order=order, actor=actor, at=at)
        orders.follow_units(order, actor=actor, at=at)
    return out


def keys_of(order: RepairOrder, units: UnitQuerySet) -> list[int]:
    """Asked once and after the lock: what a filter shows changes while its rows are worked on."""
    return list(units.filter(order=order.pk).order_by("pk").values_list("pk", flat=True))


def _from_here(pks: list[int], name: str) -> UnitQuerySet:
    rows: UnitQuerySet = Unit.objects.filter(pk__in=pks)
    return rows.filter(state__in=list(Step(Unit, name).by_source))


def _fill(pks: list[int], name: str, words: dict[str, str], *, actor: Any) -> None:
    """The same finding or work for all that have none; the history has it like a typed report."""
    for field, text in words.items():
        if not text.strip():
            continue
        empty = _from_here(pks, name).filter(**{field: "", "outbound_container": None})
        filled = list(empty.values_list("pk", flat=True))
        Unit.objects.filter(pk__in=filled).update(
            **{field: text.strip(), "version": F("version") + 1}
        )
        data = {"before": {field: ""}, "after": {field: text.strip()}}
        record_many(Unit, filled, "report", actor=actor, internal=True, data=data)
