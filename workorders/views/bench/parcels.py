"""Parcels that came without an order (E12, R31)."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP, Role
from attachments.uploads import files_first
from core.limits import get_or_miss
from jobs.once import once
from logistics.models import Parcel
from workorders.forms.bench import MatchForm, ParcelForm, add_errors
from workorders.models import RepairOrder
from workorders.services import bench
from workorders.views.answers import see_other
from workorders.views.bench.parts import asked, files_of

READERS = (Role.ENGINEER, Role.SHOP_MANAGER, Role.AGENT)
MATCHERS = (*WORKSHOP, Role.AGENT)


@require_http_methods(["GET", "HEAD", "POST"])
@access(*WORKSHOP)
@files_first
@once
def parcel_new(request: UserRequest) -> HttpResponse:
    """Record it; where its order is known already it is matched at once."""
    scanned = asked(request, "scanned")
    if request.method != "POST":
        form = ParcelForm(actor=request.user, initial={"waybill": scanned})
        return _form(request, form, scanned=scanned)
    form = ParcelForm(request.POST, request.FILES, actor=request.user)
    if form.is_valid():
        try:
            parcel = bench.record_parcel(actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return _recorded(request, parcel)
    return _form(request, form, status=422)


def _form(
    request: UserRequest, form: ParcelForm, *, scanned: str = "", status: int = 200
) -> HttpResponse:
    context = {"form": form, "scanned": scanned}
    return render(request, "workorders/bench/parcel_new.html", context, status=status)


def _recorded(request: UserRequest, parcel: Parcel) -> HttpResponse:
    if parcel.consignment is not None:
        code = parcel.consignment.reference
        messages.success(request, _("The parcel belongs to order %(code)s.") % {"code": code})
        return see_other(reverse("workorders:receive", args=[code]))
    messages.success(request, _("The parcel is recorded."))
    return see_other(reverse("workorders:parcel", args=[parcel.pk]))


def _parcel(request: UserRequest, pk: int) -> Parcel:
    parcels = Parcel.objects.visible_to(request.user).select_related(
        "shop", "carrier", "consignment", "recorded_by"
    )
    return get_object_or_404(parcels, pk=pk)


@require_safe
@access(*READERS)
def parcel_page(request: UserRequest, pk: int) -> HttpResponse:
    """What is known of it, and the orders it may belong to."""
    return _page(request, _parcel(request, pk), MatchForm())


def _page(
    request: UserRequest, parcel: Parcel, form: MatchForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "parcel": parcel,
        "form": form,
        "files": files_of(Parcel, [parcel.pk]).get(parcel.pk, ()),
        "candidates": _candidates(request, parcel) if parcel.consignment is None else [],
        "may_match": request.user.role in MATCHERS and parcel.consignment is None,
    }
    return render(request, "workorders/bench/parcel.html", context, status=status)


def _candidates(request: UserRequest, parcel: Parcel) -> list[RepairOrder]:
    """Orders of the shop whose code or a serial number stands on the parcel."""
    orders = RepairOrder.objects.visible_to(request.user).filter(
        Q(code=parcel.code) | Q(units__sn__in=parcel.sns), shop=parcel.shop_id
    )
    return list(orders.select_related("customer").distinct().order_by("-pk")[:5])


@require_POST
@access(*MATCHERS)
def parcel_match(request: UserRequest, pk: int) -> HttpResponse:
    """By hand, to an order of the same shop; an unknown code is the same 404 as a foreign one."""
    parcel, form = _parcel(request, pk), MatchForm(request.POST)
    if not form.is_valid():
        return _page(request, parcel, form, status=422)
    code = form.cleaned_data["code"].strip().upper()
    order = get_or_miss(RepairOrder.objects.visible_to(request.user), request, code=code)
    bench.match_parcel(parcel, order, actor=request.user)
    messages.success(request, _("The parcel belongs to order %(code)s.") % {"code": order.code})
    if request.user.role in WORKSHOP:
        return see_other(reverse("workorders:receive", args=[order.code]))
    return see_other(reverse("workorders:repair", args=[order.code]))
