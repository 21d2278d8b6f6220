"""Two or three broken miners become fewer that work, and every part stays accounted for (R74)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import User
from core.workflow import Refused
from devices.models import ProductModel
from parts.models import Movement, Part, Why
from parts.services import consolidation, fitting
from parts.services.consolidation import Move, Plan, consolidate, propose, why_not
from parts.services.fitting import used_parts
from parts.services.index import indexes_of
from parts.tests.factories import full, in_stock
from repairshops.models import RepairShop
from workorders.models import RepairOrder, Unit
from workorders.tests.factories import UnitFactory

pytestmark = pytest.mark.django_db


def proposal(units: list[Unit]) -> Plan:
    found = indexes_of(units)
    return propose([found[unit.pk] for unit in units])


def fresh(unit: Unit) -> Unit:
    again: Unit = Unit.objects.get(pk=unit.pk)
    return again


@pytest.mark.row("R74")
def test_two_broken_miners_become_one_that_works(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    one, two = units[:2]
    full(one, faulty=("HB1",))
    full(two, faulty=("HB2", "PSU"))
    plan = proposal([one, two])
    assert plan.donors == [two.pk]
    assert [(m.from_slot, m.to_slot) for m in plan.moves] == [("HB1", "HB1")]
    consolidate(order, [one, two], plan, actor=emil)
    assert [slot.condition for slot in indexes_of([one])[one.pk].slots] == ["good"] * 6
    donor = fresh(two)
    assert donor.state == "unrepairable"
    assert donor.exit_reason == f"Its good parts were consolidated into SN {one.sn}."
    assert donor.scrap_agreed_at is None
    assert fresh(one).state == "repairing"


@pytest.mark.row("E26")
def test_every_part_keeps_the_miner_it_came_out_of(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    """Sanctioned mixing can be told from boards that were mixed up (E26)."""
    one, two = units[:2]
    full(one, faulty=("HB1",))
    full(two, faulty=("HB2",))
    consolidate(order, [one, two], proposal([one, two]), actor=emil)
    moved = Movement.objects.filter(why=Why.CONSOLIDATION).order_by("pk")
    assert [(m.origin_sn, m.source_unit, m.target_unit, m.order) for m in moved] == [
        (two.sn, two, one, order),
        (one.sn, one, two, order),
    ]
    board = Part.objects.get(unit=one, slot="HB1")
    assert board.origin_sn == two.sn
    assert used_parts([one.pk, two.pk]) == []


@pytest.mark.row("R74")
def test_three_miners_become_two_when_the_parts_suffice(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    full(units[0], faulty=("HB1",))
    full(units[1], faulty=("HB1", "PSU"))
    full(units[2], faulty=("FAN1",))
    plan = proposal(units)
    assert plan.donors == [units[1].pk]
    # The best two lack a board and a fan, and the third has both.
    assert {(m.to_unit, m.to_slot) for m in plan.moves} == {
        (units[0].pk, "HB1"),
        (units[2].pk, "FAN1"),
    }
    consolidate(order, units, plan, actor=emil)
    found = indexes_of(units)
    assert [found[unit.pk].good for unit in units] == [6, 2, 6]


def test_a_missing_part_is_filled_and_leaves_a_hole_in_the_donor(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    one, two = units[:2]
    full(one, missing=("HB3",))
    full(two, faulty=("HB1",))
    consolidate(order, [one, two], proposal([one, two]), actor=emil)
    found = indexes_of([one, two])
    assert found[one.pk].good == 6
    assert found[two.pk].slot("HB2").condition == "empty" or (
        found[two.pk].slot("HB3").condition == "empty"
    )


def test_a_spare_part_that_moves_on_is_billed_where_it_stays(
    order: RepairOrder, units: list[Unit], kunshan: RepairShop, emil: User
) -> None:
    one, two = units[:2]
    full(one, faulty=("HB2",))
    full(two, missing=("HB2",), faulty=("PSU", "CB"))
    spare = fitting.attach(two, "HB2", in_stock(kunshan, "SP1"), actor=emil)
    consolidate(order, [one, two], proposal([one, two]), actor=emil)
    assert used_parts([one.pk, two.pk]) == [(one.pk, spare.type_id, 1, [spare.pk])]


# ------------------------------------------------------------------ refusals
@pytest.mark.row("R74")
@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("one", "two or three"),
        ("four", "two or three"),
        ("other order", "different repair orders"),
        ("other model", "same model"),
        ("no model", "same model"),
        ("received", "start its diagnosis"),
        ("ready", "start its diagnosis"),
    ],
)
def test_what_cannot_be_consolidated_says_why(
    order: RepairOrder, units: list[Unit], case: str, reason: str
) -> None:
    chosen = units[:2]
    if case == "one":
        chosen = units[:1]
    elif case == "four":
        chosen = [*units, UnitFactory(order=order, model=units[0].model, state="repairing")]
    elif case == "other order":
        chosen = [units[0], UnitFactory(model=units[0].model, state="repairing")]
    elif case == "other model":
        other = ProductModel.objects.create(brand=units[0].model.brand, name="Other")
        chosen = [units[0], UnitFactory(order=order, model=other, state="repairing")]
    elif case == "no model":
        chosen = [units[0], UnitFactory(order=order, model=None, state="repairing")]
    else:
        chosen = [units[0], UnitFactory(order=order, model=units[0].model, state=case)]
    assert any(reason in str(said) for said in why_not(chosen))


def test_only_the_workshop_consolidates(
    order: RepairOrder, units: list[Unit], cora: User, agnes: User
) -> None:
    for actor in (cora, agnes):
        with pytest.raises(PermissionDenied):
            consolidate(order, units[:2], Plan([units[0].pk]), actor=actor)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("no donors", "which devices give"),
        ("all donors", "which devices give"),
        ("no moves", "Nothing would be moved"),
        ("twice", "named twice"),
        ("backwards", "from a giving device"),
        ("faulty", "is not good"),
        ("other kind", "does not fit"),
        ("gone", "moved meanwhile"),
    ],
)
def test_a_plan_that_does_not_fit_what_is_there_is_refused(
    order: RepairOrder, units: list[Unit], emil: User, change: str, reason: str
) -> None:
    one, two = units[:2]
    full(one, faulty=("HB1",))
    full(two, faulty=("HB2",))
    at = {(p.unit_id, p.slot): p.pk for p in Part.objects.all()}
    good = Move(at[two.pk, "HB1"], two.pk, "HB1", one.pk, "HB1")
    plans: dict[str, Plan] = {
        "no donors": Plan([], [good]),
        "all donors": Plan([one.pk, two.pk], [good]),
        "no moves": Plan([two.pk], []),
        "twice": Plan([two.pk], [good, Move(good.part, two.pk, "HB1", one.pk, "HB2")]),
        "backwards": Plan([one.pk], [good]),
        "faulty": Plan([two.pk], [Move(at[two.pk, "HB2"], two.pk, "HB2", one.pk, "HB1")]),
        "other kind": Plan([two.pk], [Move(good.part, two.pk, "HB1", one.pk, "PSU")]),
        "gone": Plan([two.pk], [Move(at[one.pk, "HB2"], two.pk, "HB1", one.pk, "HB1")]),
    }
    with pytest.raises(Refused, match=reason):
        consolidate(order, [one, two], plans[change], actor=emil)
    assert fresh(two).state == "repairing"
    assert not Movement.objects.filter(why=Why.CONSOLIDATION).exists()


@pytest.mark.row("R74")
def test_of_two_engineers_with_the_same_plan_one_wins(
    order: RepairOrder, units: list[Unit], emil: User, mona: User
) -> None:
    one, two = units[:2]
    full(one, faulty=("HB1",))
    full(two, faulty=("HB2",))
    plan = proposal([one, two])
    consolidate(order, [one, two], plan, actor=emil)
    with pytest.raises(Refused, match="moved meanwhile"):
        consolidate(order, [one, two], plan, actor=mona)
    assert Movement.objects.filter(why=Why.CONSOLIDATION).count() == 2


def test_a_donor_that_was_beyond_repair_already_keeps_its_reason(
    order: RepairOrder, units: list[Unit], emil: User
) -> None:
    one, two = units[:2]
    full(one, faulty=("HB1",))
    full(two, faulty=("HB2", "PSU"))
    Unit.objects.filter(pk=two.pk)._move(state="unrepairable", exit_reason="Burnt.")
    consolidate(order, [one, fresh(two)], proposal([one, two]), actor=emil)
    assert fresh(two).exit_reason.startswith("Burnt. Its good parts")


def test_the_proposal_takes_the_same_slot_first_and_asks_a_constant_number_of_queries(
    order: RepairOrder, units: list[Unit], django_assert_num_queries: Any
) -> None:
    for unit in units:
        full(unit, faulty=("HB1",))
    chosen = list(Unit.objects.filter(order=order).select_related("order", "model"))
    with django_assert_num_queries(4):
        found = indexes_of(chosen)
    assert consolidation.propose([found[unit.pk] for unit in chosen]).donors
