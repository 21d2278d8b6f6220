"""What the clock does to work orders."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from core.workflow import Refused
from workorders.models import RepairOrder
from workorders.services import orders


@shared_task
def complete_returned_orders() -> int:
    """Complete orders that were returned seven days ago and whose customer stays silent (E29).

    Returns how many. Idempotent; an order that moved meanwhile is left alone.
    """
    now = timezone.now()
    done = 0
    for pk in orders.silent_since(now):
        order = RepairOrder.objects.filter(pk=pk).first()
        if order is None:
            continue
        try:
            orders.complete_order(order, actor=None, at=now)
        except Refused:
            continue
        done += 1
    return done
