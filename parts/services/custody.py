"""Where a part has been, and what a customer may know of it (D4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from devices.models import normalise_sn
from parts.models import Movement, Part, Place, Reservation, Stock, Why
from workorders.models import RepairOrder, Unit

IN = (Why.FITTED, Why.CONSOLIDATION)
OUT = (Why.TAKEN_OUT, Why.SCRAPPED, Why.RETURNED, Why.CONSOLIDATION)


@dataclass(frozen=True)
class Replaced:
    """One part of a customer's device and the one that took its place; never a note."""

    sn: str
    slot: str
    kind: str
    old: str
    new: str
    origin: str
    at: datetime


@dataclass(frozen=True)
class Line:
    """A line of the ledger as one person may read it: orders and devices of other shops unnamed."""

    move: Movement
    order: str
    source_unit: Unit | None
    target_unit: Unit | None


def life_of(part: Part, user: Any) -> list[Line]:
    """Every line of the ledger about this part, newest first; three queries."""
    rows = part.movements.select_related(
        "source_shop", "source_unit", "target_shop", "target_unit", "order", "actor"
    )
    return _read_by(user, list(rows.order_by("-pk")))


def _read_by(user: Any, lines: list[Movement]) -> list[Line]:
    named = {pk for line in lines for pk in (line.source_unit_id, line.target_unit_id)}
    units = Unit.objects.visible_to(user).filter(pk__in=named)
    seen = set(units.values_list("pk", flat=True))
    orders = RepairOrder.objects.visible_to(user).filter(pk__in={x.order_id for x in lines})
    codes = dict(orders.values_list("pk", "code"))
    return [
        Line(
            line,
            codes.get(line.order_id, ""),
            line.source_unit if line.source_unit_id in seen else None,
            line.target_unit if line.target_unit_id in seen else None,
        )
        for line in lines
    ]


def replaced_in(units: Any, *, limit: int = 400) -> list[Replaced]:
    """What was fitted into these devices, beside what came out in the same act; newest first.

    `units` is a subquery of keys that the caller has cut to what may be seen. One query.
    """
    rows = Movement.objects.filter(
        Q(target_unit__in=units, why__in=IN) | Q(source_unit__in=units, why__in=OUT)
    ).select_related("part", "target_unit")
    lines = list(rows.order_by("-pk")[:limit])
    old = {(x.source_unit_id, x.source_slot, x.at): x for x in lines if x.source_unit_id}
    return [_replaced(line, old) for line in lines if line.why in IN and _works(line.target_unit)]


def _works(unit: Unit | None) -> bool:
    """What a giving miner got in exchange is nobody's news."""
    return unit is not None and unit.state not in (Unit.State.UNREPAIRABLE, Unit.State.SCRAPPED)


def _replaced(line: Movement, out: dict[tuple[Any, str, datetime], Movement]) -> Replaced:
    before = out.get((line.target_unit_id, line.target_slot, line.at))
    unit = line.target_unit
    assert unit is not None  # noqa: S101 - fitted into one
    moved = line.why == Why.CONSOLIDATION
    return Replaced(
        sn=unit.sn,
        slot=line.target_slot,
        kind=str(line.get_kind_display()),
        old=before.part.serial if before and before.part else "",
        new=line.part.serial if line.part else "",
        origin=line.origin_sn if moved else "",
        at=line.at,
    )


def replaced_for(user: Any, *, sn: str = "", order: Any = None) -> list[Replaced]:
    """The same for what this person may see: of one order, or of one serial number."""
    units = Unit.objects.visible_to(user)
    mine = units.filter(order=order) if order is not None else units.filter(sn=sn)
    return replaced_in(mine.order_by().values("pk"))


def type_words(text: str) -> Q:
    """Types by code or name, whatever the language."""
    words = Q(type__code__icontains=text) | Q(type__name_en__icontains=text)
    return words | Q(type__name_zh__icontains=text)


def search(rows: Any, text: str) -> Any:
    """Parts by serial number, by type, or by the miner they came out of."""
    number, words = normalise_sn(text), type_words(text)
    if number:
        words |= Q(serial__startswith=number) | Q(origin_sn=number)
    return rows.filter(words)


def exactly(rows: Any, text: str) -> int | None:
    """The key of the only part that has this serial number."""
    number = normalise_sn(text)
    found = list(rows.filter(serial=number).values_list("pk", flat=True)[:2]) if number else []
    return found[0] if len(found) == 1 else None


def life_of_stock(row: Stock, user: Any, *, limit: int = 50) -> list[Line]:
    """The newest lines about one type in one shop."""
    there = Q(source_shop=row.shop_id, source=Place.STOCK)
    there |= Q(target_shop=row.shop_id, target=Place.STOCK)
    rows = Movement.objects.filter(there, type=row.type_id).select_related(
        "part__type", "source_shop", "source_unit", "target_shop", "target_unit", "order", "actor"
    )
    return _read_by(user, list(rows.order_by("-pk")[:limit]))


def promises(row: Stock) -> list[Reservation]:
    """Who is promised what of it."""
    rows = Reservation.objects.open().filter(shop=row.shop_id, type=row.type_id)
    return list(rows.select_related("unit__order", "made_by"))
