"""The queue of customer service: views, filters, search, order, pages by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import django_filters as filters
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.models import LANGUAGES
from core.workflow import Text
from devices.models import normalise_sn
from workorders.models import Channel, Counselling, RepairOrder
from workorders.models.counselling import NUMBER_BASE, CounsellingQuerySet

PAGE = 50
CAP = 100
SOON = timedelta(hours=1)


@dataclass(frozen=True)
class QueueView:
    """A tab of the queue: its key, its name, which rows it shows."""

    key: str
    label: Text


QUEUE_VIEWS = (
    QueueView("mine", _("My open")),
    QueueView("unassigned", _("Unassigned")),
    QueueView("soon", _("Due soon")),
    QueueView("waiting", _("Waiting for customer")),
    QueueView("after", _("Written to after finish")),
    QueueView("open", _("All open")),
)
SORTS = (
    ("urgent", _("Most urgent first")),
    ("newest", _("Newest message first")),
    ("oldest", _("Oldest enquiry first")),
)


def rows_of(view: str, rows: CounsellingQuerySet, user: Any, now: datetime) -> CounsellingQuerySet:
    """The rows of a tab, or of a figure above the tabs."""
    open_rows = rows.for_queue()
    match view:
        case "mine":
            return open_rows.filter(assignee=user)
        case "unassigned":
            return open_rows.filter(assignee=None)
        case "soon":
            return open_rows.filter(due_at__lte=now + SOON)
        case "overdue":
            return open_rows.filter(due_at__lt=now)
        case "within":
            return open_rows.filter(due_at__gte=now, due_at__lte=now + SOON)
        case "waiting":
            return rows.filter(state=Counselling.State.ANSWERED)
        case "after":
            return rows.filter(state=Counselling.State.FINISHED, needs_answer=True)
        case "all":
            return rows
    return open_rows


def capped_counts(querysets: dict[str, QuerySet[Any]], cap: int = CAP) -> dict[str, int]:
    """How many rows each queryset has, none counted beyond `cap`: one statement for all of them."""
    parts, params, names = [], [], []
    counts = dict.fromkeys(querysets, 0)
    connection = connections["default"]
    for name, rows in querysets.items():
        limited = rows.order_by().values("pk")[:cap]
        try:
            sql, given = limited.query.get_compiler(connection=connection).as_sql()
        except EmptyResultSet:
            continue
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) counted)")  # noqa: S608 - own names only
        params += given
        names.append(name)
    if parts:
        with connection.cursor() as cursor:
            cursor.execute("SELECT " + ", ".join(parts), params)
            counts.update(zip(names, cursor.fetchone(), strict=True))
    return counts


def search(rows: CounsellingQuerySet, text: str) -> CounsellingQuerySet:
    """By enquiry number, first visit code or SN exactly, else by subject, customer, start of SN.

    Exact keys are tried first: they are what people hold in their hands, and their indexes answer
    at once.
    """
    text = text.replace("\x00", "").strip()
    if not text:
        return rows
    sn = normalise_sn(text)
    code = text.upper()
    exact = Q(sn=sn) | Q(code=code) if sn else Q(code=code)
    exact |= Q(pk__in=RepairOrder.objects.filter(code=code).values("counselling"))
    if text.lstrip("#").isdecimal() and NUMBER_BASE < (number := int(text.lstrip("#"))) < 2**53:
        exact |= Q(pk=number - NUMBER_BASE)
    if rows.filter(exact).exists():
        return rows.filter(exact)
    loose = Q(subject__icontains=text) | Q(customer__name__icontains=text)
    if len(sn) > 3:
        loose |= Q(sn__startswith=sn)
    if "@" in text:
        loose |= Q(customer__email__iexact=text)
    return rows.filter(loose)


class QueueFilter(filters.FilterSet):  # type: ignore[misc]
    """What the toolbar of the queue offers; unknown values are ignored by the page."""

    q = filters.CharFilter(method="by_text", label=_("Search"))
    state = filters.ChoiceFilter(
        choices=Counselling.State.choices, label=_("Status"), empty_label=_("Any status")
    )
    assignee = filters.CharFilter(method="by_assignee", label=_("Assignee"))
    model = filters.CharFilter(field_name="model_name", lookup_expr="exact", label=_("Device"))
    language = filters.ChoiceFilter(
        field_name="customer__language",
        choices=LANGUAGES,
        label=_("Language"),
        empty_label=_("Any language"),
    )
    channel = filters.ChoiceFilter(
        choices=Channel.choices, label=_("Channel"), empty_label=_("Any channel")
    )

    customer = filters.NumberFilter(
        field_name="customer", label=_("Customer"), min_value=1, max_value=2**53
    )

    class Meta:
        model = Counselling
        fields: list[str] = []

    def by_text(self, rows: CounsellingQuerySet, _name: str, value: str) -> CounsellingQuerySet:
        return search(rows, value)

    def by_assignee(self, rows: CounsellingQuerySet, _name: str, value: str) -> CounsellingQuerySet:
        if value == "me":
            return rows.filter(assignee=self.request.user)
        if value == "nobody":
            return rows.filter(assignee=None)
        return rows.filter(assignee=int(value)) if value.isdecimal() and len(value) < 16 else rows


def ordered(rows: CounsellingQuerySet, sort: str) -> CounsellingQuerySet:
    match sort:
        case "newest":
            return rows.order_by("-last_message_at", "-pk")
        case "oldest":
            return rows.order_by("pk")
    return rows.most_urgent_first()


def cursor_of(sort: str, row: dict[str, Any]) -> str:
    """Where the next page begins: the sorted values of the last row shown."""
    match sort:
        case "newest":
            return f"{row['last_message_at'].isoformat()}~{row['pk']}"
        case "oldest":
            return f"{row['pk']}"
    due = row["due_at"].isoformat() if row["due_at"] else ""
    return f"{int(row['needs_answer'])}~{due}~{row['pk']}"


def after_cursor(rows: CounsellingQuerySet, sort: str, cursor: str) -> CounsellingQuerySet:
    """The rows behind the cursor; a cursor that makes no sense shows the first page."""
    try:
        claim = _behind(sort, cursor.split("~"))
    except (ValueError, TypeError, OverflowError):
        return rows
    return rows.filter(claim)


def _moment(text: str) -> datetime:
    moment = parse_datetime(text)
    if moment is None or timezone.is_naive(moment):
        raise ValueError(text)
    return moment


def _key(text: str) -> int:
    key = int(text)
    if not 0 <= key < 2**53:
        raise ValueError(text)
    return key


def _behind(sort: str, parts: list[str]) -> Q:
    if sort == "newest":
        at, pk = parts
        return Q(last_message_at__lt=_moment(at)) | Q(last_message_at=_moment(at), pk__lt=_key(pk))
    if sort == "oldest":
        return Q(pk__gt=_key(parts[0]))
    needs, due, pk = parts
    if due:
        same = Q(due_at__gt=_moment(due)) | Q(due_at=None) | Q(due_at=_moment(due), pk__gt=_key(pk))
    else:
        same = Q(due_at=None, pk__gt=_key(pk))
    if needs == "1":
        return Q(needs_answer=True) & same | Q(needs_answer=False)
    return Q(needs_answer=False) & same


def neighbour(rows: CounsellingQuerySet, row: Counselling, *, ahead: bool) -> Counselling | None:
    """The next (or the one before) in the order of the queue, whether `row` is in it or not."""
    here = {"needs_answer": row.needs_answer, "due_at": row.due_at, "pk": row.pk}
    cursor = cursor_of("urgent", here)
    if ahead:
        return ordered(after_cursor(rows, "urgent", cursor), "urgent").first()
    behind = Q(pk=row.pk) | _behind("urgent", cursor.split("~"))
    backwards = rows.exclude(behind).order_by(
        "needs_answer", F("due_at").desc(nulls_first=True), "-pk"
    )
    return backwards.first()


ROW_FIELDS = (
    "pk",
    "state",
    "outcome",
    "subject",
    "excerpt",
    "needs_answer",
    "due_at",
    "due_since",
    "first_replied_at",
    "last_message_at",
    "model_name",
    "sn",
    "verdict",
    "assignee_id",
)


def page_of(rows: CounsellingQuerySet, sort: str, cursor: str) -> tuple[list[dict[str, Any]], str]:
    """Up to 50 rows as dicts, and the cursor of the next page or an empty string."""
    shown = ordered(after_cursor(rows, sort, cursor) if cursor else rows, sort).values(
        *ROW_FIELDS, customer_name=F("customer__name"), assignee_name=F("assignee__name")
    )
    found = list(shown[: PAGE + 1])
    following = cursor_of(sort, found[PAGE - 1]) if len(found) > PAGE else ""
    return found[:PAGE], following
