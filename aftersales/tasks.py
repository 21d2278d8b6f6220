"""The sign of life of clock and worker."""

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

HEARTBEAT = "heartbeat"


@shared_task
def heartbeat() -> None:
    """Tell /healthz/ that a task went from the clock through the broker to a worker."""
    cache.set(HEARTBEAT, timezone.now().isoformat(), 300)
