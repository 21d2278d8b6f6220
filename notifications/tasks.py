"""The relay: takes mails with a lease, hands them over, tries again with growing pauses."""

from __future__ import annotations

import logging
import smtplib
from datetime import timedelta

from celery import shared_task
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection as database
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from notifications.models import Mail

log = logging.getLogger(__name__)

BATCH = 50  # mails under one lease
LEASE = timedelta(minutes=5)  # longer than a batch takes against a server that stalls each mail
BATCHES_PER_RUN = 20
GIVE_UP_AFTER = 8  # attempts: after about a day
FIRST_PAUSE = timedelta(minutes=1)


@shared_task
def relay_mail() -> int:
    """Send what is due; returns how many were handed over. Idempotent, re-driven by the clock.

    A killed relay loses nothing: its lease ends and the mails are sent again with the same
    Message-ID (at least once, G3).
    """
    sent = 0
    for _ in range(BATCHES_PER_RUN):
        mails = claim()
        if not mails:
            break
        sent += hand_over(mails)
    return sent


def claim() -> list[Mail]:
    """Take up to BATCH due mails: the attempt is counted before sending, the lease is short."""
    with transaction.atomic():
        now = timezone.now()
        due = Mail.objects.due(now).order_by("next_try_at", "pk")
        if database.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        mails = list(due[:BATCH])
        Mail.objects.filter(pk__in=[mail.pk for mail in mails]).update(
            next_try_at=now + LEASE, attempts=F("attempts") + 1
        )
    for mail in mails:
        mail.attempts += 1
    return mails


def hand_over(mails: list[Mail]) -> int:
    """Over one connection, outside any transaction. One bad mail does not stop the rest."""
    server, sent = get_connection(), 0
    try:
        server.open()
    except OSError as error:
        postpone(mails, error)
        return 0
    try:
        for mail in mails:
            try:
                deliver(mail, server)
                sent += 1
            except Exception as error:
                failed(mail, error)
    finally:
        close(server)
    return sent


def deliver(mail: Mail, server: BaseEmailBackend) -> None:
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[mail.recipient],
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
        connection=server,
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    message.send()
    Mail.objects.filter(pk=mail.pk).update(
        state=Mail.State.SENT, sent_at=timezone.now(), last_error=""
    )


def failed(mail: Mail, error: Exception) -> None:
    """Wait 1, 2, 4 … minutes; after the last attempt, or when refused for good, give up."""
    final = isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= 500 for code, _text in error.recipients.values()
    )
    dead = final or mail.attempts >= GIVE_UP_AFTER
    Mail.objects.filter(pk=mail.pk).update(
        state=Mail.State.DEAD if dead else Mail.State.WAITING,
        last_error=f"{type(error).__name__}: {error}"[:500],
        next_try_at=timezone.now() + FIRST_PAUSE * 2 ** (mail.attempts - 1),
    )
    log.info("mail %s not sent (%s), attempt %s", mail.pk, type(error).__name__, mail.attempts)


def postpone(mails: list[Mail], error: Exception) -> None:
    """The server is not there: that is nobody's attempt."""
    Mail.objects.filter(pk__in=[mail.pk for mail in mails]).update(
        attempts=F("attempts") - 1,
        next_try_at=timezone.now() + FIRST_PAUSE,
        last_error=f"{type(error).__name__}: {error}"[:500],
    )
    log.warning("mail server not reached: %s", type(error).__name__)


def close(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except (OSError, smtplib.SMTPException):
        log.info("mail server closed first")
