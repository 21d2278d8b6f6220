"""Repair requests as customers file them, customer service agrees them and shops read them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP, Role
from attachments.models import Attachment
from attachments.uploads import files_first
from core.limits import get_or_miss
from core.workflow import Stale
from jobs.once import once
from scopes import forms
from scopes.models import Scope
from scopes.services import requests as services
from scopes.services import work
from scopes.services.agreements import today
from workorders.models import Counselling, RepairOrder
from workorders.models.counselling import NUMBER_BASE
from workorders.views.answers import see_other
from workorders.views.bench.parts import asked, page_by_key

READERS = (Role.CUSTOMER, Role.AGENT, Role.ENGINEER, Role.SHOP_MANAGER)
SHOWN = 30  # requests on a page of the list
SHOWN_SNS = 200


# ------------------------------------------------------------------ list and new
@require_safe
@access(Role.CUSTOMER, Role.AGENT)
def request_list(request: UserRequest) -> HttpResponse:
    """Requests, the newest first; customer service finds them by customer or subject."""
    rows = Scope.objects.visible_to(request.user).select_related("counselling__customer")
    text = asked(request)
    if text:
        rows = rows.filter(counselling__subject__icontains=text) | rows.filter(
            counselling__customer__name__icontains=text
        )
    context = {
        "page": page_by_key(request, rows, newest=True, size=SHOWN),
        "q": text,
        "staff": request.user.role != Role.CUSTOMER,
    }
    return render(request, "scopes/request_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.CUSTOMER)
@files_first
@once
def request_new(request: UserRequest) -> HttpResponse:
    """Models and numbers, services, what is wrong, documents, serial numbers (R67)."""
    if request.user.customer is None:
        return redirect("scopes:requests")
    if request.method != "POST":
        return _new_page(request, forms.RequestForm(actor=request.user))
    if "more" in request.POST:
        return _new_page(request, _grown(request))
    form = forms.RequestForm(request.POST, request.FILES, actor=request.user)
    if not form.is_valid():
        return _new_page(request, form, status=422)
    told = form.cleaned_data
    try:
        scope = services.open_request(
            request.user.customer,
            actor=request.user,
            wanted=form.wanted,
            text=told["text"],
            subject=told["subject"],
            files=told["files"],
        )
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _new_page(request, form, status=422)
    number = scope.counselling.number
    messages.success(request, _("Your repair request has number %(number)d.") % {"number": number})
    return see_other(reverse("scopes:request", args=[number]))


def _grown(request: UserRequest) -> forms.RequestForm:
    """The form as it was typed, with more rows; nothing is judged by that button."""
    grown = forms.more(request.POST, "miners")
    form = forms.RequestForm(grown, request.FILES, actor=request.user)
    return forms.quiet(form, form.miners)


def _new_page(request: HttpRequest, form: forms.RequestForm, status: int = 200) -> HttpResponse:
    return render(request, "scopes/request_new.html", {"form": form}, status=status)


# ------------------------------------------------------------------ one request
def scope_of(request: UserRequest, number: int) -> Scope:
    """The scope of the enquiry if this person may see it, with the agreement that it stands on;
    everything else is the same 404."""
    seen = Scope.objects.visible_to(request.user).with_agreement(today())
    scopes = seen.filter(counselling=number - NUMBER_BASE)
    found: Scope = get_or_miss(scopes.select_related("counselling__customer"), request)
    return found


def shown(scope: Any, user: Any) -> dict[str, Any]:
    """What page and card show of a scope that `scope_of` found."""
    enquiry = scope.counselling
    active = scope.agreement_pk is not None
    workshop = user.role in WORKSHOP
    lines = list(scope.lines.select_related("model"))
    return {
        "counselling": enquiry,
        "scope": scope,
        "lines": lines,
        "services": list(scope.services.all()),
        "fees": [] if workshop else list(scope.fees.all()),
        "differences": work.differences(scope, lines),
        "files": list(Attachment.objects.owned_by(Scope, [scope.pk])),
        "sns": scope.sns[:SHOWN_SNS],
        "more_sns": max(0, len(scope.sns) - SHOWN_SNS),
        "names_agreement": active and not workshop,
        "active": active,
        "editable": user.role == Role.AGENT and enquiry.state != Counselling.State.FINISHED,
        "own": user.role == Role.CUSTOMER,
    }


@require_safe
@access(*READERS)
def request_page(request: UserRequest, number: int) -> HttpResponse:
    scope = scope_of(request, number)
    orders = RepairOrder.objects.visible_to(request.user).filter(counselling=scope.counselling_id)
    context = shown(scope, request.user) | {
        "orders": list(orders.order_by("pk")),
        "talks": request.user.role in (Role.CUSTOMER, Role.AGENT, Role.ADMIN),
    }
    return render(request, "scopes/request.html", context)


@require_safe
@access(*READERS)
def request_card(request: UserRequest, number: int) -> HttpResponse:
    """The scope as a card that other pages load beside theirs."""
    context = shown(scope_of(request, number), request.user)
    return render(request, "scopes/_card.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.AGENT)
@once
def request_edit(request: UserRequest, number: int) -> HttpResponse:
    """What was agreed, before approval; the first scope of a plain enquiry too."""
    enquiries = Counselling.objects.visible_to(request.user).numbered(number)
    enquiry: Counselling = get_or_miss(enquiries.select_related("customer"), request)
    scope = Scope.objects.visible_to(request.user).filter(counselling=enquiry).first()
    if request.method != "POST":
        return _edit_page(request, enquiry, forms.ScopeForm(scope=scope))
    if more := request.POST.get("more"):
        prefix = "fees" if more == "fees" else "miners"
        form = forms.ScopeForm(forms.more(request.POST, prefix), scope=scope)
        return _edit_page(request, enquiry, forms.quiet(form, form.miners, form.fees))
    form = forms.ScopeForm(request.POST, scope=scope)
    if not form.is_valid():
        return _edit_page(request, enquiry, form, status=422)
    try:
        services.set_scope(
            enquiry, version=form.cleaned_data["version"], actor=request.user, wanted=form.wanted
        )
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _edit_page(request, enquiry, form, status=422)
    except Stale as stale:
        form.add_error(None, str(stale))
        return _edit_page(request, enquiry, form, status=409)
    messages.success(request, _("The scope is saved."))
    return see_other(reverse("scopes:request", args=[number]))


def _edit_page(
    request: HttpRequest, enquiry: Counselling, form: forms.ScopeForm, status: int = 200
) -> HttpResponse:
    context = {
        "counselling": enquiry,
        "form": form,
        "closed": enquiry.state == Counselling.State.FINISHED,
    }
    return render(request, "scopes/request_edit.html", context, status=status)
