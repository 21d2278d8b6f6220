"""The Billing tab: a frame that the floors above fill (R62, R78)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from workorders.views.order.frame import BILLING_ROLES, READERS, frame, order_of


@require_safe
@access(*READERS)
def billing(request: UserRequest, code: str) -> HttpResponse:
    """Slot: order "billing". Quotes, invoices and payments of the order stand in its panels."""
    order = order_of(request, code)
    if request.user.role not in {*BILLING_ROLES, Role.ADMIN}:
        raise PermissionDenied("billing")
    context = {**frame(request, order, "billing"), "user": request.user}
    return render(request, "workorders/order/billing.html", context)
