"""Invoices: the list, one of them, as PDF and CSV (R78, R79, R97)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from billing.forms import ConfirmForm, EnterForm, LineForm, PriceForm, ReasonForm, VoidForm
from billing.models import Booking, Invoice, InvoiceLine, Payment
from billing.reading import READERS, find_invoice, how_to_pay, shown_lines
from billing.services.invoices import DRAFTERS
from billing.services.sums import billing_day
from core.csvout import csv_response
from core.pdf import pdf_response, render_pdf
from core.templatetags.ui import query
from core.workflow import Step
from repairshops.models import RepairShop
from workorders.views.bench.parts import asked, files_of, page_by_key

EXPORT_BATCH = 2_000
PDF_LINES = 300  # one by one on paper; the list of every device is in the CSV
VIEWS = [
    ("", _("Any state")),
    ("draft", _("Draft")),
    ("issued", _("Issued")),
    ("overdue", _("Overdue")),
    ("paid", _("Paid")),
    ("credit", _("With a credit")),
    ("void", _("Void")),
]


# ------------------------------------------------------------------ the list
def _filtered(request: UserRequest) -> QuerySet[Invoice]:
    """What the address asks for, and nothing that this person may not see: list and CSV."""
    found: QuerySet[Invoice] = Invoice.objects.visible_to(request.user).listed()
    state, shop, text = asked(request, "state"), asked(request, "shop"), asked(request)
    if state == "overdue":
        found = found & Invoice.objects.overdue(billing_day())
    elif state == "credit":
        found = found & Invoice.objects.with_credit()
    elif state in Invoice.State.values:
        found = found.filter(state=state)
    if shop:
        found = found.filter(order__shop__code=shop)
    return found.filter(_claim(text)) if text else found


def _claim(text: str) -> Q:
    return (
        Q(number__istartswith=text)
        | Q(order__code__istartswith=text)
        | Q(customer__name__icontains=text)
    )


@require_safe
@access(*READERS)
def invoice_list(request: UserRequest) -> HttpResponse:
    """The newest first; customers read their own."""
    own = request.user.role == Role.CUSTOMER
    found = _filtered(request).select_related("order", "container", "customer")
    context = {
        "page": page_by_key(request, found, newest=True),
        "views": [view for view in VIEWS if not (own and view[0] in {"draft", "credit"})],
        "shops": [] if own else list(RepairShop.objects.visible_to(request.user).official()),
        "q": asked(request),
        "state": asked(request, "state"),
        "shop": asked(request, "shop"),
        "filtered": any(asked(request, name) for name in ("q", "state", "shop")),
        "own": own,
        "today": billing_day(),
        "export": reverse("billing:invoice-export") + query(request),
    }
    return render(request, "billing/invoice_list.html", context)


@require_safe
@access(*READERS)
def invoice_export(request: UserRequest) -> HttpResponseBase:
    """Exactly what is filtered, as CSV."""
    header = [
        _("Invoice number"),
        _("State"),
        _("Repair order"),
        _("Box"),
        _("Customer"),
        _("Currency"),
        _("Net"),
        _("Tax"),
        _("Total"),
        _("Received"),
        _("Issued on"),
        _("Due on"),
        _("Paid on"),
    ]
    found = _filtered(request).select_related("order", "container", "customer")
    rows = found.order_by("-pk").iterator(EXPORT_BATCH)
    zone, language = timezone.get_current_timezone(), translation.get_language() or "en"
    words = [str(word) for word in header]
    return csv_response(_now("invoices.csv"), words, _lines(rows, zone, language))


def _lines(rows: Iterator[Invoice], zone: Any, language: str) -> Iterator[list[Any]]:
    for invoice in rows:
        with translation.override(language):
            state = str(invoice.get_state_display())
        yield [
            invoice.number,
            state,
            invoice.order.code,
            invoice.container.number,
            invoice.customer.name,
            invoice.currency,
            invoice.net,
            invoice.tax,
            invoice.total,
            invoice.received,
            _date(invoice.issued_at, zone),
            invoice.due_on or "",
            _date(invoice.paid_at, zone),
        ]


def _date(at: Any, zone: Any) -> str:
    return timezone.localtime(at, zone).strftime("%Y-%m-%d") if at else ""


# ------------------------------------------------------------------ one invoice
@require_safe
@access(*READERS)
def invoice_page(request: UserRequest, pk: int) -> HttpResponse:
    return show(request, find_invoice(request, pk))


def show(
    request: UserRequest, invoice: Invoice, *, status: int = 200, **forms: Any
) -> HttpResponse:
    """The page of an invoice; `forms` are those that were sent and need a change."""
    user = request.user
    draft = invoice.state == Invoice.State.DRAFT
    finance = user.role == Role.FINANCE
    lines = shown_lines(invoice)
    context = {
        "invoice": invoice,
        **lines,
        "pay": how_to_pay(invoice),
        "payments": _payments(invoice, user, finance, forms.get("confirm")),
        "missing_prices": _price_forms(invoice, lines["missing"], forms.get("price"))
        if draft and finance
        else [],
        "may_draft": draft and user.role in DRAFTERS,
        "finance": finance,
        "issue_reasons": tuple(Step(Invoice, "issue").why_not(invoice))
        if draft and finance and invoice.total
        else (),
        "void_reasons": tuple(Step(Invoice, "void").why_not(invoice)) if finance else (),
        "line_form": forms.get("line") or LineForm(initial={"version": invoice.version}),
        "void_form": forms.get("void") or VoidForm(prefix="void"),
        "enter_form": forms.get("enter") or EnterForm(prefix="enter", initial=_to_enter(invoice)),
        "credit_form": forms.get("credit") or ReasonForm(prefix="credit"),
        "may_announce": user.role in {Role.CUSTOMER, Role.AGENT} and invoice.state == "issued",
        "links_order": user.role in {Role.CUSTOMER, Role.AGENT, Role.SHOP_MANAGER, Role.ADMIN},
        "overdue": invoice.is_overdue(billing_day()),
        "opened": sorted(forms),
        "replaced_by": invoice.replaced_by.exclude(number="").first()
        if invoice.state == Invoice.State.VOID
        else None,
    }
    return render(request, "billing/invoice.html", context, status=status)


def _to_enter(invoice: Invoice) -> dict[str, Any]:
    return {"amount": invoice.due or None, "paid_on": billing_day(), "reference": invoice.number}


def _price_forms(invoice: Invoice, missing: list[Any], sent: Any) -> list[tuple[Any, PriceForm]]:
    forms = []
    for group in missing[:20]:
        prefix = f"p{group['first']}"
        own = sent if sent is not None and sent.prefix == prefix else None
        start = {"version": invoice.version}
        forms.append((group, own or PriceForm(prefix=prefix, initial=start)))
    return forms


def _payments(
    invoice: Invoice, user: Any, finance: bool, sent: ConfirmForm | None
) -> list[dict[str, Any]]:
    """Newest first, with their proofs; for finance with what can be done about each."""
    if invoice.state == Invoice.State.DRAFT:
        return []
    rows = (
        Payment.objects.visible_to(user)
        .filter(invoice=invoice)
        .select_related("announced_by", "decided_by")
    )
    found = list(rows.order_by("-pk")[:50])
    files = files_of(Payment, [payment.pk for payment in found])
    booked_back = Booking.objects.visible_to(user).filter(invoice=invoice)
    counter = booked_back.filter(kind=Booking.Kind.REVERSED)
    booked = any(payment.received is not None for payment in found)
    reversed_by = {row.payment_id: row for row in counter} if booked else {}
    shown = []
    for payment in found:
        waits = payment.state == Payment.State.ANNOUNCED
        form = sent if sent is not None and sent.prefix == f"c{payment.pk}" else None
        shown.append(
            {
                "payment": payment,
                "files": files.get(payment.pk, ()),
                "reversal": reversed_by.get(payment.pk),
                "confirm": form or ConfirmForm.of(payment) if waits and finance else None,
                "may_reverse": finance
                and payment.state == Payment.State.CONFIRMED
                and payment.pk not in reversed_by,
            }
        )
    return shown


# ------------------------------------------------------------------ on paper, as a table
@require_safe
@access(*READERS)
def invoice_pdf(request: UserRequest, pk: int) -> HttpResponse:
    """The invoice as it was issued, in the language of the customer."""
    invoice = find_invoice(request, pk)
    with translation.override(invoice.language):
        context = {
            "invoice": invoice,
            "pay": how_to_pay(invoice),
            **shown_lines(invoice, PDF_LINES),
        }
        data = render_pdf("billing/invoice_pdf.html", context)
        name = invoice.number or _now("draft-%(code)s") % {"code": invoice.order.code}
    return pdf_response(data, f"{name}.pdf")


@require_safe
@access(*READERS)
def invoice_csv(request: UserRequest, pk: int) -> HttpResponseBase:
    """Every line with its device (R79)."""
    invoice = find_invoice(request, pk)
    header = [
        _("Serial number"),
        _("Text"),
        _("Quantity"),
        _("Price"),
        _("Amount"),
        _("Currency"),
        _("Note"),
    ]
    lines = InvoiceLine.objects.visible_to(request.user).filter(invoice=invoice).order_by("pk")
    names = ("sn", "text", "quantity", "price", "amount", "note")
    rows = (
        [sn, text, quantity, price, amount, invoice.currency, note]
        for sn, text, quantity, price, amount, note in lines.values_list(*names).iterator(
            EXPORT_BATCH
        )
    )
    name = invoice.number or f"draft-{invoice.order.code}"
    return csv_response(f"{name}.csv", [str(word) for word in header], rows)
