"""What the clock does to quotes."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from billing.models import Quote
from billing.services import quotes
from core.workflow import Refused


@shared_task
def remind_of_quotes() -> int:
    """Remind customers three and seven days after a quote was sent, once each; how many.

    Idempotent: what was sent stands on the quote.
    """
    now = timezone.now()
    return sum(
        quotes.remind(pk, number, actor=None, at=now) for pk, number in quotes.to_remind(now)
    )


@shared_task
def expire_quotes() -> int:
    """Quotes whose last day has passed unanswered expire; how many.

    Idempotent; one that was answered meanwhile is left alone.
    """
    done = 0
    for pk in quotes.overdue():
        quote = Quote.objects.select_related("order__customer").filter(pk=pk).first()
        if quote is None:
            continue
        try:
            quotes.expire(quote, actor=None)
        except Refused:
            continue
        done += 1
    return done
