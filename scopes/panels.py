"""What scopes and agreements show on pages of enquiries and repair orders.

An enquiry with a scope is marked on its own row, so a page without one costs nothing more; the
card itself loads from its own address.
"""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.roles import Role
from core.panels import panel
from scopes.guards import needs_agreement, standing
from workorders.models import Counselling, RepairOrder


def register() -> None:
    panel(Counselling, "scopes/_on_enquiry.html", place="aside", order=20)(fill_enquiry)
    panel(RepairOrder, "scopes/_on_order.html", place="head", order=40)(fill_order)
    panel(RepairOrder, "scopes/_line.html", place="notes", order=40)(fill_order)


def fill_enquiry(counselling: Counselling, user: User) -> dict[str, Any] | None:
    """The scope's card; for customer service also what the agreement says, and the way to add."""
    agent = user.role in (Role.AGENT, Role.ADMIN)
    finished = counselling.state == Counselling.State.FINISHED
    if not agent:
        return {"counselling": counselling} if counselling.several else None
    missing = not finished and needs_agreement(counselling) and not standing(counselling)[1]
    if not counselling.several and not missing:
        return None
    return {
        "counselling": counselling,
        "missing": missing,
        "any": missing and standing(counselling)[0],
        "may_act": user.role == Role.AGENT,
    }


def fill_order(order: RepairOrder, user: User) -> dict[str, Any] | None:
    if order.counselling is None or not order.counselling.several:
        return None
    return {"number": order.counselling.number}
