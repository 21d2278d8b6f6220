"""Where devices are repaired: service centres and third-party shops."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from accounts.roles import EVERYONE
from repairshops.directory import by_region
from repairshops.models import RepairShop


@require_safe
@access(*EVERYONE)
def shop_list(request: UserRequest) -> HttpResponse:
    """Region, name, full postal address and contact data (R9, R24); ?kind= and ?region= filter."""
    kind, region = request.GET.get("kind", ""), request.GET.get("region", "")
    every = by_region(RepairShop.objects.visible_to(request.user).for_list())
    shops = [
        shop
        for group in every
        for shop in group.shops
        if kind in ("", shop.shop.kind) and region in ("", group.key)
    ]
    context = {
        "regions": by_region(shown.shop for shown in shops),
        "choices": [(group.key, group.name) for group in every],
        "region": region,
        "kind": kind,
        "tabs": _tabs(kind),
    }
    return render(request, "repairshops/shop_list.html", context)


def _tabs(kind: str) -> list[dict[str, Any]]:
    views = [
        ("", _("All")),
        (RepairShop.Kind.OFFICIAL, _("Official service centres")),
        (RepairShop.Kind.THIRD_PARTY, _("Third-party repair shops")),
    ]
    return [
        {"url": f"?kind={name}" if name else "?", "label": label, "current": kind == name}
        for name, label in views
    ]
