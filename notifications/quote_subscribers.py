"""Which news about quotes and service agreements becomes a mail, and to whom."""

from __future__ import annotations

from functools import partial

from accounts.models import User
from accounts.roles import Role
from billing.models import Quote
from core.events import Event, subscribe
from notifications import quote_letters as letters
from notifications.services import Recipient, people_of, post
from notifications.subscribers import key_of
from repairshops.models import Membership
from scopes.models import ServiceAgreement

TO_CUSTOMER = {
    "send": letters.quote_sent,
    "reminded": letters.quote_reminder,
    "accept": letters.quote_signed,
    "decline": letters.quote_signed,
    "expire": letters.quote_expired,
    "withdraw": letters.quote_withdrawn,
}
TO_STAFF = frozenset({"accept", "decline", "expire"})


@subscribe(Quote, *TO_CUSTOMER)
def quote_news(event: Event) -> None:
    """To the customer, who never hears of a draft; answers and expiry to those who wrote it."""
    rows = event.subjects().select_related(
        "order__customer", "order__opened_by", "order__shop", "written_by"
    )
    for quote in rows.filter(sent_at__isnull=False):
        to = people_of(quote.order.customer, quote.order.opened_by)
        written = partial(TO_CUSTOMER[event.verb], quote)
        post(f"quote-{event.verb}", key_of(event, quote.pk), to, written)
        if event.verb in TO_STAFF:
            told = partial(letters.answer_came, quote)
            post(f"quote-{event.verb}-staff", key_of(event, quote.pk), _staff(quote), told)


def _staff(quote: Quote) -> list[Recipient]:
    """Who wrote it and the managers of its shop, each once."""
    managers = User.objects.filter(
        is_active=True,
        role=Role.SHOP_MANAGER,
        pk__in=Membership.objects.filter(shop=quote.order.shop_id).values("user"),
    )
    people = {user.pk: user for user in managers}
    if quote.written_by.is_active:
        people[quote.written_by_id] = quote.written_by
    return [Recipient.of(user) for user in people.values()]


@subscribe(ServiceAgreement, "expiring")
def expiry_news(event: Event) -> None:
    agents = [Recipient.of(user) for user in User.objects.agents()]
    for agreement in event.subjects().select_related("customer"):
        written = partial(letters.agreement_expiring, agreement)
        post("agreement-expiring", key_of(event, agreement.pk), agents, written)
