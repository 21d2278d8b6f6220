"""What the mails about the parts stock say."""

from __future__ import annotations

from django.utils.translation import gettext as _

from notifications.letters import Letter, address
from parts.models import Stock


def stock_is_low(row: Stock) -> Letter:
    said = {"type": row.type.name, "shop": row.shop.name, "quantity": row.quantity}
    return Letter(
        _("Parts stock is low: %(type)s") % said,
        [_("%(shop)s has %(quantity)d of “%(type)s” left. Order more in time.") % said],
        facts=[
            (_("Type"), row.type.code),
            (_("Free"), str(row.free)),
            (_("Low at"), str(row.effective_low_at)),
        ],
        url=address("parts:type", row.pk),
        action=_("Open the type"),
    )
