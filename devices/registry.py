"""The registry as a list: search and pages of a fixed size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.models import Customer
from devices.models import Device, DeviceQuerySet, ProductModel, normalise_sn

PAGE = 50
NAMES = 100  # models and customers that one word may stand for
SHORTEST_NAME = 2


@dataclass
class Page:
    """Up to 50 devices; `after` is the key of the last one when more follow."""

    devices: list[Device]
    after: int | None


def page_of(devices: DeviceQuerySet, *, q: str = "", after: str = "") -> Page:
    """One page in the order of serial numbers; the exact number stands first on the first page.

    Continues behind a row, not at an offset: the hundredth page costs what the first does. The
    place is a key and not a serial number, which never stands in an address. A constant number of
    queries.
    """
    found = search(devices, q)
    place = _place(devices, after)
    exact = normalise_sn(q)
    first: list[Device] = []
    if place is not None:
        found = found.filter(sn__gt=place)
    elif exact:
        first = list(_listed(devices.filter(sn=exact)))
    rows = list(_listed(found.exclude(sn=exact) if exact else found)[: PAGE + 1 - len(first)])
    more = len(first) + len(rows) > PAGE
    shown = [*first, *rows][:PAGE]
    return Page(shown, shown[-1].pk if more else None)


def _place(devices: DeviceQuerySet, after: str) -> str | None:
    if not (after.isascii() and after.isdecimal()):
        return None
    return devices.filter(pk=after).values_list("sn", flat=True).first()


def search(devices: DeviceQuerySet, q: str) -> DeviceQuerySet:
    """Beginning of the serial number, or a word of the model's or the customer's name."""
    words = q.strip()
    if not words:
        return devices
    claim = Q(sn__startswith=sn) if (sn := normalise_sn(words)) else Q(pk__in=[])
    if len(words) >= SHORTEST_NAME:
        models = ProductModel.objects.filter(name__icontains=words).values_list("pk", flat=True)
        owners = Customer.objects.filter(name__icontains=words).values_list("pk", flat=True)
        # Keys first: an OR over joined tables would read the whole registry.
        claim |= Q(model_id__in=list(models[:NAMES])) | Q(customer_id__in=list(owners[:NAMES]))
    return devices.filter(claim)


def _listed(devices: DeviceQuerySet) -> Any:
    return devices.select_related("model", "customer").order_by("sn")
