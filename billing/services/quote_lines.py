"""The lines of a draft: put on one device or on thousands with a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Exists, F, Min, OuterRef, QuerySet, Sum
from django.db.models import DecimalField as Decimals
from django.utils.translation import gettext_lazy as _

from billing.models import Quote, QuoteLine, QuoteUnit
from billing.services.quotes import locked_draft, prefill, priced, take_on, tariff_of
from core.workflow import Refused, insert_select
from parts.models import PartType
from workorders.models import Service
from workorders.models.unit import UnitQuerySet

MOST_PIECES = 1000
MOST_MONEY = Decimal("9999999.99")


@dataclass(frozen=True)
class Wanted:
    """What a line offers: a service, a part type, or free words. No price asks the price list."""

    service: Service | None = None
    part_type: PartType | None = None
    text: str = ""
    quantity: int = 1
    price: Decimal | None = None

    @property
    def kind(self) -> str:
        if self.service is not None:
            return QuoteLine.Kind.SERVICE
        return QuoteLine.Kind.PART if self.part_type is not None else QuoteLine.Kind.TEXT

    @property
    def key(self) -> int:
        thing = self.service or self.part_type
        return thing.pk if thing is not None else 0

    def checked(self) -> Wanted:
        """Raises ValidationError by field."""
        if self.service is None and self.part_type is None and not self.text.strip():
            raise ValidationError({"text": _("Choose a service or a part, or write what it is.")})
        if self.service is not None and self.part_type is not None:
            raise ValidationError({"part_type": _("Choose a service or a part, not both.")})
        if not 1 <= self.quantity <= MOST_PIECES:
            raise ValidationError({"quantity": _("Enter a quantity from 1 to 1,000.")})
        if self.price is not None and not 0 <= self.price <= MOST_MONEY:
            raise ValidationError({"price": _("Enter a price that is not negative.")})
        return self


def _same(quote: Quote, wanted: Wanted) -> QuerySet[QuoteLine]:
    """The lines of the quote that offer the same thing."""
    rows = QuoteLine.objects.filter(quote=quote.pk, kind=wanted.kind)
    if wanted.service is not None:
        return rows.filter(service=wanted.service)
    if wanted.part_type is not None:
        return rows.filter(part_type=wanted.part_type)
    return rows.filter(text=wanted.text.strip())


def chosen_units(quote: Quote, pks: Iterable[int] | None) -> QuerySet[QuoteUnit]:
    """Devices of the quote; all of them when no keys are given. Foreign keys choose nothing."""
    rows = QuoteUnit.objects.filter(quote=quote.pk)
    return rows if pks is None else rows.filter(unit__in=list(pks))


@transaction.atomic
def set_line(
    quote: Quote, wanted: Wanted, *, units: Iterable[int] | None, version: int, actor: Any
) -> int:
    """Offer the thing for these devices: new where it is missing, changed where it stands.

    Returns how many devices have it now. Raises PermissionDenied, Refused (sent, nothing chosen),
    Stale, ValidationError by field.
    """
    wanted = wanted.checked()
    fresh = locked_draft(quote, actor=actor, version=version)
    chosen = chosen_units(fresh, units)
    models = list(chosen.order_by().values_list("unit__model", flat=True).distinct())
    if not models:
        raise Refused(_("Choose at least one device."))
    tariff, total = tariff_of(fresh), 0
    for model in models:
        price = wanted.price
        if price is None and wanted.key:
            price = tariff.price(wanted.kind, wanted.key, model)
        total += _offer(fresh, wanted, chosen.filter(unit__model=model), price)
    return total


def _offer(quote: Quote, wanted: Wanted, rows: QuerySet[QuoteUnit], price: Decimal | None) -> int:
    same = _same(quote, wanted)
    changed = same.filter(unit__in=rows.values("unit")).update(
        quantity=wanted.quantity, price=price
    )
    shared: dict[str, Any] = {
        "quote": quote,
        "kind": wanted.kind,
        "text": wanted.text.strip() if not wanted.key else "",
        "quantity": wanted.quantity,
        "answer": QuoteLine.Answer.OPEN,
        **priced(price),
    }
    if wanted.service is not None:
        shared["service"] = wanted.service
    if wanted.part_type is not None:
        shared["part_type"] = wanted.part_type
    lacking = rows.filter(~Exists(same.filter(unit=OuterRef("unit"))))
    return changed + insert_select(QuoteLine, lacking, shared, {"unit": "unit"})


@transaction.atomic
def remove_line(
    quote: Quote, wanted: Wanted, *, units: Iterable[int] | None, version: int, actor: Any
) -> int:
    """Take the thing off these devices. Raises PermissionDenied, Refused, Stale."""
    fresh = locked_draft(quote, actor=actor, version=version)
    rows = _same(fresh, wanted).filter(unit__in=chosen_units(fresh, units).values("unit"))
    return rows.delete()[0]


@transaction.atomic
def take_off(quote: Quote, *, units: Iterable[int], version: int, actor: Any) -> int:
    """Take devices off the draft with their lines; how many. Raises PermissionDenied, Refused,
    Stale."""
    fresh = locked_draft(quote, actor=actor, version=version)
    rows = chosen_units(fresh, units)
    QuoteLine.objects.filter(quote=fresh.pk, unit__in=rows.values("unit")).delete()
    return rows.delete()[0]


@transaction.atomic
def add_units(quote: Quote, units: UnitQuerySet, *, version: int, actor: Any) -> int:
    """More devices of the order, with their services in scope. Raises as `take_off` does."""
    fresh = locked_draft(quote, actor=actor, version=version)
    added = take_on(fresh, units)
    prefill(fresh)
    return added


# ------------------------------------------------------------------ the same thing at one price
@dataclass(frozen=True)
class Group:
    """Lines of the quote that offer the same thing at the same price; `pk` is the first one's."""

    pk: int
    line: QuoteLine
    count: int
    amount: Decimal | None


