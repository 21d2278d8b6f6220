"""The page of one unit at the bench: what came, what was found, what is next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP, Role
from attachments.uploads import files_first
from core.workflow import Stale, Step, Text, offered_steps
from jobs.once import once
from workorders.forms.bench import NoteForm, ReportForm, StepForm, add_errors
from workorders.forms.bulk import NamesForm, SaidForm, WarrantyForm
from workorders.models import Unit, UnitNote
from workorders.services import bench, bulk
from workorders.services.choice import with_neighbours
from workorders.services.ticks import HERE
from workorders.views.answers import see_other
from workorders.views.bench.parts import files_of

READERS = (Role.ENGINEER, Role.SHOP_MANAGER, Role.AGENT)
FORWARD = (
    "receive",
    "start_diagnosis",
    "customer_answered",
    "start_repair",
    "start_test",
    "pass_test",
    "rework",
)
STAGES = (
    (("received",), _("Received")),
    (("diagnosing", "awaiting_customer"), _("Diagnosis")),
    (("repairing", "awaiting_parts"), _("Repair")),
    (("testing",), _("Tests")),
    (("ready", "unrepairable", "rejected", "scrapped"), _("Ready")),
)
EARLIER = 10
NOTES = 5  # the newest; `?notes=all` shows every one


@dataclass(frozen=True)
class Offer:
    """A button of the action bar; with reasons it is greyed and says why."""

    name: str
    url: str
    label: Text
    reasons: tuple[Text, ...]
    exit: bool


def unit_of(request: UserRequest, pk: int) -> Unit:
    """The unit, or the 404 that absent and foreign ones share; it knows its `previous` and
    `following` ones in the order."""
    units = Unit.objects.visible_to(request.user).select_related(
        "order__customer",
        "order__shop__calendar",
        "model",
        "engineer",
        "received_by",
        "scrap_agreed_by",
    )
    unit: Unit = get_object_or_404(with_neighbours(units), pk=pk)
    return unit


@require_safe
@access(*READERS)
def unit_page(request: UserRequest, pk: int) -> HttpResponse:
    """One device: the report of the workshop, its notes and its steps (R33)."""
    return page_of(request, unit_of(request, pk))


def page_of(
    request: UserRequest,
    unit: Unit,
    *,
    status: int = 200,
    report: ReportForm | None = None,
    note: NoteForm | None = None,
    exits: dict[str, StepForm] | None = None,
    conflict: Unit | None = None,
    forms: dict[str, Any] | None = None,
    stale: bool = False,
) -> HttpResponse:
    """The page; refused forms stand in it with what was typed (`forms` by name)."""
    offers = _offers(unit, request.user)
    may_write = request.user.role in WORKSHOP and unit.state not in ("expected", *Unit.FINAL)
    context = {
        "unit": unit,
        "order": unit.order,
        "steps": _stages(unit),
        "report": report or ReportForm.of(unit),
        "may_report": may_write and unit.outbound_container_id is None,
        "note": note or NoteForm(actor=request.user),
        "may_note": request.user.role in WORKSHOP,
        **_notes(unit, request),
        "exits": [(o, (exits or {}).get(o.name) or StepForm()) for o in offers if o.exit],
        "aside": [o for o in offers if not o.exit and o.name not in FORWARD],
        "forward": (forward := _forward(offers)),
        "blocked": _blocked(offers),
        "report_first": bool(forward and forward[-1].reasons),
        "earlier": _earlier(unit, request.user),
        "conflict": conflict,
        **_corrections(unit, request.user, forms or {}),
        "stale": stale,
        "crumbs": _crumbs(unit, request.user),
        "now": timezone.now(),
    }
    return render(request, "workorders/bench/unit.html", context, status=status)


def _corrections(unit: Unit, user: Any, refused: dict[str, Any]) -> dict[str, Any]:
    """The small forms that stay closed until somebody needs them; who may not has none."""
    workshop, decides = user.role in WORKSHOP, user.role in bulk.SPEAK_FOR
    final = unit.state in Unit.FINAL
    lost = unit.state == Unit.State.MISSING and unit.settled_at is None
    giving_up = unit.scrap_agreed_at is None and unit.state in Step(Unit, "scrap").by_source
    made = {
        "names": (workshop or user.role == Role.AGENT) and not final and NamesForm.of(unit),
        "warranty": decides and not final and WarrantyForm.of(unit),
        "consent": decides and giving_up and SaidForm(auto_id="consent_%s"),
        "settle": decides and lost and SaidForm(auto_id="settle_%s"),
    }
    services = list(unit.services.select_related("service", "done_by"))
    return {
        "small": {name: refused.get(name) or form for name, form in made.items() if form},
        "refused": next(iter(refused), ""),
        "services": services,
        "services_done": sum(one.done_at is not None for one in services),
        "may_tick": workshop and unit.state in HERE and unit.outbound_container_id is None,
    }


def _blocked(offers: list[Offer]) -> list[str]:
    """Why some buttons are grey: each reason once."""
    return list(dict.fromkeys(str(why) for offer in offers for why in offer.reasons))


def _notes(unit: Unit, request: UserRequest) -> dict[str, Any]:
    """The newest with their photos, or all of them when the address asks for all."""
    notes = UnitNote.objects.visible_to(request.user).filter(unit=unit).select_related("author")
    whole = request.GET.get("notes") == "all"
    found = list(notes.order_by("-pk")[: None if whole else NOTES + 1])
    shown = found if whole else found[:NOTES]
    photos = files_of(UnitNote, [note.pk for note in shown])
    pairs = [(note, photos.get(note.pk, ())) for note in shown]
    return {"notes": pairs, "more_notes": len(found) > len(shown)}


def _crumbs(unit: Unit, user: Any) -> list[tuple[str, Text]]:
    """From the bench for who works there; customer service comes from the orders."""
    from_orders = (reverse("workorders:order-list"), _("Repair orders"))
    return [
        (reverse("workorders:bench"), _("Bench")) if user.role in WORKSHOP else from_orders,
        (reverse("workorders:repair", args=[unit.order.code]), unit.order.code),
        ("", unit.sn),
    ]


def _offers(unit: Unit, user: Any) -> list[Offer]:
    """What the model offers this person now; an undo says why when it is too late."""
    offers = []
    for step, reasons in offered_steps(unit, user):
        if step.name == "undo_receipt":
            reasons = reasons or bench.why_not_undo(unit, user)
        is_exit = step.name in bench.EXITS
        if is_exit:
            reasons = ()  # its reason is asked for beside the button
        url = reverse("workorders:unit-step", kwargs={"pk": unit.pk, "step": step.name})
        offers.append(Offer(step.name, url, step.label, reasons, is_exit))
    return offers


def _forward(offers: list[Offer]) -> list[Offer]:
    """The ways on; the usual one stands last, on the right, as the filled button."""
    return [o for o in offers if o.name in FORWARD]


def _stages(unit: Unit) -> list[dict[str, Any]]:
    current = next((i for i, (states, _l) in enumerate(STAGES) if unit.state in states), -1)
    days = {0: unit.received_at, 4: unit.ready_at}
    return [
        {
            "label": label,
            "detail": days.get(index) if index <= current else None,
            "done": index < current or (index == current == len(STAGES) - 1),
            "current": index == current,
        }
        for index, (_states, label) in enumerate(STAGES)
    ]


def _earlier(unit: Unit, user: Any) -> list[Unit]:
    """The service record of this serial number, of orders this person may see (D4)."""
    units = Unit.objects.visible_to(user).filter(sn=unit.sn).exclude(pk=unit.pk)
    return list(units.exclude(state="cancelled").select_related("order").order_by("-pk")[:EARLIER])


# ------------------------------------------------------------------ writing
@require_POST
@access(*READERS)
def unit_step(request: UserRequest, pk: int, step: str) -> HttpResponse:
    """Take the step; an exit without its reason comes back with the question (422)."""
    unit = unit_of(request, pk)
    form = StepForm(request.POST, exit_step=step in bench.EXITS)
    if not form.is_valid():
        return page_of(request, unit, status=422, exits={step: form})
    bench.take_step(unit, step, actor=request.user, note=form.cleaned_data["note"])
    if step == "undo_receipt":
        return see_other(reverse("workorders:receive", args=[unit.order.code]))
    return see_other(reverse("workorders:unit", args=[pk]))


@require_POST
@access(*WORKSHOP)
def unit_report(request: UserRequest, pk: int) -> HttpResponse:
    """Save the report; when somebody else did in between, both texts are shown (409)."""
    unit, form = unit_of(request, pk), ReportForm(request.POST)
    if not form.is_valid():
        return page_of(request, unit, status=422, report=form)
    try:
        bench.save_report(unit, actor=request.user, **form.cleaned_data)
    except ValidationError as error:
        add_errors(form, error)
        return page_of(request, unit, status=422, report=form)
    except Stale:
        return page_of(
            request, unit, status=409, report=_kept(form, unit), conflict=unit_of(request, pk)
        )
    return see_other(reverse("workorders:unit", args=[pk]))


def _kept(form: ReportForm, unit: Unit) -> ReportForm:
    """The typed text with the new version: saving again is a decision, not an accident."""
    return ReportForm(initial={**form.cleaned_data, "version": unit.version})


@require_POST
@access(*WORKSHOP)
@files_first
@once
def unit_note(request: UserRequest, pk: int) -> HttpResponse:
    """A note with photos, internal unless the customer may read it."""
    unit = unit_of(request, pk)
    form = NoteForm(request.POST, request.FILES, actor=request.user)
    if form.is_valid():
        try:
            bench.add_note(unit, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return see_other(f"{reverse('workorders:unit', args=[pk])}#notes")
    return page_of(request, unit, status=422, note=form)
