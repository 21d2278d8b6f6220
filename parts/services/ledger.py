"""The one door through which parts change place: every move writes its line of the ledger.

Whoever comes through it has locked the order (where there is one), then the units, then the parts
by key; stock rows are locked last, here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from core.workflow import Refused
from history.services import record
from parts.models import Condition, Movement, Part, PartType, Place, Stock
from repairshops.models import RepairShop
from workorders.models import RepairOrder, Unit


@dataclass(frozen=True)
class Spot:
    """A place, exactly: which shop, or which slot of which device."""

    place: str
    shop: RepairShop | None = None
    unit: Unit | None = None
    slot: str = ""

    @classmethod
    def of(cls, part: Part) -> Spot:
        """Where a part is now."""
        shop = part.shop if part.place in (Place.STOCK, Place.SHELF) else None
        return cls(part.place, shop, part.unit, part.slot)

    def fields(self, side: str) -> dict[str, Any]:
        return {
            side: self.place,
            f"{side}_shop": self.shop,
            f"{side}_unit": self.unit,
            f"{side}_slot": self.slot,
        }


@dataclass(frozen=True)
class Occasion:
    """Why something moves, who moves it and when: the same for all lines of one act."""

    why: str
    actor: Any
    at: datetime
    order: RepairOrder | None = None
    reason: str = ""


def lock_parts(pks: Iterable[int]) -> dict[int, Part]:
    """The fresh rows, locked by key, so that two acts never wait for each other in a circle."""
    rows = Part.objects.select_for_update(of=("self",)).filter(pk__in=list(pks)).order_by("pk")
    return {part.pk: part for part in rows.select_related("type", "shop", "unit")}


def move_part(part: Part, target: Spot, occasion: Occasion, *, source: Spot | None = None) -> Part:
    """Take a locked part from where it is (or from `source`, when it is new here) to `target`."""
    return move_parts([part], target, occasion, source=source)[0]


def move_parts(
    parts: Sequence[Part], target: Spot, occasion: Occasion, *, source: Spot | None = None
) -> list[Part]:
    """The same for many locked parts of one type going to one place, in few statements."""
    lines = []
    for part in parts:
        start = source or Spot.of(part)
        lines.append(_line(part.type, 1, start, target, occasion, part=part))
        _place(part, target)
    Part.objects.bulk_update(
        parts, ["place", "shop", "unit", "slot", "owner", "condition"], batch_size=500
    )
    write(lines, actor=occasion.actor)
    return list(parts)


def _place(part: Part, target: Spot) -> None:
    """Set the fields; the row is saved by the caller."""
    part.place, part.unit, part.slot = target.place, target.unit, target.slot
    if target.shop is not None:
        part.shop = target.shop
    if target.place == Place.SCRAP:
        part.condition = Condition.SCRAPPED


def move_quantity(
    kind: PartType, quantity: int, source: Spot, target: Spot, occasion: Occasion
) -> Movement:
    """So many of a type without serial numbers. Raises Refused when the shop has fewer."""
    line = _line(kind, quantity, source, target, occasion)
    write([line], actor=occasion.actor)
    return line


def _line(
    kind: PartType | None,
    quantity: int,
    source: Spot,
    target: Spot,
    occasion: Occasion,
    *,
    part: Part | None = None,
) -> Movement:
    named: Any = part or kind
    return Movement(
        part=part,
        type=kind,
        kind=named.kind,
        quantity=quantity,
        owner=part.owner if part else "maker",
        origin_sn=part.origin_sn if part else "",
        why=occasion.why,
        reason=occasion.reason[:300],
        order=occasion.order,
        actor=occasion.actor,
        at=occasion.at,
        **source.fields("source"),
        **target.fields("target"),
    )


def write(lines: list[Movement], *, actor: Any) -> None:
    """Append the lines and bring the stock to what they say. Raises Refused below zero."""
    changes: dict[tuple[int, int], int] = {}
    for line in lines:
        for place, shop, sign in (
            (line.source, line.source_shop_id, -1),
            (line.target, line.target_shop_id, 1),
        ):
            if place == Place.STOCK and shop and line.type_id:
                key = (shop, line.type_id)
                changes[key] = changes.get(key, 0) + sign * line.quantity
    _adjust({key: change for key, change in changes.items() if change}, actor=actor)
    Movement.objects.bulk_create(lines, batch_size=500)


def lock_stock(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Stock]:
    """The rows of shop and type, made where there is none yet, locked by key."""
    wanted = set(pairs)
    if not wanted:
        return {}
    Stock.objects.bulk_create(
        [Stock(shop_id=shop, type_id=kind) for shop, kind in sorted(wanted)], ignore_conflicts=True
    )
    rows = (
        Stock.objects.select_for_update(of=("self",))
        .filter(shop__in={shop for shop, _k in wanted}, type__in={kind for _s, kind in wanted})
        .select_related("type", "shop")
        .order_by("pk")
    )
    found = {(row.shop_id, row.type_id): row for row in rows}
    return {key: row for key, row in found.items() if key in wanted}


def _adjust(changes: dict[tuple[int, int], int], *, actor: Any) -> None:
    """Add to the stock rows; tell it once when one falls to its low mark."""
    fallen = []
    for key, row in lock_stock(changes).items():
        was_low = row.is_low
        row.quantity += changes[key]
        if row.quantity < 0:
            raise Refused(
                _("%(shop)s does not have so many of “%(type)s”.")
                % {"shop": row.shop.name, "type": row.type}
            )
        Stock.objects.filter(pk=row.pk).update(quantity=row.quantity)
        if row.is_low and not was_low:
            fallen.append(row)
    for row in fallen:
        record(row, "low", actor=actor, data={"type": row.type.code, "quantity": row.quantity})


# ------------------------------------------------------------------ does it agree?
@dataclass(frozen=True)
class Difference:
    """A shop's stock of a type that is not what the ledger, or the parts, say."""

    shop: RepairShop
    type: PartType
    stock: int
    ledger: int
    pieces: int | None


def ledger_sums() -> dict[tuple[int, int], int]:
    """What the lines of the ledger add up to per shop and type; two queries."""
    sums: dict[tuple[int, int], int] = {}
    for side, sign in (("source", -1), ("target", 1)):
        rows = Movement.objects.filter(**{side: Place.STOCK}, type__isnull=False)
        grouped = rows.order_by().values_list(f"{side}_shop", "type").annotate(n=Sum("quantity"))
        for shop, kind, count in grouped:
            sums[shop, kind] = sums.get((shop, kind), 0) + sign * count
    return sums


def differences() -> list[Difference]:
    """Every row of stock that does not agree with the ledger; empty in a sound house."""
    sums, found = ledger_sums(), []
    pieces: dict[tuple[int, int | None], int] = {}
    for shop_pk, kind in Part.objects.filter(place=Place.STOCK).values_list("shop", "type"):
        pieces[shop_pk, kind] = pieces.get((shop_pk, kind), 0) + 1
    for row in Stock.objects.select_related("shop", "type"):
        key = (row.shop_id, row.type_id)
        ledger = sums.pop(key, 0)
        there = pieces.get(key, 0) if row.type.serialised else None
        if row.quantity != ledger or there not in (None, row.quantity):
            found.append(Difference(row.shop, row.type, row.quantity, ledger, there))
    for (shop_pk, kind_pk), ledger in sums.items():
        if ledger:
            shop = RepairShop.objects.get(pk=shop_pk)
            kind_row = PartType.objects.get(pk=kind_pk)
            found.append(Difference(shop, kind_row, 0, ledger, None))
    return found
