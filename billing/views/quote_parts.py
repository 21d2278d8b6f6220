"""What the pages of quotes show, and how their forms are read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.access import UserRequest
from accounts.roles import Role
from billing import quote_forms
from billing.models import Quote, QuoteLine, QuoteUnit
from billing.services import prices, quote_answers, quote_lines
from billing.services.quote_lines import Heap
from billing.services.quote_sums import (
    Quoted,
    draft_sums,
    quoted,
    sums,
    why_not_send,
)
from core.templatetags.ui import query
from core.workflow import Refused
from workorders.models import RepairOrder
from workorders.models.unit import UnitQuerySet
from workorders.views.bench.parts import Page, asked, number, page_by_key

ONE_BY_ONE = 300  # lines of a paper shown each by itself
DEVICES = 20  # of a quote on one page
LINES = 40  # of all devices of a page together; the first device has all of its own
GROUPS = 10  # of equal lines, to be priced on one page
WRITERS = (Role.ENGINEER, Role.SHOP_MANAGER, Role.AGENT)


def _devices(request: HttpRequest, quote: Quote) -> tuple[Page, list[Quoted]]:
    """Some devices with all their lines, as many as a page can bear; two queries."""
    rows = quote.units.select_related("unit__model")
    if text := asked(request):
        rows = rows.filter(unit__sn__startswith=text.upper())
    page = page_by_key(request, rows, newest=False, size=DEVICES)
    units: list[Quoted] = []
    lines = 0
    for each in quoted(page.rows, quote):
        lines += len(each.lines)
        if units and lines > LINES:
            following = query(request, after=units[-1].entry.pk)
            return Page([shown.entry for shown in units], following, page.first), units
        units.append(each)
    return page, units


# ------------------------------------------------------------------ prices of a draft
@dataclass(frozen=True)
class Part:
    """Some groups of equal lines; `here` and `next` are the keys behind which pages begin."""

    heaps: list[Heap]
    here: str
    next: str


def _key(heap: Heap) -> str:
    return f"{heap.kind}~{heap.pk}"


def _part(heaps: list[Heap], after: str, pks: Collection[int] | None = None) -> Part:
    """The groups behind a key, or those of a form that was refused."""
    kind, _sep, pk = after.partition("~")
    key = (kind, number(pk) or 0)
    if pks is None:
        shown = [heap for heap in heaps if (heap.kind, heap.pk) > key][:GROUPS] or heaps[:GROUPS]
    else:
        shown = [heap for heap in heaps if heap.pk in pks]
    start = heaps.index(shown[0]) if shown else 0
    end = start + len(shown)
    return Part(
        shown,
        _key(heaps[start - 1]) if start else "",
        _key(shown[-1]) if shown and end < len(heaps) else "",
    )


def _prices(
    request: HttpRequest, quote: Quote, heaps: list[Heap], form: quote_forms.PricesForm | None
) -> dict[str, Any]:
    """One part of the groups, each with its two fields."""
    part = _part(heaps, request.GET.get("prices", ""), form.pks if form else None)
    groups = quote_lines.groups_of(part.heaps)
    if form is None:
        initial: dict[str, Any] = {"version": quote.version}
        for group in groups:
            initial[f"quantity-{group.pk}"] = group.line.quantity
            initial[f"price-{group.pk}"] = group.line.price
        form = quote_forms.PricesForm(pks=[group.pk for group in groups], initial=initial)
    return {
        "prices_form": form,
        "part": part,
        "groups": [
            (group, form[f"quantity-{group.pk}"], form[f"price-{group.pk}"]) for group in groups
        ],
    }


def priced_groups(request: HttpRequest, quote: Quote) -> list[int]:
    """The groups whose prices were sent."""
    return [heap.pk for heap in quote_lines.heaps(quote) if f"price-{heap.pk}" in request.POST]


# ------------------------------------------------------------------ pages
def staff_page(
    request: UserRequest, quote: Quote, *, status: int = 200, **given: Any
) -> HttpResponse:
    """The quote as staff write and follow it; refused forms stand where fresh ones would."""
    page, units = _devices(request, quote)
    draft = quote.state == Quote.State.DRAFT
    may_write = draft and request.user.role in WRITERS
    may_send = request.user.role in (Role.SHOP_MANAGER, Role.AGENT)
    heaps = quote_lines.heaps(quote) if draft else []
    context = {
        "quote": quote,
        "page": page,
        "units": units,
        "sums": draft_sums(quote, heaps) if draft else sums(quote),
        "details_form": given.get("details_form") or quote_forms.DetailsForm.of(quote),
        "may_write": may_write,
        "may_send": may_send and draft,
        "may_withdraw": may_send and quote.state in Quote.OPEN,
        "why_not_send": why_not_send(quote) if may_send and draft else (),
        "draft": draft,
        "q": asked(request),
    }
    if may_write:
        context |= _prices(request, quote, heaps, given.get("prices_form"))
    return render(request, "billing/quote.html", context, status=status)


def line_page(
    request: UserRequest,
    quote: Quote,
    *,
    status: int = 200,
    form: quote_forms.LineForm | None = None,
) -> HttpResponse:
    """What a line needs: `?fields` are its fields for the page of the quote, which loads them;
    else a page with the devices to choose from. What was typed and picked is kept."""
    context: dict[str, Any] = {
        "quote": quote,
        "line_form": form
        or quote_forms.LineForm(initial={"version": quote.version, "quantity": 1}),
        "may_write": request.user.role in WRITERS,
    }
    if request.method == "GET" and "fields" in request.GET:
        return render(request, "billing/_quote_line.html", context)
    page, units = _devices(request, quote)
    everywhere = "all" in request.POST
    context |= {"page": page, "units": units, "q": asked(request)}
    context |= {"picked": picked(request), "everywhere": everywhere}
    return render(request, "billing/quote_line.html", context, status=status)


def pick_page(request: UserRequest, order: RepairOrder, rows: UnitQuerySet) -> HttpResponse:
    text = asked(request)
    shown = rows.filter(sn__startswith=text.upper()) if text else rows
    context = {
        "order": order,
        "page": page_by_key(request, shown.select_related("model"), newest=False),
        "total": rows.count(),
        "q": text,
        "terms": prices.terms_of(order),
        "may_write": request.user.role != Role.ADMIN,
    }
    return render(request, "billing/quote_new.html", context)


def answer_page(
    request: UserRequest,
    quote: Quote,
    *,
    status: int = 200,
    error: ValidationError | None = None,
    refusal: Refused | None = None,
) -> HttpResponse:
    """The quote as its customer reads and answers it; what was chosen on the page is kept."""
    page, units = _devices(request, quote)
    if request.method == "POST":
        _keep(request, units)
    why = [str(reason) for reason in refusal.reasons] if refusal else []
    context = {
        "quote": quote,
        "page": page,
        "units": units,
        "sums": sums(quote),
        "open": quote.state == Quote.State.SENT,
        "may_answer": quote.state == Quote.State.SENT and request.user.role == Role.CUSTOMER,
        "errors": [*why, *(error.messages if error else [])],
        "signature": signature(request, quote),
        "here": place(request),
        "one_page": not (page.next or page.first),
    }
    return render(request, "billing/quote_answer.html", context, status=status)


def _keep(request: HttpRequest, units: list[Quoted]) -> None:
    """Rows as they were chosen on a form that was refused."""
    choices = told(request)
    for each in units:
        each.entry.wish = choices["wishes"].get(each.entry.unit_id, each.entry.wish)
        for line in each.lines:
            line.answer = choices["answers"].get(line.pk, line.answer)


def paper(quote: Quote) -> dict[str, Any]:
    """The context of the PDF; very many lines are put together, the same with the same answer."""
    told = sums(quote)
    long = told.lines > ONE_BY_ONE
    entries = quote.units.select_related("unit__model")
    return {
        "quote": quote,
        "units": [] if long else quoted(entries, quote),
        "groups": quote_lines.groups(quote, "answer") if long else [],
        "devices": entries.count() if long else 0,
        "sums": told,
        "brand": settings.BRAND_NAME,
        "title": _("Quote %(reference)s") % {"reference": quote.reference},
    }


# ------------------------------------------------------------------ what was sent
def picked(request: HttpRequest) -> list[int]:
    keys = (number(text) for text in request.POST.getlist("unit"))
    return [key for key in keys if key is not None]


def version_of(request: HttpRequest) -> int:
    return number(request.POST.get("version", "")) or 0


def told(request: HttpRequest) -> dict[str, dict[int, str]]:
    """`answer-<line>` and `wish-<unit>`; words that mean nothing are left out."""
    found: dict[str, dict[int, str]] = {"answers": {}, "wishes": {}}
    known = {
        "answer": ("answers", [str(word) for word in quote_answers.FINAL]),
        "wish": ("wishes", list(QuoteUnit.Wish.values)),
    }
    for name, value in request.POST.items():
        kind, _dash, key = name.partition("-")
        pk = number(key)
        if kind in known and pk is not None and value in known[kind][1]:
            found[known[kind][0]][pk] = str(value)
    return found


def place(request: HttpRequest) -> str:
    """Where the page of devices begins, for the address of its form; empty at the beginning."""
    after = number(request.GET.get("after", ""))
    return f"?after={after}" if after is not None else ""


def following(request: HttpRequest) -> str:
    """Where a kept page of answers leads: behind the device that `to` names, or where it was."""
    if "to" not in request.POST:
        return f"{place(request)}#sign"
    after = number(request.POST["to"])
    return f"?after={after}" if after is not None else ""


def prices_after(request: HttpRequest) -> str:
    """The same for the prices of a draft."""
    kind, _sep, pk = request.POST.get("to", "").partition("~")
    known = kind in QuoteLine.Kind.values and number(pk) is not None
    return f"?prices={kind}~{pk}#prices" if known else "#prices"


# ------------------------------------------------------------------ a name that is typed early
def _name(quote: Quote) -> str:
    return f"quote-signature-{quote.pk}"


def signature(request: UserRequest, quote: Quote) -> str:
    """What was typed, on this page or on one before it; else the person's own name."""
    kept = request.session.get(_name(quote), str(request.user))
    return str(request.POST.get("signature", kept))


def keep_signature(request: UserRequest, quote: Quote) -> None:
    """People go through the devices page by page; the name they typed goes along."""
    typed = request.POST.get("signature", "").replace("\x00", "")[:120]
    if typed and typed != str(request.user):
        request.session[_name(quote)] = typed


def forget_signature(request: UserRequest, quote: Quote) -> None:
    request.session.pop(_name(quote), None)
