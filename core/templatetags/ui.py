"""The small parts of the look as functions: a template calls them as tags, Python as they are.

All of them are pure: they compute words and markup from what they are given and never query, so
rows of a long table can be built with `format_html_join` from the same functions.

A state's tone belongs to CSS (`state-<model>-<state>` in static/css/site.css), its shape to
`SHAPES` below: one name of an icon per model and state. core knows no states, so the roof fills
it (aftersales/look.py); a state nobody drew gets the open ring.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django import template
from django.forms import BoundField, CheckboxInput, PasswordInput, Textarea
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core import words

if TYPE_CHECKING:
    from django.http import HttpRequest

register = template.Library()

SHAPES: dict[str, dict[str, str]] = {}
DEFAULT_SHAPE = "s1"
WHOLE = dt.timedelta(hours=12)  # what the ring of a countdown stands for when no start is given
AMBER, RED = 25, 5  # per cent of the time left

EMPTY = SafeString("")


# ------------------------------------------------------------------ icons, badges
@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, cls: str = "") -> SafeString:
    """One icon of our sprite; it is decoration, the word beside it (or a `.sr`) is what is read."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {cls}" if cls else "",
        static("icons.svg"),
        name,
    )


@register.simple_tag
@lru_cache(maxsize=8)
def drawing(name: str, size: int = 64) -> SafeString:
    """A drawing of the sprite: `miner` (64), `mark` (28)."""
    return format_html(
        '<svg viewBox="0 0 {} {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        size,
        size,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def badge(tone: str, text: Any, icon_name: str = "", cls: str = "") -> SafeString:
    """A word with a tone. `tone` is one of ours (gray blue violet teal amber green red)."""
    return _badge(f"tone-{tone}", text, icon_name, cls)


@register.simple_tag
def state_badge(thing: Any, cls: str = "") -> SafeString:
    """The state of a thing: shape, word and tone. `cls="bare"` inside tables.

    The word is `thing.state_label` where the thing has a wording of its own, else the choice's.
    A thing whose state is computed calls it `status`, its choices `Status`.
    """
    state, kind = str(getattr(thing, "state", None) or thing.status), str(thing._meta.model_name)
    label = getattr(thing, "state_label", None)
    if not label:
        label = _word(thing._meta, state) if hasattr(thing, "state") else thing.Status(state).label
    shape = SHAPES.get(kind, {}).get(state, DEFAULT_SHAPE)
    return _badge(f"state-{kind}-{state}", label, shape, cls)


@lru_cache(maxsize=256)
def _word(meta: Any, state: str) -> Any:
    """What `get_state_display` says, still to be translated; that one reads all choices each time,
    and a list asks it once a row."""
    return dict(meta.get_field("state").flatchoices).get(state, state)


def _badge(tone_class: str, text: Any, icon_name: str, cls: str) -> SafeString:
    classes = " ".join(filter(None, ["badge", tone_class, "" if icon_name else "plain", cls]))
    return format_html(
        '<span class="{}">{}{}</span>', classes, icon(icon_name) if icon_name else "", text
    )


@register.simple_tag
def sn(value: Any) -> SafeString:
    """A serial number, code or tracking number: monospaced, never wrapped, never translated."""
    if not value:
        return EMPTY
    return format_html('<span class="sn" translate="no">{}</span>', value)


@register.simple_tag
def avatar(name: Any, key: Any = None, cls: str = "") -> SafeString:
    """A person's two letters; `key` (a primary key) keeps the tone when the name changes."""
    if not name:
        return format_html(
            '<span class="avatar none{}" aria-hidden="true"></span>', f" {cls}" if cls else ""
        )
    return format_html(
        '<span class="avatar tone-{}{}" aria-hidden="true" translate="no">{}</span>',
        words.tone_for(key or name),
        f" {cls}" if cls else "",
        words.initials(name),
    )


# ------------------------------------------------------------------ time
@register.simple_tag
def countdown(
    due: dt.datetime | None,
    *,
    now: dt.datetime | None = None,
    started: dt.datetime | None = None,
    paused: bool = False,
    met: dt.timedelta | None = None,
    label: Any = None,
) -> SafeString:
    """The chip of a promise: green, amber from 25 % left, red from 5 %, filled when overdue.

    `met` (a span) says that it was kept, `paused` that the clock stands. `label` names the promise
    for a screen reader ("First reply due"). Without `started` the ring stands for twelve hours.
    Pass `now` when many chips stand on one page.
    """
    spoken = format_html('<span class="sr">{}: </span>', label or _("Due"))
    if met:
        return _chip("tone-gray idle", icon("check"), spoken, _("Met in %s") % words.span(met))
    if paused:
        return _chip("tone-gray idle", icon("sw"), spoken, _("Paused"))
    if not due:
        return EMPTY
    now = now or timezone.now()
    started = started or due - WHOLE
    left = due - now
    live = format_html(
        ' data-live data-start="{}" data-due="{}"', started.isoformat(), due.isoformat()
    )
    if left <= dt.timedelta():
        text = str(words.SPANS["late"]).format(time=words.span(left))
        return _chip("tone-red over", icon("alert"), spoken, text, live, due)
    percent = share_left(left, due - started)
    ring = format_html(
        '<svg viewBox="0 0 16 16" aria-hidden="true"><circle class="track" cx="8" cy="8" r="6"/>'
        '<circle class="left" cx="8" cy="8" r="6" pathLength="100" stroke-dasharray="{} 100"/>'
        "</svg>",
        percent,
    )
    tone = "green" if percent > AMBER else "amber" if percent > RED else "red"
    return _chip(f"tone-{tone}", ring, spoken, words.span(left), live, due)


def share_left(left: dt.timedelta, whole: dt.timedelta) -> int:
    """Per cent of the promised time still left, 0 to 100."""
    if whole <= dt.timedelta():
        return 0
    return max(0, min(100, round(100 * (left / whole))))


def _chip(
    classes: str,
    drawn: SafeString,
    spoken: SafeString,
    text: str,
    live: SafeString = EMPTY,
    due: dt.datetime | None = None,
) -> SafeString:
    shown = (
        format_html("<time{}>{}</time>", _stamp(due), text)
        if due
        else format_html("<span>{}</span>", text)
    )
    return format_html(
        '<span class="countdown {}"{}>{}{}{}</span>', classes, live, drawn, spoken, shown
    )


def _stamp(value: dt.date) -> SafeString:
    """`datetime` and `title` of a <time>: exact for programs, in full for people."""
    exact, style = value.isoformat(), "long"
    if isinstance(value, dt.datetime):
        exact, style = value.isoformat(timespec="seconds"), "full"
    return format_html(' datetime="{}" title="{}"', exact, words.write_date(value, style))


@register.filter
def day(value: dt.date | None, style: str = "short") -> SafeString:
    """A date: `7 Mar 2027`; style `long` (in text) or `weekday` (between messages)."""
    if not value:
        return EMPTY
    return format_html("<time{}>{}</time>", _stamp(value), words.write_date(value, style))


@register.filter
def moment(value: dt.datetime | None) -> SafeString:
    """A date with its time, in the reader's zone; the year only when it is another one."""
    if not value:
        return EMPTY
    text = words.write_moment(value, timezone.now())
    return format_html("<time{}>{}</time>", _stamp(value), text)


@register.filter
def clock(value: dt.datetime | None) -> SafeString:
    """The time alone, as in a thread that has the day above it."""
    if not value:
        return EMPTY
    text = timezone.localtime(value).strftime("%H:%M")
    return format_html("<time{}>{}</time>", _stamp(value), text)


@register.filter
def ago(value: dt.datetime | None, now: dt.datetime | None = None) -> SafeString:
    """How long ago, below a day; from then on the date."""
    if not value:
        return EMPTY
    passed = (now or timezone.now()) - value
    if not dt.timedelta() <= passed < dt.timedelta(days=1):
        return day(value)
    text = _("%s ago") % words.span(passed)
    return format_html("<time{}>{}</time>", _stamp(value), text)


@register.filter
def span(value: dt.timedelta | None) -> str:
    """A length of time: `1 h 40`."""
    return "" if value is None else words.span(value)


# ------------------------------------------------------------------ numbers, names, links
@register.filter
def money(amount: Any, currency: str = "") -> str:
    """`{{ 1180|money:"USD" }}` gives `USD 1 180.00`; nothing stays nothing."""
    return "" if amount in (None, "") else words.write_money(amount, str(currency))


@register.filter
def size(octets: int | None) -> str:
    """A file's size: `1.8 MB`."""
    return "" if octets is None else words.write_size(int(octets))


register.filter("initials", words.initials)
register.filter("tone_for", words.tone_for)
register.filter("country", words.country_name)

PLACE = ("after", "before", "page")  # where a list stands; another filter starts at its beginning


def query(request: HttpRequest, **changes: Any) -> str:
    """This page's query string with some parts changed (None removes), for filters and sorts."""
    parts = request.GET.copy()
    for name in PLACE:
        parts.pop(name, None)
    for name, value in changes.items():
        parts.pop(name, None)
        if value not in (None, ""):
            parts[name] = str(value)
    return f"?{parts.urlencode()}"


@register.simple_tag(takes_context=True)
def query_with(context: dict[str, Any], **changes: Any) -> str:
    """`href="{% query_with status='new' %}"`: this list with one filter changed."""
    return query(context["request"], **changes)


@register.simple_tag(takes_context=True)
def query_without(context: dict[str, Any], *names: str) -> str:
    """`href="{% query_without 'status' %}"`: this list with filters taken off."""
    return query(context["request"], **dict.fromkeys(names))


@register.simple_tag(takes_context=True)
def way_back(context: dict[str, Any]) -> str:
    """Where a page that refuses sends people: `back_url`, else the page they came from, else home.

    Only a page of ours counts, so that nobody is led away by a foreign Referer.
    """
    request = context.get("request")
    came_from = request.META.get("HTTP_REFERER", "") if request else ""
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()} if request else None):
        came_from = ""
    return context.get("back_url") or came_from or context.get("home_url") or "/"


