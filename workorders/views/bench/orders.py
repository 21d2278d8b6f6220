"""The list of work orders across all customers: filters, search, saved views, CSV (R68)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.models import Customer
from accounts.roles import WORKSHOP, Role
from core.csvout import csv_response
from core.templatetags.ui import query
from devices.models import normalise_sn
from logistics.models import Shipment, normalise_waybill
from repairshops.models import RepairShop
from workorders.forms.desk import SaveViewForm
from workorders.models import RepairOrder, SavedView, Unit
from workorders.services import views
from workorders.views.answers import see_other
from workorders.views.bench.parts import asked, number, page_by_key

READERS = (Role.AGENT, Role.ENGINEER, Role.SHOP_MANAGER)
EXPORT_BATCH = 2_000
KEPT = ("q", "state", "shop", "customer", "overdue", "since", "until")
LIST = "workorders:order-list"


# ------------------------------------------------------------------ what is asked for
@dataclass
class Filter:
    """The words of the address; the same for the list, the export and a saved view."""

    request: UserRequest

    def word(self, name: str) -> str:
        return asked(self.request, name)

    @cached_property
    def shops(self) -> list[RepairShop]:
        rows = RepairShop.objects.visible_to(self.request.user)
        return list(rows.filter(kind=RepairShop.Kind.OFFICIAL))

    @cached_property
    def customer(self) -> Customer | None:
        """The one whose orders are asked for; named only to who sees an order of theirs."""
        pk = number(self.word("customer"))
        orders = RepairOrder.objects.visible_to(self.request.user).filter(customer=pk)
        order = orders.select_related("customer").first() if pk else None
        return order.customer if order else None

    def day(self, name: str) -> date | None:
        try:
            return parse_date(self.word(name))
        except ValueError:
            return None

    @property
    def any(self) -> bool:
        return any(self.word(name) for name in KEPT)

    def rows(self) -> QuerySet[RepairOrder]:
        """Nothing that this person may not see; words that name nothing filter nothing."""
        orders: QuerySet[RepairOrder] = RepairOrder.objects.visible_to(self.request.user)
        if self.word("state") in RepairOrder.State.values:
            orders = orders.filter(state=self.word("state"))
        if self.word("shop"):
            orders = orders.filter(shop__code=self.word("shop"))
        if self.word("customer"):
            orders = orders.filter(customer=number(self.word("customer")))
        if self.word("overdue"):
            units = Unit.objects.visible_to(self.request.user)
            late = units.filter(order=OuterRef("pk"), due_at__lt=timezone.now())
            orders = orders.filter(Exists(late))
        if since := self.day("since"):
            orders = orders.filter(opened_at__gte=_midnight(since))
        if until := self.day("until"):
            orders = orders.filter(opened_at__lt=_midnight(until + timedelta(days=1)))
        text = self.word("q")
        return orders.filter(_claim(self.request, text)) if text else orders

    def chips(self) -> list[dict[str, Any]]:
        """Each filter that is set, with the address of the list without it."""
        shops = {shop.code: shop.name for shop in self.shops}
        states: dict[str, Any] = dict(RepairOrder.State.choices)
        words: dict[str, Any] = {
            "q": f"“{self.word('q')}”",
            "state": states.get(self.word("state")),
            "shop": shops.get(self.word("shop")),
            "customer": self.customer,
            "overdue": _("Overdue"),
            "since": self.day("since") and _("Since %(day)s") % {"day": self.word("since")},
            "until": self.day("until") and _("Until %(day)s") % {"day": self.word("until")},
        }
        return [
            {"label": words[name], "url": query(self.request, **{name: None})}
            for name in KEPT
            if self.word(name) and words[name]
        ]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _claim(request: UserRequest, text: str) -> Q:
    """By code, customer, serial number or waybill."""
    claim = Q(code__istartswith=text) | Q(customer__name__icontains=text)
    sn, waybill = normalise_sn(text), normalise_waybill(text)
    if sn:
        units = Unit.objects.visible_to(request.user).filter(sn=sn)
        claim |= Q(pk__in=units.values("order"))
    if waybill:
        shipments = Shipment.objects.visible_to(request.user).filter(waybill=waybill)
        claim |= Q(consignment__in=shipments.values("consignment")) | Q(waybill=waybill)
    return claim


# ------------------------------------------------------------------ the list
@require_safe
@access(*READERS)
def order_list(request: UserRequest) -> HttpResponse:
    """Orders across customers, newest first (R68)."""
    chosen = Filter(request)
    found = chosen.rows().select_related("customer", "shop", "counselling")
    saved = list(SavedView.objects.visible_to(request.user).of(SavedView.Page.ORDERS))
    current = next((v for v in saved if str(v.pk) == asked(request, "saved")), None)
    context = {
        "page": page_by_key(request, found, newest=True),
        "states": _choices(request),
        "shops": chosen.shops,
        "given": {name: chosen.word(name) for name in KEPT},
        "filtered": chosen.any,
        "chips": chosen.chips(),
        "export": reverse("workorders:order-export") + query(request, saved=None),
        "tabs": _views(saved, current),
        "current": current,
        "kept": _kept(request.GET),
        "save_form": SaveViewForm(),
        "may_save": request.user.role in READERS,
    }
    return render(request, "workorders/bench/order_list.html", context)


def _choices(request: UserRequest) -> list[tuple[str, Any]]:
    """Workshops never see what was not submitted."""
    hidden = {RepairOrder.State.AWAITING_SUBMISSION} if request.user.role in WORKSHOP else set()
    return [(value, label) for value, label in RepairOrder.State.choices if value not in hidden]


def _views(saved: list[SavedView], current: SavedView | None) -> list[dict[str, Any]]:
    """The person's own views as tabs; none until there is one."""
    if not saved:
        return []
    here = reverse(LIST)
    own = [
        {"url": f"{here}?{v.query}&saved={v.pk}", "label": v.name, "current": v == current}
        for v in saved
    ]
    return [{"url": here, "label": _("All"), "current": current is None}, *own]


