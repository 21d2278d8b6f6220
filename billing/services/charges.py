"""What the work on the units of a container costs: from facts, never from a form (R78)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum
from django.utils import translation
from django.utils.translation import gettext as _

from billing.models import Basis, Invoice, InvoiceLine, LineKind
from billing.services import quotes
from billing.services.prices import Tariff, terms_of
from billing.services.sums import ZERO, line_amount
from devices.models import Verdict
from logistics.models import Container
from parts.models import PartType
from parts.services import fitting
from scopes.services import fees_of
from workorders.models import RepairOrder, Service, Unit, UnitService

Done = tuple[int, str, int]  # unit, kind, key


@dataclass(frozen=True)
class Charge:
    """One line before it is on an invoice; `price` None = nobody said what it costs."""

    kind: str
    text: str
    quantity: Decimal
    price: Decimal | None
    basis: str
    key: int | None = None
    unit: int | None = None
    sn: str = ""
    note: str = ""

    @property
    def amount(self) -> Decimal:
        return line_amount(self.quantity, self.price) if self.price is not None else ZERO


@dataclass(frozen=True)
class _Work:
    """Everything that was done on the units of the container; read in a fixed number of queries."""

    units: dict[int, tuple[str, str, int | None]]  # pk → sn, verdict, model
    done: list[tuple[Done, Decimal, str]]  # what, how many, in which words
    agreed: dict[Done, Decimal]
    declined: set[Done]
    extras: list[tuple[int, int, str, Decimal]]
    billed: dict[Done, Decimal]
    tariff: Tariff


def order_of(container: Container) -> RepairOrder | None:
    """The repair order whose goods these are."""
    orders = RepairOrder.objects.select_related("customer", "consignment")
    found: RepairOrder | None = orders.filter(consignment=container.consignment_id).first()
    return found


def of_container(container: Container) -> list[Charge]:
    """Every charge of the container, in the customer's words; [] when nothing is to be charged.

    An accepted quote goes before everything, then the warranty, then the price list. What another
    standing invoice has charged already is left out, so a unit that was boxed twice is billed
    once. The order's fees are on its first invoice. A fixed number of statements (5,000 units).
    """
    order = order_of(container)
    if order is None:
        return []
    with translation.override(order.customer.language):
        work = _read(container, order)
        return [*_work(work), *_extras(work), *_fees(container, order)]


def _read(container: Container, order: RepairOrder) -> _Work:
    inside = Unit.objects.filter(outbound_container=container).order_by("pk")
    units = {pk: (sn, v, m) for pk, sn, v, m in inside.values_list("pk", "sn", "verdict", "model")}
    terms, pks = terms_of(order), list(units)
    return _Work(
        units=units,
        done=sorted([*_services(container), *_parts(pks)], key=lambda row: row[0][0]),
        agreed=quotes.agreed(pks),
        declined=quotes.declined(pks),
        extras=quotes.extras(pks),
        billed=_billed(container),
        tariff=Tariff.of(terms.price_list if terms else None),
    )


def _services(container: Container) -> Iterator[tuple[Done, Decimal, str]]:
    names = {service.pk: service.name for service in Service.objects.all()}
    rows = UnitService.objects.filter(
        unit__outbound_container=container, done_at__isnull=False
    ).order_by("unit", "service__position", "pk")
    for unit, service in rows.values_list("unit", "service"):
        yield (unit, LineKind.SERVICE.value, service), Decimal(1), names[service]


def _parts(pks: list[int]) -> Iterator[tuple[Done, Decimal, str]]:
    used = fitting.used_parts(pks)
    names = {kind.pk: kind.name for kind in PartType.objects.filter(pk__in={u[1] for u in used})}
    for unit, part_type, quantity, _pieces in used:
        yield (unit, LineKind.PART.value, part_type), Decimal(quantity), names[part_type]


def _billed(container: Container) -> dict[Done, Decimal]:
    """How many of what stands on issued invoices of other containers."""
    rows = (
        InvoiceLine.objects.filter(
            unit__outbound_container=container, invoice__state__in=Invoice.STANDING
        )
        .exclude(invoice__container=container)
        .order_by()
        .values_list("unit", "kind", "key")
        .annotate(n=Sum("quantity"))
    )
    return {(unit, kind, key): n for unit, kind, key, n in rows}


def _work(work: _Work) -> Iterator[Charge]:
    for what, quantity, text in work.done:
        left = quantity - work.billed.get(what, Decimal(0))
        if what in work.declined or left <= 0:
            continue
        price, basis, note = _price(work, what)
        unit, kind, key = what
        sn = work.units[unit][0]
        yield Charge(kind, text, left, price, basis, key, unit, sn, note)


def _price(work: _Work, what: Done) -> tuple[Decimal | None, str, str]:
    unit, kind, key = what
    _sn, verdict, model = work.units[unit]
    if what in work.agreed:
        return work.agreed[what], Basis.QUOTE.value, ""
    if verdict == Verdict.IN:
        return ZERO, Basis.WARRANTY.value, _("Covered by warranty")
    price = work.tariff.price(kind, key, model)
    if price is None:
        return None, Basis.MISSING.value, ""
    return price, Basis.LIST.value, ""


def _extras(work: _Work) -> Iterator[Charge]:
    """Accepted quote lines in free words."""
    for unit, line, text, amount in work.extras:
        if not work.billed.get((unit, LineKind.EXTRA.value, line)):
            sn = work.units[unit][0]
            yield Charge(
                LineKind.EXTRA.value, text, Decimal(1), amount, Basis.QUOTE.value, line, unit, sn
            )


def _fees(container: Container, order: RepairOrder) -> Iterator[Charge]:
    """The agreed fees, unless another invoice of the order, draft or standing, has them."""
    fees: list[Any] = fees_of([order.pk])
    if not fees:
        return
    others = InvoiceLine.objects.filter(invoice__order=order, kind=LineKind.FEE).exclude(
        Q(invoice__state="void") | Q(invoice__container=container)
    )
    if others.exists():
        return
    terms = terms_of(order)
    for _order, text, amount, currency in fees:
        if terms is not None and currency == terms.currency:
            yield Charge(LineKind.FEE.value, text, Decimal(1), amount, Basis.SCOPE.value)
            continue
        note = _("Agreed in another currency: %(amount)s %(currency)s") % {
            "amount": amount,
            "currency": currency,
        }
        yield Charge(LineKind.FEE.value, text, Decimal(1), None, Basis.MISSING.value, note=note)
