"""The Summary of an order: progress in charts, and the units behind them (R62, R63, R69-R71)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.access import UserRequest
from core.templatetags.ui import query
from workorders.charts import charts_of
from workorders.models import RepairOrder
from workorders.services.choice import with_services
from workorders.views.order.frame import frame
from workorders.views.order.listing import Wanted, counts_of, table

SHORT = 6  # rows; the Miners tab has all of them


def order_page(request: UserRequest, order: RepairOrder) -> HttpResponse:
    """The order for agents, workshop and admins; called by the one view of its address.

    Charts count all units of the order, whatever the filter below them shows.
    """
    wanted = Wanted.of(request.GET)

    def link(**changes: Any) -> str:
        return query(request, **changes)

    charts = charts_of(order, request.user, link, **wanted.segments)
    units = wanted.units(order, request.user)
    counts = counts_of(units) if wanted.words else Counter(charts.by_state)
    rows = with_services(units).select_related("model").order_by("pk")[:SHORT]
    context = {
        **frame(request, order, "summary"),
        **table(request, order, wanted, list(rows), counts),
        "charts": charts,
        "short": True,
        "all_url": reverse("workorders:order-miners", args=[order.code]) + wanted.query,
        "user": request.user,
    }
    return render(request, "workorders/order/summary.html", context)
