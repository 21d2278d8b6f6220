"""Services in scope of units: which there are, and which are done (R67, R72)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import WORKSHOP, Role
from core.workflow import Refused, insert_select
from history.services import record, record_many
from workorders.models import RepairOrder, Service, Unit, UnitService
from workorders.models.unit import UnitQuerySet
from workorders.services.drafts import lock
from workorders.services.receiving import require_workshop

HERE = (*Unit.WORKING, *Unit.GOING_BACK)  # in the shop's hands


def _keys(order: RepairOrder, units: UnitQuerySet) -> list[int]:
    return list(units.filter(order=order.pk).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def complete_services(order: RepairOrder, units: UnitQuerySet, *, actor: Any) -> int:
    """Tick every open service of these units; moves no state. Those that are not here stay open.

    Returns how many services were ticked. Raises PermissionDenied.
    """
    require_workshop(actor)
    order = lock(order)
    here = Unit.objects.filter(pk__in=_keys(order, units), state__in=HERE)
    undone = UnitService.objects.open().filter(unit__in=here)
    told = list(undone.order_by().values_list("unit", flat=True).distinct())
    done: int = (
        UnitService.objects.open()
        .filter(unit__in=told)
        .update(done_at=timezone.now(), done_by=actor)
    )
    record_many(Unit, sorted(told), "services_completed", actor=actor)
    return done


@transaction.atomic
def set_services(
    order: RepairOrder, units: UnitQuerySet, services: Iterable[Service], *, actor: Any
) -> int:
    """These services are the scope of these units: missing ones are added, open ones that are not
    among them leave, done ones stay. Units that are boxed or final keep what they have.

    Returns how many units may carry them. Raises PermissionDenied.
    """
    if getattr(actor, "role", None) not in {Role.AGENT, Role.SHOP_MANAGER}:
        raise PermissionDenied("services")
    order, wanted = lock(order), list(services)
    pks = _keys(order, units)
    rows = Unit.objects.filter(pk__in=pks, outbound_container=None).exclude(state__in=Unit.FINAL)
    chosen = list(rows.order_by("pk").values_list("pk", flat=True))
    UnitService.objects.open().filter(unit__in=chosen).exclude(service__in=wanted).delete()
    for service in wanted:
        has = UnitService.objects.filter(unit=OuterRef("pk"), service=service)
        bare = Unit.objects.filter(pk__in=chosen).exclude(Exists(has))
        insert_select(UnitService, bare, {"service": service}, {"unit": "pk"})
    names = ", ".join(service.name for service in wanted) or "–"
    record_many(Unit, chosen, "services_set", actor=actor, data={"services": names})
    return len(chosen)


@transaction.atomic
def tick(unit: Unit, done: Collection[int], *, actor: Any) -> None:
    """Which services of one unit are done, by their keys: these are, the others are not.

    Raises PermissionDenied, Refused while the unit is not here or is boxed already.
    """
    if getattr(actor, "role", None) not in WORKSHOP:
        raise PermissionDenied("services")
    lock(unit.order)
    fresh = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    if fresh.state not in HERE or fresh.outbound_container_id is not None:
        raise Refused(_("The device is not at the bench."))
    rows = UnitService.objects.filter(unit=fresh.pk)
    on = rows.filter(done_at=None, pk__in=done).update(done_at=timezone.now(), done_by=actor)
    off = rows.filter(done_at__isnull=False).exclude(pk__in=done).update(done_at=None, done_by=None)
    if on or off:
        total, ready = rows.count(), rows.filter(done_at__isnull=False).count()
        record(fresh, "services_ticked", actor=actor, data={"done": ready, "all": total})
