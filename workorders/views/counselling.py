"""Enquiries as customers see them, and the conversation that both sides share."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from attachments.uploads import files_first
from core.limits import get_or_miss
from devices import lookup
from jobs.once import once
from workorders import conversation, presence
from workorders.forms.counselling import CounsellingForm, MessageForm
from workorders.models import Counselling, Message, RepairOrder
from workorders.services import counselling as services
from workorders.services import threads

CLOSED_REMINDERS = "closed_reminders"  # in the session: enquiry -> number of the visit


# ------------------------------------------------------------------ opening (R7, R11)
@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.CUSTOMER)
@files_first
@once
def counselling_new(request: UserRequest) -> HttpResponse:
    """For the device that was just looked up; its number never stands in an address."""
    found = lookup.recall(request.session, request.user)
    if found is None or not found.may_open or request.user.customer is None:
        return redirect("devices:lookup")
    own = _open_order(request, found.sn)
    form = _counselling_form(request)
    if own is None and request.method == "POST" and form.is_valid():
        try:
            opened = services.open_counselling(
                request.user.customer,
                actor=request.user,
                sn=found.sn,
                text=form.cleaned_data["text"],
                files=form.cleaned_data["files"],
                subject=form.cleaned_data["subject"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            lookup.forget(request.session)
            return see("workorders:counselling", opened.number)
    enquiries = Counselling.objects.visible_to(request.user).filter(sn=found.sn)
    context = {
        "found": found,
        "form": form,
        "own_order": own,
        "open_enquiry": enquiries.exclude(state=Counselling.State.FINISHED).first(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "workorders/counselling/new.html", context, status=status)


def _counselling_form(request: UserRequest) -> CounsellingForm:
    if request.method == "POST":
        return CounsellingForm(request.POST, request.FILES, actor=request.user)
    return CounsellingForm(actor=request.user)


def _open_order(request: UserRequest, sn: str) -> RepairOrder | None:
    """One's own open repair order of this number; of somebody else's nothing is told (E11)."""
    order = services.open_order_of(sn)
    own = order is not None and order.customer_id == request.user.customer_id
    return order if own else None


# ------------------------------------------------------------------ the page (R13, R20, R21)
@require_safe
@access(Role.CUSTOMER, Role.AGENT)
def counselling(request: UserRequest, number: int) -> HttpResponse:
    enquiry = visible(request, number)
    if request.user.role != Role.CUSTOMER:
        from workorders.views import desk

        return desk.counselling_page(request, enquiry)
    form = MessageForm(actor=request.user, thread=enquiry.thread_id)
    stretch = conversation.Stretch.of(request.GET)
    talk = conversation.read(enquiry, request.user, stretch=stretch)
    return render(request, "workorders/counselling/page.html", page(request, enquiry, talk, form))


def page(
    request: UserRequest,
    enquiry: Counselling,
    talk: conversation.Talk | None,
    form: MessageForm | None,
) -> dict[str, Any]:
    """What the customer's page shows around the thread; one query for the repair orders."""
    orders = list(
        RepairOrder.objects.visible_to(request.user)
        .filter(counselling=enquiry)
        .exclude(state=RepairOrder.State.CANCELLED)
        .select_related("shop")
        .order_by("pk")
    )
    drafts = [o for o in orders if o.state == RepairOrder.State.AWAITING_SUBMISSION]
    remind = bool(drafts) and len(drafts) == len(orders)
    state, due = conversation.promise(enquiry)
    return {
        "counselling": enquiry,
        "talk": talk,
        "form": form,
        "orders": orders,
        "draft": drafts[0] if remind else None,
        "reminder_closed": enquiry.pk in request.session.get(CLOSED_REMINDERS, []),
        "promise": state,
        "due": due,
        "can_withdraw": enquiry.state != Counselling.State.FINISHED,
        **addresses(enquiry),
    }


def addresses(enquiry: Counselling) -> dict[str, str]:
    """Where the partials of the conversation post and poll."""
    return {
        "page_url": reverse("workorders:counselling", args=[enquiry.number]),
        "poll_url": reverse("workorders:messages", args=[enquiry.number]),
        "post_url": reverse("workorders:message-post", args=[enquiry.number]),
    }


def visible(request: UserRequest, number: int) -> Counselling:
    """The enquiry, or the 404 that absent and foreign ones share; misses are counted (S11)."""
    rows = Counselling.objects.visible_to(request.user).numbered(number)
    if request.user.role != Role.CUSTOMER:
        rows = rows.select_related(
            "thread", "customer", "assignee", "device__model", "device__customer"
        )
    found: Counselling = get_or_miss(rows, request)
    return found


def see(name: str, *args: Any, anchor: str = "") -> HttpResponseRedirect:
    """303: the answer to a POST that worked."""
    return HttpResponseRedirect(reverse(name, args=args) + anchor, status=303)


