"""The entries of a subject as sentences a person reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from core.workflow import Step
from history.models import Entry
from history.sentences import Sentence, sentence_for

LIMIT = 500
NEWEST = 10  # on a page about something else


@dataclass(frozen=True)
class Line:
    """One line of the timeline."""

    text: str
    icon: str
    tone: str
    at: datetime
    who: str
    note: str
    internal: bool


def lines(subject: models.Model, user: Any, *, limit: int = LIMIT) -> list[Line]:
    """The newest entries, newest first, as this user may read them; one query.

    Customers read neither internal entries, nor verbs that are not public, nor notes of staff.
    """
    return newest(subject, user, limit)[0]


def newest(subject: models.Model, user: Any, limit: int) -> tuple[list[Line], bool]:
    """The same, and whether there are earlier entries."""
    entries = Entry.objects.of(subject).select_related("actor").order_by("-id")
    customer = getattr(user, "role", "customer") == "customer"
    if customer:
        entries = entries.public()
    found = list(entries[: limit + 1])
    said = [(entry, _sentence(type(subject), entry)) for entry in found[:limit]]
    shown = [
        _line(entry, sentence, hide_note=customer and entry.actor_role != "customer")
        for entry, sentence in said
        if sentence and (sentence.public or not customer)
    ]
    return shown, len(found) > limit


def _sentence(model: type[models.Model], entry: Entry) -> Sentence | None:
    if known := sentence_for(model._meta.label, f"{entry.verb}:{entry.target}"):
        return known
    if known := sentence_for(model._meta.label, entry.verb):
        return known
    try:
        return Sentence(Step(model, entry.verb).label)
    except LookupError:
        return Sentence(entry.verb, public=False)


def _line(entry: Entry, sentence: Sentence, *, hide_note: bool) -> Line:
    text = str(sentence.text)
    if "%(" in text:
        text %= _Forgiving(entry.data)
    return Line(
        text=text,
        icon=sentence.icon,
        tone=sentence.tone,
        at=entry.at,
        who=str(entry.actor) if entry.actor else _("The clock"),
        note="" if hide_note else entry.note,
        internal=entry.internal,
    )


class _Forgiving(dict[str, Any]):
    """A sentence about an old entry may name what was not kept then."""

    def __missing__(self, key: str) -> str:
        return "–"
