"""Repair orders before they are submitted: the code, the draft, a second one for another shop."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.workflow import Refused, Stale, WorkflowQuerySet, not_from
from devices.models import DeviceType, Verdict
from history.services import edit, record
from logistics.addresses import add_address
from logistics.models import Address, Carrier, normalise_waybill
from logistics.services import check_waybill
from repairshops.models import RepairShop
from workorders.models import Counselling, RepairOrder, Unit

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without 0 O 1 I L, which people confuse
CODE_LENGTH = 8
MOST_UNITS = 5000
GOES_THERE = _("Your repair order %(code)s goes to this shop. Move the devices there.")


@dataclass(frozen=True)
class Shipping:
    """What the form says about the parcel and the way back; a draft may leave any of it open.

    `new_address` are the parts of an address that is not in the address book yet.
    """

    carrier: Carrier | None = None
    waybill: str = ""
    return_to: Address | None = None
    return_carrier: Carrier | None = None
    shop: RepairShop | None = None
    new_address: dict[str, Any] | None = None


def new_code() -> str:
    """A first visit code nobody has had: eight letters and digits, drawn at random (R18).

    It is a name, never a credential: who knows it still sees only their own orders.
    """
    while True:
        code = "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH))
        taken = Counselling.objects.filter(code=code).exists()
        if not taken and not RepairOrder.objects.filter(code=code).exists():
            return code


def require_editor(order: RepairOrder, actor: Any) -> None:
    """Raise PermissionDenied unless the actor is of the order's customer, or customer service."""
    role = getattr(actor, "role", None)
    if role == Role.AGENT:
        return
    if role != Role.CUSTOMER or actor.customer_id != order.customer_id:
        raise PermissionDenied("repair order")


def lock(order: RepairOrder) -> RepairOrder:
    """The fresh row, locked: whoever changes units locks their order first."""
    fresh: RepairOrder = RepairOrder.objects.select_for_update(of=("self",)).get(pk=order.pk)
    return fresh


def lock_draft(order: RepairOrder, *, actor: Any) -> RepairOrder:
    """The locked row while it can still be edited. Raises PermissionDenied, Refused."""
    require_editor(order, actor)
    fresh = lock(order)
    if fresh.state != RepairOrder.State.AWAITING_SUBMISSION:
        raise Refused(not_from(fresh))
    return fresh


def units_of(order: RepairOrder) -> WorkflowQuerySet[Unit]:
    """The devices that are on the order, without the cancelled ones."""
    rows: WorkflowQuerySet[Unit] = Unit.objects.filter(order=order.pk)
    return rows.exclude(state=Unit.State.CANCELLED)


def count_units(order: RepairOrder) -> int:
    """Write how many devices the order has. The order's row is locked by the caller."""
    total = units_of(order).count()
    RepairOrder.objects.filter(pk=order.pk).update(unit_count=total)
    order.unit_count = total
    return total


@transaction.atomic
def open_draft(
    counselling: Counselling,
    *,
    actor: Any,
    shop: RepairShop | None = None,
    service_note: str = "",
    at: datetime | None = None,
) -> RepairOrder:
    """The draft that a conversion leaves to the customer, its first device filled in (E2).

    The code is the counselling's. The warranty verdict is the one frozen when the enquiry was
    opened (E10).
    """
    order: RepairOrder = RepairOrder.objects.create(
        code=counselling.code or new_code(),
        counselling=counselling,
        thread_id=counselling.thread_id,
        customer_id=counselling.customer_id,
        shop=shop,
        service_note=service_note,
        opened_by=actor,
        opened_at=at or timezone.now(),
    )
    device = counselling.device
    if counselling.sn:
        Unit.objects.create(
            order=order,
            sn=counselling.sn,
            device=device,
            model=device.model if device else None,
            device_type=device.model.device_type if device else DeviceType.MACHINE,
            verdict=counselling.verdict,
            warranty_until=counselling.warranty_until,
        )
    count_units(order)
    record(order, "opened", actor=actor, at=at)
    return order


def family(order: RepairOrder) -> WorkflowQuerySet[RepairOrder]:
    """All orders of one first visit code: the first, and one per further shop (E8)."""
    base = order.code.partition("-")[0]
    rows: WorkflowQuerySet[RepairOrder] = RepairOrder.objects.all()
    return rows.filter(Q(code=base) | Q(code__startswith=f"{base}-"))


