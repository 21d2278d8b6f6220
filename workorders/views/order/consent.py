"""The customer gives devices up that cannot be repaired; only then may they be scrapped (E7)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import UserRequest, access
from accounts.roles import Role
from core.workflow import Refused
from jobs.once import once
from workorders.services import bulk
from workorders.views.answers import see_other
from workorders.views.bench.parts import number
from workorders.views.order.frame import order_of
from workorders.views.order.listing import picked


@require_POST
@access(Role.CUSTOMER)
@once
def order_scrapping(request: UserRequest, code: str) -> HttpResponse:
    """The customer's own button on the order's page: the picked devices, or all that wait for it.

    For all, the number that the page named must still be the number.
    """
    order = order_of(request, code)
    pks = picked(request.POST) or None
    units = bulk.chosen(order, request.user, pks=pks)
    if pks is None and number(request.POST.get("count", "")) != bulk.waiting_for_consent(units):
        raise Refused(_("The list changed meanwhile. Look at it again before you agree."))
    count = bulk.agree_to_scrapping(order, units, actor=request.user)
    if not count:
        raise Refused(_("None of these devices waits for your consent any more."))
    said = ngettext(
        "You agreed to scrapping %(count)d device.",
        "You agreed to scrapping %(count)d devices.",
        count,
    )
    messages.success(request, said % {"count": count})
    return see_other(reverse("workorders:repair", args=[order.code]))
