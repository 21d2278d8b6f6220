"""Several processes, one database: numbers of invoices, and one payment confirmed by two people.

Run as a program (`python -m tests.race_money`); prints the outcome as JSON. `--bare` takes the
locks out of the numbers: then two invoices ask for the same one.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from tests.race import setup

SIDES = 4


def prepare(rounds: int) -> dict[str, Any]:
    """One order per side, each with `rounds` boxes that have a draft; `rounds` announcements."""
    from django.utils import timezone

    from accounts.roles import Role
    from accounts.tests.factories import UserFactory
    from billing.models import Invoice, Payment, PaymentAccount, PriceList
    from billing.services.sums import billing_day
    from logistics.tests.factories import ContainerFactory
    from workorders.tests.factories import RepairOrderFactory

    fin = UserFactory(role=Role.FINANCE, email="race@example.com")
    account = PaymentAccount.objects.create(currency="EUR", holder="A", bank="B", number="C")
    PriceList.objects.create(code="race", name="Race", currency="EUR", is_default=True)

    def invoice(order: Any, place: int, **facts: Any) -> Any:
        state = "billed" if facts else "ready_for_billing"
        box = ContainerFactory(consignment=order.consignment, number=place, state=state)
        made = Invoice.objects.create(
            container=box,
            order=order,
            customer=order.customer,
            currency="EUR",
            net=Decimal(5),
            total=Decimal(5),
            **facts,
        )
        made.lines.create(kind="custom", text="x", price=5, amount=5, basis="typed")
        return made

    orders = [RepairOrderFactory(submitted=True, state="repaired") for _side in range(SIDES)]
    drafts = [[invoice(order, n).pk for n in range(2, rounds + 2)] for order in orders]
    order = RepairOrderFactory(submitted=True, state="repaired")
    said = []
    for n in range(rounds):
        facts = {
            "state": "issued",
            "number": f"OLD-{n}",
            "account": account,
            "issued_at": timezone.now(),
            "due_on": billing_day() + timedelta(days=14),
        }
        owed = invoice(order, n + 2, **facts)
        payment = Payment.objects.create(
            invoice=owed, amount=5, paid_on=billing_day(), announced_by=fin
        )
        said.append(payment.pk)
    return {"fin": fin.pk, "drafts": drafts, "payments": said}


def racer(bare: bool, made: dict[str, Any], side: int, barrier: Any, results: Any) -> None:
    """One side: its own drafts, one after the other, and every payment that all sides confirm."""
    setup()
    if bare:
        without_lock()
    from accounts.models import User
    from billing.models import Invoice, Payment
    from billing.services import invoices, payments
    from billing.services.sums import billing_day
    from core.workflow import Refused

    fin, said = User.objects.get(pk=made["fin"]), Counter[str]()
    for pk in made["drafts"][side]:
        barrier.wait()
        try:
            again(partial(invoices.issue, Invoice.objects.get(pk=pk), actor=fin))
            said["issued"] += 1
        except Exception as error:
            said[type(error).__name__] += 1
    for pk in made["payments"] if not bare else ():
        barrier.wait()
        try:
            payment = Payment.objects.get(pk=pk)
            today = billing_day()
            again(
                partial(
                    payments.confirm, payment, actor=fin, received=Decimal(5), received_on=today
                )
            )
            said["won"] += 1
        except Refused:
            said["refused"] += 1
        except Exception as error:
            said[type(error).__name__] += 1
    results.put(dict(said))


def again(act: Callable[[], Any], tries: int = 5) -> None:
    """A database that is too busy rolls back and says so; whoever clicked clicks again."""
    from django.db import OperationalError

    for left in reversed(range(tries)):
        try:
            act()
        except OperationalError:
            if not left:
                raise
        else:
            return


def without_lock() -> None:
    """Numbers read first and written later, and the first reader waits a moment."""
    import time

    from django.db import models

    from billing.models import NumberSeries
    from billing.services import invoices

    models.QuerySet.select_for_update = lambda self, **_kw: self  # type: ignore[method-assign]

    def take(at: Any) -> str:
        series, _made = NumberSeries.objects.get_or_create(year=at.year)
        time.sleep(0.02)
        last = series.last + 1
        NumberSeries.objects.filter(pk=series.pk).update(last=last)
        return f"INV-{at.year}-{last:06d}"

    invoices.take_number = take  # type: ignore[attr-defined]
    issue = invoices.issue.__wrapped__  # type: ignore[attr-defined]
    invoices.issue = issue


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--bare", action="store_true")
    options = parser.parse_args()
    setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    made = prepare(options.rounds)
    connections.close_all()
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(SIDES), context.Queue()
    sides = [
        context.Process(target=racer, args=(options.bare, made, side, barrier, results))
        for side in range(SIDES)
    ]
    for side in sides:
        side.start()
    total: Counter[str] = Counter()
    for _ in sides:
        total.update(results.get(timeout=240))
    for side in sides:
        side.join()
    json.dump({**total, **counted()}, sys.stdout)


def counted() -> dict[str, Any]:
    """The numbers given, and what was booked."""
    from billing.models import Booking, Invoice
    from logistics.models import Container

    given = Invoice.objects.filter(number__startswith="INV").order_by("number")
    last = [int(number[-6:]) for number in given.values_list("number", flat=True)]
    return {
        "numbers": last,
        "bookings": Booking.objects.count(),
        "paid": Invoice.objects.filter(state="paid").count(),
        "released": Container.objects.filter(state="released").count(),
    }


if __name__ == "__main__":
    main()