# ------------------------------------------------------------------ forms
@register.inclusion_tag("components/field.html")
def field(bound: BoundField, full: bool = False, icon: str = "", draft: str = "") -> dict[str, Any]:
    """One form field: label, control, hint, error, tied together for screen readers.

    `full` takes the whole width of a two-column form (text areas and groups do so by themselves),
    `icon` draws one inside the control, `draft` keeps what is typed (data-draft, per field).
    """
    widget = bound.field.widget
    attrs: dict[str, str | bool] = {}
    if draft:
        attrs["data-draft"] = f"{draft}-{bound.html_name}"
    if isinstance(widget, CheckboxInput):
        kind = "check"
    elif bound.use_fieldset:
        kind = "group" if getattr(widget, "input_type", "") in ("radio", "checkbox") else "set"
    elif isinstance(widget, PasswordInput):
        kind = "password"
    elif getattr(widget, "input_type", "") == "file":
        kind = "file"
    else:
        kind = "plain"
    wide = full or isinstance(widget, Textarea) or kind in ("group", "set")
    control = bound.as_widget(attrs=attrs) if kind in ("plain", "password", "check", "file") else ""
    return {"field": bound, "kind": kind, "wide": wide, "icon": icon, "control": control}


@register.simple_tag
def script_words() -> SafeString:
    """What our scripts say, as data attributes of <body>, so that they need no catalogue."""
    said = {
        **{name: str(text) for name, text in words.SPANS.items()},
        "soon": _("Due in 15 minutes."),
        "copied": _("Copied"),
        "show": _("Show password"),
        "hide": _("Hide password"),
        "failed": _("That did not work. What you typed is still here; try again in a moment."),
        "offline": _("No connection. What you typed stays in the form."),
    }
    return format_html_join(" ", 'data-say-{}="{}"', said.items())
