"""What every tab of a repair order shows around itself: head, steps, tabs (R62)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import UserRequest
from accounts.roles import WORKSHOP, Role
from core.workflow import Text
from workorders.models import RepairOrder
from workorders.views.repair_parts import find_order

READERS = (Role.AGENT, Role.ENGINEER, Role.SHOP_MANAGER)  # admins read every page


@dataclass(frozen=True)
class OrderTab:
    """One tab: `roles` open it, admins read it."""

    key: str
    name: str
    label: Text
    roles: tuple[str, ...] = READERS


TABS = (
    OrderTab("summary", "repair", _("Summary")),
    OrderTab("miners", "order-miners", _("Miners")),
    OrderTab("logistics", "order-logistics", _("Logistics")),
    OrderTab("billing", "order-billing", _("Billing"), (Role.AGENT, Role.SHOP_MANAGER)),
    OrderTab("messages", "order-messages", _("Messages"), (Role.AGENT,)),
)
BILLING_ROLES, MESSAGE_ROLES = TABS[3].roles, TABS[4].roles


def order_of(request: UserRequest, code: str) -> RepairOrder:
    """The order of the tab; absent and foreign ones share the 404 (S11)."""
    return find_order(request, code)


def frame(request: UserRequest, order: RepairOrder, tab: str) -> dict[str, Any]:
    """The context of `workorders/order/_frame.html`; no query."""
    user = request.user
    workshop = user.role in WORKSHOP
    talk = user.role in {Role.AGENT, Role.ADMIN} and order.counselling_id is not None
    return {
        "order": order,
        "tab": tab,
        "tabs": _tabs(order, user, tab),
        "crumbs": [(reverse("workorders:order-list"), _("Repair orders")), ("", order.code)],
        "number": order.counselling.number if talk and order.counselling else None,
        "may_receive": workshop and order.state in RepairOrder.FOLLOWING,
        "may_work": workshop,
        "now": timezone.now(),
    }


def _tabs(order: RepairOrder, user: Any, current: str) -> list[dict[str, Any]]:
    counts = {"miners": order.unit_count}
    return [
        {
            "url": reverse(f"workorders:{tab.name}", args=[order.code]),
            "label": tab.label,
            "count": counts.get(tab.key),
            "current": tab.key == current,
        }
        for tab in TABS
        if user.role in {*tab.roles, Role.ADMIN}
    ]
