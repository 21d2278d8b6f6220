"""Which news becomes a mail, and to whom. Runs inside the transaction of what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from accounts.models import Invitation, User
from accounts.roles import Role
from attachments.models import Attachment
from billing.models import QuoteUnit
from core.events import Event, subscribe
from notifications import letters
from notifications.services import Recipient, people_of, post
from workorders.models import Counselling, Message, RepairOrder, Unit

Letter = Callable[[Any], letters.Letter]

ENQUIRY_LETTERS: dict[str, Letter] = {
    "opened": letters.enquiry_opened,
    "resolve": letters.enquiry_solved,
    "refer": letters.enquiry_referred,
    "convert": letters.repair_needed,
}
ORDER_LETTERS: dict[str, Letter] = {
    "submit": letters.order_submitted,
    "follow_units:received": letters.order_received,
    "follow_units:repaired": letters.order_repaired,
    "cancel": letters.order_cancelled,
    "complete": letters.order_completed,
    "parcel_without_order": letters.parcel_without_order,
}
UNIT_LETTERS = {
    "ask_customer": letters.unit_needs_you,
    "give_up": letters.unit_not_repaired,
    "reject": letters.unit_not_repaired,
}


def key_of(event: Event, pk: int) -> str:
    """The happening itself: the same event told twice makes one mail."""
    return f"{pk}:{event.at.timestamp():.6f}"


@subscribe(Counselling, *ENQUIRY_LETTERS)
def enquiry_news(event: Event) -> None:
    letter = ENQUIRY_LETTERS[event.verb]
    for enquiry in event.subjects().select_related("customer", "opened_by", "device"):
        to = people_of(enquiry.customer, enquiry.opened_by)
        post(f"enquiry-{event.verb}", key_of(event, enquiry.pk), to, partial(letter, enquiry))


@subscribe(Counselling, "message_posted")
def message_news(event: Event) -> None:
    """An answer goes to the customer, a customer's message to the agent who has the enquiry."""
    if event.internal:
        return
    message = Message.objects.get(pk=event.data["message"])
    files = Attachment.objects.owned_by(Message, [message.pk]).count()
    for enquiry in event.subjects().select_related("customer", "opened_by", "assignee"):
        if message.author_role == Role.CUSTOMER:
            to = [Recipient.of(enquiry.assignee)] if enquiry.assignee else []
            letter = letters.customer_wrote
        else:
            to, letter = people_of(enquiry.customer, enquiry.opened_by), letters.reply_posted
        written = partial(letter, enquiry, text=message.text, files=files)
        post("message", key_of(event, message.pk), to, written)


@subscribe(Counselling, "assigned")
def assignment_news(event: Event) -> None:
    """To the new assignee, unless they took it themselves."""
    for enquiry in event.subjects().select_related("assignee"):
        if enquiry.assignee and enquiry.assignee_id != event.actor_id:
            to = [Recipient.of(enquiry.assignee)]
            written = partial(letters.enquiry_assigned, enquiry)
            post("assigned", key_of(event, enquiry.pk), to, written)


def _customers_of(order: RepairOrder) -> list[Recipient]:
    return people_of(order.customer, order.opened_by)


@subscribe(RepairOrder, "submit", "follow_units", "cancel", "complete", "parcel_without_order")
def order_news(event: Event) -> None:
    name = f"{event.verb}:{event.target}" if event.verb == "follow_units" else event.verb
    letter = ORDER_LETTERS.get(name)
    if letter is None:
        return
    orders = event.subjects().select_related("customer", "opened_by", "shop", "carrier")
    for order in orders:
        written = partial(letter, order)
        post(f"order-{name}", key_of(event, order.pk), _customers_of(order), written)


@subscribe(RepairOrder, "return_shipped")
def return_news(event: Event) -> None:
    """Carrier and number as soon as they are saved (R32)."""
    facts = {name: str(event.data.get(name, "")) for name in ("carrier", "waybill", "tracking")}
    for order in event.subjects().select_related("customer", "opened_by", "shop"):
        written = partial(letters.return_shipped, order, **facts)
        post("order-returned", key_of(event, order.pk), _customers_of(order), written)


@subscribe(Unit, *UNIT_LETTERS)
def unit_news(event: Event) -> None:
    """One mail per order, however many of its units the step moved (D14)."""
    sns: dict[int, list[str]] = defaultdict(list)
    units = event.subjects()
    if event.verb == "ask_customer":  # a quote asks by a letter of its own
        units = units.exclude(pk__in=QuoteUnit.objects.waiting().values("unit"))
    for order_pk, sn in units.values_list("order_id", "sn"):
        sns[order_pk].append(sn)
    orders = RepairOrder.objects.filter(pk__in=sns).select_related("customer", "opened_by", "shop")
    for order in orders:
        written = partial(UNIT_LETTERS[event.verb], order, sns=sns[order.pk])
        post(f"unit-{event.verb}", key_of(event, order.pk), _customers_of(order), written)


@subscribe(Invitation, "invited")
def invitation_news(event: Event) -> None:
    for invitation in event.subjects().select_related("customer", "invited_by"):
        known = User.objects.filter(email=invitation.email).first()
        language = known.language if known else invitation.invited_by.language
        to = Recipient(invitation.email, invitation.email, language)
        url = letters.address("accounts:join", invitation.token)
        written = partial(
            letters.invited, str(invitation.customer), str(invitation.invited_by), url=url
        )
        post("invited", key_of(event, invitation.pk), [to], written, private=True)