@dataclass(frozen=True)
class Heap:
    """How many such lines there are and what they cost, before anybody asks what they offer."""

    kind: str
    pk: int
    count: int
    amount: Decimal | None


def heaps(quote: Quote, *more: str) -> list[Heap]:
    """All groups of the quote in their order; one query. `more` fields keep lines apart, too."""
    amount = Sum(F("price") * F("quantity"), output_field=Decimals(max_digits=14, decimal_places=2))
    found = (
        QuoteLine.objects.filter(quote=quote.pk)
        .order_by()
        .values("kind", "service", "part_type", "text", "quantity", "price", *more)
        .annotate(first=Min("pk"), count=Count("pk"), amount=amount)
        .values_list("kind", "first", "count", "amount")
    )
    return sorted((Heap(*told) for told in found), key=lambda heap: (heap.kind, heap.pk))


def groups_of(chosen: Iterable[Heap]) -> list[Group]:
    """These groups with what they offer; one query."""
    told = {heap.pk: heap for heap in chosen}
    lines = QuoteLine.objects.filter(pk__in=told).select_related("service", "part_type")
    return [
        Group(line.pk, line, told[line.pk].count, told[line.pk].amount)
        for line in lines.order_by("kind", "pk")
    ]


def groups(quote: Quote, *more: str) -> list[Group]:
    """What the quote offers, summed up; two queries. `more` fields keep lines apart, too."""
    return groups_of(heaps(quote, *more))


@transaction.atomic
def set_prices(
    quote: Quote, changes: dict[int, tuple[int, Decimal | None]], *, version: int, actor: Any
) -> int:
    """Quantity and price of whole groups, by the key of a group's first line.

    Returns how many lines changed. Raises PermissionDenied, Refused, Stale, ValidationError.
    """
    fresh = locked_draft(quote, actor=actor, version=version)
    firsts = QuoteLine.objects.filter(quote=fresh.pk, pk__in=list(changes)).order_by("pk")
    same: dict[int, list[int]] = {}
    for line in firsts:
        rows = QuoteLine.objects.filter(
            quote=fresh.pk,
            kind=line.kind,
            service=line.service_id,
            part_type=line.part_type_id,
            text=line.text,
            quantity=line.quantity,
            price=line.price,
        )
        same[line.pk] = list(rows.values_list("pk", flat=True))
    changed = 0
    for first, pks in same.items():
        quantity, price = changes[first]
        Wanted(text="-", quantity=quantity, price=price).checked()
        rows = QuoteLine.objects.filter(quote=fresh.pk, pk__in=pks)
        changed += rows.update(quantity=quantity, price=price)
    return changed
