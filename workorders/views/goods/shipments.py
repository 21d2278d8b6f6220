"""One shipment: its containers, number, dates, and what the carrier said (R32, R64, D6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP, Role
from core.workflow import Stale
from logistics import shipping
from logistics.models import Direction, Shipment
from workorders.forms.bench import CorrectionForm, MovementForm, add_errors
from workorders.forms.goods import EventForm
from workorders.models import RepairOrder
from workorders.services import boxing, returns
from workorders.views.answers import see_other
from workorders.views.bench.parts import asked, number, page_by_key
from workorders.views.goods.reading import (
    READERS,
    STAFF,
    containers_of,
    find_shipment,
    may_pack,
    order_of_goods,
)
from workorders.views.repair_parts import at_version

BOXES = 25  # containers on a page
EVENTS, ALL_EVENTS = 8, 200  # the newest; `?events=all` shows the others


@require_safe
@access(*READERS)
def shipment(request: UserRequest, pk: int) -> HttpResponse:
    """Where it is, what is on it, and what can be corrected."""
    return _page(request, find_shipment(request, pk))


def _page(
    request: UserRequest,
    one: Shipment,
    *,
    status: int = 200,
    forms: dict[str, Form] | None = None,
    conflict: bool = False,
) -> HttpResponse:
    order, given = order_of_goods(request, one), forms or {}
    boxes = boxing.with_held(containers_of(request).filter(shipment=one.pk))
    packs = may_pack(request, order)
    out = one.direction == Direction.OUT
    context = {
        "shipment": one,
        "order": order,
        "page": page_by_key(request, boxes, newest=False, size=BOXES),
        **_events(request, one),
        "may_correct": packs and out and one.delivered_at is None,
        "may_date": packs and out and bool(one.waybill),
        "may_remove": packs and out and one.tracked_at and not shipping.why_not_touch(one),
        "may_note": request.user.role in STAFF and bool(one.waybill),
        "may_unload": packs and shipping.why_not_touch(one) is None,
        "correction": given.get("correction") or CorrectionForm.of(one, order),
        "movement": given.get("movement") or MovementForm.of(one),
        "event": given.get("event") or EventForm(),
        "given": bool(given),
        "conflict": conflict,
        "customer": request.user.role == Role.CUSTOMER,
        "crumbs": _crumbs(request, one, order),
    }
    return render(request, "workorders/goods/shipment.html", context, status=status)


def _events(request: UserRequest, one: Shipment) -> dict[str, Any]:
    most = ALL_EVENTS if asked(request, "events") == "all" else EVENTS
    found = list(one.events.select_related("recorded_by")[: most + 1])
    return {"events": found[:most], "more_events": len(found) > most and most == EVENTS}


def _crumbs(request: UserRequest, one: Shipment, order: RepairOrder) -> list[tuple[str, Any]]:
    if request.user.role == Role.CUSTOMER:
        return [(reverse("workorders:repair", args=[order.code]), order.code), ("", str(one))]
    tab = reverse("workorders:order-logistics", args=[order.code])
    return [(reverse("workorders:shipments"), _("Shipments")), (tab, order.code), ("", str(one))]


def _back(one: Shipment) -> HttpResponse:
    return see_other(reverse("workorders:shipment", args=[one.pk]))


def _written(
    request: UserRequest, one: Shipment, name: str, form: Any, act: Callable[..., Any]
) -> HttpResponse:
    """Do it with what the form says; what speaks against it stands beside the fields."""
    if form.is_valid():
        order = order_of_goods(request, one)
        try:
            act(order, one, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        except Stale as stale:
            at_version(form, stale.subject.version)  # type: ignore[attr-defined]
            again = find_shipment(request, one.pk)
            return _page(request, again, status=409, forms={name: form}, conflict=True)
        else:
            return _back(one)
    return _page(request, one, status=422, forms={name: form})


@require_POST
@access(*WORKSHOP)
def shipment_number(request: UserRequest, pk: int) -> HttpResponse:
    """Its number, given now or corrected."""
    one = find_shipment(request, pk)
    form = CorrectionForm(request.POST, order=order_of_goods(request, one), prefix=f"s{pk}")
    return _written(request, one, "correction", form, returns.correct_tracking)


@require_POST
@access(*WORKSHOP)
def shipment_dates(request: UserRequest, pk: int) -> HttpResponse:
    """When it was picked up and delivered."""
    form = MovementForm(request.POST, prefix=f"m{pk}")
    return _written(request, find_shipment(request, pk), "movement", form, returns.move_return)


@require_POST
@access(*STAFF)
def tracking_add(request: UserRequest, pk: int) -> HttpResponse:
    """What the carrier said by telephone or on its page; the dates follow."""
    form = EventForm(request.POST)
    return _written(request, find_shipment(request, pk), "event", form, returns.note_event)


@require_POST
@access(*WORKSHOP)
def shipment_remove(request: UserRequest, pk: int) -> HttpResponse:
    """Take the number back; the order moves back with it."""
    one = find_shipment(request, pk)
    version = number(request.POST.get("version", "")) or 0
    order = order_of_goods(request, one)
    returns.remove_return_tracking(order, one, version=version, actor=request.user)
    messages.info(request, _now("The number is removed."))
    return _back(one)
