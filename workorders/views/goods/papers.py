"""Papers about goods: labels to stick on them, and the report of shipping damage (D12, R66)."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Iterable
from typing import Any

import segno
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from PIL import Image, UnidentifiedImageError

from accounts.access import UserRequest, access
from attachments.models import Attachment
from attachments.services import open_blob
from core.pdf import pdf_response, render_pdf
from core.workflow import Refused
from devices.models import normalise_sn
from logistics.models import Container, Direction
from workorders.forms.goods import MOST_LABELS, LabelForm
from workorders.models import RepairOrder, Unit
from workorders.views.bench.parts import asked, damages_of, number, page_by_key
from workorders.views.goods.reading import READERS, STAFF, containers_of
from workorders.views.order.frame import order_of

PER_SHEET = 24
PHOTO, MOST_PHOTOS = 900, 24  # pixels of the longer side; pictures of one report
logger = logging.getLogger(__name__)


def qr(text: str) -> SafeString:
    """As an SVG; segno writes no user text into it."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, omitsize=True, border=1, svgclass=None, lineclass=None
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308 - squares only


# ------------------------------------------------------------------ labels
@require_safe
@access(*STAFF)
def labels(request: UserRequest, code: str) -> HttpResponse:
    """Choose what gets a label and on which paper."""
    return _choose(request, order_of(request, code))


def _choose(
    request: UserRequest, order: RepairOrder, *, form: LabelForm | None = None, status: int = 200
) -> HttpResponse:
    """A page of containers to tick; what is ticked on others stays ticked when pages are turned."""
    first = {name: request.GET.get(name, "") for name in ("units", "boxes")}
    first["sns"] = request.GET.get("sns", "") or "\n".join(request.GET.getlist("sn"))
    first["size"] = request.GET.get("size", "sheet")
    ticked, page = _ticked(request), page_by_key(request, _found(request, order), newest=False)
    here = {box.pk for box in page.rows}
    context = {
        "order": order,
        "form": form or LabelForm(mine=_boxes(request, order), initial=first),
        "page": page,
        "last": page.rows[-1].pk if page.next else "",
        "ticked": ticked,
        "elsewhere": [key for key in ticked if key not in here],
        "most": MOST_LABELS,
        "directions": Direction.choices,
        "states": Container.State.choices,
        **{name: asked(request, name) for name in ("direction", "state", "box")},
    }
    return render(request, "workorders/goods/labels.html", context, status=status)


def _ticked(request: UserRequest) -> list[int]:
    texts = [*request.GET.getlist("containers"), *request.GET.getlist("container")]
    keys = (number(text) for text in texts)
    return list(dict.fromkeys(key for key in keys if key is not None))[:MOST_LABELS]


def _boxes(request: UserRequest, order: RepairOrder) -> Any:
    """All containers of the order."""
    mine = containers_of(request).filter(consignment=order.consignment_id)
    return mine if order.consignment_id else mine.none()


def _found(request: UserRequest, order: RepairOrder) -> Any:
    """Those that the address asks for."""
    boxes, box = _boxes(request, order), asked(request, "box")
    direction, state = asked(request, "direction"), asked(request, "state")
    if direction in Direction.values:
        boxes = boxes.filter(direction=direction)
    if state in Container.State.values:
        boxes = boxes.filter(state=state)
    if box:
        key = number(box)
        boxes = boxes.filter(number=key) if key is not None else boxes.coded(box)
    return boxes


@require_safe
@access(*STAFF)
def labels_pdf(request: UserRequest, code: str) -> HttpResponse:
    """The chosen labels, in their exact size. Refuses more than MOST_LABELS at once."""
    order = order_of(request, code)
    form = LabelForm(request.GET, mine=_boxes(request, order))
    if not form.is_valid():
        return _choose(request, order, form=form, status=422)
    try:
        stuck = _labels(request, order, form)
    except ValidationError as error:
        form.add_error(None, error)
        return _choose(request, order, form=form, status=422)
    size = form.cleaned_data["size"]
    pages = [stuck[n : n + PER_SHEET] for n in range(0, len(stuck), PER_SHEET)]
    made = render_pdf("workorders/goods/label_paper.html", {"size": size, "pages": pages})
    return pdf_response(made, f"{order.code}-labels.pdf")


