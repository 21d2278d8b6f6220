"""Units change their order: same customer, same shop; moving unboxes them (R73, E31)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import WORKSHOP, Role
from core.workflow import Refused, Text
from history.services import Outcome, record, record_many
from logistics.models import Container
from workorders.models import RepairOrder, Unit
from workorders.models.unit import UnitQuerySet
from workorders.services import orders
from workorders.services.drafts import MOST_UNITS

GONE = _("It is final; only devices that are still worked on can move.")
SEALED = _("It is in a box that was sealed already.")
THERE = _("The other order has this serial number already.")


def targets_of(order: RepairOrder, user: Any) -> Any:
    """The orders that units of this one may move to: open, of the same customer and shop."""
    rows = RepairOrder.objects.visible_to(user).filter(
        customer=order.customer_id, shop=order.shop_id, state__in=RepairOrder.FOLLOWING
    )
    return rows.exclude(pk=order.pk).order_by("-pk")


@transaction.atomic
def move_units(
    order: RepairOrder, units: UnitQuerySet, target: RepairOrder, *, actor: Any
) -> Outcome:
    """Put these units on another order of the same customer at the same shop; both orders follow.

    Clocks, report, services and parts stay with the unit, an open outbound box does not. Who may
    not move comes back with the reason. Raises PermissionDenied, Refused (other customer or shop,
    an order that is over, nothing would stay behind, the other order is full).
    """
    if getattr(actor, "role", None) not in WORKSHOP | {Role.AGENT}:
        raise PermissionDenied("move")
    source, goal = _locked(order, target)
    pks = list(units.filter(order=source.pk).order_by("pk").values_list("pk", flat=True))
    out = _sort_out(pks, goal)
    _require_room(source, goal, len(out.moved))
    if not out.moved:
        return out
    at, chosen = timezone.now(), Unit.objects.filter(pk__in=out.moved)
    chosen.update(order=goal, outbound_container=None, version=F("version") + 1)
    data = {"from": source.code, "to": goal.code}
    record_many(Unit, out.moved, "moved", actor=actor, at=at, data=data)
    for one, verb, code in ((source, "units_left", goal.code), (goal, "units_came", source.code)):
        record(one, verb, actor=actor, at=at, data={"count": len(out.moved), "order": code})
        orders.follow_units(one, actor=actor, at=at)
    return out


def _locked(order: RepairOrder, target: RepairOrder) -> tuple[RepairOrder, RepairOrder]:
    """Both rows, locked in the order of their keys. Raises Refused."""
    pair = sorted({order.pk, target.pk})
    rows = RepairOrder.objects.select_for_update(of=("self",)).filter(pk__in=pair).order_by("pk")
    found = {row.pk: row for row in rows}
    source, goal = found[order.pk], found[target.pk]
    if source.pk == goal.pk:
        raise Refused(_("The devices are on this order already."))
    if (source.customer_id, source.shop_id) != (goal.customer_id, goal.shop_id):
        raise Refused(_("Devices move between orders of one customer at one repair shop only."))
    if not {source.state, goal.state} <= set(RepairOrder.FOLLOWING):
        raise Refused(_("One of the two orders is not open."))
    return source, goal


def _sort_out(pks: list[int], goal: RepairOrder) -> Outcome:
    out = Outcome()
    rows = Unit.objects.select_for_update(of=("self",)).filter(pk__in=pks).order_by("pk")
    there = set(goal.units.exclude(state=Unit.State.CANCELLED).values_list("sn", flat=True))
    fields = ("pk", "sn", "state", "outbound_container__state")
    for pk, sn, state, box in rows.values_list(*fields):
        if reason := _why_not(sn, state, box, there):
            out.refused[pk] = reason
        else:
            out.moved.append(pk)
    return out


def _why_not(sn: str, state: str, box: str | None, there: set[str]) -> Text | None:
    if state in Unit.FINAL:
        return GONE
    if box not in (None, Container.State.OPEN):
        return SEALED
    return THERE if sn in there else None


def _require_room(source: RepairOrder, goal: RepairOrder, moving: int) -> None:
    living = ~Q(state=Unit.State.CANCELLED)
    counted = dict(
        Unit.objects.filter(living, order__in=(source.pk, goal.pk))
        .order_by()
        .values_list("order")
        .annotate(n=Count("pk"))
    )
    if moving and counted.get(source.pk, 0) <= moving:
        raise Refused(_("At least one device must stay on this order."))
    if counted.get(goal.pk, 0) + moving > MOST_UNITS:
        raise Refused(_("An order takes at most %(most)d devices.") % {"most": MOST_UNITS})
