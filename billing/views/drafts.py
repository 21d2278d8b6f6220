"""What finance and shop managers do to drafts and issued invoices; each step one address."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import UserRequest, access
from accounts.roles import Role
from billing.forms import LineForm, PriceForm, VersionForm, VoidForm
from billing.models import Invoice, InvoiceLine
from billing.reading import find_box, find_invoice
from billing.services import invoices
from billing.views.invoices import show
from core.workflow import Refused
from jobs.once import once
from workorders.forms.bench import add_errors
from workorders.views.answers import see_other

DRAFTERS = (Role.FINANCE, Role.SHOP_MANAGER)


def to_invoice(invoice: Invoice) -> HttpResponse:
    return see_other(reverse("billing:invoice", args=[invoice.pk]))


def _version(request: UserRequest) -> int:
    """Of the draft that was looked at. Raises Refused when the form is not ours."""
    form = VersionForm(request.POST)
    if not form.is_valid():
        raise Refused(_("Open the page again, then try once more."))
    return int(form.cleaned_data["version"])


@require_POST
@access(*DRAFTERS)
@once
def invoice_draft(request: UserRequest, pk: int) -> HttpResponse:
    """Write the draft of one container."""
    invoice = invoices.draft(find_box(request, pk), actor=request.user)
    messages.success(request, _("The draft is written."))
    return to_invoice(invoice)


@require_POST
@access(*DRAFTERS)
@once
def invoice_regenerate(request: UserRequest, pk: int) -> HttpResponse:
    invoice = find_invoice(request, pk)
    invoices.regenerate(invoice, actor=request.user, version=_version(request))
    messages.success(request, _("The lines are written anew from the work done."))
    return to_invoice(invoice)


@require_POST
@access(*DRAFTERS)
@once
def invoice_delete(request: UserRequest, pk: int) -> HttpResponse:
    invoice = find_invoice(request, pk)
    invoices.delete(invoice, actor=request.user, version=_version(request))
    messages.success(request, _("The draft is deleted."))
    return see_other(reverse("billing:order", args=[invoice.order.code]))


@require_POST
@access(*DRAFTERS)
@once
def line_add(request: UserRequest, pk: int) -> HttpResponse:
    """A line of one's own."""
    invoice, form = find_invoice(request, pk), LineForm(request.POST)
    if form.is_valid():
        try:
            invoices.add_line(invoice, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return to_invoice(invoice)
    return show(request, invoice, status=422, line=form)


@require_POST
@access(*DRAFTERS)
@once
def line_remove(request: UserRequest, pk: int, line: int) -> HttpResponse:
    invoice = find_invoice(request, pk)
    row = _line(request, invoice, line)
    invoices.remove_line(invoice, row, actor=request.user, version=_version(request))
    return to_invoice(invoice)


def _line(request: UserRequest, invoice: Invoice, pk: int) -> InvoiceLine:
    lines = InvoiceLine.objects.visible_to(request.user).filter(invoice=invoice)
    return get_object_or_404(lines, pk=pk)


@require_POST
@access(Role.FINANCE)
@once
def line_price(request: UserRequest, pk: int, line: int) -> HttpResponse:
    """What a line without price costs, with the reason."""
    invoice = find_invoice(request, pk)
    row = _line(request, invoice, line)
    form = PriceForm(request.POST, prefix=f"p{line}")
    if not form.is_valid():
        return show(request, invoice, status=422, price=form)
    invoices.set_price(invoice, row, actor=request.user, **form.cleaned_data)
    messages.success(request, _("The price is entered."))
    return to_invoice(invoice)


@require_POST
@access(Role.FINANCE)
@once
def invoice_issue(request: UserRequest, pk: int) -> HttpResponse:
    """Give it its number; from here on it is never edited."""
    invoice = find_invoice(request, pk)
    issued = invoices.issue(invoice, actor=request.user, version=_version(request))
    said: Any = _("Invoice %(number)s is issued.")
    messages.success(request, said % {"number": issued.number})
    return to_invoice(issued)


@require_POST
@access(Role.FINANCE)
@once
def invoice_void(request: UserRequest, pk: int) -> HttpResponse:
    """With a reason; the new draft names the void one (E24)."""
    invoice, form = find_invoice(request, pk), VoidForm(request.POST, prefix="void")
    if not form.is_valid():
        return show(request, invoice, status=422, void=form)
    again = invoices.void(invoice, actor=request.user, **form.cleaned_data)
    said = _("Invoice %(number)s is void. Its number is not used again.")
    messages.success(request, said % {"number": invoice.number})
    return to_invoice(again or invoice)
