"""Quotes: written, sent, withdrawn, expired; what was agreed, for invoices (D9).

Whoever changes a quote locks its order first, then the quote. Answers stand in
`billing.services.quote_answers`, lines of a draft in `billing.services.quote_lines`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from billing.models import Quote, QuoteLine, QuoteUnit
from billing.services import prices
from core.workflow import Refused, Stale, Step, insert_select, not_from
from devices.models import Verdict, warranty_day
from history.services import advance, edit, record
from sla.calendars import WorkTime
from workorders.models import RepairOrder, Service, Unit, UnitService
from workorders.models.unit import UnitQuerySet
from workorders.services import bulk
from workorders.services.drafts import lock

WRITERS = frozenset({Role.ENGINEER, Role.SHOP_MANAGER, Role.AGENT})
VALID_DAYS = 14
REMIND_AFTER = (timedelta(days=3), timedelta(days=7))
ANSWERED = (Quote.State.ACCEPTED, Quote.State.DECLINED, Quote.State.EXPIRED)

Key = tuple[int, str, int]


# ------------------------------------------------------------------ for invoices
def _final(unit_pks: Iterable[int]) -> dict[Key, tuple[str, Decimal]]:
    """The last word on every service and part of these units; one query."""
    lines = QuoteLine.objects.filter(
        unit__in=list(unit_pks), quote__state__in=ANSWERED, kind__in=("service", "part")
    )
    rows = lines.order_by("quote_id", "pk").values_list(
        "unit", "kind", "service", "part_type", "answer", "price"
    )
    return {
        (unit, kind, service or part): (answer, price or Decimal(0))
        for unit, kind, service, part, answer, price in rows
    }


def agreed(unit_pks: Iterable[int]) -> dict[Key, Decimal]:
    """Prices per piece that customers accepted: (unit, "service" | "part", pk of it) → price."""
    accepted = QuoteLine.Answer.ACCEPTED
    return {key: price for key, (word, price) in _final(unit_pks).items() if word == accepted}


def declined(unit_pks: Iterable[int]) -> set[Key]:
    """What customers declined or let expire, in the same keys; never charged."""
    return {
        key for key, (word, _price) in _final(unit_pks).items() if word == QuoteLine.Answer.DECLINED
    }


def extras(unit_pks: Iterable[int]) -> list[tuple[int, int, str, Decimal]]:
    """Accepted lines in free words: (unit, pk of the line, text, amount); charged like the rest."""
    lines = QuoteLine.objects.filter(
        unit__in=list(unit_pks),
        kind=QuoteLine.Kind.TEXT,
        quote__state=Quote.State.ACCEPTED,
        answer=QuoteLine.Answer.ACCEPTED,
    )
    return [
        (unit, pk, text, (price or Decimal(0)) * quantity)
        for unit, pk, text, price, quantity in lines.order_by("pk").values_list(
            "unit", "pk", "text", "price", "quantity"
        )
    ]


# ------------------------------------------------------------------ who may, and the locks
def require_writer(order: RepairOrder, actor: Any) -> None:
    """Raise PermissionDenied unless the actor writes quotes and sees the order."""
    if getattr(actor, "role", None) not in WRITERS:
        raise PermissionDenied("quote")
    if not RepairOrder.objects.visible_to(actor).filter(pk=order.pk).exists():
        raise PermissionDenied("quote")


def locked(quote: Quote) -> Quote:
    """The order's row, then the quote's, both locked; the fresh quote."""
    order = lock(quote.order)
    fresh: Quote = Quote.objects.select_for_update(of=("self",)).get(pk=quote.pk)
    fresh.order = order
    return fresh


def locked_draft(quote: Quote, *, actor: Any, version: int) -> Quote:
    """The locked draft, one version further. Raises PermissionDenied, Refused, Stale."""
    require_writer(quote.order, actor)
    fresh = locked(quote)
    if fresh.state != Quote.State.DRAFT:
        raise Refused(not_from(fresh))
    if fresh.version != version:
        raise Stale(fresh)
    Quote.objects.filter(pk=fresh.pk).update(version=version + 1)
    fresh.version = version + 1
    return fresh


# ------------------------------------------------------------------ writing
def quotable(order: RepairOrder) -> UnitQuerySet:
    """Devices at work that no warranty covers, that are on no open quote and not to be scrapped."""
    quoted = QuoteUnit.objects.filter(unit=OuterRef("pk"), open=True)
    rows: UnitQuerySet = Unit.objects.filter(order=order.pk, state__in=Unit.WORKING)
    return rows.filter(~Q(verdict=Verdict.IN), ~Exists(quoted), scrap_agreed_at=None)


def default_day(order: RepairOrder, today: date | None = None) -> date:
    """Fourteen days from today, moved on to a working day of the shop."""
    day = (today or warranty_day()) + timedelta(days=VALID_DAYS)
    calendar = order.shop.calendar if order.shop else None
    if calendar is None:
        return day
    work = WorkTime(calendar)
    return day if work.works_on(day) else next(iter(work.working_days(day)), day)


@transaction.atomic
def open_quote(order: RepairOrder, units: UnitQuerySet, *, actor: Any) -> Quote:
    """A draft about these devices, filled with their services in scope at the order's prices.

    As many statements as there are different services and models, however many devices. Raises
    PermissionDenied, Refused (order over, no price list, no device that needs a quote).
    """
    require_writer(order, actor)
    order = lock(order)
    if order.state not in RepairOrder.FOLLOWING:
        raise Refused(not_from(order))
    account = prices.account_of(order)
    if account is None:
        raise Refused(_("No price list serves this customer. An administrator can add one."))
    last = Quote.objects.filter(order=order).aggregate(last=Max("number"))["last"] or 0
    quote: Quote = Quote.objects.create(
        order=order,
        number=last + 1,
        currency=account.currency,
        valid_until=default_day(order),
        written_by=actor,
    )
    if not take_on(quote, units):
        raise Refused(_("None of these devices needs a quote."))
    prefill(quote)
    record(quote, "written", actor=actor)
    return quote


def take_on(quote: Quote, units: UnitQuerySet) -> int:
    """Put devices on a quote whose order is locked; how many came. Raises Refused on a clash."""
    chosen = quotable(quote.order).filter(pk__in=units.order_by().values("pk"))
    shared = {"quote": quote, "open": True, "wish": QuoteUnit.Wish.BACK}
    try:
        with transaction.atomic():
            return insert_select(QuoteUnit, chosen, shared, {"unit": "pk"})
    except IntegrityError as clash:
        raise Refused(_("A device is on another open quote already.")) from clash


def tariff_of(quote: Quote) -> prices.Tariff:
    terms = prices.terms_of(quote.order)
    return prices.Tariff.of(terms.price_list if terms else None)


def priced(price: Decimal | None) -> dict[str, Any]:
    return {} if price is None else {"price": price}


def prefill(quote: Quote) -> None:
    """Services in scope of the devices that have no line yet, at the order's prices.

    What the customer has accepted on an earlier quote is not asked again.
    """
    tariff = tariff_of(quote)
    units = quote.units.without_lines().values("unit")
    accepted = QuoteLine.objects.filter(
        unit=OuterRef("unit"),
        service=OuterRef("service"),
        quote__state=Quote.State.ACCEPTED,
        answer=QuoteLine.Answer.ACCEPTED,
    )
    open_ones = UnitService.objects.filter(~Exists(accepted), done_at=None)
    rows = open_ones.filter(unit__in=units)
    pairs = rows.order_by().values_list("service", "unit__model").distinct()
    services = Service.objects.in_bulk([service for service, _model in pairs])
    fresh = list(units.values_list("unit", flat=True))
    for service, model in sorted(pairs, key=lambda pair: (pair[0], pair[1] or 0)):
        chosen = open_ones.filter(unit__in=fresh, service=service, unit__model=model)
        shared = {
            "quote": quote,
            "kind": QuoteLine.Kind.SERVICE,
            "service": services[service],
            "text": "",
            "quantity": 1,
            "answer": QuoteLine.Answer.OPEN,
            **priced(tariff.price("service", service, model)),
        }
        insert_select(QuoteLine, chosen, shared, {"unit": "unit"})


@transaction.atomic
def set_details(quote: Quote, *, version: int, actor: Any, valid_until: date, note: str) -> Quote:
    """Until when the draft shall be valid, and words to the customer.

    Raises PermissionDenied, Refused, Stale, ValidationError on `valid_until`.
    """
    require_writer(quote.order, actor)
    if valid_until < warranty_day():
        raise ValidationError({"valid_until": _("Choose a day that is not over.")})
    fresh = locked(quote)
    if fresh.state != Quote.State.DRAFT:
        raise Refused(not_from(fresh))
    return edit(fresh, version=version, actor=actor, valid_until=valid_until, note=note.strip())


# ------------------------------------------------------------------ sending and taking back
@transaction.atomic
def send(quote: Quote, *, actor: Any, at: datetime | None = None) -> Quote:
    """To the customer; devices that can wait for the answer do, and their clocks stand (D9).

    Raises PermissionDenied, Refused with every reason.
    """
    Step(Quote, "send").require(actor)
    require_writer(quote.order, actor)
    at, fresh = at or timezone.now(), locked(quote)
    sent = advance(fresh, "send", actor=actor, at=at)
    bulk.step(sent.order, units_of(sent), "ask_customer", actor=actor)
    return sent


def units_of(quote: Quote) -> UnitQuerySet:
    rows: UnitQuerySet = Unit.objects.filter(order=quote.order_id)
    return rows.filter(pk__in=QuoteUnit.objects.filter(quote=quote.pk).values("unit"))


@transaction.atomic
def withdraw(quote: Quote, *, actor: Any, note: str = "") -> Quote:
    """Take a draft or an unanswered quote back; its devices go on at the bench.

    Raises PermissionDenied, Refused (answered meanwhile).
    """
    Step(Quote, "withdraw").require(actor)
    require_writer(quote.order, actor)
    fresh = locked(quote)
    was_sent = fresh.state == Quote.State.SENT
    withdrawn = advance(fresh, "withdraw", actor=actor, note=note.strip())
    QuoteUnit.objects.filter(quote=fresh.pk).update(open=False)
    if was_sent:
        go_on(withdrawn, actor=actor)
    return withdrawn


def go_on(quote: Quote, *, actor: Any) -> None:
    """Devices that waited for this quote are at the bench again, and their clocks run."""
    bulk.step(quote.order, units_of(quote), "customer_answered", actor=actor)


def give_reason(quote: Quote, unit_pks: list[int]) -> None:
    """Write why these devices may be given up, where nobody wrote another reason.

    In the customer's language, who reads it. The workshop takes the step itself.
    """
    with translation.override(quote.order.customer.language):
        expired = quote.state == Quote.State.EXPIRED
        words = gettext("The quote expired.") if expired else gettext("The quote was declined.")
    Unit.objects.filter(pk__in=unit_pks, exit_reason="").update(exit_reason=words)


# ------------------------------------------------------------------ what the clock does
def overdue() -> list[int]:
    """Quotes whose last day has passed unanswered."""
    rows = Quote.objects.overdue(warranty_day())
    return list(rows.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def expire(quote: Quote, *, actor: Any, at: datetime | None = None) -> Quote:
    """Like a declined one, but it says that nobody answered. Raises Refused (answered, or not
    over yet)."""
    at, fresh = at or timezone.now(), locked(quote)
    expired = advance(fresh, "expire", actor=actor, at=at)
    QuoteLine.objects.filter(quote=fresh.pk).update(answer=QuoteLine.Answer.DECLINED)
    QuoteUnit.objects.filter(quote=fresh.pk).update(open=False, wish=QuoteUnit.Wish.BACK)
    pks = list(QuoteUnit.objects.filter(quote=fresh.pk).values_list("unit", flat=True))
    give_reason(expired, pks)
    go_on(expired, actor=actor)
    return expired


def to_remind(at: datetime) -> list[tuple[int, int]]:
    """Waiting quotes and which reminder is due, the later one where both are."""
    waiting = Quote.objects.filter(state=Quote.State.SENT, valid_until__gte=warranty_day())
    due: dict[int, int] = {}
    for number, after in enumerate(REMIND_AFTER, start=1):
        rows = waiting.filter(sent_at__lte=at - after, reminders__lt=number)
        due |= dict.fromkeys(rows.values_list("pk", flat=True), number)
    return sorted(due.items())


@transaction.atomic
def remind(pk: int, number: int, *, actor: Any, at: datetime) -> bool:
    """Whether this call was the one that reminded; each reminder goes out once."""
    rows = Quote.objects.filter(pk=pk, state=Quote.State.SENT, reminders__lt=number)
    if not rows.update(reminders=number):
        return False
    record(Quote.objects.get(pk=pk), "reminded", actor=actor, at=at, data={"number": number})
    return True