def _labels(request: UserRequest, order: RepairOrder, form: LabelForm) -> list[dict[str, Any]]:
    """Containers first, then devices. Raises ValidationError on none or too many."""
    chosen = list(form.chosen()[: MOST_LABELS + 1])
    units = _units(request, order, chosen, form.cleaned_data)
    if len(chosen) + len(units) > MOST_LABELS:
        raise ValidationError(
            _("At most %(most)d labels at once; print the devices in several goes.")
            % {"most": MOST_LABELS}
        )
    if not chosen and not units:
        raise ValidationError(_("None of these is on this order."))
    places = _places(request, order) if chosen else {}
    out = [_container_label(order, box, places) for box in chosen]
    return out + [_unit_label(order, unit) for unit in units]


def _places(request: UserRequest, order: RepairOrder) -> dict[str, list[int]]:
    """Per way the keys of its containers in order, so that each knows its place among them."""
    places: dict[str, list[int]] = {}
    for way, pk in _boxes(request, order).order_by("pk").values_list("direction", "pk"):
        places.setdefault(way, []).append(pk)
    return places


def _units(
    request: UserRequest, order: RepairOrder, chosen: list[Container], wanted: dict[str, Any]
) -> list[Unit]:
    kind = wanted["units"]
    units = Unit.objects.visible_to(request.user).filter(order=order).select_related("model")
    units = units.exclude(state=Unit.State.CANCELLED).order_by("pk")
    if kind == "sns":
        sns = list(dict.fromkeys(normalise_sn(sn) for sn in wanted["sns"]))
        found = {unit.sn: unit for unit in units.filter(sn__in=sns)}
        return [found[sn] for sn in sns if sn in found]
    if kind == "boxed":
        keys = [box.pk for box in chosen]
        units = units.filter(outbound_container__in=keys) | units.filter(inbound_container__in=keys)
    elif kind == "here":
        units = units.filter(state__in=(*Unit.WORKING, *Unit.GOING_BACK))
    elif kind != "all":
        return []
    return list(units[: MOST_LABELS + 1])


def _container_label(
    order: RepairOrder, box: Container, places: dict[str, list[int]]
) -> dict[str, Any]:
    """Where it goes and which of how many it is; of one way, as they are now."""
    same = places[box.direction]
    address = box.consignment.return_address if box.direction == "out" else ""
    return {
        "qr": qr(box.code),
        "code": box.code,
        "nth": same.index(box.pk) + 1,
        "total": len(same),
        "order": order,
        "shop": box.consignment.shop,
        "address": address,
        "kind": box.get_kind_display(),
        "waybill": box.shipment.waybill if box.shipment else "",
    }


def _unit_label(order: RepairOrder, unit: Unit) -> dict[str, Any]:
    return {"qr": qr(unit.sn), "code": unit.sn, "unit": unit, "order": order}


# ------------------------------------------------------------------ damages
@require_safe
@access(*READERS)
def damage_pdf(request: UserRequest, code: str) -> HttpResponse:
    """What was damaged on the way, with photos; for carrier and insurance (R66)."""
    order = order_of(request, code)
    damages = damages_of(order)
    if not damages:
        raise Refused(_("No shipping damage is recorded."))
    shipments = list(order.consignment.shipments.select_related("carrier")) if (
        order.consignment
    ) else []  # fmt: skip
    shown = _with_photos(damages)
    context = {
        "order": order,
        "shipments": [one for one in shipments if one.direction == "in"],
        "damages": shown,
        "now": timezone.now(),
    }
    made = render_pdf("workorders/goods/damage_report.html", context)
    return pdf_response(made, _now("%(code)s-shipping-damage.pdf") % {"code": order.code})


def _with_photos(damages: Iterable[tuple[Any, Iterable[Attachment]]]) -> list[dict[str, Any]]:
    """Photos small enough for paper, the first MOST_PHOTOS of all; the names of all."""
    left, out = MOST_PHOTOS, []
    for damage, files in damages:
        pictures = [made for file in list(files)[:left] if (made := photo(file))]
        left -= len(pictures)
        out.append({"damage": damage, "photos": pictures, "names": [f.name for f in files]})
    return out


def photo(file: Attachment) -> str:
    """The picture as a `data:` address, downscaled; "" when it cannot be read."""
    if file.kind != Attachment.Kind.IMAGE:
        return ""
    try:
        with open_blob(file.key) as blob, Image.open(blob) as picture:
            picture.draft("RGB", (PHOTO, PHOTO))
            small = picture.convert("RGB")
            small.thumbnail((PHOTO, PHOTO))
            out = io.BytesIO()
            small.save(out, "JPEG", quality=80)
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError):
        logger.warning("damage report: photo %s cannot be read", file.pk)
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
