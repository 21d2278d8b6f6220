"""The rows of the queue, built in one go: the hot table of customer service (tried: half the time).

Only escaped parts are joined; every word is translated once per page, not once per row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import words
from core.templatetags.ui import AMBER, RED, WHOLE, share_left
from devices.models import Verdict
from workorders.models import Outcome
from workorders.models.counselling import NUMBER_BASE

# Fifty rows are most of the page, so they say only what HTML needs: end tags of cells and quotes
# around our own constants are left out (never around anything a person typed).
ROW = (
    "<tr{new}>{pick}<td class=side-cell>{chip}"
    "<td class=lead dir=auto><a href={url}>{subject}</a><small>{number} · {excerpt}</small>"
    "<td dir=auto>{customer}<td>{device}{mark}<small class=sn translate=no>{sn}</small>"
    "<td>{state}<td class=hide-s>{assignee}<td class='r hide-s'>{last}"
)
PICK = "<td class=pick><label><input type=checkbox name=pick value={} aria-label='{}'></label>"
RING = (
    "<span class='countdown tone-{}' data-start={} data-due={}>"
    "<svg viewBox=0,0,16,16><circle class=track /><circle class=left pathLength=100"
    " stroke-dasharray={},100 /></svg><time>{}</time></span>"
)
LATE = "<span class='countdown tone-red over' data-due={}>{}<time>{}</time></span>"
PERSON = "<span class=who><span class='avatar tone-{} sm' aria-hidden=true>{}</span>{}</span>"
NOBODY = "<span class=faint>{}</span>"
EXCERPT = 90  # letters; what a row has room for


@lru_cache(maxsize=32)
def _shape(name: str) -> SafeString:
    return format_html("<svg class=icon><use href='{}#{}'/></svg>", static("icons.svg"), name)


@lru_cache(maxsize=32)
def _status(language: str, key: str) -> SafeString:
    """What an agent reads: who has to act, or how it ended."""
    tone, shape, text = {
        "new": ("tone-blue", "s1", _("New")),
        "us": ("tone-amber", "chat", _("Waiting for us")),
        "customer": ("tone-gray", "sw", _("Waiting for customer")),
        "after": ("tone-amber", "chat", _("Written to after finish")),
    }.get(key) or ("tone-green", "s4", Outcome(key).label)
    return format_html("<span class='badge {} bare'>{}{}</span>", tone, _shape(shape), text)


def status_key(row: dict[str, Any]) -> str:
    match row["state"], row["needs_answer"]:
        case "finished", True:
            return "after"
        case "finished", _needs:
            return str(row["outcome"])
        case "answered", _needs:
            return "customer"
    return "us" if row["first_replied_at"] else "new"


def status_badge(row: dict[str, Any]) -> SafeString:
    return _status(get_language() or "en", status_key(row))


def _stamp(at: datetime) -> str:
    """To the minute and in UTC: what the script needs, in as few bytes as it takes."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _chip(row: dict[str, Any], now: datetime) -> SafeString | str:
    due: datetime | None = row["due_at"]
    if due is None:
        return ""
    if due <= now:
        late = str(words.SPANS["late"]).format(time=words.span(now - due))
        return format_html(LATE, _stamp(due), _shape("alert"), late)
    start = row["due_since"] or due - WHOLE
    percent = share_left(due - now, due - start)
    tone = "green" if percent > AMBER else "amber" if percent > RED else "red"
    return format_html(RING, tone, _stamp(start), _stamp(due), percent, words.span(due - now))


def _last(at: datetime, now: datetime) -> SafeString:
    passed = now - at
    fresh = timedelta() <= passed < timedelta(days=1)
    text = words.span(passed) if fresh else words.write_date(at, "short")
    return format_html("<time datetime={}>{}</time>", _stamp(at), text)


def _assignee(nobody: SafeString) -> Callable[[dict[str, Any]], SafeString]:
    """A person's two letters and name; the same person is drawn once per page."""
    drawn: dict[int, SafeString] = {}

    def draw(row: dict[str, Any]) -> SafeString:
        key = row["assignee_id"]
        if key is None:
            return nobody
        if key not in drawn:
            name = row["assignee_name"]
            drawn[key] = format_html(PERSON, words.tone_for(key), words.initials(name), name)
        return drawn[key]

    return draw


def queue_rows(rows: Iterable[dict[str, Any]], *, now: datetime, picks: bool) -> SafeString:
    """The <tr>s of a page of the queue; `picks` adds the boxes of the bulk bar."""
    pattern = reverse("workorders:counselling", args=[0])
    pick_word = _("Pick %(number)s")
    out_mark = format_html(
        " <span class='tone-amber warn-mark' title='{0}'>{1}<span class=sr>{0}</span></span>",
        Verdict.OUT.label,
        _shape("shieldx"),
    )
    draw = _assignee(format_html(NOBODY, _("Nobody")))
    new = SafeString(" class=new")

    def cells(row: dict[str, Any]) -> dict[str, Any]:
        number = NUMBER_BASE + row["pk"]
        box = format_html(PICK, number, pick_word % {"number": number}) if picks else ""
        return {
            "new": new if row["needs_answer"] else "",
            "pick": box,
            "chip": _chip(row, now),
            "url": pattern.replace("/0/", f"/{number}/"),
            "subject": row["subject"],
            "number": number,
            "excerpt": row["excerpt"][:EXCERPT],
            "customer": row["customer_name"],
            "device": row["model_name"],
            "mark": out_mark if row["verdict"] == Verdict.OUT else "",
            "sn": row["sn"],
            "state": status_badge(row),
            "assignee": draw(row),
            "last": _last(row["last_message_at"], now),
        }

    return format_html_join("", ROW, (cells(row) for row in rows))
