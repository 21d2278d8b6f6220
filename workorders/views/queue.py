"""The queue of customer service: what waits, most urgent on top."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.models import User
from accounts.roles import Role
from core import words
from core.templatetags.ui import query
from devices.models import ProductModel
from workorders.filters import (
    CAP,
    QUEUE_VIEWS,
    SORTS,
    QueueFilter,
    capped_counts,
    page_of,
    rows_of,
)
from workorders.forms.desk import SaveViewForm
from workorders.models import Counselling, SavedView
from workorders.models.counselling import NUMBER_BASE, CounsellingQuerySet
from workorders.services import desk
from workorders.views.answers import see_other
from workorders.views.queue_rows import queue_rows

FIRST_VIEW = "mine"
FIGURES = ("overdue", "within")
COUNTED = (*FIGURES, *(view.key for view in QUEUE_VIEWS))
KEPT = ("view", "q", "state", "assignee", "model", "language", "channel", "customer", "sort")
CHOICES_SECONDS = 60
REPLIES_LOOKED_AT = 1000
DEFAULT_SORT = "urgent"
STATES = (
    (Counselling.State.OPEN, gettext_lazy("Waiting for us")),
    (Counselling.State.ANSWERED, gettext_lazy("Waiting for customer")),
    (Counselling.State.FINISHED, gettext_lazy("Finished")),
)


def agents() -> list[tuple[int, str]]:
    """Who can look after an enquiry; kept for a minute, the list hardly changes."""
    found = kept_agents()
    return keep_agents(User.objects.agents().values_list("pk", "name")) if found is None else found


def kept_agents() -> list[tuple[int, str]] | None:
    """None when nobody asked within the last minute."""
    found: list[tuple[int, str]] | None = cache.get("desk:agents")
    return found


def keep_agents(found: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    kept = list(found)
    cache.set("desk:agents", kept, CHOICES_SECONDS)
    return kept


def model_names() -> list[str]:
    found = cache.get("desk:models")
    if found is None:
        found = list(ProductModel.objects.order_by("name").values_list("name", flat=True))
        cache.set("desk:models", found, CHOICES_SECONDS)
    return list(found)


def first_reply_median(now: datetime) -> timedelta | None:
    """From opening to the first human reply, of those first answered today (reader's day, R85)."""
    day = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    key = f"desk:median:{day.isoformat()}"
    seconds = cache.get(key)
    if seconds is None:
        replies = Counselling.objects.first_replied_since(day)
        pairs = replies.values_list("opened_at", "first_replied_at")[:REPLIES_LOOKED_AT]
        spans = [(replied - opened).total_seconds() for opened, replied in pairs]
        seconds = median(spans) if spans else -1
        cache.set(key, seconds, CHOICES_SECONDS)
    return timedelta(seconds=seconds) if seconds >= 0 else None


@dataclass
class Board:
    """One page of the queue for one person: rows, figures, tabs, filters."""

    request: UserRequest
    now: datetime = field(default_factory=timezone.now)

    @cached_property
    def visible(self) -> CounsellingQuerySet:
        rows: CounsellingQuerySet = Counselling.objects.visible_to(self.request.user)
        return rows

    @cached_property
    def given(self) -> QueryDict:
        return self.request.GET

    @cached_property
    def text(self) -> str:
        return self.given.get("q", "").strip()

    @cached_property
    def view(self) -> str:
        """The tab. A search looks into everything, finished enquiries too."""
        if self.text or self.given.get("state") == Counselling.State.FINISHED:
            return "all"
        chosen = self.given.get("view", FIRST_VIEW)
        return chosen if chosen in {*COUNTED, "all"} else FIRST_VIEW

    @property
    def asked_view(self) -> str:
        """The tab to come back to when the search is emptied."""
        return self.given.get("view", FIRST_VIEW)

    @cached_property
    def sort(self) -> str:
        chosen = self.given.get("sort", "")
        return chosen if chosen in dict(SORTS) else DEFAULT_SORT

    @cached_property
    def filter(self) -> QueueFilter:
        base = rows_of(self.view, self.visible, self.request.user, self.now)
        return QueueFilter(self.given, queryset=base, request=self.request)

    @cached_property
    def page(self) -> tuple[list[dict[str, Any]], str]:
        """A filter that makes no sense is left out rather than answered with an error."""
        rows = self.filter.qs if self.filter.is_valid() else self.filter.queryset
        return page_of(rows, self.sort, self.given.get("after", ""))

    @cached_property
    def counts(self) -> dict[str, int]:
        user, now = self.request.user, self.now
        return capped_counts({key: rows_of(key, self.visible, user, now) for key in COUNTED})

    @cached_property
    def saved(self) -> list[SavedView]:
        return list(SavedView.objects.visible_to(self.request.user).of(SavedView.Page.QUEUE))

    @property
    def may_act(self) -> bool:
        return self.request.user.role == Role.AGENT

    def count(self, key: str) -> str:
        number = self.counts[key]
        return f"{CAP - 1}+" if number >= CAP else str(number)

    def stats(self) -> list[dict[str, Any]]:
        reply = first_reply_median(self.now)
        listed = [
            ("red" if self.counts["overdue"] else "gray", "alert", _("Overdue"), "overdue"),
            ("amber" if self.counts["within"] else "gray", "clock", _("Due within 1 h"), "within"),
            ("gray", "user", _("Unassigned"), "unassigned"),
            ("blue", "chat", _("My open"), "mine"),
        ]
        figures: list[dict[str, Any]] = [
            {
                "tone": tone,
                "icon": shape,
                "label": label,
                "value": self.count(key),
                "url": f"?view={key}",
            }
            for tone, shape, label, key in listed
        ]
        value = words.span(reply) if reply is not None else "–"
        label = _("First reply today, median")
        return [*figures, {"tone": "green", "icon": "gauge", "label": label, "value": value}]

    def tabs(self) -> list[dict[str, Any]]:
        chosen = self.given.get("saved", "")
        shown: list[dict[str, Any]] = [
            {
                "url": f"?view={view.key}",
                "label": view.label,
                "count": self.count(view.key),
                "current": view.key == self.view and not chosen,
            }
            for view in QUEUE_VIEWS
        ]
        return shown + [
            {
                "url": f"?{view.query}&saved={view.pk}",
                "label": view.name,
                "count": None,
                "current": str(view.pk) == chosen,
            }
            for view in self.saved
        ]

    @cached_property
    def current_saved(self) -> SavedView | None:
        chosen = self.given.get("saved", "")
        return next((view for view in self.saved if str(view.pk) == chosen), None)

    def query_kept(self) -> str:
        """The filters as they stand, without page and saved view: what a saved view keeps."""
        kept = QueryDict(mutable=True)
        for name in KEPT:
            if value := self.given.get(name, "").strip():
                kept[name] = value
        return kept.urlencode()

    @cached_property
    def selects(self) -> list[dict[str, Any]]:
        """The drop-downs of the toolbar: name, label, options of value and words."""
        fields = self.filter.form.fields
        people = [("", _("Any assignee")), ("me", _("Me")), ("nobody", _("Nobody"))]
        people += [(str(pk), name) for pk, name in agents()]
        devices = [("", _("All devices")), *((name, name) for name in model_names())]
        listed: list[tuple[str, str, list[tuple[str, Any]]]] = [
            ("state", _("Status"), [("", _("Any status")), *STATES]),
            ("assignee", _("Assignee"), people),
            ("model", _("Device"), devices),
            ("language", _("Language"), list(fields["language"].choices)),
            ("channel", _("Channel"), list(fields["channel"].choices)),
        ]
        return [self._select(name, label, choices) for name, label, choices in listed]

    @property
    def sort_label(self) -> str:
        return str(dict(SORTS)[self.sort])

    def heads(self) -> list[dict[str, Any]]:
        """The heads of the table; three of them sort."""
        listed: list[tuple[str, str, str]] = [
            (_("Due"), "urgent", "ascending"),
            (_("Enquiry"), "oldest", "ascending"),
            (_("Customer"), "", ""),
            (_("Device"), "", ""),
            (_("Status"), "", ""),
            (_("Assignee"), "", ""),
            (_("Last message"), "newest", "descending"),
        ]
        return [
            {
                "label": label,
                "url": query(self.request, sort=sort) if sort else "",
                "sorted": direction if sort == self.sort else "",
                "end": sort == "newest",
            }
            for label, sort, direction in listed
        ]

    def _select(self, name: str, label: str, choices: list[tuple[str, Any]]) -> dict[str, Any]:
        chosen = self.given.get(name, "")
        options = [(str(value), text, str(value) == chosen) for value, text in choices]
        return {"name": name, "label": label, "options": options}

    def chips(self) -> list[dict[str, Any]]:
        """Each filter that is set, with the address of the list without it."""
        shown: list[dict[str, Any]] = [
            {
                "label": f"{select['label']}: {text}",
                "url": query(self.request, **{select["name"]: None}),
            }
            for select in self.selects
            for value, text, chosen in select["options"]
            if chosen and value
        ]
        if self.text:
            shown.insert(0, {"label": f"“{self.text}”", "url": query(self.request, q=None)})
        if self.given.get("customer", ""):
            rows, _following = self.page
            name = rows[0]["customer_name"] if rows else self.given["customer"]
            shown.append({"label": name, "url": query(self.request, customer=None)})
        return shown

    def markup(self) -> SafeString:
        return queue_rows(self.page[0], now=self.now, picks=self.may_act)

    def next_url(self) -> str:
        following = self.page[1]
        return query(self.request, after=following) if following else ""

    def first_url(self) -> str:
        return query(self.request) if self.given.get("after") else ""


@require_safe
@access(Role.AGENT)
def queue(request: UserRequest) -> HttpResponse:
    """R82, R83: the list every working day of an agent begins with."""
    board = Board(request)
    return render(
        request,
        "workorders/desk/queue.html",
        {"board": board, "rows": board.markup(), "agents": agents(), "save_form": SaveViewForm()},
    )


@require_POST
@access(Role.AGENT)
def take_next(request: UserRequest) -> HttpResponse:
    """The most urgent enquiry that nobody has becomes mine and opens."""
    taken = desk.take_next(actor=request.user)
    if taken is None:
        messages.info(request, _("Nothing waits for an answer that nobody has. Well done."))
        return see_other(reverse("workorders:queue"))
    return see_other(reverse("workorders:counselling", args=[taken.number]))


@require_POST
@access(Role.AGENT)
def queue_assign(request: UserRequest) -> HttpResponse:
    """The picked rows go to a colleague, to me or back to nobody; one id too many refuses all."""
    picked = {
        int(value) - NUMBER_BASE for value in request.POST.getlist("pick") if value.isdecimal()
    }
    rows = list(Counselling.objects.visible_to(request.user).filter(pk__in=picked))
    if len(rows) != len(picked):
        raise Http404
    to = _person(request)
    done = desk.assign_many(rows, actor=request.user, to=to)
    _report(request, done, to)
    return see_other(back_to(request, reverse("workorders:queue")))


def _person(request: UserRequest) -> User | None:
    chosen = request.POST.get("to", "")
    if request.POST.get("action") == "take" or chosen == "me":
        return request.user
    if chosen == "nobody":
        return None
    people = User.objects.visible_to(request.user).filter(role=Role.AGENT, is_active=True)
    return get_object_or_404(people, pk=chosen if chosen.isdecimal() else 0)


def _report(request: UserRequest, done: desk.Assigned, to: User | None) -> None:
    count = len(done.moved)
    if count and to:
        text = ngettext(
            "%(name)s looks after %(count)d enquiry.",
            "%(name)s looks after %(count)d enquiries.",
            count,
        )
        messages.success(request, text % {"name": to, "count": count})
    elif count:
        text = ngettext(
            "%(count)d enquiry is free again.", "%(count)d enquiries are free again.", count
        )
        messages.success(request, text % {"count": count})
    for number, reason in list(done.refused.items())[:5]:
        messages.warning(request, f"{number}: {reason}")
    if not count and not done.refused:
        messages.info(request, _("Pick enquiries in the list first."))


@require_POST
@access(Role.AGENT)
def view_save(request: UserRequest) -> HttpResponse:
    """Keep the filters as they stand under a name; only what the queue knows is kept."""
    form = SaveViewForm(request.POST)
    given = QueryDict(request.POST.get("query", "")[:500])
    kept = QueryDict(mutable=True)
    for name in KEPT:
        if given.get(name):
            kept[name] = given[name]
    if not form.is_valid():
        messages.error(request, _("Give the view a name of at most 60 letters."))
        return see_other(f"{reverse('workorders:queue')}?{kept.urlencode()}")
    view = desk.save_view(request.user, name=form.cleaned_data["name"], query=kept.urlencode())
    messages.success(request, _("The view is saved."))
    return see_other(f"{reverse('workorders:queue')}?{view.query}&saved={view.pk}")


@require_POST
@access(Role.AGENT)
def view_delete(request: UserRequest, pk: int) -> HttpResponse:
    mine = SavedView.objects.visible_to(request.user).of(SavedView.Page.QUEUE)
    get_object_or_404(mine, pk=pk).delete()
    messages.success(request, _("The view is deleted."))
    return see_other(reverse("workorders:queue"))


def back_to(request: UserRequest, default: str) -> str:
    """Where the form says it came from, when that is a page of ours."""
    chosen = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        chosen, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return chosen if ours else default
