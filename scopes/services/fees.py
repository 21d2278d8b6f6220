"""Fees that customer service agreed with the customer beside the price list (R67)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Min

from scopes.models import ScopeFee
from workorders.models import RepairOrder


def fees_of(order_pks: Iterable[int]) -> list[tuple[int, str, Decimal, str]]:
    """Custom fees of the orders' scopes: (order, text, amount, currency); two queries.

    A request that was split over several shops has several orders: its fees belong to the first of
    them that was not cancelled, so that nobody pays them twice.
    """
    wanted = set(order_pks)
    enquiries = RepairOrder.objects.filter(pk__in=wanted, counselling__isnull=False)
    firsts = (
        RepairOrder.objects.filter(counselling__in=enquiries.values("counselling"))
        .exclude(state=RepairOrder.State.CANCELLED)
        .order_by()
        .values("counselling")
        .annotate(first=Min("pk"))
        .values_list("counselling", "first")
    )
    order_of = {enquiry: first for enquiry, first in firsts if first in wanted}
    fees = ScopeFee.objects.filter(scope__counselling__in=order_of).order_by("pk")
    return [
        (order_of[enquiry], text, amount, currency)
        for enquiry, text, amount, currency in fees.values_list(
            "scope__counselling", "text", "amount", "currency"
        )
    ]
