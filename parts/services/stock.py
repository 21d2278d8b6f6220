"""The stock of a shop: deliveries, moves to other shops, counts, thresholds."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.workflow import Refused, Text
from devices.imports.rows import squeeze
from devices.models import normalise_sn
from history.services import edit, record
from parts.models import Condition, Owner, Part, PartType, Place, Stock, Why
from parts.services.ledger import (
    Occasion,
    Spot,
    lock_parts,
    lock_stock,
    move_part,
    move_parts,
    move_quantity,
)
from repairshops.models import RepairShop

MOST_ROWS = 5_000
MOST_AT_ONCE = 100_000
SERIAL_LENGTH = 40

# Names of the columns of a list, as suppliers and spreadsheets write them.
TYPE_NAMES = frozenset(
    {
        "type", "typecode", "parttype", "parttypecode", "partcode", "code", "shortcode",
        "型号", "型号代码", "备件型号", "备件型号代码", "备件代码", "类型", "代码",
    }
)  # fmt: skip
SERIAL_NAMES = frozenset(
    {
        "serial", "serialnumber", "serialno", "sn", "partsn",
        "序列号", "sn码", "备件序列号", "备件sn", "备件sn码",
    }
)  # fmt: skip
SEPARATORS = str.maketrans(dict.fromkeys(";\t，；、", ","))


@dataclass
class Verdict:
    """What becomes of one pasted row."""

    number: int
    text: str
    serial: str = ""
    type: PartType | None = None
    reason: Text = ""

    @property
    def good(self) -> bool:
        return not self.reason


def require_manager(actor: Any, shop: RepairShop) -> None:
    """Stock is edited by managers of the shop. Raises PermissionDenied."""
    if getattr(actor, "role", None) != Role.SHOP_MANAGER:
        raise PermissionDenied("stock")
    if not RepairShop.objects.visible_to(actor).filter(pk=shop.pk).exists():
        raise PermissionDenied("stock")


# ------------------------------------------------------------------ deliveries
def check_rows(kind: PartType | None, text: str) -> list[Verdict]:
    """One verdict per pasted row: `serial`, or `type code,serial` in a list of several types.

    A row that names the columns, in English or Chinese, says so for the rows below it; it is no
    row of its own. Three queries for any number of rows. Raises ValidationError above MOST_ROWS.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_ROWS:
        said = _("At most %(limit)d rows at once.")
        raise ValidationError({"serials": said % {"limit": MOST_ROWS}})
    rows = _rows(lines)
    codes = {row.text for row in rows if row.text}
    types = {row.code: row for row in PartType.objects.active().filter(code__in=codes)}
    for row in rows:
        row.type = types.get(row.text) if row.text else kind
        row.reason = _spelling(row)
    _known(rows)
    return rows


def _rows(lines: Iterable[str]) -> list[Verdict]:
    """`text` carries the type code, where the row names one; a cell alone is a serial number."""
    rows: list[Verdict] = []
    columns: tuple[int | None, int] | None = None
    for line in lines:
        cells = next(csv.reader([line.translate(SEPARATORS)]), [""])
        if (named := _columns(cells)) is not None:
            columns = named
            continue
        of_type, of_serial = (columns or (0, 1)) if len(cells) > 1 else (None, 0)
        code, serial = _cell(cells, of_type).strip(), normalise_sn(_cell(cells, of_serial))
        rows.append(Verdict(len(rows) + 1, code, serial))
    return rows


def _columns(cells: Sequence[str]) -> tuple[int | None, int] | None:
    """Where type and serial number stand, told by a heading; None when the row is no heading."""
    names = [squeeze(cell) for cell in cells]
    of_type, of_serial = (
        next((place for place, name in enumerate(names) if name in known), None)
        for known in (TYPE_NAMES, SERIAL_NAMES)
    )
    return None if of_serial is None else (of_type, of_serial)


