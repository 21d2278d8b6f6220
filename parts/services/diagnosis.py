"""What the bench finds at each part, and how miners behave under load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from attachments.services import attach as attach_files
from core.workflow import Refused
from history.services import edit, record
from parts.models import (
    Condition,
    FailureType,
    Owner,
    Part,
    PartDiagnosis,
    PartKind,
    Place,
    StressTest,
    Why,
)
from parts.services.fitting import carry, sitting
from parts.services.ledger import Occasion, Spot, move_part
from workorders.models import Fault, RepairOrder, Unit
from workorders.services.drafts import lock
from workorders.services.receiving import require_workshop

FAULT_OF: dict[str, str] = {
    PartKind.HASH_BOARD: Fault.HASH_BOARD,
    PartKind.CONTROL_BOARD: Fault.CONTROL_BOARD,
    PartKind.PSU: Fault.PSU,
    PartKind.FAN: Fault.FAN,
    PartKind.CABLE: Fault.CABLE,
}


@dataclass(frozen=True)
class Finding:
    """What the form says about one slot."""

    kind: str
    condition: str = Condition.FAULTY
    missing: bool = False
    failures: Sequence[FailureType] = ()
    other: str = ""
    note: str = ""


@dataclass(frozen=True)
class Run:
    """One stress test, as entered."""

    started_at: datetime
    minutes: int
    result: str
    hash_rate: str = ""
    temperature: Decimal | None = None
    note: str = ""


@transaction.atomic
def save_diagnosis(unit: Unit, slot: str, finding: Finding, *, actor: Any) -> PartDiagnosis:
    """Write down what was found at one slot; the device's faults follow, so that charts agree.

    A part that nobody had registered is, from now on, the customer's part in that slot. Raises
    PermissionDenied, Refused (not here, boxed), ValidationError by field.
    """
    require_workshop(actor)
    _check(finding)
    order = lock(unit.order)
    fresh: Unit = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    _require_here(fresh)
    carry(fresh, order, actor=actor)
    part = sitting(fresh, slot)
    if part is not None and finding.missing:
        raise ValidationError({"missing": _("A part is registered in this slot. Take it out.")})
    at = timezone.now()
    if not finding.missing:
        part = part or _unknown_part(fresh, slot, finding, Occasion(Why.FOUND, actor, at, order))
        Part.objects.filter(pk=part.pk).update(condition=finding.condition)
    said = PartDiagnosis.objects.create(
        unit=fresh,
        slot=slot,
        kind=finding.kind,
        part=part,
        condition=finding.condition,
        missing=finding.missing,
        other=finding.other.strip(),
        note=finding.note.strip(),
        by=actor,
        at=at,
    )
    said.failures.set(finding.failures)
    record(fresh, "part_diagnosed", actor=actor, at=at, internal=True, data={"slot": slot})
    _note_fault(fresh, finding, actor=actor)
    return said


def _check(finding: Finding) -> None:
    if finding.kind not in PartKind.values:
        raise ValidationError({"kind": _("Unknown kind of part.")})
    if finding.condition not in (Condition.GOOD, Condition.FAULTY, Condition.UNKNOWN):
        raise ValidationError({"condition": _("Say in which condition it is.")})
    if any(failure.kind != finding.kind for failure in finding.failures):
        raise ValidationError({"failures": _("This failure type is for another kind of part.")})
    named = bool(finding.failures) or bool(finding.other.strip())
    if finding.missing and finding.failures:
        raise ValidationError({"missing": _("A part that is missing has no failure.")})
    if finding.condition == Condition.FAULTY and not named and not finding.missing:
        raise ValidationError({"failures": _("Choose a failure type or write it in words.")})
    if finding.condition == Condition.GOOD and finding.failures:
        raise ValidationError({"condition": _("A good part has no failure.")})


def _require_here(unit: Unit) -> None:
    if unit.state in (Unit.State.EXPECTED, *Unit.FINAL):
        raise Refused(_("The device is not here."))
    if unit.outbound_container_id is not None:
        raise Refused(_("It is in an outbound container already."))


def _unknown_part(unit: Unit, slot: str, finding: Finding, occasion: Occasion) -> Part:
    """The part that came in the device, without a type or a serial number as yet."""
    order: RepairOrder | None = occasion.order
    assert order is not None  # noqa: S101
    assert order.shop is not None  # noqa: S101 - the device was received there
    part = Part.objects.create(
        kind=finding.kind,
        owner=Owner.CUSTOMER,
        condition=finding.condition,
        place=Place.UNIT,
        shop=order.shop,
        unit=unit,
        slot=slot,
        origin_sn=unit.sn,
    )
    spot = Spot(Place.UNIT, unit=unit, slot=slot)
    return move_part(part, spot, occasion, source=Spot(Place.CUSTOMER))


def _note_fault(unit: Unit, finding: Finding, *, actor: Any) -> None:
    """Only adds: what a person ticked in the report stays, except "no fault found"."""
    fault = FAULT_OF.get(finding.kind)
    bad = finding.missing or finding.condition == Condition.FAULTY
    if fault is None or not bad or fault in unit.faults:
        return
    told = {*unit.faults, fault} - {Fault.NONE_FOUND.value}
    faults = [name for name in Fault.values if name in told]
    edit(unit, version=unit.version, actor=actor, verb="report", internal=True, faults=faults)


@transaction.atomic
def add_stress_test(unit: Unit, run: Run, *, actor: Any, files: Sequence[Any] = ()) -> StressTest:
    """Keep the result of a run under load with its log. Moves no state: the step is a decision.

    Raises PermissionDenied, Refused (not here), ValidationError.
    """
    require_workshop(actor)
    if run.minutes < 1:
        raise ValidationError({"minutes": _("Enter how long it ran.")})
    at = timezone.now()
    if run.started_at > at:
        raise ValidationError({"started_at": _("This moment is in the future.")})
    lock(unit.order)
    fresh: Unit = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    _require_here(fresh)
    test = StressTest.objects.create(
        unit=fresh,
        started_at=run.started_at,
        minutes=run.minutes,
        hash_rate=run.hash_rate.strip(),
        temperature=run.temperature,
        result=run.result,
        note=run.note.strip(),
        by=actor,
        at=at,
    )
    attach_files(files, test, actor=actor)
    verb = f"stress_test_{run.result}"
    data = {"minutes": run.minutes, "hash_rate": test.hash_rate}
    record(fresh, verb, actor=actor, at=at, internal=True, data=data)
    return test
