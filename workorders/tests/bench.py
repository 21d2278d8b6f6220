"""A bench to test at: Cora's order of three devices, on its way to Kunshan."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from repairshops.models import RepairShop
from sla.models import Clock, ClockKind, Policy
from workorders.models import RepairOrder, Unit
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory


@pytest.fixture
def order(cora: User, kunshan: RepairShop) -> RepairOrder:
    """Submitted, with three expected devices."""
    Policy.objects.get_or_create(kind=ClockKind.REPAIR, defaults={"amount": 7200})
    made: RepairOrder = RepairOrderFactory(
        submitted=True,
        customer=cora.customer,
        shop=kunshan,
        counselling=CounsellingFactory(converted=True, customer=cora.customer, opened_by=cora),
        service_note="Check the EEPROM first.",
    )
    UnitFactory.create_batch(3, order=made)
    again: RepairOrder = RepairOrder.objects.get(pk=made.pk)
    return again


@pytest.fixture
def units(order: RepairOrder) -> list[Unit]:
    return list(order.units.order_by("pk"))


def fresh(row: Any) -> Any:
    """The row as the database has it; workflow rows are never refreshed in place."""
    return type(row).objects.get(pk=row.pk)


def clock_of(unit: Unit) -> Clock | None:
    return Clock.objects.filter(object_id=unit.pk, kind=ClockKind.REPAIR).order_by("-pk").first()


def state_of(row: Any) -> str:
    return str(fresh(row).state)


def all_of(order: RepairOrder) -> Any:
    return Unit.objects.filter(order=order)


def receive(order: RepairOrder, actor: User) -> None:
    from workorders.services import bench

    bench.receive_units(order, all_of(order), actor=actor)


def finish(unit: Unit, actor: User) -> Unit:
    """From received to ready, as an engineer does it."""
    from workorders.services import bench

    unit = bench.take_step(unit, "start_diagnosis", actor=actor)
    unit = bench.save_report(
        unit,
        version=unit.version,
        actor=actor,
        faults=["fan"],
        finding="Fan driver broken.",
        work_done="Fan driver replaced.",
    )
    for step in ("start_repair", "start_test", "pass_test"):
        unit = bench.take_step(unit, step, actor=actor)
    return unit