# ------------------------------------------------------------------ the conversation (R14, R15)
@require_safe
@access(Role.CUSTOMER, Role.AGENT)
def messages(request: UserRequest, number: int) -> HttpResponse:
    """What is new since the page looked last; 204 when nothing is. Three queries then, no write.

    `?doing=` is how a composer tells that somebody is typing: it goes into the cache. `?before=`
    is the part of the thread that goes above what the page shows.
    """
    if request.GET.get("before"):
        return _earlier(request, visible(request, number))
    rows = Counselling.objects.visible_to(request.user).numbered(number)
    enquiry: Any = get_or_miss(conversation.with_latest(rows, request.user), request)
    doing = request.GET.get("doing", "")
    if request.user.role != Role.ADMIN:
        staff = request.user.role == Role.AGENT
        known = doing in {presence.WRITING, *([presence.NOTING] if staff else [])}
        presence.seen(enquiry.thread_id, request.user, doing if known else presence.READING)
    cursor = conversation.Cursor.of(request.GET)
    others = presence.sentence(presence.who(enquiry.thread_id, request.user))
    told = enquiry.newest_message <= cursor.message and enquiry.newest_entry <= cursor.entry
    if doing or (told and others == cursor.who):
        return HttpResponse(status=204)
    talk = conversation.read(enquiry, request.user, since=cursor)
    customer = request.user.role == Role.CUSTOMER
    context = {"talk": talk, "counselling": enquiry, "customer_page": customer and bool(talk.items)}
    if context["customer_page"]:
        context |= page(request, enquiry, talk, None)
    return render(request, "workorders/counselling/_news.html", context)


def _earlier(request: UserRequest, enquiry: Counselling) -> HttpResponse:
    """What was said before, for the top of the thread; the cursor of the poll stays as it is."""
    stretch = conversation.Stretch.of(request.GET)
    talk = conversation.read(enquiry, request.user, stretch=stretch)
    context = {"talk": talk, **addresses(enquiry)}
    return render(request, "workorders/counselling/_earlier_news.html", context)


@require_POST
@access(Role.CUSTOMER, Role.AGENT)
@files_first
@once
def message_post(request: UserRequest, number: int) -> HttpResponse:
    """303 to the message; by htmx an empty composer, and the page fetches what is new."""
    enquiry = visible(request, number)
    agent = request.user.role == Role.AGENT
    internal = agent and bool(request.POST.get("note"))
    form = MessageForm(
        request.POST, request.FILES, actor=request.user, thread=enquiry.thread_id, internal=internal
    )
    if not form.is_valid():
        return _composer(request, enquiry, form, status=422)
    shown = form.cleaned_data["latest"] if agent and not internal else None
    if other := conversation.came_between(enquiry, shown, request.user):
        return _composer(request, enquiry, form, status=409, conflict=other)
    try:
        message = threads.post_message(
            enquiry.thread,
            actor=request.user,
            text=form.cleaned_data["text"],
            files=form.cleaned_data["files"],
            internal=internal,
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _composer(request, enquiry, form, status=422)
    if not request.headers.get("HX-Request"):
        return see("workorders:counselling", number, anchor=f"#m-{message.pk}")
    latest = message.pk if agent and not internal else None
    empty = MessageForm(
        actor=request.user, thread=enquiry.thread_id, internal=internal, latest=latest
    )
    response = _composer(request, enquiry, empty, status=200)
    response["HX-Trigger"] = "new-messages"
    return response


def _composer(
    request: UserRequest,
    enquiry: Counselling,
    form: MessageForm,
    *,
    status: int,
    conflict: Message | None = None,
) -> HttpResponse:
    """The composer alone for htmx, else the whole page around it; typed text and files are kept."""
    if conflict is not None:
        data: Any = form.data
        form.data = data.copy()
        form.data["latest"] = str(conflict.pk)  # type: ignore[index]
    if request.user.role != Role.CUSTOMER:
        from workorders.views import desk

        return desk.composer(request, enquiry, form, status=status, conflict=conflict)
    if request.headers.get("HX-Request"):
        context = {"counselling": enquiry, "form": form, **addresses(enquiry)}
        return render(request, "workorders/counselling/_reply.html", context, status=status)
    talk = conversation.read(enquiry, request.user)
    context = page(request, enquiry, talk, form)
    return render(request, "workorders/counselling/page.html", context, status=status)


# ------------------------------------------------------------------ small steps
@require_POST
@access(Role.CUSTOMER)
@once
def withdraw(request: UserRequest, number: int) -> HttpResponse:
    enquiry = visible(request, number)
    services.withdraw(enquiry, actor=request.user)
    return see("workorders:counselling", number)


@require_POST
@access(Role.CUSTOMER)
def reminder_close(request: UserRequest, number: int) -> HttpResponse:
    """Hidden until the next visit: as long as this session lasts (R21)."""
    enquiry = visible(request, number)
    closed = request.session.get(CLOSED_REMINDERS, [])
    if enquiry.pk not in closed:
        request.session[CLOSED_REMINDERS] = [*closed, enquiry.pk][-100:]
    if request.headers.get("HX-Request"):
        return HttpResponse()
    return see("workorders:counselling", number)
