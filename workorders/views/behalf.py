"""Opening an enquiry for a customer who called, wrote or asked a sales contact (R83, R84)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import UserRequest, access
from accounts.models import Customer, User
from accounts.roles import Role
from attachments.uploads import files_first
from core.workflow import Refused
from devices.models import normalise_sn
from jobs.once import once
from workorders.forms.desk import IntakeForm, NewCustomerForm
from workorders.models import Counselling
from workorders.services import counselling as counsellings
from workorders.services import intake
from workorders.views.answers import see_other

FOUND = 12


def _customers(request: UserRequest, text: str) -> list[Customer]:
    """By name, e-mail or phone of the customer, or by a login of theirs."""
    if len(text) < 2:
        return []
    claim = Q(name__icontains=text) | Q(email__icontains=text) | Q(phone__icontains=text)
    claim |= Q(people__email__icontains=text) | Q(people__name__icontains=text)
    rows = Customer.objects.visible_to(request.user).filter(claim)
    return list(rows.distinct().order_by("name", "pk")[:FOUND])


def _chosen(request: UserRequest, given: str) -> Customer | None:
    if not given.isdecimal() or len(given) > 15:
        return None
    return Customer.objects.visible_to(request.user).filter(pk=given).first()


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.AGENT)
@files_first
@once
def counselling_behalf(request: UserRequest) -> HttpResponse:
    """Find the customer or enter a new one, then take down what they tell; one page."""
    if request.method == "POST":
        return _post(request)
    text = request.GET.get("find", "").strip()
    customer = _chosen(request, request.GET.get("customer", ""))
    return _page(
        request,
        customer=customer,
        customer_form=NewCustomerForm(initial={"name": text if "@" not in text else ""}),
        form=IntakeForm(actor=request.user),
        text=text,
        found=_customers(request, text),
    )


def _post(request: UserRequest) -> HttpResponse:
    customer = _chosen(request, request.POST.get("customer", ""))
    customer_form = NewCustomerForm(None if customer else request.POST)
    form = IntakeForm(request.POST, request.FILES, actor=request.user)
    form_fits = form.is_valid()
    if (customer is None and not customer_form.is_valid()) or not form_fits:
        return _page(request, customer=customer, customer_form=customer_form, form=form, status=422)
    try:
        opened = _open(request.user, customer, customer_form, form)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _page(request, customer=customer, customer_form=customer_form, form=form, status=422)
    except Refused as refusal:
        form.add_error(None, [str(reason) for reason in refusal.reasons])
        return _page(request, customer=customer, customer_form=customer_form, form=form, status=409)
    messages.success(request, _("Enquiry %(number)d is open.") % {"number": opened.number})
    return see_other(reverse("workorders:counselling", args=[opened.number]))


@transaction.atomic
def _open(
    actor: User, customer: Customer | None, customer_form: NewCustomerForm, form: IntakeForm
) -> Counselling:
    """A new customer only stays when the enquiry could be opened."""
    owner = customer or intake.register_customer(customer_form.save(commit=False), actor=actor)
    taken = form.intake(form.cleaned_data["files"])
    return intake.open_for(owner, actor=actor, intake=taken)


def _page(
    request: UserRequest,
    *,
    customer: Customer | None,
    customer_form: NewCustomerForm,
    form: IntakeForm,
    text: str = "",
    found: list[Customer] | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "customer": customer,
        "customer_form": customer_form,
        "form": form,
        "text": text,
        "found": found or [],
        "may_act": request.user.role == Role.AGENT,
        "verdict": _verdict(str(form["sn"].value() or "")),
    }
    return render(request, "workorders/desk/behalf.html", context, status=status)


def _verdict(text: str) -> dict[str, Any] | None:
    """What the registry says of a typed number, and the open order that holds it."""
    if not normalise_sn(text):
        return None
    found = counsellings.find(text)
    return {"found": found, "order": counsellings.open_order_of(found.sn)}


@require_safe
@access(Role.AGENT)
def sn_verdict(request: UserRequest) -> HttpResponse:
    """The registry's word on the number being typed; staff only, so no limit (E11)."""
    return render(
        request,
        "workorders/desk/_verdict.html",
        {"verdict": _verdict(request.GET.get("sn", "")[:64])},
    )
