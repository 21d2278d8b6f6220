"""The arithmetic of an invoice: exact decimals, each line rounded half up, tax on the net sum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from devices.models import warranty_day

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
MOST = Decimal("9999999999.99")  # what a column of twelve digits holds


@dataclass(frozen=True)
class Totals:
    net: Decimal
    tax: Decimal
    total: Decimal


def cents(amount: Decimal) -> Decimal:
    """Two decimals, half a cent up (away from zero)."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def line_amount(quantity: Decimal, price: Decimal) -> Decimal:
    return cents(quantity * price)


def totals(amounts: Iterable[Decimal], tax_percent: Decimal) -> Totals:
    """Net is the sum of rounded lines; tax is rounded once, on the net."""
    net = sum(amounts, ZERO)
    tax = cents(net * tax_percent / 100)
    return Totals(net, tax, net + tax)


def billing_day(at: datetime | None = None) -> date:
    """The day money is counted by, in the zone that the house counts days in (WARRANTY_ZONE)."""
    return warranty_day(at)
