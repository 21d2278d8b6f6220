"""What the clock does to service agreements."""

from __future__ import annotations

from celery import shared_task

from scopes.services import agreements


@shared_task
def tell_expiring_agreements() -> int:
    """Tell customer service of agreements that run out within thirty days, once each.

    Returns how many. Idempotent.
    """
    found = agreements.expiring_on(agreements.today())
    return sum(agreements.tell_expiry(pk, actor=None) for pk in found)
