"""Parts promised to a device: nobody else takes them until it is used, given up or finished."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.workflow import Refused
from history.services import record
from parts.models import PartType, Reservation, Stock
from parts.services.ledger import lock_stock
from workorders.models import Unit
from workorders.services.drafts import lock
from workorders.services.receiving import require_workshop


@transaction.atomic
def reserve(unit: Unit, kind: PartType, quantity: int, *, actor: Any) -> Reservation:
    """Promise free parts of the order's shop to the device; a second time adds to the first.

    Raises PermissionDenied, Refused when fewer are free, ValidationError on `quantity`.
    """
    require_workshop(actor)
    if quantity < 1:
        raise ValidationError({"quantity": _("Reserve at least one.")})
    order = lock(unit.order)
    fresh = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    if fresh.state not in Unit.WORKING:
        raise Refused(_("The device is not at the bench."))
    assert order.shop_id is not None  # noqa: S101 - it was received there
    stock = lock_stock([(order.shop_id, kind.pk)])[order.shop_id, kind.pk]
    if stock.free < quantity:
        raise Refused(
            _("Only %(free)d of “%(type)s” are free.") % {"free": stock.free, "type": kind}
        )
    row = Reservation.objects.open().filter(unit=fresh, type=kind).first()
    if row is None:
        row = Reservation(unit=fresh, type=kind, shop_id=order.shop_id, quantity=0, made_by=actor)
    row.quantity += quantity
    row.save()
    Stock.objects.filter(pk=stock.pk).update(reserved=F("reserved") + quantity)
    record(
        fresh, "parts_reserved", actor=actor, internal=True,
        data={"type": str(kind), "quantity": quantity},
    )  # fmt: skip
    return row


@transaction.atomic
def release(reservation: Reservation, *, actor: Any) -> None:
    """Give the promised parts free again; nothing happens when they are."""
    require_workshop(actor)
    lock(reservation.unit.order)
    end_reservations([reservation.unit_id], at=timezone.now(), kind=reservation.type_id)


def end_reservations(unit_pks: Iterable[int], *, at: datetime, kind: int | None = None) -> int:
    """End every open promise to these devices; how many there were. Set-based."""
    rows = Reservation.objects.open().filter(unit__in=list(unit_pks))
    if kind is not None:
        rows = rows.filter(type=kind)
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    if not found:
        return 0
    sums: dict[tuple[int, int], int] = {}
    for row in found:
        key = (row.shop_id, row.type_id)
        sums[key] = sums.get(key, 0) + row.quantity
    for key, stock in lock_stock(sums).items():
        Stock.objects.filter(pk=stock.pk).update(reserved=F("reserved") - sums[key])
    Reservation.objects.filter(pk__in=[row.pk for row in found]).update(ended_at=at)
    return len(found)


def use_reservation(unit: Unit, kind: PartType, stock: Stock) -> None:
    """One part goes into the device: out of its own promise, else out of what is free.

    `stock` is locked. Raises Refused when all that lie there are promised to others.
    """
    own = (
        Reservation.objects.open()
        .select_for_update(of=("self",))
        .filter(unit=unit.pk, type=kind.pk, shop=stock.shop_id)
        .first()
    )
    if own is None:
        if stock.free < 1:
            raise Refused(_none_free(stock, kind))
        return
    Stock.objects.filter(pk=stock.pk).update(reserved=F("reserved") - 1)
    left = own.quantity - 1
    if left:
        Reservation.objects.filter(pk=own.pk).update(quantity=left)
    else:
        Reservation.objects.filter(pk=own.pk).update(ended_at=timezone.now())


def _none_free(stock: Stock, kind: PartType) -> Any:
    if stock.quantity:
        return _("All of “%(type)s” are reserved for other devices.") % {"type": kind}
    return _("“%(type)s” is not in stock.") % {"type": kind}
