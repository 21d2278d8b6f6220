"""The one way to take a step, the one way to edit, the one way to write history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.utils import timezone

from core.events import Event, happened
from core.workflow import (
    Refused,
    Stale,
    Step,
    Text,
    WorkflowQuerySet,
    insert_select,
    not_from,
    says,
)
from history.models import Entry

W = TypeVar("W", bound=models.Model)
Row = models.Model


@dataclass
class Outcome:
    """What a bulk step did: moved primary keys, and for each refused one its first reason."""

    moved: list[int] = field(default_factory=list)
    refused: dict[int, Text] = field(default_factory=dict)


def _role(actor: Any) -> str:
    return str(getattr(actor, "role", "") or "")


def _announce(event: Event) -> None:
    happened.send(sender=event.model, event=event)


@transaction.atomic
def advance(
    subject: W,
    name: str,
    *,
    actor: Any,
    note: str = "",
    internal: bool = False,
    at: datetime | None = None,
    **details: Any,
) -> W:
    """Take one step: permission, lock, guards, transition, save, entry, event; one transaction.

    Returns the fresh row. Raises PermissionDenied (403, before any reason is told) and Refused
    (409, all reasons at once). `actor=None` is the clock and only tasks may say it. `details` go
    to the transition method.
    """
    at = at or timezone.now()
    model = subject.__class__  # not type(): request.user is lazy
    move = Step(model, name)
    move.require(actor)
    fresh: Any = model._base_manager.select_for_update(of=("self",)).get(pk=subject.pk)
    if reasons := tuple(move.why_not(fresh)):
        raise Refused(*reasons)
    source = fresh.state
    if move.stamp:
        setattr(fresh, move.stamp, at)
    getattr(fresh, name)(**details)
    fresh.save()
    Entry.objects.create(
        content_type=ContentType.objects.get_for_model(model),
        object_id=fresh.pk,
        verb=name,
        source=source,
        target=fresh.state,
        actor=actor,
        actor_role=_role(actor),
        note=note,
        internal=internal,
        at=at,
    )
    _announce(
        Event(model, name, [fresh.pk], getattr(actor, "pk", None), at, fresh.state, note, internal)
    )
    return fresh  # type: ignore[no-any-return]


@transaction.atomic
def advance_many(
    rows: WorkflowQuerySet[Any],
    name: str,
    *,
    actor: Any,
    note: str = "",
    at: datetime | None = None,
    also: Mapping[str, Any] | None = None,
) -> Outcome:
    """The same step for thousands with a constant number of statements per source state.

    Rows that may not move come back in `refused` with their first reason, the others move.
    `also` are further fields that the step writes: with the state, since each pass over thousands
    of rows and their indexes costs as much as the step itself. Raises PermissionDenied. Guards of
    the step must say their claim to the database (`rows`); the step's method body must be empty
    apart from its declared stamp.
    """
    at = at or timezone.now()
    model, out, move = rows.model, Outcome(), Step(rows.model, name)
    move.require(actor)
    by_source = _sort_out(rows, move, out)
    stamps = {**(also or {}), **({move.stamp: at} if move.stamp else {})}
    kind = ContentType.objects.get_for_model(model)
    for source, pks in by_source.items():
        target = str(move.by_source[source].target)
        chosen: WorkflowQuerySet[Any] = WorkflowQuerySet(model).filter(pk__in=pks)
        chosen._move(state=target, **stamps)
        insert_select(
            Entry,
            model._base_manager.filter(pk__in=pks),
            {
                "content_type": kind,
                "verb": name,
                "source": source,
                "target": target,
                "actor": actor,
                "actor_role": _role(actor),
                "note": note,
                "internal": False,
                "data": {},
                "at": at,
            },
            {"object_id": "pk"},
        )
        out.moved += pks
        _announce(Event(model, name, pks, getattr(actor, "pk", None), at, target, note))
    return out


def _sort_out(rows: WorkflowQuerySet[Any], move: Step, out: Outcome) -> dict[str, list[int]]:
    """Lock the rows and ask every guard of the database: who may move, by state; who may not."""
    guards = move.guards
    claims = [says(guard.rows()) for guard in guards if guard.rows]
    if len(claims) != len(guards):
        raise TypeError(f"{move.name}: every guard of a bulk step needs `rows`.")
    labels = dict(rows.model._meta.get_field("state").flatchoices)
    seen = rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", "state", *claims)
    by_source: dict[str, list[int]] = {}
    for pk, state, *answers in seen:
        if move.transition_from(state) is None:
            out.refused[pk] = not_from(_Labelled(labels.get(state, state)))
        elif not all(answers):
            out.refused[pk] = guards[answers.index(False)].reason
        else:
            by_source.setdefault(state, []).append(pk)
    return by_source


@dataclass(frozen=True)
class _Labelled:
    state_label: Text


@transaction.atomic
def record(
    subjects: W | Iterable[W],
    verb: str,
    *,
    actor: Any,
    note: str = "",
    internal: bool = False,
    at: datetime | None = None,
    data: dict[str, Any] | None = None,
    each: Callable[[Any], dict[str, Any]] | None = None,
) -> None:
    """Write a fact without a state (a message, a tracking number, an edited serial) and tell it.

    All subjects are of one model; one event goes out for all of them. `internal` entries are
    never shown to customers. `each` adds to the entry of a subject what is true of it alone.
    """
    things = [subjects] if isinstance(subjects, models.Model) else list(subjects)
    if not things:
        return
    at, data = at or timezone.now(), data or {}
    model = things[0].__class__
    kind = ContentType.objects.get_for_model(model)
    Entry.objects.bulk_create(
        [
            Entry(
                content_type=kind,
                object_id=thing.pk,
                verb=verb,
                actor=actor,
                actor_role=_role(actor),
                note=note,
                internal=internal,
                data={**data, **each(thing)} if each else data,
                at=at,
            )
            for thing in things
        ],
        batch_size=1000,
    )
    pks = [thing.pk for thing in things]
    _announce(Event(model, verb, pks, getattr(actor, "pk", None), at, "", note, internal, data))


@transaction.atomic
def record_many(
    model: type[models.Model],
    pks: list[int],
    verb: str,
    *,
    actor: Any,
    note: str = "",
    internal: bool = False,
    at: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """The same fact about thousands: one INSERT … SELECT, one event. Nothing for no rows."""
    if not pks:
        return
    at, data = at or timezone.now(), data or {}
    insert_select(
        Entry,
        model._base_manager.filter(pk__in=pks),
        {
            "content_type": ContentType.objects.get_for_model(model),
            "verb": verb,
            "source": "",
            "target": "",
            "actor": actor,
            "actor_role": _role(actor),
            "note": note,
            "internal": internal,
            "data": data,
            "at": at,
        },
        {"object_id": "pk"},
    )
    _announce(Event(model, verb, pks, getattr(actor, "pk", None), at, "", note, internal, data))


@transaction.atomic
def edit(
    subject: W,
    *,
    version: int,
    actor: Any,
    verb: str = "edited",
    internal: bool = False,
    **changes: Any,
) -> W:
    """Change fields of a versioned row; the entry keeps before and after.

    Returns the fresh row. Raises Stale when `version` is not the current one: nothing is written
    and the form shows the conflict with the typed text kept (L13).
    """
    model = subject.__class__  # not type(): request.user is lazy
    fresh: Any = model._base_manager.select_for_update(of=("self",)).get(pk=subject.pk)
    if fresh.version != version:
        raise Stale(fresh)
    changed = {name: value for name, value in changes.items() if getattr(fresh, name) != value}
    if not changed:
        return fresh  # type: ignore[no-any-return]
    before = {name: str(getattr(fresh, name) or "") for name in changed}
    for name, value in changed.items():
        setattr(fresh, name, value)
    fresh.version += 1
    fresh.save(update_fields=[*changed, "version"])
    after = {name: str(getattr(fresh, name) or "") for name in changed}
    record(fresh, verb, actor=actor, internal=internal, data={"before": before, "after": after})
    return fresh  # type: ignore[no-any-return]
