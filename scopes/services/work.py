"""Work follows the scope: serial numbers into the draft, services onto the devices (R67)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef

from core.workflow import insert_select
from devices.models import ProductModel
from history.services import record
from scopes.models import Scope, ScopeLine
from workorders.models import RepairOrder, Unit, UnitService
from workorders.services.drafts import MOST_UNITS
from workorders.services.orders import add_units
from workorders.services.serials import TAKABLE, Defaults


def scope_of(order: RepairOrder) -> Scope | None:
    if order.counselling_id is None:
        return None
    return Scope.objects.filter(counselling=order.counselling_id).first()


@transaction.atomic
def fill_draft(order: RepairOrder, *, actor: Any) -> int:
    """Put the serial numbers of the request on its fresh draft; how many were put there.

    Those that stand in another open order stay out, the customer finds them missing and is told
    why when adding them. Raises PermissionDenied.
    """
    scope = scope_of(order)
    if scope is None or not scope.sns:
        return 0
    models = [line.model for line in scope.lines.select_related("model")]
    only: ProductModel | None = models[0] if len(models) == 1 else None
    kinds = {"device_type": only.device_type} if only else {}
    room = scope.sns[: MOST_UNITS - order.unit_count]
    take = [str(verdict) for verdict in TAKABLE]
    _rows, added = add_units(
        order, room, actor=actor, take=take, defaults=Defaults(model=only, **kinds)
    )
    if left_out := len(scope.sns) - added:
        record(order, "scope_left_out", actor=actor, data={"count": left_out})
    return added


@transaction.atomic
def set_services(order: RepairOrder, *, unit_pks: list[int] | None = None) -> int:
    """The services in scope onto the devices of the order that lack them; how many rows.

    As many statements as the scope has services, however many devices there are.
    """
    scope = scope_of(order)
    if scope is None:
        return 0
    rows = Unit.objects.filter(order=order.pk).exclude(state=Unit.State.CANCELLED)
    if unit_pks is not None:
        rows = rows.filter(pk__in=unit_pks)
    written = 0
    for service in scope.services.all():
        has_it = UnitService.objects.filter(unit=OuterRef("pk"), service=service)
        lacking = rows.filter(~Exists(has_it))
        written += insert_select(UnitService, lacking, {"service": service}, {"unit": "pk"})
    return written


@dataclass(frozen=True)
class Difference:
    """Where what was announced is not what was agreed."""

    model: str
    agreed: int
    announced: int


def differences(scope: Scope, lines: Iterable[ScopeLine]) -> list[Difference]:
    """By model, over all orders of the request; empty while nothing is announced. One query.

    `lines` are the scope's, with their models."""
    units = Unit.objects.filter(order__counselling=scope.counselling_id, announced=True).exclude(
        state=Unit.State.CANCELLED
    )
    announced = {
        name or "": number
        for name, number in units.order_by()
        .values("model__name")
        .annotate(number=Count("pk"))
        .values_list("model__name", "number")
    }
    if not announced:
        return []
    agreed = {line.model.name: line.number for line in lines}
    models = [*agreed, *sorted(name for name in announced if name not in agreed)]
    return [
        Difference(name, agreed.get(name, 0), announced.get(name, 0))
        for name in models
        if agreed.get(name, 0) != announced.get(name, 0)
    ]
