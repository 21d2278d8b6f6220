"""Paying: announced by customers, confirmed by finance against the account statement."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from attachments.uploads import files_first
from billing.forms import AnnounceForm, ConfirmForm, EnterForm, ReasonForm
from billing.models import Invoice, Payment
from billing.reading import find_invoice, how_to_pay
from billing.services import payments
from billing.services.payments import Said
from billing.services.sums import billing_day
from billing.views.drafts import to_invoice
from billing.views.invoices import show
from core.templatetags.ui import money
from core.workflow import Refused, not_from
from jobs.once import once
from workorders.forms.bench import add_errors
from workorders.views.answers import see_other
from workorders.views.bench.parts import asked, page_by_key, tabs

PAYERS = (Role.CUSTOMER, Role.AGENT)


@require_http_methods(["GET", "HEAD", "POST"])
@access(*PAYERS)
@files_first
@once
def pay(request: UserRequest, pk: int) -> HttpResponse:
    """How to pay (account, amount, reference), and telling that it was done (R97)."""
    invoice = find_invoice(request, pk)
    if invoice.state != Invoice.State.ISSUED:
        raise Refused(not_from(invoice))
    if request.method != "POST":
        start = {"amount": invoice.due, "paid_on": billing_day(), "reference": invoice.number}
        return _pay_page(request, invoice, AnnounceForm(actor=request.user, initial=start))
    form = AnnounceForm(request.POST, request.FILES, actor=request.user)
    if form.is_valid():
        told = dict(form.cleaned_data)
        files = told.pop("files")
        try:
            payments.announce(invoice, Said(**told), actor=request.user, files=files)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _now("Thank you. Finance looks for it on the account."))
            return to_invoice(invoice)
    return _pay_page(request, invoice, form, status=422)


def _pay_page(
    request: UserRequest, invoice: Invoice, form: AnnounceForm, *, status: int = 200
) -> HttpResponse:
    context = {"invoice": invoice, "form": form, "pay": how_to_pay(invoice)}
    return render(request, "billing/pay.html", context, status=status)


# ------------------------------------------------------------------ finance
@require_safe
@access(Role.FINANCE, Role.AGENT)
def payment_list(request: UserRequest) -> HttpResponse:
    """What waits to be confirmed, the oldest first; what was decided, the newest first."""
    state, text = asked(request, "state") or Payment.State.ANNOUNCED, asked(request)
    state = state if state in Payment.State.values else Payment.State.ANNOUNCED
    waiting = state == Payment.State.ANNOUNCED
    found = Payment.objects.visible_to(request.user).filter(state=state)
    if text:
        found = found.filter(
            Q(invoice__number__istartswith=text)
            | Q(reference__icontains=text)
            | Q(invoice__customer__name__icontains=text)
        )
    rows = found.select_related("invoice__customer", "announced_by", "decided_by")
    context = {
        "page": page_by_key(request, rows, newest=not waiting),
        "tabs": tabs(request, Payment.State.choices, current=state, name="state"),
        "waiting": waiting,
        "q": text,
        "state": state,
        "finance": request.user.role == Role.FINANCE,
    }
    return render(request, "billing/payment_list.html", context)


def _payment(request: UserRequest, pk: int) -> Payment:
    rows = Payment.objects.visible_to(request.user).select_related("invoice")
    found: Payment = get_object_or_404(rows, pk=pk)
    return found


@require_POST
@access(Role.FINANCE)
@once
def payment_confirm(request: UserRequest, pk: int) -> HttpResponse:
    """With the amount that really came."""
    payment = _payment(request, pk)
    form = ConfirmForm(request.POST, prefix=f"c{pk}")
    if form.is_valid():
        try:
            payments.confirm(payment, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error("received_on", error.messages)
        else:
            return _confirmed(request, payment)
    return show(request, find_invoice(request, payment.invoice_id), status=422, confirm=form)


def _confirmed(request: UserRequest, payment: Payment) -> HttpResponse:
    invoice = find_invoice(request, payment.invoice_id)
    said: Any = _("Confirmed. Invoice %(number)s is paid and its box may be shipped.")
    if invoice.due:
        said = _("Confirmed. %(due)s of invoice %(number)s are still to be paid.")
    due = money(invoice.due, invoice.currency)
    messages.success(request, said % {"number": invoice.number, "due": due})
    if request.POST.get("next") == "list":
        return see_other(reverse("billing:payments"))
    return to_invoice(invoice)


@require_POST
@access(Role.FINANCE)
@once
def payment_reject(request: UserRequest, pk: int) -> HttpResponse:
    """It is not on the statement; the customer reads the reason."""
    payment, reason = _payment(request, pk), _reason(request)
    payments.reject(payment, actor=request.user, reason=reason)
    messages.success(request, _now("Rejected; the customer is told the reason."))
    return to_invoice(payment.invoice)


@require_POST
@access(Role.FINANCE)
@once
def payment_reverse(request: UserRequest, pk: int) -> HttpResponse:
    """A counter row; the confirmed payment itself stays as it is."""
    payment, reason = _payment(request, pk), _reason(request)
    payments.reverse(payment, actor=request.user, reason=reason)
    messages.success(request, _now("The payment is taken back."))
    return to_invoice(payment.invoice)


def _reason(request: UserRequest) -> str:
    """Raises Refused without one: the browser asks for it first."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise Refused(_("Give the reason first."))
    return str(form.cleaned_data["reason"])


@require_POST
@access(Role.FINANCE)
@once
def payment_enter(request: UserRequest, pk: int) -> HttpResponse:
    """Found on the statement without an announcement."""
    invoice, form = find_invoice(request, pk), EnterForm(request.POST, prefix="enter")
    if form.is_valid():
        try:
            payment = payments.enter(invoice, Said(**form.cleaned_data), actor=request.user)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return _confirmed(request, payment)
    return show(request, invoice, status=422, enter=form)


@require_POST
@access(Role.FINANCE)
@once
def credit_settle(request: UserRequest, pk: int) -> HttpResponse:
    """What came too much was paid back or set off."""
    invoice, form = find_invoice(request, pk), ReasonForm(request.POST, prefix="credit")
    if not form.is_valid():
        return show(request, invoice, status=422, credit=form)
    payments.settle_credit(invoice, actor=request.user, **form.cleaned_data)
    messages.success(request, _now("The credit is settled."))
    return to_invoice(invoice)
