"""The devices of a draft: one by one or thousands at once, one verdict per serial number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from core.workflow import Refused, Stale, insert_select
from devices.models import Device as Registered
from devices.models import DeviceType, ProductModel, Verdict, normalise_sn, warranty_day
from history.services import edit, record
from workorders.models import RepairOrder, Unit
from workorders.services.drafts import MOST_UNITS, count_units, lock_draft, units_of

LONGEST_SN = 40
NAMED = 10  # serial numbers named in the entry of a batch


class RowVerdict(TextChoices):
    """What becomes of a line of a pasted list (D3)."""

    IN = "in", _("In warranty")
    OUT = "out", _("Out of warranty")
    UNKNOWN = "unknown", _("Unknown SN")
    DUPLICATE = "duplicate", _("Twice on the list")
    LISTED = "listed", _("In this order already")
    OPEN = "open", _("In your open order")
    HELD = "held", _("Ask customer service")
    UNREADABLE = "unreadable", _("Not a serial number")


TAKABLE = (RowVerdict.IN, RowVerdict.OUT, RowVerdict.UNKNOWN)


@dataclass(frozen=True)
class Row:
    """One line: where it stood, what was typed, what we say of it."""

    line: int
    typed: str
    sn: str
    verdict: RowVerdict
    model: str = ""
    until: date | None = None
    order_code: str = ""


@dataclass(frozen=True)
class Device:
    """One device as the form tells it. `accepted`: send it although it is not covered (E9)."""

    sn: str
    model: ProductModel | None = None
    device_type: str = DeviceType.MACHINE
    remark: str = ""
    accepted: bool = False


def judged_at(order: RepairOrder) -> datetime:
    """When warranty counts for this order: the day the enquiry was opened (E10)."""
    return order.counselling.opened_at if order.counselling else order.opened_at


def check_sns(order: RepairOrder, lines: Iterable[str]) -> list[Row]:
    """One verdict per line, three queries for any number of lines (D3).

    A number in somebody else's open order reads "ask customer service", never whose it is (E11).
    """
    day = warranty_day(judged_at(order))
    typed = [(number, line.strip(), normalise_sn(line)) for number, line in enumerate(lines, 1)]
    sns = {sn for _number, _line, sn in typed if 0 < len(sn) <= LONGEST_SN}
    known = {
        sn: (model, until)
        for sn, model, until in Registered.objects.filter(sn__in=sns).values_list(
            "sn", "model__name", "warranty_until"
        )
    }
    listed = set(units_of(order).filter(sn__in=sns).values_list("sn", flat=True))
    held = {
        sn: (customer, code)
        for sn, customer, code in Unit.objects.filter(holds_sn=True, sn__in=sns)
        .exclude(order=order.pk)
        .values_list("sn", "order__customer", "order__code")
    }
    seen: set[str] = set()
    rows = []
    for number, line, sn in typed:
        model, until = known.get(sn, ("", None))
        verdict, code = RowVerdict.UNKNOWN, ""
        if sn not in sns:
            verdict = RowVerdict.UNREADABLE
        elif sn in seen:
            verdict = RowVerdict.DUPLICATE
        elif sn in listed:
            verdict = RowVerdict.LISTED
        elif sn in held:
            own = held[sn][0] == order.customer_id
            verdict, code = (RowVerdict.OPEN, held[sn][1]) if own else (RowVerdict.HELD, "")
        elif until is not None:
            verdict = RowVerdict.IN if day <= until else RowVerdict.OUT
        seen.add(sn)
        rows.append(Row(number, line, sn, verdict, model, until, code))
    return rows


def counts(rows: Iterable[Row]) -> Counter[RowVerdict]:
    return Counter(row.verdict for row in rows)


REFUSALS = {
    RowVerdict.UNREADABLE: _(
        "Enter the serial number as it stands on the label, letters and digits."
    ),
    RowVerdict.LISTED: _("This serial number is on the list already."),
    RowVerdict.HELD: _(
        "This serial number is in an open repair order. Write to customer service about it."
    ),
}


def _require_room(order: RepairOrder, wanted: int) -> None:
    if order.unit_count + wanted > MOST_UNITS:
        raise ValidationError(
            {
                "sn": _("A repair order holds %(most)d devices; this would make %(all)d.")
                % {"most": MOST_UNITS, "all": order.unit_count + wanted}
            }
        )


def verdict_of(order: RepairOrder, device: Device) -> Row:
    """The verdict on a device about to be added. Raises ValidationError by field: on `sn` when
    it cannot be on this order, on `accepted` when it is not covered and nobody said so (E9)."""
    row = check_sns(order, [device.sn])[0]
    if row.verdict == RowVerdict.OPEN:
        message = _("This serial number is in your open repair order %(code)s.")
        raise ValidationError(
            {"sn": ValidationError(message, code="open", params={"code": row.order_code})}
        )
    if row.verdict in REFUSALS:
        raise ValidationError({"sn": ValidationError(REFUSALS[row.verdict], code=str(row.verdict))})
    if row.verdict == RowVerdict.OUT and not device.accepted:
        message = _(
            "The warranty of this device ended on %(until)s. Tick the box to send it anyway."
        )
        raise ValidationError(
            {"accepted": ValidationError(message, code="out", params={"until": row.until})}
        )
    if row.verdict == RowVerdict.UNKNOWN and not device.accepted:
        raise ValidationError(
            {
                "accepted": ValidationError(
                    _(
                        "We do not know this serial number. Compare it with the label, or tick "
                        "the box to send the device anyway."
                    ),
                    code="unknown",
                )
            }
        )
    return row


def _facts(row: Row, device: Device) -> dict[str, Any]:
    """What the registry says goes before what was typed."""
    registered = Registered.objects.filter(sn=row.sn).select_related("model").first()
    return {
        "sn": row.sn,
        "device": registered,
        "model": registered.model if registered else device.model,
        "device_type": device.device_type,
        "remark": device.remark,
        "verdict": row.verdict,
        "warranty_until": row.until,
    }


@transaction.atomic
def add_unit(order: RepairOrder, device: Device, *, actor: Any) -> Unit:
    """Put one device on the draft (R23, R26); its warranty is checked at once (E9).

    Raises PermissionDenied, Refused, ValidationError by field.
    """
    fresh = lock_draft(order, actor=actor)
    _require_room(fresh, 1)
    row = verdict_of(fresh, device)
    unit: Unit = Unit.objects.create(order=fresh, **_facts(row, device))
    count_units(fresh)
    record(unit, "added", actor=actor, data={"sn": unit.sn})
    return unit


@transaction.atomic
def edit_unit(
    unit: Unit, device: Device, *, version: int, actor: Any, order: RepairOrder | None = None
) -> Unit:
    """Change a device of a draft, or move it to another draft of the same code (R25, E8).

    Raises PermissionDenied, Refused, Stale, ValidationError by field.
    """
    source = lock_draft(unit.order, actor=actor)
    target = source if order is None or order.pk == source.pk else lock_draft(order, actor=actor)
    fresh = _mine(unit, source)
    if fresh.version != version:
        raise Stale(fresh)
    same_sn = normalise_sn(device.sn) == fresh.sn
    details: dict[str, Any] = {
        "device_type": device.device_type,
        "model": device.model,
        "remark": device.remark,
    }
    if same_sn and target is source:
        if fresh.device is not None:
            details["model"] = fresh.model
        return edit(fresh, version=version, actor=actor, **details)
    if target is not source:
        _require_room(target, 1)
    # The same number was accepted when it was added; it is not asked twice.
    row = verdict_of(target, replace(device, accepted=device.accepted or same_sn))
    changed = edit(fresh, version=version, actor=actor, order=target, **_facts(row, device))
    if target is not source:
        count_units(source)
        count_units(target)
    return changed


def _mine(unit: Unit, order: RepairOrder) -> Unit:
    """The fresh row, if it still is on this order."""
    fresh = units_of(order).filter(pk=unit.pk).select_related("device").first()
    if fresh is None:
        raise Stale(unit)
    return fresh


@transaction.atomic
def remove_unit(unit: Unit, *, actor: Any) -> None:
    """Take a device off the draft (R25); the order remembers which. Twice is the same as once.

    Raises PermissionDenied, Refused.
    """
    order = lock_draft(unit.order, actor=actor)
    gone, _kinds = units_of(order).filter(pk=unit.pk).delete()
    if not gone:
        return
    count_units(order)
    record(order, "device_removed", actor=actor, data={"sn": unit.sn})


@dataclass(frozen=True)
class Defaults:
    """What devices of a pasted list are when the registry does not know them."""

    model: ProductModel | None = None
    device_type: str = DeviceType.MACHINE
    remark: str = ""


def _insert_known(order: RepairOrder, rows: list[Row], defaults: Defaults) -> None:
    """Two statements for any number of registered devices; the registry names their models."""
    shared = {
        "order": order,
        "state": Unit.State.EXPECTED,
        "remark": defaults.remark,
        "announced": True,
        "holds_sn": False,
        "verdict_reason": "",
        "mac": "",
        "asset_tag": "",
        "faults": [],
        "finding": "",
        "work_done": "",
        "exit_reason": "",
        "version": 1,
    }
    columns = {
        "sn": "sn",
        "model": "model",
        "device": "pk",
        "device_type": "model__device_type",
        "warranty_until": "warranty_until",
    }
    for verdict in (Verdict.IN, Verdict.OUT):
        sns = [row.sn for row in rows if str(row.verdict) == str(verdict)]
        known = Registered.objects.filter(sn__in=sns)
        insert_select(Unit, known, {**shared, "verdict": verdict}, columns)


def _insert_unknown(order: RepairOrder, rows: list[Row], defaults: Defaults) -> None:
    """What the registry does not know; as few statements as the database's limits allow."""
    Unit.objects.bulk_create(
        Unit(
            order=order,
            sn=row.sn,
            model=defaults.model,
            device_type=defaults.device_type,
            remark=defaults.remark,
            verdict=Verdict.UNKNOWN,
        )
        for row in rows
        if row.verdict == RowVerdict.UNKNOWN
    )


@transaction.atomic
def add_units(
    order: RepairOrder,
    lines: Sequence[str],
    *,
    actor: Any,
    take: Collection[str] = (RowVerdict.IN,),
    defaults: Defaults | None = None,
) -> tuple[list[Row], int]:
    """Put the lines with these verdicts on the draft; the others come back with theirs (D3).

    Choosing "out" or "unknown" is how one says that these are sent although not covered (E9).
    The number of statements does not grow with the lines the registry knows. Returns every row
    and how many were added. Raises PermissionDenied, Refused, ValidationError (order too long).
    """
    fresh = lock_draft(order, actor=actor)
    if strange := set(take) - {str(verdict) for verdict in TAKABLE}:
        raise Refused(*sorted(strange))
    defaults = defaults or Defaults()
    rows = check_sns(fresh, lines)
    chosen = [row for row in rows if row.verdict in set(take)]
    _require_room(fresh, len(chosen))
    _insert_known(fresh, chosen, defaults)
    _insert_unknown(fresh, chosen, defaults)
    if chosen:
        count_units(fresh)
        data = {"count": len(chosen), "sns": [row.sn for row in chosen[:NAMED]]}
        record(fresh, "devices_added", actor=actor, data=data)
    return rows, len(chosen)
