"""The parts of one device: slot by slot, with what was found, taken out and fitted (R33, D5)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP, Role
from attachments.uploads import files_first
from core.workflow import Text
from jobs.once import once
from parts.forms import (
    DiagnosisForm,
    FoundForm,
    FreeSlotForm,
    NewPartForm,
    OldPartForm,
    ReserveForm,
    StressForm,
)
from parts.models import PartKind, PartType, Reservation, StressTest
from parts.services import diagnosis, fitting, reservations
from parts.services.index import Index, SlotView, index_of
from workorders.forms.bench import add_errors
from workorders.models import Unit
from workorders.views.answers import see_other
from workorders.views.bench.parts import files_of, page_by_key

READERS = (Role.ENGINEER, Role.SHOP_MANAGER, Role.AGENT)
SLOTS = 20  # shown at first; more than most miners have
RUNS, A_PAGE = 3, 10  # stress tests beside the device, and on a page of them
AT_OLD_PART = {"serial": "old_serial", "type": "old_type"}


def _unit(request: UserRequest, pk: int) -> Unit:
    units = Unit.objects.visible_to(request.user).select_related(
        "order__customer", "order__shop", "model"
    )
    unit: Unit = get_object_or_404(units, pk=pk)
    return unit


def _here(unit: Unit, slot: str = "") -> str:
    query = f"?slot={slot}#slot" if slot else ""
    return reverse("parts:unit", args=[unit.pk]) + query


@require_safe
@access(*READERS)
def unit_parts(request: UserRequest, pk: int) -> HttpResponse:
    """The index, and the forms of the slot that was asked for."""
    return _page(request, _unit(request, pk))


def _page(
    request: UserRequest,
    unit: Unit,
    *,
    status: int = 200,
    slot: str = "",
    kind: str = "",
    forms: dict[str, Any] | None = None,
) -> HttpResponse:
    index = index_of(unit)
    wanted = slot or request.GET.get("slot", "").replace("\x00", "").strip()[:20]
    chosen = _chosen(index, wanted, kind or request.GET.get("kind", ""))
    may_work = request.user.role in WORKSHOP
    closed = fitting.why_closed(unit)
    context: dict[str, Any] = {
        "unit": unit,
        "order": unit.order,
        **_slots(index, chosen, whole=request.GET.get("slots") == "all"),
        "slot": chosen,
        "may_work": may_work,
        "closed": closed,
        "may_reserve": may_work and unit.state in Unit.WORKING,
        "free": FreeSlotForm(auto_id="free_%s"),
        "reservations": _reservations(unit, request.user),
        "crumbs": _crumbs(unit, request.user),
    }
    if may_work:
        every = _types(unit)
        context |= _forms(unit, chosen, every) if chosen else {}
        if context["may_reserve"]:
            context["reserve"] = ReserveForm(types=every, auto_id="r_%s")
    context |= forms or {}
    return render(request, "parts/unit.html", context, status=status)


def _slots(index: Index, chosen: SlotView | None = None, *, whole: bool = False) -> dict[str, Any]:
    """The first ones and the chosen one; the link to all of them says how many there are."""
    shown = index.slots if whole else index.slots[:SLOTS]
    if chosen in index.slots and chosen not in shown:
        shown = [*shown, chosen]
    return {"index": index, "slots": shown, "all_slots": len(index.slots)}


def _chosen(index: Index, label: str, kind: str) -> SlotView | None:
    """The slot of this label; a new one where a kind comes with a label nobody has used."""
    known = index.slot(label)
    if known is None and label and kind in PartKind.values:
        return SlotView(label, kind)
    return known


def _types(unit: Unit, kind: str = "") -> list[PartType]:
    """What fits the device, of one kind or of all."""
    rows = PartType.objects.active().fitting(unit.model)
    return list(rows.filter(kind=kind) if kind else rows)


def _forms(unit: Unit, slot: SlotView, every: list[PartType]) -> dict[str, Any]:
    first = {"slot": slot.label, "kind": slot.kind}
    types = [kind for kind in every if kind.kind == slot.kind]
    said = slot.diagnosis
    before = {
        "condition": slot.part.condition if slot.part else "",
        "missing": slot.missing,
        "failures": [failure.pk for failure in slot.failures],
        "other": said.other if said else "",
    }
    return {
        "diagnosis": DiagnosisForm(kind=slot.kind, initial=first | before, auto_id="d_%s"),
        "old": OldPartForm(types=types, initial=dict(first), auto_id="f_%s"),
        "new": NewPartForm(order=unit.order, types=types, initial=dict(first), auto_id="f_%s"),
        "found": FoundForm(types=types, initial=dict(first), auto_id="x_%s"),
    }


def _reservations(unit: Unit, user: Any) -> list[Reservation]:
    rows = Reservation.objects.visible_to(user).open().filter(unit=unit)
    return list(rows.select_related("type", "made_by"))


def _crumbs(unit: Unit, user: Any) -> list[tuple[str, Text]]:
    start: tuple[str, Text] = (reverse("workorders:bench"), _("Bench"))
    if user.role not in WORKSHOP:
        start = (reverse("workorders:order-list"), _("Repair orders"))
    return [
        start,
        (reverse("workorders:repair", args=[unit.order.code]), unit.order.code),
        (reverse("workorders:unit", args=[unit.pk]), unit.sn),
        ("", _("Parts")),
    ]


def _posted(request: UserRequest) -> tuple[str, str]:
    """Slot and kind, as every form of a slot sends them; the forms check them again."""
    kind = request.POST.get("kind", "")
    slot = request.POST.get("slot", "").replace("\x00", "").strip()[:20]
    return slot, kind if kind in PartKind.values else PartKind.OTHER


# ------------------------------------------------------------------ at a slot
@require_POST
@access(*WORKSHOP)
@once
def diagnose(request: UserRequest, pk: int) -> HttpResponse:
    """What was found at one slot; the device's faults follow."""
    unit, (slot, kind) = _unit(request, pk), _posted(request)
    form = DiagnosisForm(request.POST, kind=kind, auto_id="d_%s")
    if form.is_valid():
        try:
            diagnosis.save_diagnosis(unit, slot, form.finding(), actor=request.user)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return see_other(_here(unit, slot))
    return _page(request, unit, status=422, slot=slot, kind=kind, forms={"diagnosis": form})


