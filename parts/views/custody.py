"""What customers read of the parts of their order."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from parts.services.custody import replaced_for
from workorders.models import RepairOrder


@require_safe
@access(Role.CUSTOMER, Role.AGENT)
def replaced(request: UserRequest, code: str) -> HttpResponse:
    """Which serial number took the place of which (D4); the order's page loads it, and shows
    nothing where nothing was replaced."""
    order = get_object_or_404(RepairOrder.objects.visible_to(request.user), code=code)
    rows = replaced_for(request.user, order=order)
    context = {
        "order": order,
        "rows": rows,
        "with_sn": True,
        "crumbs": [
            (reverse("workorders:repair", args=[order.code]), order.code),
            ("", _("Replaced parts")),
        ],
    }
    if request.headers.get("HX-Request"):
        response = render(request, "parts/_replaced.html", context) if rows else HttpResponse("")
    else:
        response = render(request, "parts/replaced.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
