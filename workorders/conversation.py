"""A thread as one person reads it: messages, what happened between them, and what is new."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Max, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Role
from attachments.models import Attachment
from core.workflow import Text
from history.models import Entry
from workorders import presence
from workorders.models import Counselling, Message, RepairOrder, Thread
from workorders.models.counselling import CounsellingQuerySet

LATEST = 12  # messages on a page; what was before and after is a link away


@dataclass(frozen=True)
class Said:
    """How an event reads in the thread; not `public` ones are for customer service only."""

    icon: str
    text: str | Promise
    public: bool = True


EVENTS = {
    "convert": Said("wrench", _("%(who)s turned this enquiry into a repair order")),
    "resolve": Said("ok", _("%(who)s marked this enquiry as solved")),
    "refer": Said("house", _("%(who)s referred the repair to third-party shops")),
    "withdraw": Said("out", _("%(who)s withdrew this enquiry")),
    "assigned": Said("user", _("%(who)s gave this enquiry to %(name)s"), public=False),
    "released": Said("user", _("%(who)s gave this enquiry back to the queue"), public=False),
    "device_set": Said("tag", _("%(who)s entered the device"), public=False),
    "warranty_decided": Said(
        "shield", _("%(who)s decided about the warranty: %(note)s"), public=False
    ),
    "no_answer_needed": Said("check", _("%(who)s found that no answer is needed"), public=False),
    "sn_elsewhere": Said(
        "alert",
        _("The serial number is in the open repair order %(note)s of another customer"),
        public=False,
    ),
}


@dataclass
class Item:
    """One line of the thread: a message (`message`) or an event (`text`, `icon`)."""

    at: dt.datetime
    day: dt.date | None = None
    message: Message | None = None
    text: str = ""
    icon: str = ""
    own: bool = False
    me: bool = False
    newest: bool = False
    files: list[Attachment] = field(default_factory=list)

    @property
    def role(self) -> Text:
        """In what capacity the author wrote (R13)."""
        return self.message.get_author_role_display() if self.message else ""


@dataclass
class Cursor:
    """What a page has shown already; it travels in hidden fields with every poll."""

    message: int = 0
    entry: int = 0
    day: str = ""
    who: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Cursor:
        after, entry = _number(query, "after"), _number(query, "entry")
        return cls(after, entry, query.get("day", "")[:10], query.get("who", "")[:400])


@dataclass(frozen=True)
class Stretch:
    """Which part of a thread is asked for: its end, unless one of these says otherwise.

    `before` is a message that stands on the page already: what was said before it. `start` is the
    message to begin with (a link to one message). `whole` is everything, for printing.
    """

    before: int = 0
    start: int = 0
    whole: bool = False

    @classmethod
    def of(cls, query: QueryDict) -> Stretch:
        return cls(_number(query, "before"), _number(query, "from"), bool(query.get("all")))


@dataclass
class Talk:
    """A part of a thread, or what is new in it, ready for `_thread.html`.

    `earlier` and `later` are the messages that the parts before and after this one hang on; 0 at
    the ends. `joins` is the day that the part below begins with, when this one ends on it.
    """

    subject: Counselling | RepairOrder
    items: list[Item]
    cursor: Cursor
    earlier: int = 0
    later: int = 0
    joins: dt.date | None = None


def read(
    subject: Counselling | RepairOrder,
    reader: User,
    *,
    since: Cursor | None = None,
    stretch: Stretch | None = None,
) -> Talk:
    """The conversation as this person may read it; three queries, whatever its length.

    `since` gives only what came after it. Internal notes and events never reach customers (Z04).
    """
    thread = Thread(pk=subject.thread_id, customer_id=subject.customer_id)
    part = _part(thread, reader, since, stretch or Stretch())
    messages, since, first = part.messages, since or Cursor(), since is None
    entries = _entries(subject, reader, since, part)
    files = _files_of(messages)
    items = [_bubble(message, reader, files) for message in messages]
    items += [_event(entry) for entry in entries]
    items.sort(key=lambda item: item.at)
    cursor = Cursor(
        max([since.message, *(message.pk for message in messages)]),
        max([since.entry, *(entry.pk for entry in entries)]),
        since.day,
        presence.sentence(presence.who(thread.pk, reader)),
    )
    _mark_days(items, cursor)
    if items and first and not part.later:
        items[-1].newest = True
    below = timezone.localtime(part.until).date() if part.until else None
    joins = below if below and below.isoformat() == cursor.day else None
    earlier = messages[0].pk if part.earlier and messages else 0
    return Talk(subject, items, cursor, earlier, part.later, joins)


def with_latest(rows: CounsellingQuerySet, reader: User) -> CounsellingQuerySet:
    """Enquiries with their newest message and event: a poll finds "nothing" in one query."""
    messages = Message.objects.filter(thread=OuterRef("thread"))
    entries = Entry.objects.filter(
        content_type=ContentType.objects.get_for_model(Counselling),
        object_id=OuterRef("pk"),
        verb__in=_verbs(reader),
    )
    if reader.role == Role.CUSTOMER:
        messages, entries = messages.filter(internal=False), entries.public()
    return rows.annotate(
        newest_message=Coalesce(Subquery(messages.order_by("-pk").values("pk")[:1]), 0),
        newest_entry=Coalesce(
            Subquery(entries.order_by().values("object_id").annotate(m=Max("pk")).values("m")), 0
        ),
    )


def promise(enquiry: Counselling, now: dt.datetime | None = None) -> tuple[str, dt.datetime | None]:
    """Whose turn it is, as a word for the template: late, due, yours, closed, ours."""
    now = now or timezone.now()
    if enquiry.state == Counselling.State.FINISHED and not enquiry.needs_answer:
        return "closed", None
    if enquiry.due_at:
        return ("late" if enquiry.due_at < now else "due"), enquiry.due_at
    if enquiry.state == Counselling.State.ANSWERED:
        return "yours", None
    return "ours", None


def _number(query: QueryDict, name: str) -> int:
    """A primary key out of an address; 0 for anything else."""
    given = query.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0


def by_service(role: str) -> bool:
    return role != Role.CUSTOMER


# ------------------------------------------------------------------ inside
@dataclass
class _Part:
    """Messages that follow each other, and the moments between which events belong to them."""

    messages: list[Message]
    earlier: bool = False
    later: int = 0
    until: dt.datetime | None = None

    @property
    def begins(self) -> dt.datetime | None:
        return self.messages[0].created_at if self.earlier and self.messages else None


def _part(thread: Thread, reader: User, since: Cursor | None, stretch: Stretch) -> _Part:
    """One query. What is new since a look is given whole, so that nothing is skipped."""
    rows = thread.messages.select_related("author")
    if reader.role == Role.CUSTOMER:
        rows = rows.filter(internal=False)
    if since and since.message:
        return _Part(list(rows.filter(pk__gt=since.message).order_by("pk")))
    if stretch.whole:
        return _Part(list(rows.order_by("pk")))
    if stretch.start:
        return _onwards(rows, stretch.start)
    if stretch.before:
        rows = rows.filter(pk__lte=stretch.before)
    found = list(rows.order_by("-pk")[: LATEST + 2])
    below = found.pop(0) if stretch.before and found and found[0].pk == stretch.before else None
    later, until = (below.pk, below.created_at) if below else (0, None)
    return _Part(found[:LATEST][::-1], len(found) > LATEST, later, until)


def _onwards(rows: Any, start: int) -> _Part:
    """From one message on; the end of the thread when that is no further away than a page."""
    ahead = list(rows.filter(pk__gte=start).order_by("pk")[: LATEST + 1])
    if len(ahead) <= LATEST:
        found = list(rows.order_by("-pk")[: LATEST + 1])
        return _Part(found[:LATEST][::-1], len(found) > LATEST)
    earlier = rows.filter(pk__lt=start).exists()
    return _Part(ahead[:LATEST], earlier, ahead[LATEST].pk, ahead[LATEST].created_at)


def _verbs(reader: User) -> list[str]:
    return [v for v, said in EVENTS.items() if said.public or by_service(reader.role)]


def _entries(
    subject: Counselling | RepairOrder, reader: User, since: Cursor, part: _Part
) -> list[Entry]:
    entries = Entry.objects.of(subject).filter(pk__gt=since.entry, verb__in=_verbs(reader))
    if part.begins:
        entries = entries.filter(at__gte=part.begins)
    if part.until:
        entries = entries.filter(at__lt=part.until)
    if reader.role == Role.CUSTOMER:
        entries = entries.public()
    return list(entries.select_related("actor"))


def _files_of(messages: list[Message]) -> dict[int, list[Attachment]]:
    files: dict[int, list[Attachment]] = defaultdict(list)
    if messages:
        for file in Attachment.objects.all().owned_by(Message, [m.pk for m in messages]):
            files[file.object_id or 0].append(file)
    return files


def _bubble(message: Message, reader: User, files: dict[int, list[Attachment]]) -> Item:
    return Item(
        at=message.created_at,
        message=message,
        own=by_service(message.author_role) == by_service(reader.role),
        me=message.author_id == reader.pk,
        files=files.get(message.pk, []),
    )


def _event(entry: Entry) -> Item:
    said = EVENTS[entry.verb]
    who = entry.actor or _("The system")
    values: dict[str, Any] = {"name": "", **entry.data, "who": who, "note": entry.note}
    return Item(at=entry.at, text=str(said.text) % values, icon=said.icon)


def _mark_days(items: list[Item], cursor: Cursor) -> None:
    """The first line of each day carries the day, in the reader's zone."""
    for item in items:
        day = timezone.localtime(item.at).date()
        if day.isoformat() != cursor.day:
            item.day, cursor.day = day, day.isoformat()


def came_between(
    enquiry: Counselling | RepairOrder, latest: int | None, user: User
) -> Message | None:
    """A colleague's public answer later than `latest`, the newest that the page showed (D10).

    Two answers would cross; the writer reads the other one first and keeps the text.
    """
    if latest is None:
        return None
    rows = Message.objects.visible_to(user).filter(
        thread=enquiry.thread_id, internal=False, pk__gt=latest
    )
    rows = rows.exclude(author_role=Role.CUSTOMER).exclude(author=user)
    return rows.select_related("author").order_by("-pk").first()