def _kept(given: QueryDict) -> str:
    """The filters as they stand, without page and view: what a saved view keeps."""
    kept = QueryDict(mutable=True)
    for name in KEPT:
        if value := given.get(name, "").replace("\x00", "").strip():
            kept[name] = value
    return kept.urlencode()


@require_POST
@access(*READERS)
def order_view_save(request: UserRequest) -> HttpResponse:
    """Keep the filters as they stand under a name; only what the list knows is kept."""
    form = SaveViewForm(request.POST)
    kept = _kept(QueryDict(request.POST.get("query", "")[:500]))
    if not form.is_valid():
        messages.error(request, _("Give the view a name of at most 60 letters."))
        return see_other(f"{reverse(LIST)}?{kept}")
    view = views.save_view(
        request.user, page=SavedView.Page.ORDERS, name=form.cleaned_data["name"], query=kept
    )
    messages.success(request, _("The view is saved."))
    return see_other(f"{reverse(LIST)}?{view.query}&saved={view.pk}")


@require_POST
@access(*READERS)
def order_view_delete(request: UserRequest, pk: int) -> HttpResponse:
    mine = SavedView.objects.visible_to(request.user).of(SavedView.Page.ORDERS)
    get_object_or_404(mine, pk=pk).delete()
    messages.success(request, _("The view is deleted."))
    return see_other(reverse(LIST))


# ------------------------------------------------------------------ the export
@require_safe
@access(*READERS)
def order_export(request: UserRequest) -> HttpResponseBase:
    """Exactly what is filtered, as CSV (R68)."""
    header = [
        _("First visit code"),
        _("Enquiry number"),
        _("Customer"),
        _("Repair shop"),
        _("State"),
        _("Devices"),
        _("Returned"),
        _("To be returned"),
        _("Carrier"),
        _("Waybill (HWB) number"),
        _("Opened"),
        _("Submitted"),
        _("Received"),
        _("Repaired"),
        _("Back on its way"),
        _("Completed"),
    ]
    orders = Filter(request).rows().select_related("customer", "shop", "counselling", "carrier")
    rows = orders.order_by("-pk").iterator(EXPORT_BATCH)
    words = [str(word) for word in header]
    zone, language = timezone.get_current_timezone(), translation.get_language() or "en"
    return csv_response(_now("repair-orders.csv"), words, _lines(rows, zone, language))


def _lines(rows: Iterator[RepairOrder], zone: Any, language: str) -> Iterator[list[Any]]:
    """The stream outlives the request: language and zone are those of who asked."""
    for order in rows:
        with translation.override(language):
            line = _line(order, zone)
        yield line


def _line(order: RepairOrder, zone: Any) -> list[Any]:
    return [
        order.code,
        order.counselling.number if order.counselling else "",
        order.customer.name,
        order.shop.name if order.shop else "",
        order.state_label,
        order.unit_count,
        order.sent_count,
        order.back_count,
        order.carrier.name if order.carrier else "",
        order.waybill,
        *(_stamp(order, name, zone) for name in STAMPS),
    ]


STAMPS = (
    "opened_at",
    "submitted_at",
    "received_at",
    "repaired_at",
    "returned_at",
    "completed_at",
)


def _stamp(order: RepairOrder, name: str, zone: Any) -> str:
    at: datetime | None = getattr(order, name)
    return timezone.localtime(at, zone).strftime("%Y-%m-%d %H:%M") if at else ""
