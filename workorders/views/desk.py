"""The steps customer service takes from an enquiry's page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.models import User
from accounts.roles import Role
from attachments.uploads import files_first
from core.workflow import Refused, Step
from jobs.once import once
from workorders import conversation
from workorders.filters import neighbour
from workorders.forms.counselling import MessageForm
from workorders.forms.desk import DeviceForm, OverrideForm
from workorders.models import Counselling
from workorders.services import desk, intake
from workorders.views.answers import see_other
from workorders.views.desk_page import (
    Desk,
    composer,
    convert_form,
    counselling_page,
    for_desk,
    page_url,
    refer_form,
)
from workorders.views.queue import back_to

__all__ = ["composer", "counselling_page"]


@require_safe
@access(Role.AGENT, Role.ADMIN)
def counselling_history(request: UserRequest, number: int) -> HttpResponse:
    """What was before with this device or this customer; the enquiry's page loads it as a card."""
    counselling = for_desk(request, number)
    context = {"counselling": counselling, "desk": Desk(request, counselling)}
    name = "_before" if request.headers.get("HX-Request") else "before"
    response = render(request, f"workorders/desk/{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@access(Role.AGENT)
def counselling_take(request: UserRequest, number: int) -> HttpResponse:
    taken = desk.take(for_desk(request, number), actor=request.user)
    return see_other(back_to(request, page_url(taken)))


@require_POST
@access(Role.AGENT)
def counselling_assign(request: UserRequest, number: int) -> HttpResponse:
    """To a colleague, or back to the queue (an empty choice)."""
    counselling = for_desk(request, number)
    chosen = request.POST.get("to", "")
    people = User.objects.visible_to(request.user).filter(role=Role.AGENT, is_active=True)
    to = get_object_or_404(people, pk=chosen if chosen.isdecimal() else 0) if chosen else None
    desk.assign(counselling, actor=request.user, to=to)
    return see_other(back_to(request, page_url(counselling)))


@require_POST
@access(Role.AGENT)
@files_first
@once
def counselling_resolve(request: UserRequest, number: int) -> HttpResponse:
    """Finished as solved; "Send and close" brings the composer's last words along."""
    counselling = for_desk(request, number)
    form = MessageForm(
        request.POST, request.FILES, actor=request.user, thread=counselling.thread_id
    )
    speaks = bool(request.POST.get("text", "").strip() or request.FILES or request.POST.get("kept"))
    if speaks and not form.is_valid():
        return composer(request, counselling, form, status=422)
    shown = form.cleaned_data["latest"] if speaks else None
    if other := conversation.came_between(counselling, shown, request.user):
        given = request.POST.copy()
        given["latest"] = str(other.pk)
        form.data = given
        return composer(request, counselling, form, status=409, conflict=other)
    said = {name: form.cleaned_data[name] for name in ("text", "files")} if speaks else {}
    try:
        desk.resolve(
            counselling,
            actor=request.user,
            message=said.get("text", ""),
            files=said.get("files", ()),
        )
    except Refused as refusal:
        if not speaks and "text" not in request.POST:
            raise
        form.add_error(None, [str(reason) for reason in refusal.reasons])
        return composer(request, counselling, form, status=409)
    messages.success(request, _("The enquiry is finished as solved."))
    return _whole_page(request, page_url(counselling))


def _whole_page(request: UserRequest, url: str) -> HttpResponse:
    """The composer posts by htmx; what it did changes the whole page."""
    if not request.headers.get("HX-Request"):
        return see_other(url)
    response = HttpResponse(status=200)
    response["HX-Redirect"] = url
    return response


@require_POST
@access(Role.AGENT)
def counselling_settle(request: UserRequest, number: int) -> HttpResponse:
    """A finished enquiry leaves the queue without a reply (E5)."""
    settled = desk.no_answer_needed(for_desk(request, number), actor=request.user)
    return see_other(page_url(settled))


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.AGENT)
@once
def counselling_refer(request: UserRequest, number: int) -> HttpResponse:
    """Finished with a third party's address; the page is also the dialog without script."""
    counselling = for_desk(request, number)
    page = Desk(request, counselling)
    if request.method == "POST":
        form = page.forms["refer"] = refer_form(counselling, request.POST)
        if form.is_valid():
            message = form.cleaned_data["message"]
            desk.refer(counselling, actor=request.user, message=message)
            messages.success(request, _("The enquiry is finished: referred to a third party."))
            return see_other(page_url(counselling))
    return _step_page(page, "refer")


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.AGENT)
@once
def counselling_convert(request: UserRequest, number: int) -> HttpResponse:
    """R16-R18: first visit code, draft repair order, finished enquiry, a message."""
    counselling = for_desk(request, number)
    page = Desk(request, counselling)
    if request.method == "POST":
        form = page.forms["convert"] = convert_form(counselling, request.POST)
        if form.is_valid():
            try:
                order = desk.convert(counselling, actor=request.user, **form.cleaned_data)
            except Refused as refusal:
                return _step_page(page, "convert", refusal)
            said = _("The repair order is open. First visit code: %(code)s.")
            messages.success(request, said % {"code": order.code})
            return see_other(page_url(counselling))
    return _step_page(page, "convert")


