"""The Messages tab: the order's thread with the customer, live (R62, R82).

The thread is the one of the enquiry that the order came from. Whose it is decides who reads it:
the customer, customer service and admins (Thread.visible_to). The workshop has its own notes on
units and reads no threads, so it has no such tab.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from attachments.uploads import files_first
from jobs.once import once
from workorders import conversation, presence
from workorders.forms.counselling import MessageForm
from workorders.models import Message, RepairOrder
from workorders.services import threads
from workorders.views.answers import see_other
from workorders.views.order.frame import MESSAGE_ROLES, frame, order_of


@require_http_methods(["GET", "HEAD", "POST"])
@access(*MESSAGE_ROLES)
@files_first
@once
def order_messages(request: UserRequest, code: str) -> HttpResponse:
    """Reads and writes the thread; internal notes are customer service's own."""
    order = order_of(request, code)
    if request.method == "POST":
        return _post(request, order)
    return _page(request, order)


@require_safe
@access(*MESSAGE_ROLES)
def order_news(request: UserRequest, code: str) -> HttpResponse:
    """What is new since the page looked last, 204 when nothing is; no write."""
    order = order_of(request, code)
    if request.GET.get("before"):
        return _earlier(request, order)
    doing = request.GET.get("doing", "")
    if request.user.role == Role.AGENT:
        known = doing in (presence.WRITING, presence.NOTING)
        presence.seen(order.thread_id, request.user, doing if known else presence.READING)
    if doing:
        return HttpResponse(status=204)
    cursor = conversation.Cursor.of(request.GET)
    talk = conversation.read(order.counselling or order, request.user, since=cursor)
    if not talk.items and talk.cursor.who == cursor.who:
        return HttpResponse(status=204)
    return render(request, "workorders/counselling/_news.html", {"talk": talk})


def _earlier(request: UserRequest, order: RepairOrder) -> HttpResponse:
    """What was said before, for the top of the thread; the cursor of the poll stays as it is."""
    stretch = conversation.Stretch.of(request.GET)
    talk = conversation.read(order.counselling or order, request.user, stretch=stretch)
    context = {"talk": talk, **_addresses(order)}
    return render(request, "workorders/counselling/_earlier_news.html", context)


def _post(request: UserRequest, order: RepairOrder) -> HttpResponse:
    internal = bool(request.POST.get("note"))
    form = MessageForm(
        request.POST, request.FILES, actor=request.user, thread=order.thread_id, internal=internal
    )
    if not form.is_valid():
        return _composer(request, order, form, status=422)
    shown = None if internal else form.cleaned_data["latest"]
    if other := conversation.came_between(order, shown, request.user):
        return _composer(request, order, form, status=409, conflict=other)
    try:
        message = threads.post_message(
            order.thread,
            actor=request.user,
            text=form.cleaned_data["text"],
            files=form.cleaned_data["files"],
            internal=internal,
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _composer(request, order, form, status=422)
    if not request.headers.get("HX-Request"):
        return see_other(f"{_here(order)}#m-{message.pk}")
    latest = None if internal else message.pk
    empty = MessageForm(
        actor=request.user, thread=order.thread_id, internal=internal, latest=latest
    )
    response = _composer(request, order, empty, status=200)
    response["HX-Trigger"] = "new-messages"
    return response


def _composer(
    request: UserRequest,
    order: RepairOrder,
    form: MessageForm,
    *,
    status: int,
    conflict: Message | None = None,
) -> HttpResponse:
    """The composer alone for htmx, else the whole page around it; what was typed is kept."""
    if conflict is not None:
        data: Any = form.data
        form.data = data.copy()
        form.data["latest"] = str(conflict.pk)  # type: ignore[index]
    if not request.headers.get("HX-Request"):
        return _page(request, order, form=form, status=status, conflict=conflict)
    context = _writing(order, form, conflict)
    return render(request, "workorders/counselling/_composer.html", context, status=status)


def _page(
    request: UserRequest,
    order: RepairOrder,
    *,
    form: MessageForm | None = None,
    conflict: Message | None = None,
    status: int = 200,
) -> HttpResponse:
    subject = order.counselling or order
    talk = conversation.read(subject, request.user, stretch=conversation.Stretch.of(request.GET))
    form = form or MessageForm(
        actor=request.user,
        thread=order.thread_id,
        internal=bool(request.GET.get("note")),
        latest=_newest_reply(talk),
    )
    context = {
        **frame(request, order, "messages"),
        "talk": talk,
        "may_write": request.user.role == Role.AGENT,
        **_writing(order, form, conflict),
        "user": request.user,
    }
    return render(request, "workorders/order/messages.html", context, status=status)


def _newest_reply(talk: conversation.Talk) -> int:
    """The newest public message of customer service that the page shows; 0 when there is none."""
    replies = [item.message for item in talk.items if item.message and not item.message.internal]
    return max((m.pk for m in replies if conversation.by_service(m.author_role)), default=0)


def _here(order: RepairOrder) -> str:
    return reverse("workorders:order-messages", args=[order.code])


def _addresses(order: RepairOrder) -> dict[str, str]:
    return {
        "page_url": _here(order),
        "poll_url": reverse("workorders:order-news", args=[order.code]),
    }


def _writing(order: RepairOrder, form: MessageForm, conflict: Message | None) -> dict[str, Any]:
    """Reply and internal note are two looks, so that nobody sends the wrong one (D10)."""
    note, here = form.internal_note, _here(order)
    reply = _("Reply to %(name)s") % {"name": order.customer}
    return {
        "form": form,
        "conflict": conflict,
        "url": here,
        **_addresses(order),
        "label": _("Internal note for colleagues") if note else reply,
        "placeholder": _("Only customer service reads this.") if note else reply,
        "send": _("Add internal note") if note else _("Send"),
        "kinds": [
            {"url": f"{here}#composer", "text": _("Reply"), "current": not note},
            {"url": f"{here}?note=1#composer", "text": _("Internal note"), "current": note},
        ],
    }
