"""Diagnoses per part and stress tests: what is kept, and that the order's charts agree (R67)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import User
from core.workflow import Refused
from parts.models import PartDiagnosis, StressTest
from parts.services import fitting
from parts.services.diagnosis import Finding, Run, add_stress_test, save_diagnosis
from parts.services.fitting import Leaving
from parts.services.index import index_of
from parts.tests.factories import FailureTypeFactory, inside
from workorders.models import RepairOrder, Unit
from workorders.tests.factories import UnitFactory

pytestmark = pytest.mark.django_db


@pytest.mark.row("R67")
def test_a_diagnosis_names_the_part_and_adds_its_kind_to_the_faults(unit: Unit, emil: User) -> None:
    Unit.objects.filter(pk=unit.pk).update(faults=["none_found"])
    chips = FailureTypeFactory()
    finding = Finding("hash_board", "faulty", failures=[chips], other="burnt smell", note="HB hot")
    said = save_diagnosis(unit, "HB2", finding, actor=emil)
    assert Unit.objects.get(pk=unit.pk).faults == ["hash_board"]
    slot = index_of(unit).slot("HB2")
    assert slot is not None
    assert (slot.condition, slot.words) == ("faulty", [chips.name, "burnt smell"])
    assert slot.part is not None
    assert (slot.part.origin_sn, slot.part.owner) == (unit.sn, "customer")
    assert said.part == slot.part


@pytest.mark.parametrize(
    ("finding", "field"),
    [
        ({"condition": "faulty"}, "failures"),
        ({"condition": "good", "failures": "own"}, "condition"),
        ({"condition": "faulty", "failures": "other"}, "failures"),
        ({"condition": "faulty", "missing": True, "failures": "own"}, "missing"),
        ({"condition": "nonsense"}, "condition"),
    ],
)
def test_a_finding_that_contradicts_itself_is_not_kept(
    unit: Unit, emil: User, finding: dict[str, Any], field: str
) -> None:
    kinds = {"own": "hash_board", "other": "fan"}
    failures = finding.pop("failures", "")
    more = [FailureTypeFactory(kind=kinds[failures])] if failures else []
    with pytest.raises(ValidationError) as refusal:
        save_diagnosis(unit, "HB1", Finding("hash_board", failures=more, **finding), actor=emil)
    assert field in refusal.value.error_dict
    assert not PartDiagnosis.objects.exists()


def test_a_missing_part_is_a_fault_and_no_part(unit: Unit, emil: User) -> None:
    save_diagnosis(unit, "FAN1", Finding("fan", "unknown", missing=True), actor=emil)
    slot = index_of(unit).slot("FAN1")
    assert slot is not None
    assert (slot.condition, slot.part, slot.vacant) == ("missing", None, True)
    assert Unit.objects.get(pk=unit.pk).faults == ["fan"]


def test_a_registered_part_is_taken_out_before_it_is_missing(unit: Unit, emil: User) -> None:
    inside(unit, "HB1", "X1")
    with pytest.raises(ValidationError, match="Take it out"):
        save_diagnosis(unit, "HB1", Finding("hash_board", "unknown", missing=True), actor=emil)


def test_the_slot_is_empty_once_its_part_is_out(unit: Unit, emil: User) -> None:
    failure = FailureTypeFactory()
    save_diagnosis(unit, "HB1", Finding("hash_board", failures=[failure]), actor=emil)
    fitting.detach(unit, "HB1", actor=emil, leaving=Leaving("scrap"))
    slot = index_of(unit).slot("HB1")
    assert slot is not None
    assert (slot.condition, slot.words, slot.diagnosis) == ("empty", [], None)


def test_a_model_without_slots_has_free_ones(order: RepairOrder, emil: User) -> None:
    unit = UnitFactory(order=order, sn="1HFREE", model=None, state="diagnosing")
    index = index_of(unit)
    assert index.free
    assert [slot.label for slot in index.slots] == ["HB1", "CB1", "PSU1", "FAN1"]
    save_diagnosis(unit, "HB7", Finding("hash_board", "good"), actor=emil)
    assert index_of(unit).slot("HB7") is not None


def test_diagnoses_wait_for_the_device_and_end_with_its_box(
    order: RepairOrder, emil: User, cora: User
) -> None:
    unit = UnitFactory(order=order, sn="1HEXP", state="expected")
    with pytest.raises(Refused, match="not here"):
        save_diagnosis(unit, "HB1", Finding("hash_board", "good"), actor=emil)
    with pytest.raises(PermissionDenied):
        save_diagnosis(unit, "HB1", Finding("hash_board", "good"), actor=cora)


# ------------------------------------------------------------------ stress tests
def test_a_stress_test_is_kept_and_moves_no_state(unit: Unit, emil: User, cora: User) -> None:
    run = Run(timezone.now() - timedelta(hours=2), 120, "passed", "212 TH/s")
    test = add_stress_test(unit, run, actor=emil)
    assert Unit.objects.get(pk=unit.pk).state == "repairing"
    assert list(StressTest.objects.visible_to(emil)) == [test]
    assert not StressTest.objects.visible_to(cora).exists()


@pytest.mark.parametrize(
    ("run", "field"),
    [
        (Run(timezone.now(), 0, "passed"), "minutes"),
        (Run(timezone.now() + timedelta(days=400), 10, "passed"), "started_at"),
    ],
)
def test_a_stress_test_that_cannot_have_been_is_not_kept(
    unit: Unit, emil: User, run: Run, field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        add_stress_test(unit, run, actor=emil)
    assert field in refusal.value.error_dict
