"""Two colleagues sign the same quotes at the same moment, one to accept and one to decline.

Run as a program (`python -m tests.race_quotes`): prints the outcome as JSON. One wins, the other is
told; then two managers write quotes about the same devices, and each device stands on one (D9).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections import Counter
from datetime import timedelta
from typing import Any

from tests.race import setup


def prepare(pairs: int) -> dict[str, Any]:
    """A sent quote per pair, each on an order of its own, and as many orders without one."""
    from decimal import Decimal

    from django.utils import timezone

    from accounts.roles import Role
    from accounts.tests.factories import CustomerFactory, UserFactory
    from billing.models import PriceList, Quote, QuoteLine, QuoteUnit
    from devices.models import warranty_day
    from repairshops.tests.factories import MembershipFactory, RepairShopFactory
    from workorders.models import Unit
    from workorders.tests.factories import CounsellingFactory, RepairOrderFactory

    PriceList.objects.create(code="eu", name="Europe", currency="EUR", is_default=True)
    company, shop = CustomerFactory(), RepairShopFactory()
    people = [UserFactory(customer=company) for _side in range(2)]
    managers = [UserFactory(role=Role.SHOP_MANAGER) for _side in range(2)]
    for manager in managers:
        MembershipFactory(user=manager, shop=shop)
    quotes, bare = [], []
    for number in range(2 * pairs):
        order = RepairOrderFactory(
            submitted=True,
            state="received",
            shop=shop,
            customer=company,
            counselling=CounsellingFactory(converted=True, customer=company),
        )
        unit = Unit.objects.create(
            order=order, sn=f"QUOTE{number:05d}", state="awaiting_customer", verdict="out"
        )
        if number % 2:
            bare.append(order.pk)
            continue
        quote = Quote.objects.create(
            order=order,
            number=1,
            state="sent",
            currency="EUR",
            valid_until=warranty_day() + timedelta(days=14),
            written_by=managers[0],
            sent_at=timezone.now(),
        )
        QuoteUnit.objects.create(quote=quote, unit=unit)
        line = {"kind": "text", "text": "Cleaning", "price": Decimal(40)}
        quotes.append((quote.pk, QuoteLine.objects.create(quote=quote, unit=unit, **line).pk))
    return {
        "people": [user.pk for user in people],
        "managers": [user.pk for user in managers],
        "quotes": quotes,
        "bare": bare,
    }


def racer(side: int, made: dict[str, Any], barrier: Any, results: Any) -> None:
    """One side: wait for the other before each thing, then take it."""
    setup()
    from accounts.models import User
    from billing.models import Quote
    from billing.services import quote_answers
    from billing.services.quotes import open_quote
    from core.workflow import Refused
    from workorders.models import RepairOrder

    person = User.objects.get(pk=made["people"][side])
    manager = User.objects.get(pk=made["managers"][side])
    word, said = ("accepted", "declined")[side], Counter[str]()

    def attempt(kind: str, act: Any) -> None:
        barrier.wait()
        try:
            act()
            said[f"{kind} won"] += 1
        except Refused:
            said[f"{kind} refused"] += 1
        except Exception as error:
            said[f"{kind} {type(error).__name__}"] += 1

    def sign(quote_pk: int, line: int) -> None:
        quote = Quote.objects.select_related("order__customer").get(pk=quote_pk)
        quote_answers.sign(
            quote,
            version=1,
            actor=person,
            answers={line: word},
            wishes={},
            signature="A name",
        )

    def write(order_pk: int) -> None:
        order = RepairOrder.objects.get(pk=order_pk)
        open_quote(order, order.units.all(), actor=manager)

    for quote_pk, line in made["quotes"]:
        attempt("sign", lambda q=quote_pk, line=line: sign(q, line))
    for order_pk in made["bare"]:
        attempt("write", lambda pk=order_pk: write(pk))
    results.put(dict(said))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=40)
    options = parser.parse_args()
    setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    made = prepare(options.pairs)
    connections.close_all()
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    sides = [
        context.Process(target=racer, args=(side, made, barrier, results)) for side in range(2)
    ]
    for side in sides:
        side.start()
    total: Counter[str] = Counter()
    for _ in sides:
        total.update(results.get(timeout=240))
    for side in sides:
        side.join()
    json.dump({**total, "told": told()}, sys.stdout)


def told() -> dict[str, int]:
    """How many answers the history has, and on how many open quotes devices stand."""
    from billing.models import QuoteUnit
    from history.models import Entry

    answers = Entry.objects.filter(verb__in=("accept", "decline")).count()
    return {"answers": answers, "on a quote": QuoteUnit.objects.filter(open=True).count()}


if __name__ == "__main__":
    main()
