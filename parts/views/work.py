"""What a manager enters: deliveries and counts."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, access
from accounts.roles import Role
from jobs.once import once
from parts.forms import CountForm, DeliveryForm, PieceCountForm, shops_for
from parts.models import Stock
from parts.services import stock
from repairshops.models import RepairShop
from workorders.forms.bench import add_errors
from workorders.views.answers import see_other
from workorders.views.bench.parts import asked, number

MANAGER = (Role.SHOP_MANAGER,)
SHOWN = 300  # verdicts on one page; the good ones beyond are counted


# ------------------------------------------------------------------ deliveries
@require_http_methods(["GET", "HEAD", "POST"])
@access(*MANAGER)
@once
def delivery(request: UserRequest) -> HttpResponse:
    """Many serial numbers at once: one verdict per row, then the good ones are booked (D3)."""
    if request.method != "POST":
        return _delivery(request, DeliveryForm(actor=request.user))
    form = DeliveryForm(request.POST, request.FILES, actor=request.user)
    if not form.is_valid():
        return _delivery(request, form, status=422)
    said, rows = form.cleaned_data, []
    try:
        rows = stock.check_rows(said["type"], form.rows_text())
        if request.POST.get("act") == "check" and not said["quantity"]:
            return _delivery(request, _checked(form, request), rows=rows)
        stock.deliver(
            said["shop"],
            rows,
            actor=request.user,
            kind=said["type"],
            quantity=said["quantity"] or 0,
            note=said["note"],
        )
    except ValidationError as error:
        add_errors(form, error)
        return _delivery(request, form, rows=rows, status=422)
    if any(not row.good for row in rows):
        return _booked(request, rows)
    return see_other(reverse("parts:stock"))


def _checked(form: DeliveryForm, request: UserRequest) -> DeliveryForm:
    """The same form with the file's rows in the field: a file is not sent twice."""
    said = form.cleaned_data
    first = {name: said[name] for name in ("quantity", "note")}
    keys = {name: said[name].pk if said[name] else None for name in ("shop", "type")}
    return DeliveryForm(initial=first | keys | {"serials": form.rows_text()}, actor=request.user)


def _delivery(
    request: HttpRequest, form: DeliveryForm, *, rows: Any = (), status: int = 200
) -> HttpResponse:
    good = sum(row.good for row in rows)
    shown = sorted(rows, key=lambda row: (row.good, row.number))[:SHOWN]
    context = {
        "form": form,
        "rows": shown,
        "good": good,
        "bad": len(rows) - good,
        "crumbs": [(reverse("parts:stock"), _("Parts stock")), ("", _("Delivery"))],
    }
    return render(request, "parts/delivery.html", context, status=status)


def _booked(request: HttpRequest, rows: Any) -> HttpResponse:
    """The good ones are in stock; these are not: the list of what is left stays on the screen."""
    left = [row for row in rows if not row.good]
    context = {
        "rows": left[:SHOWN],
        "good": len(rows) - len(left),
        "bad": len(left),
        "booked": True,
        "crumbs": [(reverse("parts:stock"), _("Parts stock")), ("", _("Delivery"))],
    }
    return render(request, "parts/delivery.html", context)


# ------------------------------------------------------------------ counting
@require_http_methods(["GET", "HEAD", "POST"])
@access(*MANAGER)
@once
def count(request: UserRequest) -> HttpResponse:
    """Enter what is there; the differences are booked with the reason."""
    if request.method != "POST":
        return _count(request, _shop(request))
    form = CountForm(request.POST, actor=request.user)
    if not form.is_valid():
        return _count(request, _shop(request), form=form, status=422)
    said = form.cleaned_data
    try:
        counted = _numbers(request)
        stock.count(said["shop"], counted, actor=request.user, reason=said["reason"])
    except ValidationError as error:
        add_errors(form, error)
        return _count(request, said["shop"], form=form, status=422)
    return see_other(reverse("parts:stock"))


def _shop(request: UserRequest) -> RepairShop:
    """The shop that was asked for, else the first one this manager has."""
    mine = shops_for(request.user)
    if code := asked(request, "shop"):
        mine = mine.filter(code=code)
    shop: RepairShop = get_object_or_404(mine[:1])
    return shop


def _numbers(request: HttpRequest) -> dict[int, tuple[int, int]]:
    """Rows that were filled in: key → (number on the form, number counted)."""
    found = {}
    for name, text in request.POST.items():
        field, _dash, key = name.partition("-")
        pk = number(key)
        if field != "n" or pk is None or not str(text).strip():
            continue
        counted, before = number(str(text).strip()), number(request.POST.get(f"was-{pk}", ""))
        if counted is None or before is None or counted > stock.MOST_AT_ONCE:
            raise ValidationError(_("“%(text)s” is not a number.") % {"text": str(text)[:20]})
        found[pk] = (before, counted)
    if not found:
        raise ValidationError(_("Enter at least one number."))
    return found


def _count(
    request: UserRequest,
    shop: RepairShop,
    *,
    form: CountForm | None = None,
    pieces: PieceCountForm | None = None,
    outcome: Any = None,
    status: int = 200,
) -> HttpResponse:
    rows = Stock.objects.visible_to(request.user).filter(shop=shop, type__serialised=False)
    typed = request.POST if status == 422 else {}
    listed = rows.select_related("type").order_by("type__kind", "type__code")
    first = {"shop": shop.pk}
    context = {
        "shop": shop,
        "shops": list(shops_for(request.user)),
        "rows": [(row, typed.get(f"n-{row.pk}", "")) for row in listed],
        "form": form or CountForm(actor=request.user, initial=dict(first)),
        "pieces": pieces or PieceCountForm(actor=request.user, initial=dict(first), auto_id="p_%s"),
        "outcome": outcome,
        "crumbs": [(reverse("parts:stock"), _("Parts stock")), ("", _("Count"))],
    }
    return render(request, "parts/count.html", context, status=status)


@require_POST
@access(*MANAGER)
@once
def count_pieces(request: UserRequest) -> HttpResponse:
    """Scanned serial numbers against what should be there: first the differences, then booked."""
    form = PieceCountForm(request.POST, actor=request.user, auto_id="p_%s")
    if not form.is_valid():
        return _count(request, _shop(request), pieces=form, status=422)
    said = form.cleaned_data
    shop, kind, serials = said["shop"], said["type"], said["serials"].split()
    if request.POST.get("act") != "book":
        outcome = stock.compare_pieces(shop, kind, serials)
        return _count(request, shop, pieces=form, outcome=outcome)
    try:
        stock.count_pieces(shop, kind, serials, actor=request.user, reason=said["reason"])
    except ValidationError as error:
        add_errors(form, error)
        outcome = stock.compare_pieces(shop, kind, serials)
        return _count(request, shop, pieces=form, outcome=outcome, status=422)
    return see_other(reverse("parts:stock"))