def counted_family(order: RepairOrder) -> WorkflowQuerySet[RepairOrder]:
    """The same orders, each with `total` devices, `uncovered` of them by no warranty we know."""
    there = ~Q(units__state=Unit.State.CANCELLED)
    bare = there & Q(units__verdict__in=(Verdict.OUT, Verdict.UNKNOWN))
    counts = {"total": Count("units", filter=there), "uncovered": Count("units", filter=bare)}
    return family(order).annotate(**counts)


def taken_waybill(carrier: Carrier | None, waybill: str) -> str:
    """The number in its one spelling. Raises ValidationError on `waybill` (R27)."""
    if carrier is None or not waybill.strip():
        return normalise_waybill(waybill)
    return check_waybill(carrier, waybill)


def _shop_of_another(order: RepairOrder, shop: RepairShop | None) -> RepairOrder | None:
    if shop is None or shop.pk == order.shop_id:
        return None
    return family(order).filter(shop=shop).exclude(pk=order.pk).first()


@transaction.atomic
def save_draft(order: RepairOrder, *, version: int, actor: Any, shipping: Shipping) -> RepairOrder:
    """Keep what was filled in so far. An empty shop leaves the shop as it is.

    Raises PermissionDenied, Refused (submitted meanwhile), Stale, ValidationError by field.
    """
    fresh = lock_draft(order, actor=actor)
    if shipping.return_to and shipping.return_to.customer_id != fresh.customer_id:
        raise PermissionDenied("address")
    if other := _shop_of_another(fresh, shipping.shop):
        raise ValidationError({"shop": GOES_THERE % {"code": other.code}})
    waybill = taken_waybill(shipping.carrier, shipping.waybill)
    if fresh.version != version:
        raise Stale(fresh)
    return_to = shipping.return_to
    if shipping.new_address is not None:
        return_to = add_address(fresh.customer, actor=actor, parts=shipping.new_address)
    changes: dict[str, Any] = {
        "carrier": shipping.carrier,
        "waybill": waybill,
        "return_to": return_to,
        "return_carrier": shipping.return_carrier,
    }
    if shipping.shop is not None:
        changes["shop"] = shipping.shop
    return edit(fresh, version=version, actor=actor, **changes)


@transaction.atomic
def choose_shop(order: RepairOrder, shop: RepairShop, *, actor: Any) -> RepairOrder:
    """Where the whole draft goes. Raises PermissionDenied, Refused, ValidationError on `shop`."""
    fresh = lock_draft(order, actor=actor)
    if other := _shop_of_another(fresh, shop):
        raise ValidationError({"shop": GOES_THERE % {"code": other.code}})
    return edit(fresh, version=fresh.version, actor=actor, shop=shop)


@transaction.atomic
def split_to_shop(order: RepairOrder, shop: RepairShop, *, actor: Any) -> RepairOrder:
    """The draft of the same code for another shop, opened when there is none yet (E8).

    Its parcel travels alone, so carrier and waybill start empty; the way back is copied.
    Raises PermissionDenied, Refused (one of the two was submitted or cancelled).
    """
    require_editor(order, actor)
    siblings = list(family(order).select_for_update(of=("self",)).order_by("pk"))
    fresh = next(row for row in siblings if row.pk == order.pk)
    if fresh.state != RepairOrder.State.AWAITING_SUBMISSION:
        raise Refused(not_from(fresh))
    if fresh.shop_id == shop.pk:
        return fresh
    for sibling in siblings:
        if sibling.shop_id == shop.pk:
            if sibling.state == RepairOrder.State.AWAITING_SUBMISSION:
                return sibling
            raise Refused(
                _("Your repair order %(code)s for this shop cannot take more devices.")
                % {"code": sibling.code}
            )
    base = fresh.code.partition("-")[0]
    numbers = [int(row.code.partition("-")[2] or 1) for row in siblings]
    second: RepairOrder = RepairOrder.objects.create(
        code=f"{base}-{max(numbers) + 1}",
        counselling_id=fresh.counselling_id,
        thread_id=fresh.thread_id,
        customer_id=fresh.customer_id,
        shop=shop,
        return_to_id=fresh.return_to_id,
        return_carrier_id=fresh.return_carrier_id,
        service_note=fresh.service_note,
        opened_by=actor,
    )
    record(second, "opened", actor=actor, data={"split_from": fresh.code})
    return second
