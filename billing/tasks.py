"""What the clock does about invoices."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db import transaction

from billing.models import Invoice
from billing.quote_tasks import expire_quotes as expire_quotes
from billing.quote_tasks import remind_of_quotes as remind_of_quotes
from billing.services.sums import billing_day
from history.services import record

REMINDERS = (14, 7)  # days after the day it was due; the later one first
PER_RUN = 500


@shared_task
def remind_overdue() -> int:
    """Remind customers of invoices that are 7 and 14 days overdue; each reminder goes out once.

    Idempotent: what was sent stands on the invoice. One that nobody ran for a month gets the
    second reminder only. Returns how many were reminded.
    """
    count = 0
    for days in REMINDERS:
        due = billing_day() - timedelta(days=days)
        late = Invoice.objects.filter(state=Invoice.State.ISSUED, due_on__lte=due)
        pks = list(late.filter(reminded__lt=days).order_by("pk").values_list("pk", flat=True))
        for pk in pks[:PER_RUN]:
            count += _remind(pk, days)
    return count


@transaction.atomic
def _remind(pk: int, days: int) -> int:
    """Of two runs at once the second finds it reminded already."""
    rows = Invoice.objects.filter(pk=pk, state=Invoice.State.ISSUED, reminded__lt=days)
    if not rows.update(reminded=days):
        return 0
    record(Invoice.objects.get(pk=pk), "reminded", actor=None, data={"days": days})
    return 1
