"""The arithmetic against a second one, written apart: whole numbers of hundredths and fractions."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from accounts.models import User
from billing.models import Price, PriceList
from billing.services import invoices
from billing.services.sums import Totals, cents, line_amount, totals
from billing.tests.shop import Box, fitted, unit_with
from workorders.models import RepairOrder, Service


def half_up(value: Fraction) -> int:
    """To whole cents; half a cent goes away from zero."""
    sign = -1 if value < 0 else 1
    return sign * ((abs(value) * 2 + 1) // 2)


def by_hand(lines: list[tuple[int, int]], tax: int) -> tuple[int, int, int]:
    """Quantities in hundredths, prices in cents, tax in hundredths of a per cent; all in cents."""
    net = sum(half_up(Fraction(quantity * price, 100)) for quantity, price in lines)
    added = half_up(Fraction(net * tax, 10_000))
    return net, added, net + added


def in_cents(sums: Totals) -> tuple[int, int, int]:
    net, tax, total = (amount * 100 for amount in (sums.net, sums.tax, sums.total))
    assert net == int(net)
    assert tax == int(tax)
    return int(net), int(tax), int(total)


def hundredths(number: int) -> Decimal:
    return Decimal(number).scaleb(-2)


@pytest.mark.once
@pytest.mark.row("R78")
def test_ten_thousand_generated_orders_agree_to_the_cent() -> None:
    chance = random.Random(20261121)  # noqa: S311 - examples, not secrets
    for _order in range(10_000):
        tax = chance.choice([0, 700, 1900, 2500, 1300, chance.randrange(10_000)])
        lines = [
            (
                chance.choice([100, 200, 1200, chance.randrange(1, 100_000)]),
                chance.choice([0, 1, 999, 1250, 18_000, chance.randrange(-5_000, 500_000)]),
            )
            for _line in range(chance.randrange(0, 30))
        ]
        amounts = [line_amount(hundredths(q), hundredths(p)) for q, p in lines]
        assert in_cents(totals(amounts, hundredths(tax))) == by_hand(lines, tax)


@pytest.mark.once
def test_half_a_cent_goes_up_and_below_zero_it_goes_down() -> None:
    assert [cents(Decimal(text)) for text in ("0.005", "2.675", "-0.005", "0.0049")] == [
        Decimal("0.01"),
        Decimal("2.68"),
        Decimal("-0.01"),
        Decimal("0.00"),
    ]


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.row("R78")
def test_hundreds_of_boxes_in_the_database_agree_to_the_cent(
    order: RepairOrder, boxed: Box, prices: PriceList, emil: User, fin: User
) -> None:
    chance = random.Random(78)  # noqa: S311
    services = list(Service.objects.filter(code__in=("cleaning", "diagnosis")))
    for _box in range(200):
        cost = {service.code: chance.randrange(0, 30_000) for service in services}
        for service in services:
            row = Price.objects.filter(price_list=prices, service=service)
            row.update(amount=hundredths(cost[service.code]))
        lines: list[tuple[int, int]] = []
        units = []
        for _unit in range(chance.randrange(1, 4)):
            done = chance.sample(sorted(cost), chance.randrange(0, 3))
            covered = chance.random() < 0.3
            unit = unit_with(order, *done, verdict="in" if covered else "out")
            fans = chance.randrange(0, 4)
            if fans:
                fitted(unit, "fan-12", emil, fans)
            if not covered:
                lines += [(100, cost[code]) for code in done] + [(fans * 100, 999)] * bool(fans)
            units.append(unit)
        check(boxed(*units), by_hand(lines, 2500), fin)


def check(box: Any, expected: tuple[int, int, int], fin: User) -> None:
    if box.state == "released":
        assert expected[0] == 0
        return
    invoice = invoices.draft(box, actor=fin)
    assert in_cents(Totals(invoice.net, invoice.tax, invoice.total)) == expected
