"""What enquiries show on pages of lower floors: the way on from a warranty look-up."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.roles import Role
from core.panels import panel
from devices.lookup import LookupResult
from workorders.models import Counselling
from workorders.services.counselling import open_order_of

EARLIER = 5


def register() -> None:
    panel(User, "workorders/repair/_home.html", place="home")(fill_home)
    panel(LookupResult, "workorders/counselling/_open_button.html", place="actions", order=10)(
        fill_open_button
    )
    panel(LookupResult, "workorders/counselling/_earlier.html", place="main")(fill_earlier)


def fill_home(_person: User, user: User) -> dict[str, Any] | None:
    """The customer's home: what waits for them, and their other open work orders."""
    from workorders.views.my_orders import on_home  # views are loaded after the apps are ready

    return on_home(user)


def fill_open_button(result: LookupResult, user: User) -> dict[str, Any] | None:
    """In warranty, or repaired for a quote: open an enquiry, or go to one's order (R7, E11)."""
    if user.role != Role.CUSTOMER or not user.customer_id or not result.may_open:
        return None
    order = open_order_of(result.sn)
    own = order is not None and order.customer_id == user.customer_id
    return {"order": order if own else None}


def fill_earlier(result: LookupResult, user: User) -> dict[str, Any] | None:
    """One's own enquiries about this device, newest first; nobody else's (E11)."""
    if user.role != Role.CUSTOMER or not result.known:
        return None
    rows = Counselling.objects.visible_to(user).filter(sn=result.sn)
    found = list(rows.order_by("-pk")[:EARLIER])
    return {"enquiries": found} if found else None
