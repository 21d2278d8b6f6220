"""Shipping damage of an order: the newest where it is talked about, all of it on a page (R66)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from logistics.models import Damage
from workorders.models import RepairOrder
from workorders.views.bench.parts import Page, damages_of, page_by_key, with_photos
from workorders.views.goods.reading import STAFF
from workorders.views.order.frame import order_of

FEW, A_PAGE = 3, 20


@require_safe
@access(*STAFF)
def damages(request: UserRequest, code: str) -> HttpResponse:
    """A page of them, the newest first. Asked by htmx: the newest few, nothing where none is."""
    order = order_of(request, code)
    if request.headers.get("HX-Request"):
        response = _newest(request, order)
    else:
        page = _listed(request, order)
        context = {
            "order": order,
            "page": page,
            "damages": with_photos(page.rows),
            "crumbs": [
                (reverse("workorders:order-logistics", args=[order.code]), order.code),
                ("", _("Shipping damage")),
            ],
        }
        response = render(request, "workorders/goods/damages.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _newest(request: UserRequest, order: RepairOrder) -> HttpResponse:
    found = damages_of(order, newest=FEW + 1)
    if not found:
        return HttpResponse("")
    context = {"order": order, "damages": found[-FEW:], "more": len(found) > FEW}
    return render(request, "workorders/goods/_damages.html", context)


def _listed(request: UserRequest, order: RepairOrder) -> Page:
    rows = Damage.objects.visible_to(request.user).filter(consignment=order.consignment_id)
    rows = rows.select_related("recorded_by", "container__consignment")
    return page_by_key(request, rows, newest=True, size=A_PAGE)