def _cell(cells: Sequence[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _spelling(row: Verdict) -> Text:
    if row.type is None:
        return _("There is no part type of this code.") if row.text else _("Choose the type.")
    if not row.type.serialised:
        return _("Parts of this type have no serial number; enter how many came.")
    if not row.serial:
        return _("This is not a serial number.")
    if len(row.serial) > SERIAL_LENGTH:
        return _("This is too long for a serial number.")
    return ""


def _known(rows: Sequence[Verdict]) -> None:
    """Twice in the list, or registered already: the first one counts."""
    serials = [row.serial for row in rows if row.good]
    there = set(Part.objects.filter(serial__in=serials).values_list("type", "serial"))
    seen: set[tuple[int, str]] = set()
    for row in rows:
        if not row.good or row.type is None:
            continue
        key = (row.type.pk, row.serial)
        if key in there:
            row.reason = _("It is registered already.")
        elif key in seen:
            row.reason = _("It stands in the list twice.")
        seen.add(key)


@transaction.atomic
def deliver(
    shop: RepairShop,
    rows: Sequence[Verdict],
    *,
    actor: Any,
    kind: PartType | None = None,
    quantity: int = 0,
    note: str = "",
) -> int:
    """Book what came from the supplier: the good rows, or so many of a type without serials.

    Returns how many parts the shop has now more. Raises PermissionDenied, ValidationError.
    """
    require_manager(actor, shop)
    occasion = Occasion(Why.DELIVERY, actor, timezone.now(), reason=note.strip())
    supplier, stock = Spot(Place.SUPPLIER), Spot(Place.STOCK, shop)
    if quantity:
        if kind is None or kind.serialised:
            raise ValidationError({"quantity": _("Scan the serial numbers of this type.")})
        if not 0 < quantity <= MOST_AT_ONCE:
            raise ValidationError({"quantity": _("This number is not possible.")})
        move_quantity(kind, quantity, supplier, stock, occasion)
        return quantity
    good = [row for row in rows if row.good]
    if not good:
        raise ValidationError({"serials": _("There is no row that can be booked.")})
    try:
        with transaction.atomic():
            made = Part.objects.bulk_create([_new(row, shop) for row in good], batch_size=500)
    except IntegrityError as clash:  # somebody booked one of them between the look and the write
        said = _("A serial number was registered meanwhile. Check the list again.")
        raise ValidationError({"serials": said}) from clash
    for type_pk in dict.fromkeys(part.type_id for part in made):
        move_parts([p for p in made if p.type_id == type_pk], stock, occasion, source=supplier)
    return len(made)


def _new(row: Verdict, shop: RepairShop) -> Part:
    assert row.type is not None  # noqa: S101 - a good row has one
    return Part(type=row.type, kind=row.type.kind, serial=row.serial, shop=shop)


# ------------------------------------------------------------------ to another shop, to scrap
@transaction.atomic
def move_to_shop(part: Part, shop: RepairShop, *, actor: Any, reason: str = "") -> Part:
    """A piece from one shop's stock into another's. Raises PermissionDenied, Refused."""
    require_manager(actor, part.shop)
    fresh = lock_parts([part.pk])[part.pk]
    if fresh.place != Place.STOCK:
        raise Refused(_("%(part)s is not in stock any more.") % {"part": fresh})
    if fresh.shop_id == shop.pk:
        raise Refused(_("It lies in this shop already."))
    assert fresh.type is not None  # noqa: S101 - stock has a type
    _require_free(fresh.shop, fresh.type, 1)
    occasion = Occasion(Why.MOVED, actor, timezone.now(), reason=reason.strip())
    return move_part(fresh, Spot(Place.STOCK, shop), occasion)


@transaction.atomic
def move_many_to_shop(
    stock: Stock, quantity: int, shop: RepairShop, *, actor: Any, reason: str = ""
) -> None:
    """So many without serial numbers. Raises PermissionDenied, Refused, ValidationError."""
    require_manager(actor, stock.shop)
    if stock.type.serialised:
        raise Refused(_("Move parts with serial numbers one by one."))
    if quantity < 1:
        raise ValidationError({"quantity": _("Enter how many.")})
    if stock.shop_id == shop.pk:
        raise Refused(_("It lies in this shop already."))
    lock_stock([(stock.shop_id, stock.type_id), (shop.pk, stock.type_id)])
    _require_free(stock.shop, stock.type, quantity)
    occasion = Occasion(Why.MOVED, actor, timezone.now(), reason=reason.strip())
    here, there = Spot(Place.STOCK, stock.shop), Spot(Place.STOCK, shop)
    move_quantity(stock.type, quantity, here, there, occasion)


def _require_free(shop: RepairShop, kind: PartType, quantity: int) -> None:
    row = lock_stock([(shop.pk, kind.pk)])[shop.pk, kind.pk]
    if row.free < quantity:
        said = _("Only %(free)d of “%(type)s” are free.")
        raise Refused(said % {"free": row.free, "type": kind})


@transaction.atomic
def scrap(part: Part, *, actor: Any, reason: str) -> Part:
    """Out of the shop for good; a customer's part only with the reason why one may.

    Raises PermissionDenied, Refused, ValidationError without a reason.
    """
    require_manager(actor, part.shop)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason first.")})
    fresh = _lying(part)
    if fresh.place == Place.STOCK and fresh.type is not None:
        _require_free(fresh.shop, fresh.type, 1)
    occasion = Occasion(Why.SCRAPPED, actor, timezone.now(), reason=reason.strip())
    return move_part(fresh, Spot(Place.SCRAP), occasion)


@transaction.atomic
def give_back(part: Part, *, actor: Any, reason: str = "") -> Part:
    """A customer's part that was put aside goes back to them. Raises PermissionDenied, Refused."""
    require_manager(actor, part.shop)
    fresh = _lying(part)
    if fresh.owner != Owner.CUSTOMER:
        raise Refused(_("It belongs to the repair centre."))
    occasion = Occasion(Why.RETURNED, actor, timezone.now(), reason=reason.strip())
    return move_part(fresh, Spot(Place.CUSTOMER), occasion)


@transaction.atomic
def mark_repaired(part: Part, *, actor: Any, reason: str = "") -> Part:
    """A part that was put aside is good again; the repair centre's own go back into stock.

    Raises PermissionDenied, Refused.
    """
    require_manager(actor, part.shop)
    fresh = _lying(part)
    if fresh.place != Place.SHELF:
        raise Refused(_("It lies in stock already."))
    fresh.condition = Condition.GOOD
    if fresh.owner == Owner.CUSTOMER or fresh.type is None:
        Part.objects.filter(pk=fresh.pk).update(condition=Condition.GOOD)
        record(fresh, "part_repaired", actor=actor, internal=True, note=reason.strip())
        return fresh
    occasion = Occasion(Why.REPAIRED, actor, timezone.now(), reason=reason.strip())
    return move_part(fresh, Spot(Place.STOCK, fresh.shop), occasion)


def _lying(part: Part) -> Part:
    fresh = lock_parts([part.pk])[part.pk]
    if fresh.place not in (Place.STOCK, Place.SHELF):
        raise Refused(_("%(part)s is not in the shop any more.") % {"part": fresh})
    return fresh


# ------------------------------------------------------------------ counting
@transaction.atomic
def count(
    shop: RepairShop, counted: Mapping[int, tuple[int, int]], *, actor: Any, reason: str
) -> int:
    """Book the differences of a count: stock key → (number on the form, number counted).

    Returns how many types differed. Raises PermissionDenied, ValidationError without a reason,
    Refused when something was taken while people counted: nothing is booked then.
    """
    require_manager(actor, shop)
    _require_reason(reason)
    wanted = Stock.objects.filter(pk__in=counted, shop=shop, type__serialised=False)
    rows = lock_stock(wanted.values_list("shop", "type"))
    moved = [row for row in rows.values() if row.quantity != counted[row.pk][0]]
    if moved:
        said = _("“%(type)s” changed from %(old)d to %(new)d while you counted. Count it again.")
        facts = [(row.type, counted[row.pk][0], row.quantity) for row in moved]
        raise Refused(*[said % {"type": t, "old": old, "new": new} for t, old, new in facts])
    occasion = Occasion(Why.COUNTED, actor, timezone.now(), reason=reason.strip())
    differing = 0
    for row in rows.values():
        found = counted[row.pk][1]
        if not 0 <= found <= MOST_AT_ONCE:
            raise ValidationError(_("This number is not possible."))
        here, gone = Spot(Place.STOCK, shop), Spot(Place.COUNT)
        if difference := found - row.quantity:
            way = (gone, here) if difference > 0 else (here, gone)
            move_quantity(row.type, abs(difference), *way, occasion)
            differing += 1
    return differing


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why it differs: who counted, what happened.")})


@dataclass
class PieceCount:
    """A count of parts with serial numbers against what should be there."""

    seen: list[Part]
    lacking: list[Part]
    back: list[Part]
    strange: list[str]


def compare_pieces(shop: RepairShop, kind: PartType, serials: Iterable[str]) -> PieceCount:
    """Which of the shop's parts were scanned, which were not, which are known as lost, and which
    numbers nobody knows here; two queries."""
    scanned = list(dict.fromkeys(sn for text in serials if (sn := normalise_sn(text))))
    here = list(Part.objects.filter(shop=shop, type=kind, place=Place.STOCK).order_by("serial"))
    lost = {
        part.serial: part
        for part in Part.objects.filter(type=kind, place=Place.COUNT, serial__in=scanned)
    }
    there, found = {part.serial for part in here}, set(scanned)
    return PieceCount(
        seen=[part for part in here if part.serial in found],
        lacking=[part for part in here if part.serial not in found],
        back=[lost[sn] for sn in scanned if sn in lost],
        strange=[sn for sn in scanned if sn not in there and sn not in lost],
    )


@transaction.atomic
def count_pieces(
    shop: RepairShop, kind: PartType, serials: Iterable[str], *, actor: Any, reason: str
) -> PieceCount:
    """Book out what was not scanned, and in again what turned up; strange numbers are told only.

    Raises PermissionDenied, ValidationError, Refused (more lacking than is free).
    """
    require_manager(actor, shop)
    outcome = compare_pieces(shop, kind, serials)
    if not (outcome.lacking or outcome.back):
        return outcome
    _require_reason(reason)
    occasion = Occasion(Why.COUNTED, actor, timezone.now(), reason=reason.strip())
    parts = lock_parts(part.pk for part in [*outcome.lacking, *outcome.back])
    gone = [parts[part.pk] for part in outcome.lacking if parts[part.pk].place == Place.STOCK]
    back = [parts[part.pk] for part in outcome.back if parts[part.pk].place == Place.COUNT]
    if gone:
        move_parts(gone, Spot(Place.COUNT), occasion)
    if back:
        move_parts(back, Spot(Place.STOCK, shop), occasion, source=Spot(Place.COUNT))
    return outcome


# ------------------------------------------------------------------ thresholds
def set_low(stock: Stock, low_at: int | None, *, version: int, actor: Any) -> Stock:
    """The shop's own low mark; none = the type's. Raises PermissionDenied, Stale."""
    require_manager(actor, stock.shop)
    return edit(stock, version=version, actor=actor, verb="threshold", low_at=low_at)
