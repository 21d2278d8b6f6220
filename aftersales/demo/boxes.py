"""An order that comes in two boxes and leaves in two shipments, one of them still to be packed."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from aftersales.demo.clock import ago
from aftersales.demo.story import Story
from logistics.models import Container, Shipment
from workorders.models import RepairOrder, Unit
from workorders.models.unit import UnitQuerySet
from workorders.services import boxing, receiving, returns

NUMBERS = [106, 107, 108, 109, 110, 111]  # devices that no other chapter tells of


def tell_of_goods(story: Story) -> None:
    """Partial return with the carrier's messages, an open box, a dented one. Call it after
    `Story.tell()`."""
    p = story.people
    with ago(days=11):
        order = story.repair_order(p.customer, NUMBERS, "Six machines, a fan error on each.")
        story.submit(order)
        order = RepairOrder.objects.get(pk=order.pk)
        coming = Shipment.objects.get(consignment=order.consignment_id, direction="in")
        receiving.announce_containers(order, coming, actor=p.agent, count=1)
    with ago(days=9):
        _receive(story, order)
    with ago(days=7):
        story.repair(order, "Fan driver broken.", "Fan driver replaced.")
    with ago(days=5):
        shipment = returns.ship_back(
            order, _first(order, 2), actor=p.engineer, carrier=story.sf, waybill="SF700100200"
        )
    if shipment is not None:
        for hours, kind, place in ((100, "picked_up", "Kunshan"), (60, "in_transit", "Leipzig")):
            at = timezone.now() - timedelta(hours=hours)
            returns.note_event(order, shipment, actor=p.engineer, kind=kind, at=at, place=place)
    with ago(hours=6):
        box = boxing.open_container(order, actor=p.engineer, kind="pallet")
        for unit in _units(order)[2:4]:
            boxing.scan(box, unit.sn, actor=p.engineer)


def _units(order: RepairOrder) -> list[Unit]:
    return list(order.units.order_by("pk"))


def _first(order: RepairOrder, count: int) -> UnitQuerySet:
    return order.units.filter(pk__in=[unit.pk for unit in _units(order)[:count]])


def _receive(story: Story, order: RepairOrder) -> None:
    """Three devices from each box; the second box had a hard journey."""
    engineer, units = story.people.engineer, _units(order)
    boxes = Container.objects.filter(consignment=order.consignment_id, direction="in")
    for number, box in enumerate(boxes.order_by("number")):
        held = [unit.pk for unit in units[3 * number : 3 * number + 3]]
        chosen = Unit.objects.filter(pk__in=held)
        receiving.receive_units(order, chosen, actor=engineer, container=box)
    receiving.record_damage(
        order,
        actor=engineer,
        container=box,
        sn=units[4].sn,
        description="One side of the box was wet, the case has a dent.",
        files=[story.photo(engineer, "wet box")],
    )
