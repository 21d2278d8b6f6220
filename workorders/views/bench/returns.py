"""Sending back: which devices, with whom, under which number; and correcting that later (R32)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP
from core.workflow import Refused, Stale
from jobs.once import once
from logistics.models import Container, Direction, Shipment
from logistics.shipping import why_not_load
from workorders.forms.bench import CorrectionForm, MovementForm, ReturnForm, add_errors
from workorders.forms.goods import ShipForm
from workorders.models import RepairOrder, Unit
from workorders.services import bench, boxing
from workorders.views.answers import see_other
from workorders.views.bench.parts import number
from workorders.views.goods.reading import containers_of

SHOWN = 500  # ready devices to tick one by one; "all" takes the rest too


def _order(request: UserRequest, code: str) -> RepairOrder:
    orders = RepairOrder.objects.visible_to(request.user).select_related(
        "customer", "shop", "consignment__return_carrier"
    )
    order: RepairOrder = get_object_or_404(orders, code=code.upper())
    return order


def _shipment(request: UserRequest, order: RepairOrder, pk: int) -> Shipment:
    outbound = Shipment.objects.visible_to(request.user).filter(
        consignment=order.consignment_id, direction=Direction.OUT
    )
    return get_object_or_404(outbound, pk=pk)


def _back(order: RepairOrder) -> HttpResponse:
    return see_other(reverse("workorders:return-ship", args=[order.code]))


@require_http_methods(["GET", "HEAD", "POST"])
@access(*WORKSHOP)
@once
def return_ship(request: UserRequest, code: str) -> HttpResponse:
    """All ready devices are ticked; saving boxes, releases and tracks them (R32)."""
    order = _order(request, code)
    if request.method != "POST":
        return _page(request, order)
    form = ReturnForm(request.POST, order=order)
    if form.is_valid():
        try:
            shipment = bench.ship_back(
                order, _chosen(request, order), actor=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            _say(request, shipment)
            return _back(order)
    return _page(request, order, status=422, form=form)


def _say(request: UserRequest, shipment: Shipment | None) -> None:
    """Sent, or waiting for money first (R80)."""
    if shipment is None:
        text = _now(
            "The box is sealed and waits for payment; it will be offered for shipping when paid."
        )
        messages.info(request, text)
        return
    said = _now("%(number)s is saved; the customer sees it now.")
    messages.success(request, said % {"number": shipment.waybill})


def _chosen(request: UserRequest, order: RepairOrder) -> Any:
    """The ticked ready devices, or all of them. Raises Refused when none is."""
    units = Unit.objects.visible_to(request.user).filter(order=order)
    if request.POST.get("all"):
        return units.ready_to_box()
    ticked = [pk for text in request.POST.getlist("unit") if (pk := number(text)) is not None]
    if not ticked:
        raise Refused(_("Choose at least one device."))
    return units.filter(pk__in=ticked)


def _page(
    request: UserRequest,
    order: RepairOrder,
    *,
    status: int = 200,
    form: ReturnForm | None = None,
    corrections: dict[int, CorrectionForm] | None = None,
    movements: dict[int, MovementForm] | None = None,
    conflict: bool = False,
) -> HttpResponse:
    units = Unit.objects.visible_to(request.user).filter(order=order)
    ready = list(units.ready_to_box().select_related("model").order_by("pk")[: SHOWN + 1])
    ticked = set(request.POST.getlist("unit")) if request.method == "POST" else None
    returns = _returns(order, corrections or {}, movements or {})
    context = {
        "order": order,
        "form": form or ReturnForm(order=order),
        "ready": [(u, ticked is None or str(u.pk) in ticked) for u in ready[:SHOWN]],
        "more": len(ready) > SHOWN,
        "ready_count": units.ready_to_box().count() if len(ready) > SHOWN else len(ready),
        "returns": returns,
        "packed": _packed(request, order),
        "ship": ShipForm(order=order),
        "conflict": conflict,
        "may_ship": request.user.role in WORKSHOP and order.state in RepairOrder.FOLLOWING,
        "may_write": request.user.role in WORKSHOP,
    }
    return render(request, "workorders/bench/return.html", context, status=status)


def _packed(request: UserRequest, order: RepairOrder) -> list[tuple[Container, int, bool]]:
    """Sealed boxes on no shipment: how many devices each holds, whether it may leave."""
    if order.consignment_id is None:
        return []
    boxes = containers_of(request).filter(
        consignment=order.consignment_id, direction=Direction.OUT, shipment=None
    )
    found = list(boxes.exclude(state=Container.State.OPEN).order_by("pk")[:SHOWN])
    counts = boxing.held_by(found)
    return [(box, counts[box.pk], why_not_load(box) is None) for box in found if box.pk in counts]


def _returns(
    order: RepairOrder,
    corrections: dict[int, CorrectionForm],
    movements: dict[int, MovementForm],
) -> list[dict[str, Any]]:
    """What went back, newest first, with its forms; those emptied again are left out."""
    if order.consignment is None:
        return []
    boxed = order.units.filter(outbound_container__isnull=False)
    by_shipment = boxed.order_by().values_list("outbound_container__shipment")
    counts = dict(by_shipment.annotate(n=Count("pk")))
    outbound = order.consignment.shipments.filter(direction=Direction.OUT)
    return [
        {
            "shipment": shipment,
            "count": counts[shipment.pk],
            "correction": corrections.get(shipment.pk) or CorrectionForm.of(shipment, order),
            "movement": movements.get(shipment.pk) or MovementForm.of(shipment),
            "open": shipment.pk in corrections or shipment.pk in movements,
        }
        for shipment in outbound.select_related("carrier").order_by("-pk")
        if shipment.pk in counts
    ]


@require_POST
@access(*WORKSHOP)
def return_correct(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """Another carrier or number."""
    order = _order(request, code)
    shipment = _shipment(request, order, pk)
    form = CorrectionForm(request.POST, order=order, prefix=f"s{pk}")
    if form.is_valid():
        try:
            bench.correct_tracking(order, shipment, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        except Stale:
            return _page(request, order, status=409, corrections={pk: form}, conflict=True)
        else:
            return _back(order)
    return _page(request, order, status=422, corrections={pk: form})


@require_POST
@access(*WORKSHOP)
def return_remove(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """Take the number back; the order moves back with it."""
    order = _order(request, code)
    shipment = _shipment(request, order, pk)
    version = number(request.POST.get("version", "")) or 0
    bench.remove_return_tracking(order, shipment, version=version, actor=request.user)
    messages.info(request, _now("The number is removed."))
    return _back(order)


@require_POST
@access(*WORKSHOP)
def return_moved(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """When it was picked up and delivered."""
    order = _order(request, code)
    shipment = _shipment(request, order, pk)
    form = MovementForm(request.POST, prefix=f"m{pk}")
    if form.is_valid():
        try:
            bench.move_return(order, shipment, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        except Stale:
            return _page(request, order, status=409, movements={pk: form}, conflict=True)
        else:
            return _back(order)
    return _page(request, order, status=422, movements={pk: form})


@require_POST
@access(*WORKSHOP)
def return_unbox(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """Take the devices out of a box that has no number."""
    order = _order(request, code)
    bench.take_out(order, _shipment(request, order, pk), actor=request.user)
    return _back(order)
