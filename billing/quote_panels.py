"""What quotes show on the pages of a repair order."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, Value, When

from accounts.models import User
from accounts.roles import WORKSHOP, Role
from billing.models import Quote
from billing.services.quote_sums import with_totals
from core.panels import panel
from workorders.models import RepairOrder

FEW = 3  # quotes that the head and the customer's page name
MOST = 10  # quotes on the Billing tab; the list of quotes has them all


def register() -> None:
    panel(RepairOrder, "billing/_quotes_notes.html", place="notes", order=10)(fill_notes)
    panel(RepairOrder, "billing/_quotes_head.html", place="head", order=30)(fill_head)
    panel(RepairOrder, "billing/_quotes.html", place="billing", order=10)(fill_billing)


def fill_notes(order: RepairOrder, user: User) -> dict[str, Any] | None:
    """The customer's page of an order: what waits for an answer, and what was answered.

    Before anything was received there is nothing to quote, and nothing is asked for.
    """
    if order.received_at is None:
        return None
    found = _quotes(order, user)
    waiting = [quote for quote in found if quote.state == Quote.State.SENT][:FEW]
    rest = [quote for quote in found if quote.state != Quote.State.SENT][:FEW]
    more = len(found) > len(waiting) + len(rest)
    return {"waiting": waiting, "rest": rest, "more": more, "order": order} if found else None


def fill_head(order: RepairOrder, user: User) -> dict[str, Any] | None:
    """Under the title, for staff: quotes wait for the customer."""
    if order.received_at is None:
        return None
    waiting = [quote for quote in _quotes(order, user) if quote.state == Quote.State.SENT]
    return {"waiting": waiting[:FEW]} if waiting else None


def fill_billing(order: RepairOrder, user: User) -> dict[str, Any] | None:
    """First on the Billing tab: the quotes of the order, and the way to write one."""
    if order.submitted_at is None:
        return None
    found = _quotes(order, user)
    writes = user.role in WORKSHOP | {Role.AGENT} and order.state in RepairOrder.FOLLOWING
    return {
        "order": order,
        "quotes": found[:MOST],
        "more": len(found) > MOST,
        "may_write": writes,
    }


def _quotes(order: RepairOrder, user: User) -> list[Quote]:
    """Those that wait for the customer, then the newest; one query for all panels of a page."""
    known: dict[int, list[Quote]] = order.__dict__.setdefault("_quotes", {})
    if user.pk not in known:
        rows = Quote.objects.visible_to(user).filter(order=order.pk)
        first = Case(
            When(state=Quote.State.SENT, then=Value(0)),
            default=Value(1),
            output_field=IntegerField(),
        )
        found = list(with_totals(rows).order_by(first, "-pk")[: MOST + 1])
        for quote in found:
            quote.order = order
        known[user.pk] = found
    return known[user.pk]
