"""Two engineers, one part, the same moment: a spare part is fitted once, and one plan of
consolidation is carried out once.

Run as a program (`python -m tests.race_parts`), like tests/race.py; prints the outcome as JSON.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections import Counter
from typing import Any

from tests.race import setup


def prepare(pairs: int) -> dict[str, Any]:
    """A shop with two engineers, a spare part per pair wanted by devices of two orders, and pairs
    of broken miners with one plan for both engineers."""
    from accounts.roles import Role
    from accounts.tests.factories import UserFactory
    from devices.tests.factories import ProductModelFactory
    from parts.services.consolidation import propose
    from parts.services.index import indexes_of
    from parts.tests.factories import full, in_stock, slots_for
    from repairshops.tests.factories import MembershipFactory
    from sla.models import ClockKind, Policy
    from workorders.tests.factories import RepairOrderFactory, UnitFactory

    for kind in ClockKind:
        Policy.objects.get_or_create(kind=kind, defaults={"amount": 7200})
    orders = [RepairOrderFactory(submitted=True, state="received")]
    shop = orders[0].shop
    orders.append(RepairOrderFactory(submitted=True, state="received", shop=shop))
    people = [UserFactory(role=Role.ENGINEER) for _side in range(2)]
    for person in people:
        MembershipFactory(user=person, shop=shop)
    model = ProductModelFactory()
    slots_for(model)
    spares, wanting, plans = [], [], []
    for n in range(pairs):
        spares.append(in_stock(shop, f"SPARE{n}").pk)
        made = [UnitFactory(order=o, sn=f"W{n}X{o.pk}", state="repairing") for o in orders]
        wanting.append([unit.pk for unit in made])
        pair = [
            UnitFactory(order=orders[0], sn=f"C{n:03d}{s}", model=model, state="repairing")
            for s in "AB"
        ]
        full(pair[0], faulty=("HB1",))
        full(pair[1], faulty=("HB2", "PSU"))
        found = indexes_of(pair)
        plan = propose([found[unit.pk] for unit in pair])
        moves = [vars(move) for move in plan.moves]
        plans.append({"units": [u.pk for u in pair], "donors": plan.donors, "moves": moves})
    return {
        "people": [person.pk for person in people],
        "order": orders[0].pk,
        "spares": spares,
        "wanting": wanting,
        "plans": plans,
    }


def racer(side: int, facts: dict[str, Any], barrier: Any, results: Any) -> None:
    """One engineer: waits for the other before each part."""
    setup()
    from accounts.models import User
    from core.workflow import Refused
    from parts.models import Part
    from parts.services.consolidation import Move, Plan, consolidate
    from parts.services.fitting import attach
    from workorders.models import RepairOrder, Unit

    actor, said = User.objects.get(pk=facts["people"][side]), Counter[str]()

    def at_once(what: str, act: Any) -> None:
        barrier.wait()
        try:
            act()
            said[f"{what} won"] += 1
        except Refused:
            said[f"{what} refused"] += 1
        except Exception as error:
            said[f"{what} {type(error).__name__}: {error}"] += 1

    for spare, wanting in zip(facts["spares"], facts["wanting"], strict=True):
        unit, part = Unit.objects.get(pk=wanting[side]), Part(pk=spare)
        at_once("fit", lambda unit=unit, part=part: attach(unit, "HB1", part, actor=actor))
    order = RepairOrder.objects.get(pk=facts["order"])
    for told in facts["plans"]:
        plan = Plan(told["donors"], [Move(**move) for move in told["moves"]])
        units = list(Unit.objects.filter(pk__in=told["units"]))
        at_once("mix", lambda u=units, p=plan: consolidate(order, u, p, actor=actor))
    results.put(dict(said))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=40)
    options = parser.parse_args()
    setup()
    from django.core.management import call_command
    from django.db import connections, transaction

    call_command("migrate", verbosity=0)
    with transaction.atomic():
        facts = prepare(options.pairs)
    connections.close_all()
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    sides = [
        context.Process(target=racer, args=(side, facts, barrier, results)) for side in range(2)
    ]
    for side in sides:
        side.start()
    total: Counter[str] = Counter()
    for _side in sides:
        total.update(results.get(timeout=240))
    for side in sides:
        side.join()
    json.dump({**total, **books()}, sys.stdout)


def books() -> dict[str, Any]:
    """What the ledger says afterwards: how often each thing moved, and whether stock agrees."""
    from parts.models import Movement
    from parts.services.ledger import differences

    whys = Counter(Movement.objects.values_list("why", flat=True))
    return {
        "fitted": whys["fitted"],
        "consolidated": whys["consolidation"],
        "differences": len(differences()),
    }


if __name__ == "__main__":
    main()
