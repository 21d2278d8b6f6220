"""The parts index of a device: its slots, what sits in each, and what was found there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Q

from parts.models import Condition, FailureType, Movement, Part, PartDiagnosis, PartKind, Slot
from workorders.models import Unit

# For a model whose slots nobody has entered: one free slot of each kind that matters.
FREE = (
    ("HB1", PartKind.HASH_BOARD),
    ("CB1", PartKind.CONTROL_BOARD),
    ("PSU1", PartKind.PSU),
    ("FAN1", PartKind.FAN),
)

Found = tuple[PartDiagnosis, list[FailureType]]


@dataclass
class SlotView:
    """One slot: the registered part, or why there is none."""

    label: str
    kind: str
    part: Part | None = None
    diagnosis: PartDiagnosis | None = None
    empty: bool = False
    missing: bool = False
    failures: list[FailureType] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def kind_label(self) -> str:
        return str(PartKind(self.kind).label)

    @property
    def vacant(self) -> bool:
        """Nothing is in it, as far as we know."""
        return self.missing or self.empty

    @property
    def condition(self) -> str:
        """Of what sits there; "missing" and "empty" where nothing does."""
        if self.missing or self.empty:
            return "missing" if self.missing else "empty"
        return self.part.condition if self.part else Condition.UNKNOWN

    @property
    def good(self) -> bool:
        return self.part is not None and self.part.condition == Condition.GOOD


@dataclass
class Index:
    """All slots of one device; `free` when its model has none and labels are made up."""

    unit: Unit
    slots: list[SlotView]
    free: bool

    def slot(self, label: str) -> SlotView | None:
        return next((slot for slot in self.slots if slot.label == label), None)

    @property
    def good(self) -> int:
        return sum(slot.good for slot in self.slots)


def index_of(unit: Unit) -> Index:
    return indexes_of([unit])[unit.pk]


def indexes_of(units: Sequence[Unit]) -> dict[int, Index]:
    """The index of each device; four queries for any number of them."""
    models = {unit.model_id for unit in units if unit.model_id}
    known: dict[int, list[Slot]] = {}
    for slot in Slot.objects.filter(model__in=models):
        known.setdefault(slot.model_id, []).append(slot)
    parts = _parts(units)
    newest = _newest_diagnoses(units)
    emptied = _emptied(units)
    found = {}
    for unit in units:
        own = known.get(unit.model_id or 0, [])
        kinds = {slot.label: slot.kind for slot in own} or dict(FREE)
        for label, part in parts.get(unit.pk, {}).items():
            kinds.setdefault(label, part.kind)
        for label, (said, _failures) in newest.get(unit.pk, {}).items():
            kinds.setdefault(label, said.kind)
        slots = [
            _view(
                SlotView(label, kind, parts.get(unit.pk, {}).get(label)),
                newest.get(unit.pk, {}).get(label),
                emptied.get((unit.pk, label)),
            )
            for label, kind in kinds.items()
        ]
        found[unit.pk] = Index(unit, slots, free=not own)
    return found


def _view(slot: SlotView, newest: Found | None, emptied: datetime | None) -> SlotView:
    part, (said, failures) = slot.part, newest or (None, [])
    stale = said is not None and emptied is not None and emptied > said.at
    if part is not None:
        stale = said is not None and said.part_id != part.pk
    if said is not None and not stale:
        slot.diagnosis = said
        slot.missing = said.missing and part is None
        slot.failures = failures
        slot.words = [failure.name for failure in failures]
        slot.words += [said.other] if said.other else []
    slot.empty = part is None and emptied is not None and not slot.missing
    return slot


def _parts(units: Sequence[Unit]) -> dict[int, dict[str, Part]]:
    """By slot; what an earlier repair of the same serial number left inside counts too."""
    by_sn = {unit.sn: unit.pk for unit in units}
    customers = {unit.order.customer_id for unit in units}
    rows = Part.objects.filter(
        Q(unit__in=[unit.pk for unit in units])
        | Q(unit__sn__in=by_sn, unit__order__customer__in=customers)
    ).select_related("type", "unit")
    found: dict[int, dict[str, Part]] = {unit.pk: {} for unit in units}
    for part in rows.order_by("pk"):
        assert part.unit is not None  # noqa: S101 - filtered
        own = part.unit_id in found
        key = part.unit_id if own else by_sn[part.unit.sn]
        if own or part.slot not in found[key or 0]:
            found[key or 0][part.slot] = part
    return found


def _newest_diagnoses(units: Iterable[Unit]) -> dict[int, dict[str, Found]]:
    """By slot, each with the failure types it names; joined, so one query."""
    rows = PartDiagnosis.objects.filter(unit__in=[unit.pk for unit in units]).select_related("by")
    names = {"key": "failures", "en": "failures__name_en", "zh": "failures__name_zh"}
    joined: Any = rows.annotate(**{f"failure_{name}": F(field) for name, field in names.items()})
    found: dict[int, dict[str, Found]] = {}
    for said in joined.order_by("pk", "failure_en"):
        of_unit = found.setdefault(said.unit_id, {})
        known = of_unit.get(said.slot)
        if known is None or known[0].pk != said.pk:
            known = of_unit[said.slot] = (said, [])
        if said.failure_key is not None:
            called = {"name_en": said.failure_en, "name_zh": said.failure_zh}
            known[1].append(FailureType(pk=said.failure_key, kind=said.kind, **called))
    return found


def _emptied(units: Iterable[Unit]) -> dict[tuple[int, str], datetime]:
    """When the last part came out of a slot."""
    rows = Movement.objects.filter(source_unit__in=[unit.pk for unit in units]).order_by("pk")
    taken = rows.values_list("source_unit", "source_slot", "at")
    return {(unit, slot): at for unit, slot, at in taken if unit}
