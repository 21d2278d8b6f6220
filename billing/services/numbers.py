"""Invoice numbers: one after the other per year, none missing, none twice (E24)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from billing.models import NumberSeries
from billing.services.sums import billing_day


def take_number(at: datetime) -> str:
    """The next number of the year: `INV-2026-000123`.

    Locks the year's row until the caller's transaction ends, so whoever comes second waits, and a
    transaction that fails gives its number back. Call it inside the transaction that uses it.
    """
    year = billing_day(at).year
    NumberSeries.objects.get_or_create(year=year)
    NumberSeries.objects.filter(year=year).update(last=F("last") + 1)
    last = NumberSeries.objects.get(year=year).last
    return f"INV-{year}-{last:06d}"
