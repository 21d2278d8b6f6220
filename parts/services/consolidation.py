"""Good parts of two or three broken miners into fewer working ones (R74, E26)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.workflow import Refused, Text
from history.services import record
from parts.models import Part, Place, Why
from parts.services.fitting import carry
from parts.services.index import Index, SlotView, indexes_of
from parts.services.ledger import Occasion, Spot, lock_parts, move_part
from workorders.models import RepairOrder, Unit
from workorders.services import bench
from workorders.services.drafts import lock
from workorders.services.receiving import require_workshop

FEWEST, MOST = 2, 3
AT_THE_BENCH = (
    Unit.State.DIAGNOSING,
    Unit.State.AWAITING_CUSTOMER,
    Unit.State.AWAITING_PARTS,
    Unit.State.REPAIRING,
    Unit.State.TESTING,
)


@dataclass(frozen=True)
class Move:
    """The part `part` out of a donor's slot into a slot of a miner that is to work."""

    part: int
    from_unit: int
    from_slot: str
    to_unit: int
    to_slot: str


@dataclass
class Plan:
    """Who gives its parts, and which part goes where."""

    donors: list[int] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)

    def keepers(self, units: Iterable[Unit]) -> list[Unit]:
        return [unit for unit in units if unit.pk not in self.donors]


# ------------------------------------------------------------------ may these be consolidated?
def why_not(units: Sequence[Unit]) -> list[Text]:
    """Every reason against consolidating these devices; the same for button, page and service."""
    reasons: list[Text] = []
    if not FEWEST <= len(units) <= MOST:
        reasons.append(_("Choose exactly two or three devices."))
    if len({unit.order_id for unit in units}) > 1:
        reasons.append(_("The devices are of different repair orders."))
    if len({unit.model_id for unit in units}) > 1 or any(not unit.model_id for unit in units):
        reasons.append(_("The devices must be of the same model."))
    for unit in units:
        if unit.outbound_container_id is not None:
            said = _("%(sn)s is in an outbound container already.")
            reasons.append(said % {"sn": unit.sn})
        elif unit.state not in (*AT_THE_BENCH, Unit.State.UNREPAIRABLE):
            said = _("%(sn)s is not being worked on: start its diagnosis first.")
            reasons.append(said % {"sn": unit.sn})
    return reasons


# ------------------------------------------------------------------ the proposal
def propose(indexes: Sequence[Index]) -> Plan:
    """As many working miners as the good parts allow, made from the fullest ones.

    Where not even one can be completed, the fullest gets what there is.
    """
    fullest = sorted(indexes, key=lambda index: (-index.good, index.unit.pk))
    for count in range(len(fullest) - 1, 0, -1):
        for keepers in combinations(fullest, count):
            donors = [index for index in fullest if index not in keepers]
            moves, lacking = _fill(keepers, donors)
            if not lacking:
                return Plan([donor.unit.pk for donor in donors], moves)
    return propose_with(fullest[:1], fullest[1:])


def propose_with(keepers: Sequence[Index], donors: Sequence[Index]) -> Plan:
    """The best that can be done when somebody has decided who gives."""
    moves, _lacking = _fill(keepers, donors)
    return Plan([donor.unit.pk for donor in donors], moves)


def _fill(keepers: Sequence[Index], donors: Sequence[Index]) -> tuple[list[Move], int]:
    """Good parts of the donors for every slot that lacks one; how many are still lacking."""
    spare: list[tuple[Index, SlotView]] = [
        (donor, slot) for donor in reversed(donors) for slot in donor.slots if slot.good
    ]
    moves, lacking = [], 0
    for keeper in keepers:
        for slot in keeper.slots:
            if slot.good:
                continue
            chosen = _best(spare, slot)
            if chosen is None:
                lacking += 1
                continue
            spare.remove(chosen)
            donor, found = chosen
            assert found.part is not None  # noqa: S101 - it is good
            moves.append(
                Move(found.part.pk, donor.unit.pk, found.label, keeper.unit.pk, slot.label)
            )
    return moves, lacking


def _best(spare: list[tuple[Index, SlotView]], wanted: SlotView) -> tuple[Index, SlotView] | None:
    """The same slot of another miner first, then any of the kind."""
    fitting = [pair for pair in spare if pair[1].kind == wanted.kind]
    return min(fitting, key=lambda pair: pair[1].label != wanted.label, default=None)


