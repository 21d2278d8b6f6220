"""All units of an order: filters, pages, the CSV of exactly what is filtered (R65, R72, R75)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from core.csvout import csv_response
from workorders.models import Fault, Place, Unit
from workorders.services import bulk
from workorders.services.choice import with_services
from workorders.views.bench.parts import page_by_key
from workorders.views.order.frame import READERS, frame, order_of
from workorders.views.order.listing import Wanted, counts_of, table

EXPORT_BATCH = 2_000


@require_safe
@access(*READERS)
def miners(request: UserRequest, code: str) -> HttpResponse:
    """Fifty devices a page, by key; what nothing is picked of, bulk work means all of."""
    order = order_of(request, code)
    wanted = Wanted.of(request.GET)
    units = wanted.units(order, request.user)
    page = page_by_key(request, with_services(units).select_related("model"), newest=False)
    context = {
        **frame(request, order, "miners"),
        **table(request, order, wanted, page.rows, counts_of(units)),
        "page": page,
        "selects": _selects(wanted),
        "export": reverse("workorders:order-csv", args=[order.code]) + wanted.query,
        "user": request.user,
    }
    return render(request, "workorders/order/miners.html", context)


def _selects(wanted: Wanted) -> list[dict[str, Any]]:
    """The drop-downs of the toolbar."""
    listed: list[tuple[str, Any, Any, Any]] = [
        ("state", _("State"), _("Any state"), Unit.State.choices),
        ("place", _("Place"), _("Any place"), Place.choices),
        ("fault", _("Fault"), _("Any fault"), Fault.choices),
        ("service", _("Services"), _("Any service"), [(bulk.OPEN_SERVICES, _("Services open"))]),
    ]
    return [
        {
            "name": name,
            "label": label,
            "options": [("", every, False)]
            + [
                (value, words, value == getattr(wanted, name))
                for value, words in choices
                if value != Unit.State.CANCELLED
            ],
        }
        for name, label, every, choices in listed
    ]


HEADER = (
    _("Serial number"),
    _("Device model"),
    _("MAC address"),
    _("Asset tag"),
    _("State"),
    _("Place"),
    _("Warranty"),
    _("Faults"),
    _("Finding"),
    _("Work done"),
    _("Reason"),
    _("Services done"),
    _("Services in scope"),
    _("Engineer"),
    _("Received"),
    _("Due"),
    _("Ready"),
)


@require_safe
@access(*READERS)
def miners_csv(request: UserRequest, code: str) -> HttpResponseBase:
    """Exactly what is filtered, as CSV."""
    order = order_of(request, code)
    units = with_services(Wanted.of(request.GET).units(order, request.user))
    rows = units.select_related("model", "engineer").order_by("pk").iterator(EXPORT_BATCH)
    zone, language = timezone.get_current_timezone(), translation.get_language() or "en"
    name = _now("%(code)s-miners.csv") % {"code": order.code}
    return csv_response(name, [str(word) for word in HEADER], _lines(rows, zone, language))


def _lines(rows: Iterator[Any], zone: Any, language: str) -> Iterator[list[Any]]:
    """The stream outlives the request: language and zone are those of who asked."""
    for unit in rows:
        with translation.override(language):
            line = _line(unit, zone)
        yield line


def _line(unit: Any, zone: Any) -> list[Any]:
    stamps = (unit.received_at, unit.due_at, unit.ready_at)
    return [
        unit.sn,
        unit.model.name if unit.model else unit.get_device_type_display(),
        unit.mac,
        unit.asset_tag,
        unit.get_state_display(),
        Place(unit.place).label,
        unit.get_verdict_display(),
        ", ".join(str(Fault(name).label) for name in unit.faults),
        unit.finding,
        unit.work_done,
        unit.exit_reason,
        unit.service_done,
        unit.service_count,
        unit.engineer.name if unit.engineer else "",
        *(timezone.localtime(at, zone).strftime("%Y-%m-%d %H:%M") if at else "" for at in stamps),
    ]
