"""The address book: list, new, edit, delete."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from core.workflow import Stale
from jobs.once import once
from logistics import addresses
from logistics.forms import AddressForm
from logistics.models import Address

LISTED = 200


def _see_list() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("logistics:address-list"), status=303)


@require_safe
@access(Role.CUSTOMER)
def address_list(request: UserRequest) -> HttpResponse:
    rows = Address.objects.visible_to(request.user)[:LISTED]
    return render(request, "logistics/address_list.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.CUSTOMER)
@once
def address_new(request: UserRequest) -> HttpResponse:
    form = AddressForm(request.POST or None)
    customer = request.user.customer
    if request.method == "POST" and form.is_valid() and customer is not None:
        addresses.add_address(customer, actor=request.user, parts=form.parts)
        messages.success(request, _("Address saved."))
        return _see_list()
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.CUSTOMER)
def address_edit(request: UserRequest, pk: int) -> HttpResponse:
    address = get_object_or_404(Address.objects.visible_to(request.user), pk=pk)
    form = AddressForm(request.POST or None, instance=address)
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or 0
        # The form wrote on its own copy; the service compares with the row as it is.
        kept = get_object_or_404(Address.objects.visible_to(request.user), pk=pk)
        try:
            addresses.change_address(kept, version=version, actor=request.user, parts=form.parts)
        except Stale as stale:
            return _form_page(request, form, kept, stale=stale)
        messages.success(request, _("Address saved."))
        return _see_list()
    return _form_page(request, form, address)


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.CUSTOMER)
def address_delete(request: UserRequest, pk: int) -> HttpResponse:
    address = get_object_or_404(Address.objects.visible_to(request.user), pk=pk)
    if request.method == "POST":
        addresses.remove_address(address, actor=request.user)
        messages.success(request, _("Address deleted."))
        return _see_list()
    return render(request, "logistics/address_delete.html", {"address": address})


def _form_page(
    request: HttpRequest, form: AddressForm, address: Address | None, stale: Stale | None = None
) -> HttpResponse:
    """The form; after a POST with its errors (422), or with what a colleague saved (409)."""
    status = 200 if request.method != "POST" else 422
    if stale is not None:
        data: Any = request.POST.copy()
        data["version"] = str(stale.subject.version)  # type: ignore[attr-defined]
        form.data = data
        status = 409
    context = {"form": form, "address": address, "stale": stale.subject if stale else None}
    return render(request, "logistics/address_form.html", context, status=status)
