"""What quotes come to: sums, lines by device, what is missing on a draft. For pages and paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models import DecimalField as Decimals
from django.db.models.functions import Coalesce

from billing.models import Quote, QuoteLine, QuoteUnit
from billing.services import prices
from billing.services.quote_lines import Heap
from core.workflow import Step, Text, says

CENT = Decimal("0.01")
Answer = QuoteLine.Answer
_MONEY = Decimals(max_digits=14, decimal_places=2)
_AMOUNT = Sum(F("price") * F("quantity"), output_field=_MONEY)
_ACCEPTED = Sum(F("price") * F("quantity"), filter=Q(answer=Answer.ACCEPTED), output_field=_MONEY)


@dataclass(frozen=True)
class Sums:
    """What the quote comes to, and what of it is accepted so far."""

    net: Decimal
    accepted: Decimal
    lines: int
    open: int
    declined: int
    tax_percent: Decimal
    tax_label: str

    @property
    def tax(self) -> Decimal:
        return self._tax(self.net)

    @property
    def total(self) -> Decimal:
        return self.net + self.tax

    @property
    def accepted_total(self) -> Decimal:
        return self.accepted + self._tax(self.accepted)

    def _tax(self, net: Decimal) -> Decimal:
        return (net * self.tax_percent / 100).quantize(CENT, ROUND_HALF_UP)


def _cents(value: Any) -> Decimal:
    return Decimal(value or 0).quantize(CENT)


def _taxed(quote: Quote, **told: Any) -> Sums:
    terms = prices.terms_of(quote.order)
    return Sums(
        **told,
        tax_percent=terms.tax_percent if terms else Decimal(0),
        tax_label=terms.tax_label if terms else "",
    )


def sums(quote: Quote) -> Sums:
    """Two queries: one over the lines, one for the tax of the order."""
    told = QuoteLine.objects.filter(quote=quote.pk).aggregate(
        net=_AMOUNT,
        accepted=_ACCEPTED,
        lines=Count("pk"),
        open=Count("pk", filter=Q(answer=Answer.OPEN)),
        declined=Count("pk", filter=Q(answer=Answer.DECLINED)),
    )
    told |= {"net": _cents(told["net"]), "accepted": _cents(told["accepted"])}
    return _taxed(quote, **told)


def draft_sums(quote: Quote, groups: Iterable[Heap]) -> Sums:
    """Of a draft, whose lines the page has added up already."""
    heaps = list(groups)
    net = _cents(sum((heap.amount or Decimal(0) for heap in heaps), Decimal(0)))
    lines = sum(heap.count for heap in heaps)
    return _taxed(quote, net=net, accepted=Decimal(0), lines=lines, open=lines, declined=0)


def with_totals(rows: QuerySet[Quote]) -> QuerySet[Quote]:
    """Each quote with `net`, its total without tax, and `devices`, how many it is about."""
    lines = QuoteLine.objects.filter(quote=OuterRef("pk")).order_by().values("quote")
    units = QuoteUnit.objects.filter(quote=OuterRef("pk")).order_by().values("quote")
    net = Subquery(lines.annotate(sum=_AMOUNT).values("sum"), output_field=_MONEY)
    devices = Subquery(units.annotate(number=Count("pk")).values("number"))
    return rows.annotate(
        net=Coalesce(net, Decimal(0), output_field=_MONEY), devices=Coalesce(devices, 0)
    )


@dataclass(frozen=True)
class Quoted:
    """A device of the quote with its lines."""

    entry: QuoteUnit
    lines: list[QuoteLine]

    @property
    def amount(self) -> Decimal:
        return sum((line.amount or Decimal(0) for line in self.lines), Decimal(0))


def quoted(entries: Iterable[QuoteUnit], quote: Quote) -> list[Quoted]:
    """The lines of these devices, one query."""
    chosen = list(entries)
    rows = QuoteLine.objects.filter(quote=quote.pk, unit__in=[entry.unit_id for entry in chosen])
    lines: dict[int, list[QuoteLine]] = {}
    for line in rows.select_related("service", "part_type").order_by("pk"):
        lines.setdefault(line.unit_id, []).append(line)
    return [Quoted(entry, lines.get(entry.unit_id, [])) for entry in chosen]


def why_not_send(quote: Quote) -> list[Text]:
    """Every reason against sending the draft, in one query."""
    guards = Step(Quote, "send").guards
    claims = [says(guard.rows()) for guard in guards if guard.rows]
    answers = Quote.objects.filter(pk=quote.pk).values_list(*claims).get()
    return [guard.reason for guard, fits in zip(guards, answers, strict=True) if not fits]
