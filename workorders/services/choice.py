"""Which units of an order somebody means: one rule for table, CSV, charts and bulk work (R69)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, Subquery, TextField
from django.db.models.functions import Cast, Coalesce

from devices.models import normalise_sn
from workorders.models import Fault, Place, RepairOrder, Unit, UnitService
from workorders.models.unit import UnitQuerySet

OPEN_SERVICES = "open"


def chosen(
    order: RepairOrder,
    user: Any,
    *,
    q: str = "",
    state: str = "",
    place: str = "",
    fault: str = "",
    service: str = "",
    pks: Collection[int] | None = None,
) -> UnitQuerySet:
    """The units of the order that this person may see and that the filter shows, each with its
    `place`; cancelled ones are no units any more.

    `pks` are the picked ones and then only these; words that name nothing filter nothing.
    """
    rows: UnitQuerySet = Unit.objects.visible_to(user).filter(order=order.pk).placed()
    rows = rows.exclude(state=Unit.State.CANCELLED)
    if state in Unit.State.values:
        rows = rows.filter(state=state)
    if place in Place.values:
        rows = rows.filter(Q(place=place))
    if fault in Fault.values:
        rows = rows.annotate(fault_words=Cast("faults", TextField()))
        rows = rows.filter(Q(fault_words__contains=f'"{fault}"'))
    if service == OPEN_SERVICES:
        undone = UnitService.objects.filter(unit=OuterRef("pk"), done_at=None)
        rows = rows.filter(Exists(undone))
    if pks is not None:
        rows = rows.filter(pk__in=pks)
    return rows.filter(_claim(q)) if q.strip() else rows


def _claim(text: str) -> Q:
    """By the beginning of serial number or model, by MAC with or without its colons, by tag."""
    text = text.strip()
    claim = Q(asset_tag__icontains=text) | Q(mac__icontains=text) | Q(model__name__icontains=text)
    if sn := normalise_sn(text):
        claim |= Q(sn__startswith=sn)
    if bare := text.replace("-", "").replace(":", ""):
        pairs = ":".join(bare[at : at + 2] for at in range(0, len(bare), 2))
        claim |= Q(mac__istartswith=pairs)
    return claim


def with_services(rows: UnitQuerySet) -> UnitQuerySet:
    """Each with `service_count` and `service_done`, without one more query."""

    def counted(**done: Any) -> Coalesce:
        mine = UnitService.objects.filter(unit=OuterRef("pk"), **done).order_by()
        counts = mine.values("unit").annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(counts, output_field=IntegerField()), 0)

    return rows.annotate(service_count=counted(), service_done=counted(done_at__isnull=False))


def with_neighbours(units: UnitQuerySet) -> UnitQuerySet:
    """The same with the keys of the units before and after each in its order, as `previous` and
    `following`."""
    beside = Unit.objects.filter(order=OuterRef("order")).exclude(state=Unit.State.CANCELLED)
    before = beside.filter(pk__lt=OuterRef("pk")).order_by("-pk").values("pk")
    behind = beside.filter(pk__gt=OuterRef("pk")).order_by("pk").values("pk")
    return units.annotate(previous=Subquery(before[:1]), following=Subquery(behind[:1]))
