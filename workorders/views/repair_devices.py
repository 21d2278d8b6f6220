"""The devices of a draft: add, edit, delete, and many at once (R23-R26, D3, E8, E9, E11)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import UserRequest, access
from accounts.roles import Role
from core.templatetags.ui import day
from core.workflow import Refused, Stale, not_from
from devices.models import DeviceType
from jobs.once import once
from jobs.progress import Unfit
from repairshops.models import RepairShop
from workorders import serial_lists
from workorders.forms.repairs import DeviceForm, PasteForm
from workorders.models import RepairOrder, Unit
from workorders.services import orders
from workorders.services.drafts import MOST_UNITS
from workorders.services.serials import TAKABLE, Defaults, Row, RowVerdict, counts
from workorders.views.answers import see_other
from workorders.views.repair_parts import DRAFT_PAGE, at_version, find_order, page_with, way_to

EDITORS = (Role.CUSTOMER, Role.AGENT)
METHODS = ["GET", "HEAD", "POST"]


def _draft(request: HttpRequest, code: str) -> RepairOrder:
    """The order while it can be edited. Raises Http404, Refused."""
    order = find_order(request, code)
    if order.state != RepairOrder.State.AWAITING_SUBMISSION:
        raise Refused(not_from(order))
    return order


def _unit(request: UserRequest, order: RepairOrder, pk: int) -> Unit:
    rows = Unit.objects.visible_to(request.user).select_related("order", "model")
    found: Unit = get_object_or_404(rows, order=order, pk=pk)
    return found


# ------------------------------------------------------------------ one device
@require_http_methods(METHODS)
@access(*EDITORS)
@once
def unit_add(request: UserRequest, code: str) -> HttpResponse:
    """The page of the dialog; "add and enter another" comes back to it."""
    order = _draft(request, code)
    if request.method != "POST":
        start = {"device_type": DeviceType.MACHINE, "shop": order.shop_id}
        if request.headers.get("HX-Request"):  # the dialog of the draft
            context = {"order": order, "form": DeviceForm(initial=start, auto_id="add_%s")}
            return render(request, "workorders/repair/_add_device.html", context)
        return _device_page(request, order, DeviceForm(initial=start))
    form = DeviceForm(request.POST)
    if not form.is_valid():
        return _device_page(request, order, form)
    try:
        target, unit = _add(request, order, form)
    except ValidationError as error:
        form.refuse(error)
        return _device_page(request, order, form)
    messages.success(request, _("Device %(sn)s added.") % {"sn": form.cleaned_data["sn"]})
    if "again" in request.POST:
        return see_other(reverse("workorders:unit-add", args=[target.code]))
    return see_other(_beside(request, target, unit.pk))


def _beside(request: UserRequest, order: RepairOrder, pk: int) -> str:
    """The page of the draft on which this device stands, or stood."""
    return way_to(order, request.user) + page_with(order, pk, DRAFT_PAGE)


@transaction.atomic
def _add(request: UserRequest, order: RepairOrder, form: DeviceForm) -> tuple[RepairOrder, Unit]:
    target = _order_for(request, order, form, leaving=0)
    return target, orders.add_unit(target, form.device, actor=request.user)


def _order_for(
    request: UserRequest, order: RepairOrder, form: DeviceForm, *, leaving: int
) -> RepairOrder:
    """The draft for the chosen shop: this one, or after a question a second one (E8).

    `leaving` devices of this order are about to go: the last one takes the order along.
    Raises ValidationError on `split` while the question is open.
    """
    shop: RepairShop = form.cleaned_data["shop"]
    if order.shop_id == shop.pk:
        return order
    alone = order.unit_count - leaving <= 0
    if (order.shop_id is None or alone) and not _sibling(order, shop):
        return orders.choose_shop(order, shop, actor=request.user)
    if not form.cleaned_data["split"]:
        message = _("This order goes to %(shop)s. Devices for another shop need a second parcel.")
        raise ValidationError({"split": message % {"shop": order.shop or _("another shop")}})
    return orders.split_to_shop(order, shop, actor=request.user)


def _sibling(order: RepairOrder, shop: RepairShop) -> bool:
    return orders.family(order).filter(shop=shop).exclude(pk=order.pk).exists()


@require_http_methods(METHODS)
@access(*EDITORS)
def unit_edit(request: UserRequest, code: str, pk: int) -> HttpResponse:
    order = _draft(request, code)
    unit = _unit(request, order, pk)
    if request.method != "POST":
        return _device_page(request, order, DeviceForm.of(unit), unit)
    form = DeviceForm(request.POST)
    if not form.is_valid():
        return _device_page(request, order, form, unit)
    try:
        target = _change(request, order, unit, form)
    except ValidationError as error:
        form.refuse(error)
        return _device_page(request, order, form, unit)
    except Stale as stale:
        at_version(form, stale.subject.version)  # type: ignore[attr-defined]
        return _device_page(request, order, form, unit, stale=True)
    messages.success(request, _("Device saved."))
    return see_other(_beside(request, target, unit.pk))


@transaction.atomic
def _change(request: UserRequest, order: RepairOrder, unit: Unit, form: DeviceForm) -> RepairOrder:
    target = _order_for(request, order, form, leaving=1)
    version = form.cleaned_data["version"] or 0
    orders.edit_unit(unit, form.device, version=version, actor=request.user, order=target)
    return target


def _device_page(
    request: HttpRequest,
    order: RepairOrder,
    form: DeviceForm,
    unit: Unit | None = None,
    *,
    stale: bool = False,
) -> HttpResponse:
    """The form; with a link to the own open order that holds the serial number (E11)."""
    known = form.errors.as_data().get("sn", []) if form.is_bound else []
    holder = next((str(e.params["code"]) for e in known if e.code == "open" and e.params), "")
    context = {
        "order": order,
        "form": form,
        "unit": unit,
        "stale": stale,
        "holder": holder,
        "back": way_to(order, request.user),
    }
    status = 409 if stale else 422 if form.is_bound else 200
    return render(request, "workorders/repair/device.html", context, status=status)


@require_http_methods(METHODS)
@access(*EDITORS)
def unit_delete(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """A page that asks, and the deletion; a second click finds it gone and is content."""
    order = _draft(request, code)
    back = way_to(order, request.user)
    if request.method == "POST":
        unit = Unit.objects.visible_to(request.user).filter(order=order, pk=pk).first()
        if unit is not None:
            orders.remove_unit(unit, actor=request.user)
            messages.success(request, _("Device %(sn)s deleted.") % {"sn": unit.sn})
        return see_other(_beside(request, order, pk))
    context = {"order": order, "unit": _unit(request, order, pk), "back": back}
    return render(request, "workorders/repair/device_delete.html", context)


# ------------------------------------------------------------------ many at once
@require_http_methods(METHODS)
@access(*EDITORS)
@once
def units_paste(request: UserRequest, code: str) -> HttpResponse:
    """Paste or upload, see one verdict per row, then choose which ones to add (D3)."""
    order = _draft(request, code)
    if request.method != "POST":
        return _paste_page(request, order, PasteForm())
    form = PasteForm(request.POST, request.FILES)
    form.full_clean()
    lines = _read(form)
    data: Any = request.POST.copy()
    data["sns"] = "\n".join(lines)  # what a file held stands in the text from now on
    form.data = data
    rows = [] if form.errors else orders.check_sns(order, lines)
    if form.errors or "add" not in request.POST:
        return _paste_page(request, order, form, rows)
    take = form.cleaned_data["take"]
    if not set(take) & {str(row.verdict) for row in rows}:
        form.add_error("take", _("Choose at least one kind that stands on the list."))
        return _paste_page(request, order, form, rows)
    defaults = Defaults(form.cleaned_data["model"], form.cleaned_data["device_type"] or "machine")
    try:
        _rows, added = orders.add_units(
            order, lines, actor=request.user, take=take, defaults=defaults
        )
    except ValidationError as error:
        form.add_error("sns", error.messages)
        return _paste_page(request, order, form, rows)
    said = ngettext("%(count)d device added.", "%(count)d devices added.", added)
    messages.success(request, said % {"count": added})
    return see_other(way_to(order, request.user))


def _read(form: PasteForm) -> list[str]:
    """The lines of the text and of the file; what is wrong with them stands beside the field."""
    lines = serial_lists.from_text(form.cleaned_data.get("sns", ""))
    upload = form.cleaned_data.get("file")
    field = "file" if upload else "sns"
    if upload:
        try:
            lines += serial_lists.from_file(upload)
        except Unfit as unfit:
            form.add_error("file", str(unfit))
            return lines
    if not lines:
        form.add_error(field, _("Enter serial numbers, or choose a file that has some."))
    if len(lines) > MOST_UNITS:
        form.add_error(
            "sns",
            _("This list has %(rows)d rows; at most %(most)d fit. Take some out and check again.")
            % {"rows": len(lines), "most": MOST_UNITS},
        )
    return lines


ROW = (
    '<tr><td class="num">{line}</td><td><span class="sn" translate="no">{typed}</span></td>'
    '<td class="{tone}">{word}</td><td>{detail}</td></tr>'
)


def _table(rows: list[Row]) -> SafeString:
    """Every row with its verdict, those that need a look first."""
    words = {str(verdict): str(verdict.label) for verdict in RowVerdict}
    ordered = sorted(rows, key=lambda row: (row.verdict == RowVerdict.IN, row.line))
    return format_html_join(
        "",
        ROW,
        (
            {
                "line": row.line,
                "typed": row.sn or row.typed,
                "tone": f"verdict-{row.verdict}",
                "word": words[str(row.verdict)],
                "detail": _detail(row),
            }
            for row in ordered
        ),
    )


def _detail(row: Row) -> Any:
    if row.verdict == RowVerdict.OPEN:
        return row.order_code
    if row.verdict == RowVerdict.OUT and row.until:
        return day(row.until)
    return row.model


def _paste_page(
    request: HttpRequest, order: RepairOrder, form: PasteForm, rows: list[Row] | None = None
) -> HttpResponse:
    """The form alone, or with the verdicts below it."""
    found = counts(rows or [])
    context = {
        "order": order,
        "form": form,
        "table": _table(rows) if rows else "",
        "total": len(rows or []),
        "counts": [(verdict.label, found[verdict]) for verdict in RowVerdict if found[verdict]],
        "choices": [
            {
                "value": str(verdict),
                "label": verdict.label,
                "count": found[verdict],
                "checked": str(verdict) in form.data.getlist("take")  # type: ignore[attr-defined]
                if form.is_bound and "add" in form.data
                else verdict == RowVerdict.IN,
            }
            for verdict in TAKABLE
            if found[verdict]
        ],
        "back": way_to(order, request.user),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workorders/repair/paste.html", context, status=status)
