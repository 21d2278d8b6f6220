"""Self-service repair: find the code, fill in the draft, submit, cancel, confirm (R22-R30)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from core.workflow import Refused, Stale, Step, Text
from jobs.once import once
from logistics.forms import AddressForm
from workorders.forms.repairs import CancelForm, CodeForm, DraftForm
from workorders.models import RepairOrder
from workorders.services import orders
from workorders.views.answers import see_other
from workorders.views.order.summary import order_page
from workorders.views.repair_detail import detail_page
from workorders.views.repair_parts import (
    DRAFT_PAGE,
    at_version,
    find_order,
    units_page,
    way_to,
)

State = RepairOrder.State
NEW = "new"  # prefix of the address that is entered in place


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.CUSTOMER)
def self_service(request: UserRequest) -> HttpResponse:
    """Enter a first visit code, or choose among one's own drafts (R22)."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        order = find_order(request, form.cleaned_data["code"])
        return see_other(reverse("workorders:repair", args=[order.code]))
    drafts = RepairOrder.objects.visible_to(request.user).filter(state=State.AWAITING_SUBMISSION)
    context = {"form": form, "drafts": drafts.select_related("counselling", "shop")[:50]}
    status = 422 if form.is_bound else 200
    return render(request, "workorders/repair/self_service.html", context, status=status)


@require_safe
@access(Role.CUSTOMER, Role.AGENT, Role.ENGINEER, Role.SHOP_MANAGER)
def repair(request: UserRequest, code: str) -> HttpResponse:
    """One address per order: the customer's form, later the details; staff see theirs."""
    order = find_order(request, code)
    if request.user.role != Role.CUSTOMER:
        return order_page(request, order)
    if order.state == State.AWAITING_SUBMISSION:
        return draft_page(request, order)
    return detail_page(request, order)


@require_safe
@access(Role.AGENT)
def repair_draft(request: UserRequest, code: str) -> HttpResponse:
    """The same form for customer service, on behalf of a customer (R83)."""
    order = find_order(request, code)
    if order.state != State.AWAITING_SUBMISSION:
        return see_other(reverse("workorders:repair", args=[order.code]))
    return draft_page(request, order)


# ------------------------------------------------------------------ the draft
@require_POST
@access(Role.CUSTOMER, Role.AGENT)
@once
def repair_save(request: UserRequest, code: str) -> HttpResponse:
    order = find_order(request, code)
    answer = _save(request, order, complete=False)
    if answer is None:
        messages.success(request, _("Draft saved."))
        return see_other(way_to(order, request.user) + _onwards(request))
    return answer


def _onwards(request: HttpRequest) -> str:
    """Without script, who turns a page or asks for more fields saves on the way there."""
    place = "#new-address" if "return_to" in request.GET else "#devices"
    return f"?{request.GET.urlencode()}{place}" if request.GET else ""


@require_POST
@access(Role.CUSTOMER, Role.AGENT)
@once
def repair_submit(request: UserRequest, code: str) -> HttpResponse:
    """Save, then submit; what was typed stays saved when the order cannot be submitted yet."""
    order = find_order(request, code)
    answer = _save(request, order, complete=True)
    if answer is not None:
        return answer
    try:
        order = orders.submit_order(order, actor=request.user)
    except Refused as refused:
        fresh = find_order(request, code)
        return draft_page(request, fresh, reasons=refused.reasons, status=409)
    messages.success(request, _("Repair order submitted. The shop is waiting for your parcel."))
    return see_other(way_to(order, request.user))


def _save(request: UserRequest, order: RepairOrder, *, complete: bool) -> HttpResponse | None:
    """Keep what the form says; None when it is kept, else the page that says why not."""
    form = DraftForm(request.POST, customer=order.customer, complete=complete)
    address = AddressForm(request.POST, prefix=NEW) if form.wants_new_address else None
    if address is not None and not complete and not address.has_changed():
        address = None
    if complete and order.unit_count == 0:
        form.add_error(None, _("Add at least one device."))
    if not (form.is_valid() and (address is None or address.is_valid())):
        return draft_page(request, order, form=form, address=address, status=422)
    shipping = form.shipping(address.parts if address else None)
    version = form.cleaned_data["version"]
    try:
        orders.save_draft(order, version=version, actor=request.user, shipping=shipping)
    except ValidationError as error:
        for name, errors in error.error_dict.items():
            form.add_error(name, errors)
        return draft_page(request, order, form=form, address=address, status=422)
    except Stale:
        return _conflict(request, order, form, address)
    return None


def _conflict(
    request: UserRequest, order: RepairOrder, form: DraftForm, address: AddressForm | None
) -> HttpResponse:
    """Somebody saved in between: both versions on one page, nothing typed is lost (L13)."""
    fresh = find_order(request, order.code)
    at_version(form, fresh.version)
    return draft_page(request, fresh, form=form, address=address, stale=True, status=409)


def draft_page(
    request: HttpRequest,
    order: RepairOrder,
    *,
    form: DraftForm | None = None,
    address: AddressForm | None = None,
    reasons: tuple[Text, ...] = (),
    stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    """Devices, shipment, way back, and what is still missing before it can be submitted."""
    family = list(orders.counted_family(order).select_related("shop"))
    itself = next(each for each in family if each.pk == order.pk)
    form = form or DraftForm(customer=order.customer, order=order, query=request.GET)
    context = {
        "order": order,
        "number": order.counselling.number if order.counselling else None,
        "here": way_to(order, request.user),
        "form": form,
        "address": address or (AddressForm(prefix=NEW) if form.wants_new_address else None),
        "units": units_page(request, order, DRAFT_PAGE),
        "total": itself.total,  # type: ignore[attr-defined]
        "uncovered": itself.uncovered,  # type: ignore[attr-defined]
        "checks": _checks(order),
        "siblings": [each for each in family if each != itself] if order.counselling_id else [],
        "reasons": reasons,
        "stale": stale,
        "own": request.user.role == Role.CUSTOMER,  # type: ignore[union-attr]
    }
    return render(request, "workorders/repair/draft.html", context, status=status)


def _checks(order: RepairOrder) -> list[dict[str, Any]]:
    """The guards of submitting, each with its claim and whether it holds."""
    step = Step(RepairOrder, "submit")
    return [{"text": guard.reason, "done": guard(order)} for guard in step.guards]


# ------------------------------------------------------------------ ends
@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.CUSTOMER, Role.AGENT)
def repair_cancel(request: UserRequest, code: str) -> HttpResponse:
    """A page that asks, and the step itself; the note is optional."""
    order = find_order(request, code)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        orders.cancel_order(order, actor=request.user, note=form.cleaned_data["note"])
        messages.success(request, _("Repair order cancelled."))
        return see_other(reverse("workorders:repair", args=[order.code]))
    reasons = tuple(Step(RepairOrder, "cancel").why_not(order))
    context = {"order": order, "form": form, "reasons": reasons}
    status = 422 if form.is_bound else 200
    return render(request, "workorders/repair/cancel.html", context, status=status)


@require_POST
@access(Role.CUSTOMER)
def repair_complete(request: UserRequest, code: str) -> HttpResponse:
    order = find_order(request, code)
    orders.complete_order(order, actor=request.user)
    messages.success(request, _("Thank you. The repair order is completed."))
    return see_other(reverse("workorders:repair", args=[order.code]))
