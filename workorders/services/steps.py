"""What follows from a step of units, of one or of thousands alike: engineer, reason, clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sla.services as clocks
from sla.models import ClockKind
from workorders.models import RepairOrder, Unit

PAUSES = frozenset({"ask_customer", "wait_for_parts"})
RESUMES = frozenset({"customer_answered", "start_repair"})
STOPS = frozenset({"pass_test", "give_up", "reject", "scrap"})
EXITS = frozenset({"give_up", "reject"})
STEPS = (
    "receive",
    "undo_receipt",
    "mark_missing",
    "start_diagnosis",
    "ask_customer",
    "customer_answered",
    "wait_for_parts",
    "start_repair",
    "start_test",
    "fail_test",
    "pass_test",
    "rework",
    "give_up",
    "reject",
    "scrap",
)


def written_by(name: str, actor: Any) -> dict[str, Any]:
    """Fields of a unit that this step sets beside its state."""
    if name == "start_diagnosis":
        return {"engineer": actor}
    return {"exit_reason": "", "ready_at": None} if name == "rework" else {}


def took(name: str, pks: list[int], *, order: RepairOrder, actor: Any, at: datetime) -> None:
    """These units took the step and bear what it writes: what it means for their repair clocks."""
    _move_clocks(name, pks, order=order, at=at)


def _move_clocks(name: str, pks: list[int], *, order: RepairOrder, at: datetime) -> None:
    """The repair clock: five working days, standing while others have the ball (E14)."""
    if name in PAUSES:
        clocks.pause(Unit, pks, ClockKind.REPAIR, at=at)
    elif name in RESUMES:
        clocks.resume(Unit, pks, ClockKind.REPAIR, at=at)
    elif name in STOPS:
        clocks.stop(Unit, pks, ClockKind.REPAIR, at=at)
    elif name == "rework":
        calendar = order.shop.calendar if order.shop else None
        clocks.start(Unit, pks, ClockKind.REPAIR, at=at, calendar=calendar)
