"""The Logistics tab of an order: both ways, containers by shipment, what goes where (R76, R77)."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP, Role
from core.workflow import Refused
from jobs.once import once
from logistics.models import Container, Direction, Shipment
from workorders.forms.bench import add_errors
from workorders.forms.goods import ContainersForm, PackForm, ShipForm
from workorders.models import RepairOrder
from workorders.services import boxing, packing, receiving
from workorders.views.answers import see_other
from workorders.views.bench.parts import number
from workorders.views.goods.reading import STAFF, containers_of, shipments_of
from workorders.views.goods.reading import may_pack as may_pack_of
from workorders.views.goods.reading import ticked as ticked_keys
from workorders.views.goods.ways import ways
from workorders.views.order import frame
from workorders.views.order.frame import order_of

PARCELS = 10


@require_safe
@access(*STAFF)
def order_logistics(request: UserRequest, code: str) -> HttpResponse:
    """Inbound and outbound goods of one order."""
    return _page(request, order_of(request, code))


def _page(
    request: UserRequest,
    order: RepairOrder,
    *,
    status: int = 200,
    ship: ShipForm | None = None,
    announce: ContainersForm | None = None,
    pack: PackForm | None = None,
) -> HttpResponse:
    inbound, outbound = ways(request, order)
    may_pack = may_pack_of(request, order)
    context = {
        **frame(request, order, "logistics"),
        "inbound": inbound,
        "outbound": outbound,
        "parcels": list(order.consignment.parcels.all()[:PARCELS]) if order.consignment else [],
        "ship": (ship or ShipForm(order=order)) if may_pack and outbound.ready else ship,
        "announce": announce or ContainersForm(),
        "pack": pack or PackForm(),
        "kinds": Container.Kind.choices,
        "may_pack": may_pack,
        "may_announce": order.state in RepairOrder.FOLLOWING and request.user.role != Role.ADMIN,
        "picked": set(ticked_keys(request, "container")),
        "place": f"?{place}" if (place := request.GET.urlencode()) else "",
    }
    return render(request, "workorders/goods/tab.html", context, status=status)


# ------------------------------------------------------------------ writing
def _back(order: RepairOrder) -> HttpResponse:
    return see_other(reverse("workorders:order-logistics", args=[order.code]))


def _ticked(request: UserRequest, order: RepairOrder, *, way: str | None = None) -> list[Container]:
    """The ticked containers of this order, or all of a way that may go on a shipment.

    A stranger's is none. Raises Refused when none is.
    """
    mine = containers_of(request).filter(consignment=order.consignment_id)
    if way and request.POST.get("all"):
        free = mine.filter(direction=way, shipment=None)
        mine = free if way == Direction.IN else free.filter(state=Container.State.RELEASED)
    else:
        mine = mine.filter(pk__in=ticked_keys(request, "container"))
    found = list(mine) if order.consignment_id else []
    if not found:
        raise Refused(_("Choose at least one container."))
    return found


@require_POST
@access(*WORKSHOP)
@once
def container_new(request: UserRequest, code: str) -> HttpResponse:
    """An empty box or pallet, ready to be packed."""
    order = order_of(request, code)
    kind = request.POST.get("kind", "box")
    try:
        box = boxing.open_container(order, actor=request.user, kind=kind)
    except ValidationError as error:
        raise Refused(*error.messages) from error
    messages.success(request, _now("%(code)s is open.") % {"code": box.code})
    return see_other(reverse("workorders:container-scan", args=[box.pk]))


@require_POST
@access(*WORKSHOP)
@once
def containers_pack(request: UserRequest, code: str) -> HttpResponse:
    """Everything that is finished goes into containers of one size (R64, R73)."""
    order, form = order_of(request, code), PackForm(request.POST)
    if not form.is_valid():
        return _page(request, order, status=422, pack=form)
    boxes = packing.pack_finished(order, actor=request.user, **form.cleaned_data)
    text = ngettext("%(n)d container is packed.", "%(n)d containers are packed.", len(boxes))
    messages.success(request, text % {"n": len(boxes)})
    return _back(order)


@require_POST
@access(*WORKSHOP)
def containers_seal(request: UserRequest, code: str) -> HttpResponse:
    """Every open container that holds something is closed (R78)."""
    order = order_of(request, code)
    boxes = packing.seal_open(order, actor=request.user)
    text = ngettext("%(n)d container is sealed.", "%(n)d containers are sealed.", len(boxes))
    messages.success(request, text % {"n": len(boxes)})
    return _back(order)


@require_POST
@access(*WORKSHOP)
@once
def shipment_new(request: UserRequest, code: str) -> HttpResponse:
    """The ticked released containers leave on a new shipment (R77, R80)."""
    order = order_of(request, code)
    form = ShipForm(request.POST, order=order)
    if form.is_valid():
        try:
            boxes = _ticked(request, order, way=Direction.OUT)
            shipment = boxing.ship(order, boxes, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _shipped(shipment))
            return see_other(reverse("workorders:shipment", args=[shipment.pk]))
    return _page(request, order, status=422, ship=form)


def _shipped(shipment: Shipment) -> str:
    if shipment.waybill:
        said = _now("%(number)s is saved; the customer sees it now.")
        return said % {"number": shipment.waybill}
    return _now("The shipment is prepared; enter its number when the carrier has given it.")


@require_POST
@access(*WORKSHOP)
def shipment_assign(request: UserRequest, code: str) -> HttpResponse:
    """The ticked containers go on a shipment that is there already (R77)."""
    order = order_of(request, code)
    mine = shipments_of(request).filter(consignment=order.consignment_id)
    shipment = get_object_or_404(mine, pk=number(request.POST.get("shipment", "")) or 0)
    boxes = _ticked(request, order, way=shipment.direction)
    boxing.put_on(order, boxes, shipment, actor=request.user)
    text = ngettext(
        "%(n)d container is on %(shipment)s.", "%(n)d containers are on %(shipment)s.", len(boxes)
    )
    messages.success(request, text % {"n": len(boxes), "shipment": shipment})
    return _back(order)


@require_POST
@access(*WORKSHOP)
def shipment_unassign(request: UserRequest, code: str) -> HttpResponse:
    """Ticked containers leave their shipment, until the carrier has it."""
    order = order_of(request, code)
    boxing.take_off(order, _ticked(request, order), actor=request.user)
    messages.info(request, _now("Taken off the shipment."))
    return _back(order)


@require_POST
@access(*STAFF)
@once
def container_announce(request: UserRequest, code: str) -> HttpResponse:
    """Further boxes or pallets of an inbound parcel (R64)."""
    order, form = order_of(request, code), ContainersForm(request.POST)
    mine = shipments_of(request).filter(consignment=order.consignment_id, direction=Direction.IN)
    shipment = get_object_or_404(mine, pk=number(request.POST.get("shipment", "")) or 0)
    if form.is_valid():
        try:
            receiving.announce_containers(order, shipment, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return _back(order)
    return _page(request, order, status=422, announce=form)
