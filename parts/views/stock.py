"""The stock of the shops: lists, one part's life, what managers do with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from core.csvout import csv_response
from core.templatetags.ui import query
from core.workflow import Stale
from jobs.once import once
from parts.forms import LowForm, MoveForm, ReasonForm
from parts.models import Part, PartKind, Place, Stock
from parts.services import custody, stock
from repairshops.models import RepairShop
from workorders.views.answers import see_other
from workorders.views.bench.parts import Tab, asked, page_by_key, tabs

READERS = (Role.ENGINEER, Role.SHOP_MANAGER, Role.AGENT)
MANAGER = (Role.SHOP_MANAGER,)
TABS = (("types", _("By type")), ("parts", _("Single parts")))


# ------------------------------------------------------------------ lists
def _shops(user: Any) -> list[RepairShop]:
    shops = RepairShop.objects.visible_to(user)
    return list(shops.filter(kind=RepairShop.Kind.OFFICIAL))


def _filtered(request: UserRequest) -> Any:
    """The rows of stock that were asked for; list and CSV alike."""
    rows = Stock.objects.visible_to(request.user).select_related("type", "shop").with_threshold()
    if shop := asked(request, "shop"):
        rows = rows.filter(shop__code=shop)
    if (kind := asked(request, "kind")) in PartKind.values:
        rows = rows.filter(type__kind=kind)
    if asked(request, "low"):
        rows = rows.low()
    if words := asked(request):
        rows = rows.filter(custody.type_words(words))
    return rows


def _pieces(request: UserRequest) -> Any:
    rows = (
        Part.objects.visible_to(request.user)
        .exclude(serial="")
        .select_related("type", "shop", "unit")
    )
    if shop := asked(request, "shop"):
        rows = rows.filter(shop__code=shop)
    if (kind := asked(request, "kind")) in PartKind.values:
        rows = rows.filter(kind=kind)
    if (place := asked(request, "place")) in Place.values:
        rows = rows.filter(place=place)
    if words := asked(request):
        rows = custody.search(rows, words)
    return rows


@require_safe
@access(*READERS)
def stock_list(request: UserRequest) -> HttpResponse:
    """What the shops have: by type, or part by part; a scanned serial number finds its part."""
    tab = "parts" if asked(request, "tab") == "parts" else "types"
    rows = _pieces(request) if tab == "parts" else _filtered(request)
    if tab == "types" and (found := _one_part(request)):
        return see_other(reverse("parts:part", args=[found]))
    names = ("shop", "kind", "low", "q", "place")
    context = {
        "tab": tab,
        "tabs": _tabs(request, tab),
        "page": page_by_key(request, rows, newest=tab == "parts"),
        "shops": _shops(request.user),
        "kinds": PartKind.choices,
        "places": [(p.value, p.label) for p in (Place.STOCK, Place.SHELF, Place.UNIT)],
        "asked": {name: asked(request, name) for name in names},
        "filtered": any(asked(request, name) for name in names),
        "low_count": Stock.objects.visible_to(request.user).low().count(),
        "may_manage": request.user.role in MANAGER,
        "export": reverse("parts:stock-csv") + query(request, tab=None),
    }
    return render(request, "parts/stock.html", context)


def _one_part(request: UserRequest) -> int | None:
    """The key of the only part with exactly this serial number."""
    words = asked(request)
    if not words:
        return None
    return custody.exactly(Part.objects.visible_to(request.user), words)


def _tabs(request: HttpRequest, tab: str) -> list[Tab]:
    return tabs(request, TABS, current=tab)


@require_safe
@access(*READERS)
def stock_csv(request: UserRequest) -> StreamingHttpResponse:
    header = [_now("Shop"), _now("Type"), _now("Name"), _now("Kind"), _now("Quantity"),
              _now("Reserved"), _now("Low at"), _now("Low")]  # fmt: skip
    return csv_response("parts.csv", header, _lines(_filtered(request)))


def _lines(rows: Any) -> Iterator[list[Any]]:
    yes = _now("yes")
    for row in rows.order_by("shop__code", "type__code").iterator(chunk_size=500):
        yield [
            row.shop.code,
            row.type.code,
            row.type.name,
            str(row.type.get_kind_display()),
            row.quantity,
            row.reserved,
            row.effective_low_at,
            yes if row.is_low else "",
        ]


# ------------------------------------------------------------------ one type in one shop
def _stock(request: UserRequest, pk: int) -> Stock:
    rows = Stock.objects.visible_to(request.user).select_related("type", "shop")
    row: Stock = get_object_or_404(rows, pk=pk)
    return row


@require_safe
@access(*READERS)
def stock_page(request: UserRequest, pk: int) -> HttpResponse:
    """One type in one shop: how many, since when, and what a manager may do."""
    return _stock_page(request, _stock(request, pk))


def _stock_page(
    request: UserRequest,
    row: Stock,
    *,
    status: int = 200,
    move: MoveForm | None = None,
    low: LowForm | None = None,
) -> HttpResponse:
    first = {"version": row.version, "low_at": row.low_at}
    context = {
        "row": row,
        "moves": custody.life_of_stock(row, request.user),
        "promises": custody.promises(row),
        "may_manage": request.user.role in MANAGER,
        "move": move or MoveForm(away_from=row.shop, single=False),
        "low": low or LowForm(initial=first),
        "crumbs": [(reverse("parts:stock"), _("Parts stock")), ("", row.type.code)],
    }
    return render(request, "parts/type.html", context, status=status)


@require_POST
@access(*MANAGER)
@once
def stock_move(request: UserRequest, pk: int) -> HttpResponse:
    """So many of a type without serial numbers into another shop's stock."""
    row = _stock(request, pk)
    form = MoveForm(request.POST, away_from=row.shop, single=False)
    if not form.is_valid():
        return _stock_page(request, row, status=422, move=form)
    said = form.cleaned_data
    shop, quantity, reason = said["shop"], said["quantity"], said["reason"]
    stock.move_many_to_shop(row, quantity, shop, actor=request.user, reason=reason)
    return see_other(reverse("parts:type", args=[pk]))