def _step_page(page: Desk, name: str, refusal: Refused | None = None) -> HttpResponse:
    """The step as a page of its own: fresh, with errors (422), or refused (409), text kept.

    htmx asks for the form alone when its dialog opens: the enquiry's page stays lean.
    """
    offer = page.offers.get(name)
    reasons = refusal.reasons if refusal else offer.reasons if offer else ()
    if offer is None and refusal is None:
        reasons = tuple(Step(Counselling, name).why_not(page.counselling))
    context = {
        "desk": page,
        "counselling": page.counselling,
        "form": page.convert_form if name == "convert" else page.refer_form,
        "reasons": reasons,
        "blocked": bool(reasons) or not page.may_act,
    }
    status = 409 if refusal else 422 if page.forms else 200
    if status == 200 and page.request.headers.get("HX-Request"):
        context["dialog"] = True
        return render(page.request, f"workorders/desk/_{name}_form.html", context)
    return render(page.request, f"workorders/desk/{name}.html", context, status=status)


@require_POST
@access(Role.AGENT)
def counselling_device(request: UserRequest, number: int) -> HttpResponse:
    """The serial number, looked up as of the day the enquiry was opened (E10)."""
    counselling = for_desk(request, number)
    form = DeviceForm(request.POST, auto_id="device_%s")
    if not form.is_valid():
        return counselling_page(request, counselling, forms={"device": form}, status=422)
    fresh = intake.set_device(counselling, actor=request.user, **form.cleaned_data)
    said = _("The device is entered: %(verdict)s.")
    messages.success(request, said % {"verdict": fresh.get_verdict_display()})
    return see_other(page_url(fresh))


@require_POST
@access(Role.AGENT)
def counselling_warranty(request: UserRequest, number: int) -> HttpResponse:
    """A decision against the registry, with its reason (E10)."""
    counselling = for_desk(request, number)
    form = OverrideForm(request.POST, auto_id="warranty_%s")
    if not form.is_valid():
        return counselling_page(request, counselling, forms={"warranty": form}, status=422)
    fresh = intake.override_warranty(counselling, actor=request.user, **form.cleaned_data)
    messages.success(request, _("The decision is recorded with its reason."))
    return see_other(page_url(fresh))


@require_safe
@access(Role.AGENT)
def counselling_neighbour(request: UserRequest, number: int, *, ahead: bool) -> HttpResponse:
    """The next or the previous enquiry in the order of the queue; past its end the queue itself."""
    here = for_desk(request, number)
    rows = Counselling.objects.visible_to(request.user).for_queue()
    found = neighbour(rows, here, ahead=ahead)
    return see_other(page_url(found) if found else reverse("workorders:queue"))