# ------------------------------------------------------------------ doing it
@transaction.atomic
def consolidate(order: RepairOrder, units: Sequence[Unit], plan: Plan, *, actor: Any) -> list[Unit]:
    """Move the parts as planned; donors are beyond repair and wait for consent to scrapping.

    What stood in the way goes into the donor's slot in exchange, so that every part stays
    accounted for with the miner it came out of. Order first, then units by key, then parts: of two
    engineers who want the same part one wins. Returns the fresh units. Raises PermissionDenied;
    Refused with every reason, also when anything has moved since the plan was made.
    """
    require_workshop(actor)
    locked = lock(order)
    rows = Unit.objects.select_for_update(of=("self",)).filter(
        pk__in=[unit.pk for unit in units], order=locked
    )
    fresh = list(rows.select_related("order", "model").order_by("pk"))
    if len(fresh) != len({unit.pk for unit in units}):
        raise Refused(_("The devices are of different repair orders."))
    if reasons := why_not(fresh):
        raise Refused(*reasons)
    for unit in fresh:
        carry(unit, locked, actor=actor)
    if reasons := _check(fresh, plan):
        raise Refused(*reasons)
    occasion = Occasion(Why.CONSOLIDATION, actor, timezone.now(), locked)
    for move in plan.moves:
        _swap(move, {unit.pk: unit for unit in fresh}, occasion)
    _finish(locked, fresh, plan, occasion)
    return list(Unit.objects.filter(pk__in=[unit.pk for unit in fresh]).order_by("pk"))


def _check(units: Sequence[Unit], plan: Plan) -> list[Text]:
    """The plan against what is there now."""
    by_pk = {unit.pk: unit for unit in units}
    donors = set(plan.donors)
    if not donors or not donors < set(by_pk):
        return [_("Choose which devices give their parts, and which are to work.")]
    if not plan.moves:
        return [_("Nothing would be moved.")]
    indexes = indexes_of(units)
    reasons: list[Text] = []
    targets = [(move.to_unit, move.to_slot) for move in plan.moves]
    if len(set(targets)) < len(targets) or len({m.part for m in plan.moves}) < len(targets):
        reasons.append(_("A part or a slot is named twice."))
    for move in plan.moves:
        if move.from_unit not in donors or move.to_unit not in set(by_pk) - donors:
            return [_("Parts move from a giving device into one that is to work.")]
        reasons += _check_move(move, indexes)
    return reasons


def _check_move(move: Move, indexes: dict[int, Index]) -> list[Text]:
    source = indexes[move.from_unit].slot(move.from_slot)
    target = indexes[move.to_unit].slot(move.to_slot)
    sn, slot = indexes[move.from_unit].unit.sn, move.from_slot
    if source is None or source.part is None or source.part.pk != move.part:
        said = _("The part in slot %(slot)s of %(sn)s has been moved meanwhile.")
        return [said % {"slot": slot, "sn": sn}]
    if not source.good:
        return [_("The part in slot %(slot)s of %(sn)s is not good.") % {"slot": slot, "sn": sn}]
    if target is None or target.kind != source.kind:
        said = _("The part of %(sn)s does not fit slot %(slot)s.")
        return [said % {"slot": move.to_slot, "sn": sn}]
    return []


def _swap(move: Move, units: dict[int, Unit], occasion: Occasion) -> None:
    """Both ways at once where a part stands in the slot; each its own line of the ledger."""
    standing = Part.objects.filter(unit=move.to_unit, slot=move.to_slot)
    pks = [move.part, *standing.values_list("pk", flat=True)]
    parts = lock_parts(pks)
    giver = Spot(Place.UNIT, unit=units[move.from_unit], slot=move.from_slot)
    taker = Spot(Place.UNIT, unit=units[move.to_unit], slot=move.to_slot)
    displaced = [part for pk, part in parts.items() if pk != move.part]
    # A slot holds one part at any moment: what stands there steps aside first.
    aside = Part.objects.filter(pk__in=[part.pk for part in displaced])
    aside.update(place=Place.SHELF, unit=None, slot="")
    move_part(parts[move.part], taker, occasion)
    for part in displaced:
        move_part(part, giver, occasion, source=taker)


def _finish(order: RepairOrder, units: Sequence[Unit], plan: Plan, occasion: Occasion) -> None:
    """Donors leave the bench with a reason in the customer's language; both sides remember."""
    keepers, donors = plan.keepers(units), [unit for unit in units if unit.pk in plan.donors]
    into = ", ".join(unit.sn for unit in keepers)
    with translation.override(order.customer.language):
        reason = gettext("Its good parts were consolidated into SN %(sn)s.") % {"sn": into}
    for donor in donors:
        if donor.state == Unit.State.UNREPAIRABLE:
            told = f"{donor.exit_reason} {reason}".strip()
            Unit.objects.filter(pk=donor.pk).update(exit_reason=told)
        else:
            bench.take_step(donor, "give_up", actor=occasion.actor, note=reason)
    out = ", ".join(unit.sn for unit in donors)
    actor, at = occasion.actor, occasion.at
    record(donors, "consolidated_into", actor=actor, at=at, data={"sn": into})
    record(keepers, "consolidated_from", actor=actor, at=at, data={"sn": out})
