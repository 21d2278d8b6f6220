"""Parts in any place, booked through the ledger as in life."""

from __future__ import annotations

from typing import Any

import factory
from django.utils import timezone

from devices.models import ProductModel
from parts.models import FailureType, Part, PartKind, PartType, Place, Slot, Stock, Why
from parts.services.ledger import Occasion, Spot, move_part, move_quantity
from repairshops.models import RepairShop
from workorders.models import Unit

MINER = (
    ("HB1", PartKind.HASH_BOARD),
    ("HB2", PartKind.HASH_BOARD),
    ("HB3", PartKind.HASH_BOARD),
    ("CB", PartKind.CONTROL_BOARD),
    ("PSU", PartKind.PSU),
    ("FAN1", PartKind.FAN),
)


class PartTypeFactory(factory.django.DjangoModelFactory[PartType]):
    class Meta:
        model = PartType
        django_get_or_create = ("code",)

    code = "hb-d1"
    kind = PartKind.HASH_BOARD
    name_en = "Hash board D1"
    name_zh = "D1 算力板"


class FailureTypeFactory(factory.django.DjangoModelFactory[FailureType]):
    class Meta:
        model = FailureType

    kind = PartKind.HASH_BOARD
    name_en = factory.Sequence(lambda n: f"Chips dead {n}")
    name_zh = "芯片失效"


def fan_type(**more: Any) -> PartType:
    made: PartType = PartTypeFactory(
        code="fan-12", kind=PartKind.FAN, name_en="Fan 12 cm", serialised=False, **more
    )
    return made


def slots_for(model: ProductModel) -> list[Slot]:
    return Slot.objects.bulk_create(
        Slot(model=model, label=label, kind=kind, position=n)
        for n, (label, kind) in enumerate(MINER)
    )


def in_stock(shop: RepairShop, serial: str, kind: PartType | None = None, **fields: Any) -> Part:
    """A spare part that was delivered."""
    kind = kind or PartTypeFactory()
    part = Part.objects.create(type=kind, kind=kind.kind, serial=serial, shop=shop, **fields)
    occasion = Occasion(Why.DELIVERY, None, timezone.now())
    return move_part(part, Spot(Place.STOCK, shop), occasion, source=Spot(Place.SUPPLIER))


def heap(shop: RepairShop, kind: PartType, quantity: int) -> Stock:
    """So many without serial numbers."""
    occasion = Occasion(Why.DELIVERY, None, timezone.now())
    move_quantity(kind, quantity, Spot(Place.SUPPLIER), Spot(Place.STOCK, shop), occasion)
    return Stock.objects.get(shop=shop, type=kind)


def inside(unit: Unit, slot: str, serial: str = "", **fields: Any) -> Part:
    """A part that came in the customer's device."""
    kind = dict(MINER)[slot]
    first = {"kind": kind, "owner": "customer", "condition": "good", "origin_sn": unit.sn}
    if serial:
        first["type"] = PartTypeFactory(code=f"{kind}-d1".replace("_", "-"), kind=kind)
    shop = unit.order.shop
    assert shop is not None
    part = Part.objects.create(
        **{**first, **fields}, serial=serial, shop=shop, place="unit", unit=unit, slot=slot
    )
    occasion = Occasion(Why.FOUND, None, timezone.now(), unit.order)
    spot = Spot(Place.UNIT, unit=unit, slot=slot)
    return move_part(part, spot, occasion, source=Spot(Place.CUSTOMER))


def full(unit: Unit, *, faulty: tuple[str, ...] = (), missing: tuple[str, ...] = ()) -> None:
    """A whole miner, diagnosed: these are faulty, these are missing, the others are good."""
    for slot, _kind in MINER:
        if slot not in missing:
            condition = "faulty" if slot in faulty else "good"
            inside(unit, slot, f"{unit.sn[-4:]}{slot}", condition=condition)
