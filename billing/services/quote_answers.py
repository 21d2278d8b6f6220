"""The customer's answer: thought over line by line, then signed once and for all (D9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from billing.models import Quote, QuoteLine, QuoteUnit
from billing.services.quotes import give_reason, go_on, locked
from core.workflow import Refused, Stale, not_from
from history.services import advance, record, record_many
from workorders.models import Unit

Answer, Wish = QuoteLine.Answer, QuoteUnit.Wish
FINAL = (Answer.ACCEPTED, Answer.DECLINED)


def _locked_waiting(quote: Quote, *, actor: Any, version: int) -> Quote:
    """The locked quote while it waits for this customer. Raises as `save` says."""
    customer = getattr(actor, "customer_id", None)
    if getattr(actor, "role", None) != Role.CUSTOMER or customer != quote.order.customer_id:
        raise PermissionDenied("quote")
    fresh = locked(quote)
    if fresh.state != Quote.State.SENT:
        raise Refused(not_from(fresh))
    if fresh.version != version:
        raise Stale(fresh)
    return fresh


def _write(quote: Quote, answers: Mapping[int, str], wishes: Mapping[int, str]) -> None:
    """By line and by device; keys of other quotes have no effect. Four statements at most."""
    for word in FINAL:
        pks = [pk for pk, answer in answers.items() if answer == word]
        if pks:
            QuoteLine.objects.filter(quote=quote.pk, pk__in=pks).update(answer=word)
    for wish in Wish.values:
        pks = [pk for pk, word in wishes.items() if word == wish]
        if pks:
            QuoteUnit.objects.filter(quote=quote.pk, unit__in=pks).update(wish=wish)


def _next_version(quote: Quote) -> None:
    quote.version += 1
    Quote.objects.filter(pk=quote.pk).update(version=quote.version)


@transaction.atomic
def save(
    quote: Quote,
    *,
    version: int,
    actor: Any,
    answers: Mapping[int, str],
    wishes: Mapping[int, str],
) -> Quote:
    """Keep what was thought so far; nothing is final. Raises PermissionDenied, Refused, Stale."""
    fresh = _locked_waiting(quote, actor=actor, version=version)
    _write(fresh, answers, wishes)
    _next_version(fresh)
    return fresh


@transaction.atomic
def mark_all(
    quote: Quote,
    answer: str,
    *,
    version: int,
    actor: Any,
    wishes: Mapping[int, str] | None = None,
) -> Quote:
    """The same answer on every line, to be signed or changed; wishes are kept. Raises as `save`."""
    if answer not in FINAL:
        raise ValidationError(_("Accept or decline."))
    fresh = _locked_waiting(quote, actor=actor, version=version)
    _write(fresh, {}, wishes or {})
    QuoteLine.objects.filter(quote=fresh.pk).update(answer=answer)
    _next_version(fresh)
    return fresh


@transaction.atomic
def sign(
    quote: Quote,
    *,
    version: int,
    actor: Any,
    signature: str,
    answers: Mapping[int, str],
    wishes: Mapping[int, str],
    at: datetime | None = None,
) -> Quote:
    """The final answer. At least one accepted line makes it an accepted quote.

    Devices without an accepted line get the reason to give them up, and with the wish to scrap
    the consent to do so; all that waited go on at the bench. Raises PermissionDenied, Refused
    (answered or expired meanwhile, lines open), Stale (a colleague changed answers),
    ValidationError on `signature`.
    """
    name = " ".join(signature.split())
    fresh = _locked_waiting(quote, actor=actor, version=version)
    if not name:
        raise ValidationError({"signature": _("Sign with your name.")})
    at = at or timezone.now()
    _write(fresh, answers, wishes)
    accepted = fresh.lines.filter(answer=Answer.ACCEPTED).exists()
    step = "accept" if accepted else "decline"
    signed = advance(fresh, step, actor=actor, at=at, signature=name[:120], signed_by=actor)
    _settle(signed, actor=actor, at=at)
    return signed


def _settle(quote: Quote, *, actor: Any, at: datetime) -> None:
    gone = QuoteUnit.objects.filter(quote=quote.pk).all_declined()
    wishes = dict(gone.values_list("unit", "wish"))
    QuoteUnit.objects.filter(quote=quote.pk).update(open=False)
    give_reason(quote, list(wishes))
    scrap = [pk for pk, wish in wishes.items() if wish == Wish.SCRAP]
    agreed = Unit.objects.filter(pk__in=scrap, order=quote.order_id, scrap_agreed_at=None)
    now = list(agreed.order_by("pk").values_list("pk", flat=True))
    Unit.objects.filter(pk__in=now).update(scrap_agreed_at=at, scrap_agreed_by=actor)
    record_many(Unit, now, "scrap_agreed", actor=actor, note=quote.reference, at=at)
    go_on(quote, actor=actor)
    counts = {"declined_units": len(wishes), "scrapped_units": len(scrap)}
    record(quote, "settled", actor=actor, at=at, data=counts, internal=True)
