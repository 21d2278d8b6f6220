"""What billing shows on pages of lower floors: the order's Billing tab, the box's invoice."""

from __future__ import annotations

from typing import Any

from core.panels import panel
from logistics.models import Container, Direction
from workorders.models import RepairOrder


def register() -> None:
    panel(RepairOrder, "billing/_order.html", place="billing", order=50)(fill_order)
    panel(RepairOrder, "billing/_due_note.html", place="notes", order=15)(fill_notes)
    panel(Container, "billing/_container.html", place="aside", order=50)(fill_container)


def fill_order(order: RepairOrder, user: Any) -> dict[str, Any] | None:
    """Every outbound container with its invoice; the Billing tab."""
    from billing.reading import order_context  # views are loaded after the apps are ready

    context = order_context(order, user)
    return context if context["rows"] else None


def fill_notes(order: RepairOrder, user: Any) -> dict[str, Any] | None:
    """The customer's page of an order loads what is due; before anything arrived nothing is."""
    return {} if order.received_at is not None else None


def fill_container(box: Container, user: Any) -> dict[str, Any] | None:
    """The invoice of one outbound container."""
    from billing.reading import container_context

    return container_context(box, user) if box.direction == Direction.OUT else None
