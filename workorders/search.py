"""One field for the whole portal: numbers people hold in their hands first, then names.

Every kind asks its own `visible_to`, so nobody finds here what they may not open (D8).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.roles import Role
from core.workflow import Text
from devices.models import Device, normalise_sn
from logistics.models import Consignment, Parcel, Shipment, normalise_waybill
from workorders.filters import search as search_enquiries
from workorders.models import Counselling, RepairOrder, Unit

PER_KIND = 8
SHORTEST = 3  # letters of a serial or waybill number before a beginning is looked up


@dataclass(frozen=True)
class Hit:
    """One line of the result page."""

    kind: Text
    number: str
    title: str
    sub: str
    url: str


def find(user: Any, text: str) -> list[Hit]:
    """What this user may see of what the text names; at most eight of a kind, never another's.

    Codes and serial numbers ignore case, blanks and dashes.
    """
    text = text.replace("\x00", "").strip()
    if not text:
        return []
    kinds = (_enquiries, _orders, _units, _devices, _parcels, _customers)
    hits = [hit for kind in kinds for hit in islice(kind(user, text), PER_KIND)]
    return list({hit.url: hit for hit in reversed(hits)}.values())[::-1]


def _enquiries(user: Any, text: str) -> Iterator[Hit]:
    rows = search_enquiries(Counselling.objects.visible_to(user), text)
    for row in rows.select_related("customer")[:PER_KIND]:
        url = reverse("workorders:counselling", args=[row.number])
        yield Hit(_("Enquiry"), str(row.number), row.subject, str(row.customer), url)


def _orders(user: Any, text: str) -> Iterator[Hit]:
    """By first visit code, or by a waybill of the customer's or of the return."""
    claim = Q(code=text.upper())
    waybill = normalise_waybill(text)
    if len(waybill) >= SHORTEST:
        goods = Consignment.objects.filter(
            pk__in=Shipment.objects.filter(waybill=waybill).values("consignment")
        )
        claim |= Q(waybill=waybill) | Q(consignment__in=goods)
    rows = RepairOrder.objects.visible_to(user).filter(claim).select_related("customer")
    for row in rows.distinct()[:PER_KIND]:
        yield _order_hit(row)


def _order_hit(order: RepairOrder, title: str = "") -> Hit:
    url = reverse("workorders:repair", args=[order.code])
    return Hit(_("Repair order"), order.code, title or str(order.customer), order.state_label, url)


def _units(user: Any, text: str) -> Iterator[Hit]:
    """The repair orders a serial number is or was on; the workshop opens the unit itself."""
    sn = normalise_sn(text)
    if len(sn) < SHORTEST:
        return
    rows = Unit.objects.visible_to(user).filter(sn__startswith=sn)
    for unit in rows.select_related("order__customer").order_by("-pk")[:PER_KIND]:
        yield _order_hit(unit.order, title=unit.sn)


def _devices(user: Any, text: str) -> Iterator[Hit]:
    sn = normalise_sn(text)
    if len(sn) < SHORTEST:
        return
    rows = Device.objects.visible_to(user).filter(sn__startswith=sn).select_related("model")
    for device in rows[:PER_KIND]:
        url = reverse("devices:device", args=[device.sn])
        sub = str(device.verdict().label)
        yield Hit(_("Device"), device.sn, str(device.model), sub, url)


def _parcels(user: Any, text: str) -> Iterator[Hit]:
    """Parcels that came without an order (E12)."""
    waybill = normalise_waybill(text)
    if len(waybill) < SHORTEST:
        return
    claim = Q(waybill=waybill) | Q(code=text.upper())
    rows = Parcel.objects.visible_to(user).unmatched().filter(claim).select_related("shop")
    for parcel in rows[:PER_KIND]:
        url = reverse("workorders:parcel", args=[parcel.pk])
        yield Hit(_("Unidentified parcel"), str(parcel), str(parcel.shop), parcel.note, url)


def _customers(user: Any, text: str) -> Iterator[Hit]:
    """A customer's name or address leads to their enquiries; only the desk has that page."""
    if user.role not in {Role.AGENT, Role.ADMIN} or len(text) < SHORTEST:
        return
    rows = Customer.objects.visible_to(user).filter(
        Q(name__icontains=text) | Q(email__iexact=text) | Q(people__email__iexact=text)
    )
    for customer in rows.distinct()[:PER_KIND]:
        query = urlencode({"view": "all", "customer": customer.pk})
        url = f"{reverse('workorders:queue')}?{query}"
        yield Hit(_("Customer"), customer.name, customer.name, customer.email, url)
