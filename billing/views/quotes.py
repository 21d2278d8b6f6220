"""Quotes: the lists, and one quote as staff write it and as customers answer it (D9)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from billing import quote_forms
from billing.models import Quote
from billing.services import quote_answers, quote_lines, quotes
from billing.services.quote_sums import with_totals
from billing.views import quote_parts
from billing.views.quote_parts import WRITERS
from core.pdf import pdf_response, render_pdf
from core.workflow import Refused
from jobs.once import once
from workorders.views.answers import see_other
from workorders.views.bench.parts import asked, page_by_key
from workorders.views.repair_parts import find_order

SHOWN = 30  # quotes on a page of the list
SENDERS = (Role.SHOP_MANAGER, Role.AGENT)
READERS = (Role.CUSTOMER, *WRITERS)


def visible(request: UserRequest, pk: int) -> Quote:
    """The quote, or the 404 that absent, foreign and unsent ones share."""
    rows = Quote.objects.visible_to(request.user).select_related(
        "order__customer", "order__shop", "written_by", "answered_by"
    )
    found: Quote = get_object_or_404(rows, pk=pk)
    return found


def address(quote: Quote, anchor: str = "") -> str:
    return reverse("billing:quote", args=[quote.pk]) + anchor


# ------------------------------------------------------------------ lists
@require_safe
@access(*READERS)
def quote_list(request: UserRequest) -> HttpResponse:
    rows = Quote.objects.visible_to(request.user).select_related("order__customer")
    text, state = asked(request), request.GET.get("state", "")
    if text:
        code = rows.filter(order__code__istartswith=text)
        rows = code | rows.filter(order__customer__name__icontains=text)
    if state in Quote.State.values:
        rows = rows.filter(state=state)
    customer = request.user.role == Role.CUSTOMER
    states = [choice for choice in Quote.State.choices if not (customer and choice[0] == "draft")]
    context = {
        "page": page_by_key(request, with_totals(rows), newest=True, size=SHOWN),
        "states": states,
        "state": state,
        "q": text,
        "filtered": bool(text or state),
        "staff": not customer,
    }
    return render(request, "billing/quote_list.html", context)


# ------------------------------------------------------------------ one quote
@require_safe
@access(*READERS)
def quote(request: UserRequest, pk: int) -> HttpResponse:
    found = visible(request, pk)
    if request.user.role == Role.CUSTOMER:
        return quote_parts.answer_page(request, found)
    return quote_parts.staff_page(request, found)


@require_safe
@access(*READERS)
def quote_pdf(request: UserRequest, pk: int) -> HttpResponse:
    """The paper, in the language of the page; a draft has none."""
    found = visible(request, pk)
    if found.state == Quote.State.DRAFT:
        raise Refused(_("The quote was not sent yet."))
    data = render_pdf("billing/quote_pdf.html", quote_parts.paper(found))
    return pdf_response(data, f"{found.reference}.pdf")


# ------------------------------------------------------------------ writing
@require_http_methods(["GET", "HEAD", "POST"])
@access(*WRITERS)
@once
def quote_new(request: UserRequest, code: str) -> HttpResponse:
    """Pick devices that no warranty covers; their services in scope come along."""
    order = find_order(request, code)
    rows = quotes.quotable(order)
    if request.method != "POST":
        return quote_parts.pick_page(request, order, rows)
    if "all" not in request.POST:
        rows = rows.filter(pk__in=quote_parts.picked(request))
    made = quotes.open_quote(order, rows, actor=request.user)
    return see_other(address(made))


@require_http_methods(["GET", "HEAD", "POST"])
@access(*WRITERS)
@once
def quote_line(request: UserRequest, pk: int) -> HttpResponse:
    """Offer a thing for devices, take it off them, or take the devices off."""
    found = visible(request, pk)
    if request.method != "POST":
        draft = found.state == Quote.State.DRAFT
        return quote_parts.line_page(request, found) if draft else redirect(address(found))
    units = None if "all" in request.POST else quote_parts.picked(request)
    form = quote_forms.LineForm(request.POST)
    does = request.POST.get("do", "set")
    if does == "off":
        form.fields["quantity"].required = False
    if not form.is_valid():
        return quote_parts.line_page(request, found, form=form, status=422)
    shared: dict[str, Any] = {"version": form.cleaned_data["version"], "actor": request.user}
    try:
        if does == "off":
            quote_lines.take_off(found, units=units or [], **shared)
        elif does == "remove":
            quote_lines.remove_line(found, form.wanted, units=units, **shared)
        else:
            quote_lines.set_line(found, form.wanted, units=units, **shared)
    except ValidationError as error:
        form.add_error(None, error)
        return quote_parts.line_page(request, found, form=form, status=422)
    return see_other(address(found, "#devices"))


@require_POST
@access(*WRITERS)
@once
def quote_prices(request: UserRequest, pk: int) -> HttpResponse:
    """Quantity and price of everything that is equal on the quote."""
    found = visible(request, pk)
    form = quote_forms.PricesForm(request.POST, pks=quote_parts.priced_groups(request, found))
    if not form.is_valid():
        return quote_parts.staff_page(request, found, prices_form=form, status=422)
    version = form.cleaned_data["version"]
    quote_lines.set_prices(found, form.changes, version=version, actor=request.user)
    messages.success(request, _("The prices are saved."))
    return see_other(address(found) + quote_parts.prices_after(request))


@require_POST
@access(*WRITERS)
@once
def quote_details(request: UserRequest, pk: int) -> HttpResponse:
    found = visible(request, pk)
    form = quote_forms.DetailsForm(request.POST)
    if not form.is_valid():
        return quote_parts.staff_page(request, found, details_form=form, status=422)
    try:
        quotes.set_details(found, actor=request.user, **form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return quote_parts.staff_page(request, found, details_form=form, status=422)
    messages.success(request, _("Saved."))
    return see_other(address(found))


@require_POST
@access(*SENDERS)
def quote_send(request: UserRequest, pk: int) -> HttpResponse:
    sent = quotes.send(visible(request, pk), actor=request.user)
    messages.success(request, _("The quote is on its way to the customer."))
    return see_other(address(sent))


@require_POST
@access(*SENDERS)
def quote_withdraw(request: UserRequest, pk: int) -> HttpResponse:
    form = quote_forms.WithdrawForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    gone = quotes.withdraw(visible(request, pk), actor=request.user, note=note)
    messages.success(request, _("The quote is withdrawn."))
    return see_other(address(gone))


# ------------------------------------------------------------------ the answer
@require_POST
@access(Role.CUSTOMER)
@once
def quote_answer(request: UserRequest, pk: int) -> HttpResponse:
    """Think it over page by page, mark everything at once, or sign: `do` says which."""
    found = visible(request, pk)
    does = request.POST.get("do", "save" if "to" in request.POST else "sign")
    told: dict[str, Any] = {"version": quote_parts.version_of(request), "actor": request.user}
    told |= quote_parts.told(request)
    quote_parts.keep_signature(request, found)
    if does in quote_answers.FINAL:
        del told["answers"]
        quote_answers.mark_all(found, does, **told)
    elif does == "save":
        quote_answers.save(found, **told)
    else:
        return _sign(request, found, told)
    return see_other(address(found) + quote_parts.following(request))


def _sign(request: UserRequest, found: Quote, told: dict[str, Any]) -> HttpResponse:
    """What was chosen stays on the page when the answer is refused."""
    name = request.POST.get("signature", "").replace("\x00", "")
    try:
        signed = quote_answers.sign(found, signature=name, **told)
    except ValidationError as error:
        return quote_parts.answer_page(request, found, error=error, status=422)
    except Refused as refusal:
        if visible(request, found.pk).state != Quote.State.SENT:
            raise
        return quote_parts.answer_page(request, found, refusal=refusal, status=409)
    quote_parts.forget_signature(request, found)
    messages.success(request, _("Thank you. The repair shop has your answer."))
    return see_other(address(signed))