@require_POST
@access(*MANAGER)
def stock_low(request: UserRequest, pk: int) -> HttpResponse:
    """The shop's own low mark; empty = the type's."""
    row, form = _stock(request, pk), LowForm(request.POST)
    if not form.is_valid():
        return _stock_page(request, row, status=422, low=form)
    said = form.cleaned_data
    try:
        stock.set_low(row, said["low_at"], version=said["version"], actor=request.user)
    except Stale:
        fresh = _stock(request, pk)
        kept = LowForm(initial={"version": fresh.version, "low_at": said["low_at"]})
        return _stock_page(request, fresh, status=409, low=kept)
    return see_other(reverse("parts:type", args=[pk]))


# ------------------------------------------------------------------ one part
def _part(request: UserRequest, pk: int) -> Part:
    rows = Part.objects.visible_to(request.user).select_related("type", "shop", "unit__order")
    part: Part = get_object_or_404(rows, pk=pk)
    return part


@require_safe
@access(*READERS)
def part_page(request: UserRequest, pk: int) -> HttpResponse:
    """Where a part is, where it was and in which miners (D4, E26)."""
    return _part_page(request, _part(request, pk))


def _part_page(
    request: UserRequest, part: Part, *, status: int = 200, **forms: Any
) -> HttpResponse:
    lying = part.place in (Place.STOCK, Place.SHELF)
    context = {
        "part": part,
        "moves": custody.life_of(part, request.user),
        "may_manage": request.user.role in MANAGER and lying,
        "move": MoveForm(away_from=part.shop, single=True, auto_id="m_%s"),
        "scrap": ReasonForm(auto_id="s_%s"),
        "crumbs": [(reverse("parts:stock"), _("Parts stock")), ("", str(part))],
        **forms,
    }
    return render(request, "parts/part.html", context, status=status)


@require_POST
@access(*MANAGER)
@once
def part_move(request: UserRequest, pk: int) -> HttpResponse:
    part = _part(request, pk)
    form = MoveForm(request.POST, away_from=part.shop, single=True, auto_id="m_%s")
    if not form.is_valid():
        return _part_page(request, part, status=422, move=form)
    said = form.cleaned_data
    stock.move_to_shop(part, said["shop"], actor=request.user, reason=said["reason"])
    return see_other(reverse("parts:stock"))


@require_POST
@access(*MANAGER)
def part_scrap(request: UserRequest, pk: int) -> HttpResponse:
    part, form = _part(request, pk), ReasonForm(request.POST, auto_id="s_%s")
    if form.is_valid():
        stock.scrap(part, actor=request.user, reason=form.cleaned_data["reason"])
        return see_other(reverse("parts:part", args=[pk]))
    return _part_page(request, part, status=422, scrap=form)


@require_POST
@access(*MANAGER)
def part_repaired(request: UserRequest, pk: int) -> HttpResponse:
    """Good again: the repair centre's own go into stock."""
    stock.mark_repaired(_part(request, pk), actor=request.user)
    return see_other(reverse("parts:part", args=[pk]))


@require_POST
@access(*MANAGER)
def part_return(request: UserRequest, pk: int) -> HttpResponse:
    """A customer's part that was kept goes back to them."""
    stock.give_back(_part(request, pk), actor=request.user)
    return see_other(reverse("parts:part", args=[pk]))
