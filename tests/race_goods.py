"""Two processes pack the same devices into two boxes, then ship the same boxes on two shipments.

Run as a program (`python -m tests.race_goods`): prints the outcome as JSON. Each device must be in
one box and each box on one shipment, won by one and refused to the other (E31, R77).
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
    """An order with finished devices, two open boxes, released boxes and two shipments."""
    from accounts.roles import Role
    from accounts.tests.factories import UserFactory
    from logistics.models import Container
    from logistics.tests.factories import CarrierFactory, ContainerFactory, ShipmentFactory
    from repairshops.tests.factories import MembershipFactory
    from workorders.models import Unit
    from workorders.tests.factories import RepairOrderFactory

    engineer = UserFactory(role=Role.ENGINEER)
    order = RepairOrderFactory(submitted=True, state="repaired")
    MembershipFactory(user=engineer, shop=order.shop)
    Unit.objects.bulk_create(
        Unit(order=order, sn=f"BOX{n:06d}", state="ready") for n in range(pairs)
    )
    open_boxes = [ContainerFactory(consignment=order.consignment, number=n) for n in (1, 2)]
    released = Container.objects.bulk_create(
        Container(consignment=order.consignment, direction="out", state="released", number=n)
        for n in range(10, 10 + pairs)
    )
    carrier = CarrierFactory()
    shipments = [
        ShipmentFactory(consignment=order.consignment, direction="out", carrier=carrier)
        for _side in range(2)
    ]
    return {
        "actor": engineer.pk,
        "order": order.pk,
        "boxes": [box.pk for box in open_boxes],
        "released": [box.pk for box in released],
        "shipments": [shipment.pk for shipment in shipments],
        "sns": [f"BOX{n:06d}" for n in range(pairs)],
    }


def racer(side: int, made: dict[str, Any], barrier: Any, results: Any) -> None:
    """One side: wait for the other before each thing, then take it."""
    setup()
    from accounts.models import User
    from core.workflow import Refused
    from logistics.models import Container, Shipment
    from workorders.models import RepairOrder
    from workorders.services import boxing

    actor = User.objects.get(pk=made["actor"])
    order = RepairOrder.objects.get(pk=made["order"])
    box = Container.objects.get(pk=made["boxes"][side])
    shipment = Shipment.objects.get(pk=made["shipments"][side])
    said = Counter[str]()

    def attempt(kind: str, act: Any) -> None:
        barrier.wait()
        try:
            act()
            said[f"{kind} won"] += 1
        except Refused:
            said[f"{kind} refused"] += 1
        except Exception as error:
            said[f"{kind} {type(error).__name__}"] += 1

    for sn in made["sns"]:
        attempt("pack", lambda sn=sn: boxing.scan(box, sn, actor=actor))
    for pk in made["released"]:
        one = [Container.objects.get(pk=pk)]
        attempt("ship", lambda one=one: boxing.put_on(order, one, shipment, actor=actor))
    results.put(dict(said))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=60)
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
    json.dump({**total, "told": told(made)}, sys.stdout)


def told(made: dict[str, Any]) -> dict[str, int]:
    """Entries that say "boxed" and "loaded": one per thing."""
    from django.contrib.contenttypes.models import ContentType

    from history.models import Entry
    from logistics.models import Container
    from workorders.models import Unit

    def of(model: Any, verb: str) -> int:
        kind = ContentType.objects.get_for_model(model)
        return Entry.objects.filter(content_type=kind, verb=verb).count()

    return {"boxed": of(Unit, "boxed"), "loaded": of(Container, "loaded")}


if __name__ == "__main__":
    main()
