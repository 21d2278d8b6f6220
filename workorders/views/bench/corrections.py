"""Corrections on the page of one unit: names, services, warranty, what is final (R75, E10)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP
from core.workflow import Stale
from workorders.forms.bench import add_errors
from workorders.forms.bulk import NamesForm, SaidForm, WarrantyForm
from workorders.models import Unit
from workorders.services import bulk
from workorders.views.answers import see_other
from workorders.views.bench.parts import number
from workorders.views.bench.units import READERS, page_of, unit_of
from workorders.views.repair_parts import at_version


def _back(unit: Unit) -> HttpResponse:
    return see_other(reverse("workorders:unit", args=[unit.pk]))


def _save(request: UserRequest, unit: Unit, name: str, form: forms.Form, act: Any) -> HttpResponse:
    """Do it with what the form says; refused words stay in the form, beside their fields."""
    status = 422
    if form.is_valid():
        try:
            act(form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        except Stale:
            status = 409
        else:
            return _back(unit)
    fresh = unit_of(request, unit.pk)
    if status == 409:  # typed words with the new version: saving again is a decision
        at_version(form, fresh.version)
    return page_of(request, fresh, status=status, forms={name: form}, stale=status == 409)


@require_POST
@access(*READERS)
def unit_names(request: UserRequest, pk: int) -> HttpResponse:
    """Serial number, model, MAC address, asset tag; a clash stands beside the field."""
    unit = unit_of(request, pk)
    form = NamesForm(request.POST, auto_id="names_%s")
    return _save(
        request, unit, "names", form, lambda d: bulk.edit_names(unit, actor=request.user, **d)
    )


@require_POST
@access(*READERS)
def unit_warranty(request: UserRequest, pk: int) -> HttpResponse:
    """Against the registry, with a reason that everybody reads."""
    unit = unit_of(request, pk)
    form = WarrantyForm(request.POST, auto_id="warranty_%s")
    return _save(
        request,
        unit,
        "warranty",
        form,
        lambda d: bulk.decide_warranty(unit, actor=request.user, **d),
    )


@require_POST
@access(*WORKSHOP)
def unit_services(request: UserRequest, pk: int) -> HttpResponse:
    """The ticks as they stand in the form."""
    unit = unit_of(request, pk)
    done = [key for text in request.POST.getlist("service") if (key := number(text)) is not None]
    bulk.tick(unit, done, actor=request.user)
    return _back(unit)


@require_POST
@access(*READERS)
def unit_consent(request: UserRequest, pk: int) -> HttpResponse:
    """How the customer agreed to scrapping, by who talked with them."""
    unit = unit_of(request, pk)
    form = SaidForm(request.POST, auto_id="consent_%s")
    one = Unit.objects.visible_to(request.user).filter(pk=unit.pk)

    def act(data: dict[str, Any]) -> None:
        bulk.agree_to_scrapping(unit.order, one, actor=request.user, **data)

    return _save(request, unit, "consent", form, act)


@require_POST
@access(*READERS)
def unit_settle(request: UserRequest, pk: int) -> HttpResponse:
    """Nobody waits for the missing device any more."""
    unit = unit_of(request, pk)
    form = SaidForm(request.POST, auto_id="settle_%s")
    one = Unit.objects.visible_to(request.user).filter(pk=unit.pk)

    def act(data: dict[str, Any]) -> None:
        bulk.settle_missing(unit.order, one, actor=request.user, **data)

    return _save(request, unit, "settle", form, act)
