"""The one outbox for every mail: written with what happened, sent after it is committed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import Customer, User
from notifications.letters import Letter
from notifications.models import Mail


@dataclass(frozen=True)
class Recipient:
    """Who gets a mail, in which language and time zone."""

    email: str
    name: str
    language: str = "en"
    zone: str = "UTC"
    user_id: int | None = None

    @classmethod
    def of(cls, user: User) -> Recipient:
        return cls(user.email, str(user), user.language, user.timezone, user.pk)


def people_of(customer: Customer, first: User | None = None) -> list[Recipient]:
    """Whoever opened it if that is a login of theirs, else every login, else the card's e-mail."""
    if first is not None and first.is_active and first.customer_id == customer.pk:
        return [Recipient.of(first)]
    logins = [Recipient.of(user) for user in customer.people.filter(is_active=True)]
    if logins or not customer.email:
        return logins
    return [Recipient(customer.email, customer.name, customer.language)]


def post(
    event: str,
    key: str,
    recipients: Iterable[Recipient],
    letter: Callable[[], Letter],
    *,
    private: bool = False,
) -> None:
    """Put one mail per person into the outbox, in the transaction of what happened (G3, D14).

    `key` names the happening: the same key, event and person never makes a second mail. Staff
    never read the body of a `private` one: its link is a key.
    """
    mails = []
    for to in recipients:
        with translation.override(to.language), timezone.override(to.zone):
            mail = _mail(event, f"{event}:{key}:{to.email}", to, letter())
        mail.private = private
        mails.append(mail)
    enqueue(mails)


def post_private(event: str, key: str, to: Recipient, subject: str, text: str) -> None:
    """A mail whose body is nobody else's business: sign-in links and codes of allauth."""
    mail = _row(event, key, to, subject, text, "")
    mail.private = True
    enqueue([mail])


def enqueue(mails: list[Mail]) -> None:
    """Write the rows and wake the relay after commit; a row that is there already stays."""
    from notifications.tasks import relay_mail

    if mails:
        Mail.objects.bulk_create(mails, ignore_conflicts=True)
        relay_mail.delay_on_commit()  # type: ignore[attr-defined]


def _mail(event: str, key: str, to: Recipient, letter: Letter) -> Mail:
    context = {"letter": letter, "to": to, "brand": settings.BRAND_NAME, "site": settings.SITE_URL}
    text = render_to_string("emails/letter.txt", context)
    html = render_to_string("emails/letter.html", context)
    return _row(event, key, to, letter.subject, text, html)


def _row(event: str, key: str, to: Recipient, subject: str, text: str, html: str) -> Mail:
    digest = hashlib.sha256(key.encode()).hexdigest()
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return Mail(
        event=event,
        dedupe=key if len(key) <= 200 else digest,
        recipient=to.email,
        user_id=to.user_id,
        language=to.language,
        subject=" ".join(subject.split())[:200],
        text=text,
        html=html,
        message_id=f"<{digest[:40]}@{host}>",
        next_try_at=timezone.now(),
    )