@require_POST
@access(*WORKSHOP)
@once
def register(request: UserRequest, pk: int) -> HttpResponse:
    """Write down the serial number of the part that came in the device."""
    unit, (slot, kind) = _unit(request, pk), _posted(request)
    form = FoundForm(request.POST, types=_types(unit, kind), auto_id="x_%s")
    if form.is_valid():
        said = form.cleaned_data
        try:
            fitting.register(
                unit, slot, actor=request.user, kind=kind, type=said["type"], serial=said["serial"]
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            return see_other(_here(unit, slot))
    return _page(request, unit, status=422, slot=slot, kind=kind, forms={"found": form})


@require_POST
@access(*WORKSHOP)
@once
def fit(request: UserRequest, pk: int) -> HttpResponse:
    """A spare part goes in; where one sits there, it comes out in the same act."""
    unit, (slot, kind) = _unit(request, pk), _posted(request)
    types = _types(unit, kind)
    new = NewPartForm(request.POST, order=unit.order, types=types, auto_id="f_%s")
    old = OldPartForm(request.POST, types=types, auto_id="f_%s")
    found = index_of(unit).slot(slot)
    vacant = found is not None and found.vacant
    if new.is_valid() and (vacant or old.is_valid()):
        assert new.chosen is not None  # noqa: S101 - the form said so
        try:
            if vacant:
                fitting.attach(unit, slot, new.chosen, actor=request.user)
            else:
                fitting.replace(unit, slot, new.chosen, actor=request.user, leaving=old.leaving())
        except ValidationError as error:
            _add(old, error)
        else:
            return see_other(_here(unit, slot))
    return _page(request, unit, status=422, slot=slot, kind=kind, forms={"new": new, "old": old})


@require_POST
@access(*WORKSHOP)
@once
def take_out(request: UserRequest, pk: int) -> HttpResponse:
    """The part comes out and none goes in."""
    unit, (slot, kind) = _unit(request, pk), _posted(request)
    old = OldPartForm(request.POST, types=_types(unit, kind), auto_id="f_%s")
    if old.is_valid():
        try:
            fitting.detach(unit, slot, actor=request.user, leaving=old.leaving())
        except ValidationError as error:
            _add(old, error)
        else:
            return see_other(_here(unit, slot))
    return _page(request, unit, status=422, slot=slot, kind=kind, forms={"old": old})


def _add(form: OldPartForm, error: ValidationError) -> None:
    """The service speaks of a serial number and a type; here they are the old part's."""
    if hasattr(error, "error_dict"):
        told = {AT_OLD_PART.get(name, name): said for name, said in error.error_dict.items()}
        error = ValidationError(told)
    add_errors(form, error)


# ------------------------------------------------------------------ promised parts
@require_POST
@access(*WORKSHOP)
@once
def reserve(request: UserRequest, pk: int) -> HttpResponse:
    unit = _unit(request, pk)
    form = ReserveForm(request.POST, types=_types(unit), auto_id="r_%s")
    if not form.is_valid():
        return _page(request, unit, status=422, forms={"reserve": form})
    said = form.cleaned_data
    reservations.reserve(unit, said["type"], said["quantity"], actor=request.user)
    return see_other(_here(unit))


@require_POST
@access(*WORKSHOP)
def release(request: UserRequest, pk: int, reservation: int) -> HttpResponse:
    unit = _unit(request, pk)
    rows = Reservation.objects.visible_to(request.user).select_related("unit__order")
    reservations.release(get_object_or_404(rows, pk=reservation, unit=unit), actor=request.user)
    return see_other(_here(unit))


# ------------------------------------------------------------------ under load
def tests_of(unit: Unit, user: Any) -> Any:
    return StressTest.objects.visible_to(user).filter(unit=unit).select_related("by")


def with_logs(tests: list[StressTest]) -> list[tuple[StressTest, Any]]:
    """Each with its logs, one query."""
    logs = files_of(StressTest, [test.pk for test in tests])
    return [(test, logs.get(test.pk, ())) for test in tests]


def _stress(request: UserRequest, unit: Unit, form: StressForm | None, status: int) -> HttpResponse:
    page = page_by_key(request, tests_of(unit, request.user), newest=True, size=A_PAGE)
    context = {
        "unit": unit,
        "form": form,
        "page": page,
        "tests": with_logs(page.rows),
        "crumbs": _crumbs(unit, request.user),
    }
    return render(request, "parts/stress.html", context, status=status)


def _stress_form(unit: Unit, user: Any) -> StressForm | None:
    """For who may enter a run of this device now."""
    may = user.role in WORKSHOP and unit.state in Unit.WORKING
    return StressForm(actor=user, auto_id="s_%s") if may else None


@require_http_methods(["GET", "HEAD", "POST"])
@access(*READERS)
@files_first
@once
def stress_test(request: UserRequest, pk: int) -> HttpResponse:
    """The runs under load; the workshop enters another with its log. Moves no state."""
    unit = _unit(request, pk)
    if request.method != "POST":
        return _stress(request, unit, _stress_form(unit, request.user), 200)
    form = StressForm(request.POST, request.FILES, actor=request.user, auto_id="s_%s")
    if form.is_valid():
        files = form.cleaned_data["files"]
        try:
            diagnosis.add_stress_test(unit, form.run(), actor=request.user, files=files)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return see_other(f"{reverse('workorders:unit', args=[pk])}#parts")
    return _stress(request, unit, form, 422)


@require_safe
@access(*READERS)
def panel(request: UserRequest, pk: int) -> HttpResponse:
    """What the page of the device loads for itself: the index, and the newest runs under load."""
    unit = _unit(request, pk)
    tests = list(tests_of(unit, request.user).order_by("-pk")[: RUNS + 1])
    context = {
        "unit": unit,
        **_slots(index_of(unit)),
        "tests": with_logs(tests[:RUNS]),
        "more_tests": len(tests) > RUNS,
        "form": _stress_form(unit, request.user),
        "may_work": request.user.role in WORKSHOP,
    }
    return render(request, "parts/_panel.html", context)
