"""What several pages of the workshop need: keyset pages, tabs, files of rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from attachments.models import Attachment
from core.templatetags.ui import query
from core.workflow import Text
from logistics.models import Damage
from workorders.models import RepairOrder

PAGE = 50
NUL = "\x00"


@dataclass(frozen=True)
class Page:
    """Some rows and the address of the next ones, empty at the end."""

    rows: list[Any]
    next: str
    first: str

    @property
    def empty(self) -> bool:
        return not self.rows


@dataclass(frozen=True)
class Tab:
    url: str
    label: Text
    count: int | None
    current: bool


def asked(request: HttpRequest, name: str = "q") -> str:
    """One word of the query string, without what no database takes."""
    return request.GET.get(name, "").replace(NUL, "").strip()[:200]


def number(text: str) -> int | None:
    """A key from the query string; nonsense is no key."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def page_by_key(
    request: HttpRequest, rows: models.QuerySet[Any], *, newest: bool, size: int = PAGE
) -> Page:
    """Some rows by primary key, without an OFFSET and without a count."""
    after = number(request.GET.get("after", ""))
    if after is not None:
        rows = rows.filter(pk__lt=after) if newest else rows.filter(pk__gt=after)
    found = list(rows.order_by("-pk" if newest else "pk")[: size + 1])
    return _page(request, found, lambda row: str(row.pk), moved=after is not None, size=size)


def page_by_due(request: HttpRequest, rows: models.QuerySet[Any]) -> Page:
    """Fifty rows, the most urgent first; those without a promise last, by key."""
    after = request.GET.get("after", "")
    moment, _sep, key = after.partition("~")
    pk = number(key)
    if pk is not None:
        due = _moment(moment)
        beyond = Q(due_at=None, pk__gt=pk)
        if due is not None:
            beyond = Q(due_at__gt=due) | Q(due_at=due, pk__gt=pk) | Q(due_at=None)
        rows = rows.filter(beyond)
    ordered = rows.order_by(models.F("due_at").asc(nulls_last=True), "pk")
    found = list(ordered[: PAGE + 1])
    return _page(request, found, _due_key, moved=pk is not None)


def _moment(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def _due_key(row: Any) -> str:
    return f"{row.due_at.isoformat() if row.due_at else ''}~{row.pk}"


def _page(
    request: HttpRequest, found: list[Any], key: Any, *, moved: bool, size: int = PAGE
) -> Page:
    rows = found[:size]
    more = len(found) > size
    following = query(request) if more else ""
    if more:
        joint = "&" if len(following) > 1 else ""
        following = f"{following}{joint}after={quote(key(rows[-1]), safe='~')}"
    return Page(rows, following, query(request) if moved else "")


def tabs(
    request: HttpRequest,
    words: Iterable[tuple[str, Text]],
    *,
    current: str,
    counts: dict[str, int] | None = None,
    name: str = "tab",
) -> list[Tab]:
    """The views of a list, with how many stand in each."""
    known = counts or {}
    return [
        Tab(query(request, **{name: value}), label, known.get(value), value == current)
        for value, label in words
    ]


def files_of(model: type[models.Model], pks: Iterable[int]) -> dict[int, list[Attachment]]:
    """The files of rows the page shows anyway, one query for all of them."""
    found: dict[int, list[Attachment]] = {}
    keys = list(pks)
    if not keys:
        return found
    for file in Attachment.objects.owned_by(model, keys):
        found.setdefault(file.object_id or 0, []).append(file)
    return found


def damages_of(order: RepairOrder, *, newest: int | None = None) -> list[tuple[Damage, Any]]:
    """Shipping damages of an order's goods with their photos; all, or so many of the `newest`."""
    if order.consignment is None:
        return []
    found = order.consignment.damages.select_related("recorded_by", "container__consignment")
    return with_photos(found.order_by("-pk")[:newest][::-1] if newest else found)


def with_photos(damages: Iterable[Damage]) -> list[tuple[Damage, Any]]:
    """Each with its files; one query for all of them."""
    rows = list(damages)
    files = files_of(Damage, [damage.pk for damage in rows])
    return [(damage, files.get(damage.pk, ())) for damage in rows]
