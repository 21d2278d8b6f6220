"""Which news of the parts stock becomes a mail."""

from __future__ import annotations

from functools import partial

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from core.events import Event, subscribe
from notifications import parts_letters
from notifications.services import Recipient, post
from parts.models import Stock


@subscribe(Stock, "low")
def stock_news(event: Event) -> None:
    """To the managers of the shop: at most one mail per type and day (D14)."""
    for row in event.subjects().select_related("type", "shop"):
        managers = User.objects.filter(
            role=Role.SHOP_MANAGER, is_active=True, memberships__shop=row.shop_id
        )
        to = [Recipient.of(manager) for manager in managers]
        day = timezone.localtime(event.at).date().isoformat()
        post("stock-low", f"{row.pk}:{day}", to, partial(parts_letters.stock_is_low, row))
