"""Clocks start, pause, go on and stop; a list sorts by the copy of their due time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce

from core.workflow import insert_select
from sla.calendars import WorkTime
from sla.models import Calendar, Clock, Policy


def due_after(policy: Policy, at: datetime, calendar: Calendar | None = None) -> datetime:
    """When the promise ends: after elapsed minutes, or in the calendar's working time (E13, E15).

    A policy in working time without a calendar counts as if every hour were worked.
    """
    span = timedelta(minutes=policy.amount)
    if policy.unit == Policy.Unit.MINUTES:
        return at + span
    if calendar is None:
        days = policy.unit == Policy.Unit.WORKING_DAYS
        return at + (timedelta(days=policy.amount) if days else span)
    if policy.unit == Policy.Unit.WORKING_DAYS:
        return WorkTime(calendar).close_of_day(at, policy.amount)
    return WorkTime(calendar).add(at, span)


def start(
    model: type[models.Model],
    pks: Iterable[int],
    kind: str,
    *,
    at: datetime,
    calendar: Calendar | None = None,
) -> None:
    """Start the clock of this kind on each subject that has none running. Copies the due time."""
    policy = Policy.objects.filter(kind=kind, active=True).first()
    chosen = list(pks)
    if policy is None or not chosen:
        return
    content_type = ContentType.objects.get_for_model(model)
    due = due_after(policy, at, calendar)
    warn = at + (due - at) * policy.warn_percent / 100
    running = Clock.objects.filter(
        content_type=content_type, object_id=OuterRef("pk"), kind=kind, stopped_at=None
    )
    insert_select(
        Clock,
        model._base_manager.filter(~Exists(running), pk__in=chosen),
        {
            "kind": kind,
            "content_type": content_type,
            "calendar": None if policy.unit == Policy.Unit.MINUTES else calendar,
            "started_at": at,
            "due_at": due,
            "warn_at": warn,
            "paused_seconds": 0,
        },
        {"object_id": "pk"},
    )
    copy_due(model, chosen, promises=True)


def stop(model: type[models.Model], pks: Iterable[int], *kinds: str, at: datetime) -> None:
    """Stop the running clocks of these kinds (all kinds when none is named)."""
    chosen = list(pks)
    clocks = _of(model, chosen, *kinds).filter(stopped_at=None)
    if clocks.update(stopped_at=at):
        copy_due(model, chosen)


def pause(model: type[models.Model], pks: Iterable[int], *kinds: str, at: datetime) -> None:
    """Stop counting while the ball is not with us (D2)."""
    chosen = list(pks)
    if _of(model, chosen, *kinds).running().update(paused_at=at):
        copy_due(model, chosen)


def resume(model: type[models.Model], pks: Iterable[int], *kinds: str, at: datetime) -> None:
    """Count on with what was left when the pause began, in the clock's own time (D2).

    One statement for all that were paused together: bulk work pauses thousands at one moment.
    """
    chosen = list(pks)
    paused = _of(model, chosen, *kinds).filter(stopped_at=None, paused_at__isnull=False)
    together: dict[tuple[Any, ...], list[int]] = {}
    for clock in paused.select_related("calendar"):
        alike = (clock.due_at, clock.warn_at, clock.paused_at, clock.calendar)
        together.setdefault(alike, []).append(clock.pk)
    for (due, warn, since, calendar), clocks in together.items():
        work = WorkTime(calendar) if calendar else None
        Clock.objects.filter(pk__in=clocks).update(
            due_at=_later(due, since, at, work),
            warn_at=_later(warn, since, at, work),
            paused_at=None,
            paused_seconds=models.F("paused_seconds") + int((at - since).total_seconds()),
        )
    copy_due(model, chosen, promises=True)


def _later(end: datetime, paused: datetime, at: datetime, work: WorkTime | None) -> datetime:
    """Where `end` lies after a pause; what was over before the pause stays over."""
    if end <= paused:
        return end
    return work.add(at, work.between(paused, end)) if work else end + (at - paused)


def copy_due(model: type[models.Model], pks: Iterable[int], *, promises: bool = False) -> None:
    """Write due_at and due_since of the subjects from their earliest running clock, or nothing.

    Where a clock started or went on (`promises`) a subject with `promised_at` keeps its end there
    too, for good: what was promised still counts when the clock stands or is stopped.
    """
    content_type = ContentType.objects.get_for_model(model)
    clocks = (
        Clock.objects.running()
        .filter(content_type=content_type, object_id=OuterRef("pk"))
        .order_by("due_at")
    )
    due = Subquery(clocks.values("due_at")[:1])
    copies: dict[str, Any] = {
        "due_at": due,
        "due_since": Subquery(clocks.values("started_at")[:1]),
    }
    if promises and any(field.name == "promised_at" for field in model._meta.get_fields()):
        copies["promised_at"] = Coalesce(due, models.F("promised_at"))
    rows: Any = model._default_manager.filter(pk__in=list(pks))
    rows.update(**copies)


def _of(model: type[models.Model], pks: list[int], *kinds: str) -> Any:
    clocks = Clock.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_id__in=pks
    )
    return clocks.filter(kind__in=kinds) if kinds else clocks
