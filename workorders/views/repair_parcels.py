"""The parcels of a submitted order: packing slip, waybills, way back, until receipt."""

from __future__ import annotations

import io

import segno
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from core.workflow import Refused, Stale, Text, not_from
from jobs.once import once
from logistics.models import Direction, Shipment
from workorders.forms.repairs import ReturnForm, WaybillForm
from workorders.models import RepairOrder
from workorders.services import orders
from workorders.views.answers import see_other
from workorders.views.repair_parts import at_version, find_order

State = RepairOrder.State
EDITORS = (Role.CUSTOMER, Role.AGENT)
METHODS = ["GET", "HEAD", "POST"]
LISTED = 200  # devices named on a packing slip


def _waiting(request: HttpRequest, code: str) -> RepairOrder:
    """The order while its parcel is on the way. Raises Http404, Refused."""
    order = find_order(request, code)
    if order.state != State.PENDING_DELIVERY or order.consignment is None:
        raise Refused(not_from(order))
    if order.received_at is not None:
        raise Refused(_("The repair shop has received devices of this order."))
    return order


def _back(order: RepairOrder) -> str:
    return reverse("workorders:repair", args=[order.code])


@require_safe
@access(Role.CUSTOMER, Role.AGENT)
def packing_slip(request: UserRequest, code: str) -> HttpResponse:
    """One sheet for the box: the code as words and as QR, what is inside, where it goes."""
    order = find_order(request, code)
    if order.shop is None:
        raise Refused(_("Choose the repair shop."))
    units = orders.units_of(order).select_related("model").order_by("pk")[:LISTED]
    context = {
        "order": order,
        "units": units,
        "more": max(0, order.unit_count - LISTED),
        "qr": qr_code(order.code),
        "back_url": _back(order),
    }
    return render(request, "workorders/repair/packing_slip.html", context)


def qr_code(text: str) -> SafeString:
    """An SVG of the code, to be scanned at receipt; segno writes no user text into it."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=2, svgclass="qr",
        lineclass=None,
    )  # fmt: skip
    return mark_safe(out.getvalue().decode())  # noqa: S308 - drawn from our own code, no markup in it


# ------------------------------------------------------------------ waybills
@require_http_methods(METHODS)
@access(*EDITORS)
def waybill_correct(request: UserRequest, code: str, pk: int) -> HttpResponse:
    order = _waiting(request, code)
    rows = Shipment.objects.visible_to(request.user).filter(direction=Direction.IN)
    shipment = get_object_or_404(rows, consignment=order.consignment_id, pk=pk)
    title = _("Correct the waybill")
    if request.method != "POST":
        start = {
            "version": shipment.version,
            "carrier": shipment.carrier_id,
            "waybill": shipment.waybill,
        }
        return _waybill_page(request, order, WaybillForm(initial=start), title)
    form = WaybillForm(request.POST)
    if not form.is_valid():
        return _waybill_page(request, order, form, title)
    told = form.cleaned_data
    try:
        orders.correct_waybill(
            shipment,
            order,
            version=told["version"] or 0,
            carrier=told["carrier"],
            waybill=told["waybill"],
            actor=request.user,
        )
    except ValidationError as error:
        form.add_error("waybill", error.messages)
        return _waybill_page(request, order, form, title)
    except Stale as stale:
        at_version(form, stale.subject.version)  # type: ignore[attr-defined]
        return _waybill_page(request, order, form, title, stale=str(stale.subject))
    messages.success(request, _("Waybill corrected."))
    return see_other(_back(order))


@require_http_methods(METHODS)
@access(*EDITORS)
@once
def waybill_add(request: UserRequest, code: str) -> HttpResponse:
    """A further parcel of the same order."""
    order = _waiting(request, code)
    title = _("Add another waybill")
    form = WaybillForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _waybill_page(request, order, form, title)
    told = form.cleaned_data
    try:
        orders.add_waybill(
            order, carrier=told["carrier"], waybill=told["waybill"], actor=request.user
        )
    except ValidationError as error:
        form.add_error("waybill", error.messages)
        return _waybill_page(request, order, form, title)
    messages.success(request, _("Waybill added."))
    return see_other(_back(order))


def _waybill_page(
    request: HttpRequest, order: RepairOrder, form: WaybillForm, title: Text, stale: str = ""
) -> HttpResponse:
    context = {"order": order, "form": form, "title": title, "stale": stale, "back": _back(order)}
    status = 409 if stale else 422 if form.is_bound else 200
    return render(request, "workorders/repair/waybill.html", context, status=status)


# ------------------------------------------------------------------ the way back
@require_http_methods(METHODS)
@access(*EDITORS)
def return_correct(request: UserRequest, code: str) -> HttpResponse:
    order = _waiting(request, code)
    form = ReturnForm(request.POST if request.method == "POST" else None, order=order)
    if not form.is_valid():
        return _return_page(request, order, form)
    told = form.cleaned_data
    try:
        orders.correct_return(
            order,
            version=told["version"],
            return_to=told["return_to"],
            return_carrier=told["return_carrier"],
            actor=request.user,
        )
    except Stale:
        fresh = find_order(request, code)
        at_version(form, fresh.version)
        return _return_page(request, fresh, form, stale=True)
    messages.success(request, _("Way back corrected."))
    return see_other(_back(order))


def _return_page(
    request: HttpRequest, order: RepairOrder, form: ReturnForm, *, stale: bool = False
) -> HttpResponse:
    context = {
        "order": order,
        "form": form,
        "stale": stale,
        "title": _("Correct the way back"),
        "back": _back(order),
        "own": request.user.role == Role.CUSTOMER,  # type: ignore[union-attr]
    }
    status = 409 if stale else 422 if form.is_bound else 200
    return render(request, "workorders/repair/return_correct.html", context, status=status)
