"""Billing of one order, many boxes at once; finance's day; price lists to read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import STAFF, Role
from billing.models import Invoice, Payment, Price, PriceList
from billing.reading import (
    KEEPERS,
    MOST_BOXES,
    due_context,
    find_order,
    order_context,
    unbilled,
)
from billing.services import invoices
from billing.services.sums import billing_day
from billing.views.drafts import DRAFTERS
from core.workflow import Text
from history.services import Outcome
from jobs.once import once
from workorders.models import RepairOrder
from workorders.views.answers import see_other
from workorders.views.bench.parts import asked, number, page_by_key

SHOWN = 20
MOST_TOLD = 5


# ------------------------------------------------------------------ one order
@require_safe
@access(*KEEPERS)
def order_billing(request: UserRequest, code: str) -> HttpResponse:
    """The boxes of an order, page by page: finance has no other page of the order."""
    order = find_order(request, code)
    after = number(asked(request, "after"))
    context = order_context(order, request.user, after=after, most=MOST_BOXES)
    return render(request, "billing/order.html", {**context, "subject": order, "paged": True})


@require_safe
@access(Role.CUSTOMER)
def order_due(request: UserRequest, code: str) -> HttpResponse:
    """What the customer has to pay for an order, as notes that its page loads (R97)."""
    context = due_context(find_order(request, code), request.user)
    return render(request, "billing/_due.html", context)


@require_POST
@access(*DRAFTERS)
@once
def order_draft(request: UserRequest, code: str) -> HttpResponse:
    """Drafts for all boxes of the order that are ready."""
    order = find_order(request, code)
    out = invoices.draft_ready(order, actor=request.user)
    n = len(out.moved)
    said = ngettext("%(n)d draft is written.", "%(n)d drafts are written.", n)
    return _told(request, order, out, said % {"n": n})


@require_POST
@access(Role.FINANCE)
@once
def order_issue(request: UserRequest, code: str) -> HttpResponse:
    """All drafts of the order, each with its own number."""
    order = find_order(request, code)
    out = invoices.issue_drafts(order, actor=request.user)
    n = len(out.moved)
    said = ngettext("%(n)d invoice is issued.", "%(n)d invoices are issued.", n)
    return _told(request, order, out, said % {"n": n})


def _told(request: UserRequest, order: RepairOrder, out: Outcome, said: str) -> HttpResponse:
    """What was done, and the reasons of what was not, each once."""
    if out.moved or not out.refused:
        messages.success(request, said)
    for reason in list(dict.fromkeys(str(why) for why in out.refused.values()))[:MOST_TOLD]:
        messages.warning(request, reason)
    return see_other(reverse("billing:order", args=[order.code]))


# ------------------------------------------------------------------ finance's day
@require_safe
@access(Role.FINANCE)
def desk(request: UserRequest) -> HttpResponse:
    """What waits for finance: payments, boxes without invoice, drafts, overdue, sums."""
    today = billing_day()
    seen = Invoice.objects.visible_to(request.user)
    waiting = Payment.objects.visible_to(request.user).to_confirm()
    numbers = seen.aggregate(
        drafts=Count("pk", filter=Q(state="draft")),
        overdue=Count("pk", filter=Q(state="issued", due_on__lt=today)),
        credit=Count("pk", filter=Q(state__in=Invoice.STANDING, received__gt=F("total"))),
    )
    boxes = unbilled()
    lists = reverse("billing:invoice-list")
    context = {
        "stats": [
            _stat(_("To confirm"), waiting.count(), "card", reverse("billing:payments"), "amber"),
            _stat(_("Boxes to bill"), sum(n for _code, _name, n in boxes), "box", "#boxes"),
            _stat(_("Drafts"), numbers["drafts"], "pen", f"{lists}?state=draft"),
            _stat(_("Overdue"), numbers["overdue"], "alert", f"{lists}?state=overdue", "red"),
            _stat(_("With a credit"), numbers["credit"], "swap", f"{lists}?state=credit"),
        ],
        "payments": list(waiting.select_related("invoice__customer")[:SHOWN]),
        "boxes": boxes[:SHOWN],
        "drafts": _some(seen.filter(state="draft").order_by("pk")),
        "overdue": _some(seen.overdue(today).order_by("due_on", "pk")),
        "currencies": _currencies(seen, today),
        "today": today,
    }
    return render(request, "billing/desk.html", context)


def _some(rows: QuerySet[Invoice]) -> list[Invoice]:
    return list(rows.select_related("order", "container", "customer")[:SHOWN])


def _stat(label: Text, value: int, icon: str, url: str, tone: str = "blue") -> dict[str, Any]:
    return {
        "label": label,
        "value": value,
        "icon": icon,
        "url": url,
        "tone": tone if value else "gray",
    }


def _currencies(seen: QuerySet[Invoice], today: Any) -> list[dict[str, Any]]:
    """What is owed and what is late, never added over currencies."""
    late = Sum("total", filter=Q(due_on__lt=today)) - Sum("received", filter=Q(due_on__lt=today))
    rows: Any = seen.filter(state="issued").order_by("currency").values("currency")
    return list(rows.annotate(n=Count("pk"), owed=Sum("total") - Sum("received"), late=late))


# ------------------------------------------------------------------ price lists
@require_safe
@access(*STAFF)
def price_lists(request: UserRequest) -> HttpResponse:
    """What is charged where; administrators change it in Django admin."""
    rows = PriceList.objects.visible_to(request.user).annotate(n=Count("prices"))
    context = {"lists": list(rows), "admin": request.user.role == Role.ADMIN}
    return render(request, "billing/price_lists.html", context)


@require_safe
@access(*STAFF)
def price_list(request: UserRequest, pk: int) -> HttpResponse:
    """One list with its prices and taxes, to read."""
    found = get_object_or_404(PriceList.objects.visible_to(request.user), pk=pk)
    prices = Price.objects.visible_to(request.user).filter(price_list=found)
    text = asked(request)
    if text:
        prices = prices.filter(
            Q(service__name_en__icontains=text)
            | Q(service__name_zh__icontains=text)
            | Q(part_type__name_en__icontains=text)
            | Q(part_type__name_zh__icontains=text)
            | Q(part_type__code__istartswith=text)
            | Q(model__name__icontains=text)
        )
    rows = prices.select_related("service", "part_type", "model")
    context = {
        "list": found,
        "page": page_by_key(request, rows, newest=False),
        "rates": list(found.tax_rates.all()),
        "q": text,
        "admin": request.user.role == Role.ADMIN,
    }
    return render(request, "billing/price_list.html", context)
