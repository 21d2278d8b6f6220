"""Two processes, one database, the same step on the same row at the same moment.

Run as a program (`python -m tests.race`), so that nothing is shared but the database: prints the
outcome as JSON. `--bare` takes the transaction, the lock and the mixin out: then doubles must show.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any


def setup() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftersales.settings")
    django.setup()


def prepare(pairs: int) -> tuple[int, list[int]]:
    """A shop, an engineer and `pairs` received units."""
    from accounts.roles import Role
    from accounts.tests.factories import UserFactory
    from repairshops.tests.factories import MembershipFactory
    from workorders.models import Unit
    from workorders.tests.factories import RepairOrderFactory

    engineer = UserFactory(role=Role.ENGINEER)
    order = RepairOrderFactory(submitted=True)
    MembershipFactory(user=engineer, shop=order.shop)
    units = Unit.objects.bulk_create(
        Unit(order=order, sn=f"RACE{n:06d}", state="received") for n in range(pairs)
    )
    return engineer.pk, [unit.pk for unit in units]


def racer(bare: bool, actor_pk: int, pks: list[int], barrier: Any, results: Any) -> None:
    """One side: wait for the other before each row, then take the step."""
    setup()
    from django_fsm import ConcurrentTransition

    from accounts.models import User
    from core.workflow import Refused
    from workorders.models import Unit

    step = bare_step() if bare else locked_step()
    actor, said = User.objects.get(pk=actor_pk), Counter[str]()
    for pk in pks:
        unit = Unit(pk=pk)
        barrier.wait()
        try:
            step(unit, "start_diagnosis", actor=actor)
            said["won"] += 1
        except Refused:
            said["refused"] += 1
        except ConcurrentTransition:
            said["stale"] += 1
        except Exception as error:
            said[type(error).__name__] += 1
    results.put(dict(said))


def locked_step() -> Callable[..., Any]:
    from history.services import advance

    return advance


def bare_step() -> Callable[..., Any]:
    """The same function without its transaction, its row lock and the stale-row check."""
    from django.db import models
    from django_fsm import ConcurrentTransitionMixin

    from history.services import advance

    ConcurrentTransitionMixin._do_update = models.Model._do_update
    models.QuerySet.select_for_update = lambda self, **_kw: self  # type: ignore[method-assign]
    return advance.__wrapped__  # type: ignore[attr-defined, no-any-return]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--bare", action="store_true")
    options = parser.parse_args()
    setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    actor_pk, pks = prepare(options.pairs)
    connections.close_all()
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    sides = [
        context.Process(target=racer, args=(options.bare, actor_pk, pks, barrier, results))
        for _ in range(2)
    ]
    for side in sides:
        side.start()
    total: Counter[str] = Counter()
    for _ in sides:
        total.update(results.get(timeout=240))
    for side in sides:
        side.join()
    json.dump({**total, "audited": audited(pks)}, sys.stdout)


def audited(pks: list[int]) -> dict[str, int]:
    """How many units have how many audit rows of the step."""
    from django.db.models import Count

    from history.models import Entry

    rows = (
        Entry.objects.filter(verb="start_diagnosis", object_id__in=pks)
        .values("object_id")
        .annotate(times=Count("pk"))
        .values_list("times", flat=True)
    )
    return {str(times): n for times, n in Counter(rows).items()}


if __name__ == "__main__":
    main()
