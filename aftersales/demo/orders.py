"""The catalogue of services, and an order of many miners in the middle of its life."""

from __future__ import annotations

from accounts.models import User
from accounts.roles import Role
from workorders.models import RepairOrder, Service, Unit
from workorders.services import bulk

SERVICES = (
    ("diagnosis", "Diagnosis", "检测"),
    ("cleaning", "Cleaning", "清洁"),
    ("board-repair", "Hash board repair", "算力板维修"),
    ("firmware", "Firmware update", "固件升级"),
)


def make_services() -> list[Service]:
    """Before the story is told: scopes and prices name them."""
    return [
        Service.objects.create(code=code, name_en=en, name_zh=zh, position=at)
        for at, (code, en, zh) in enumerate(SERVICES, start=1)
    ]


def tell(order: RepairOrder, manager: User, engineer: User) -> None:
    """Give the units of a received order tags, a scope and some progress, by the steps of people.

    Call it after the order was received: `orders.tell(order, people.manager, people.engineer)`.
    """
    for person, role in ((manager, Role.SHOP_MANAGER), (engineer, Role.ENGINEER)):
        assert person.role == role  # noqa: S101 - a mistake of the caller
    units = Unit.objects.filter(order=order)
    for at, unit in enumerate(units.filter(state=Unit.State.RECEIVED).order_by("pk")):
        bulk.edit_names(
            unit,
            version=unit.version,
            actor=engineer,
            sn=unit.sn,
            model=unit.model,
            mac=f"02416A0C{at:04X}",
            asset_tag=f"Rack {at // 8 + 1}/{at % 8 + 1}",
        )
    bulk.set_services(
        order, units, Service.objects.filter(code__in=("diagnosis", "cleaning")), actor=manager
    )
