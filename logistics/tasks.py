"""What carriers told and what the clock clears away."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from logistics import tracking
from logistics.models import TrackingEvent


@shared_task
def report_event(pk: int) -> None:
    """A carrier's message goes up; repeated, it changes nothing more."""
    event = TrackingEvent.objects.filter(pk=pk).first()
    if event is not None:
        tracking.report(event, actor=None)


@shared_task
def forget_messages() -> int:
    """Messages about numbers that nobody ever gave. Returns how many went."""
    return tracking.forget_unmatched(timezone.now())
