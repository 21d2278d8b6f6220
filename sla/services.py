"""Clocks start, pause, go on and stop; a list sorts by the copy of their due time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import OuterRef, Subquery

from sla.models import Calendar, Clock, Policy


def due_after(policy: Policy, at: datetime, calendar: Calendar | None = None) -> datetime:
    """When the promise ends. Minutes are elapsed minutes."""
    return at + timedelta(minutes=policy.amount)


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
    Clock.objects.bulk_create(
        [
            Clock(
                kind=kind,
                content_type=content_type,
                object_id=pk,
                started_at=at,
                due_at=due,
                warn_at=warn,
            )
            for pk in chosen
        ],
        batch_size=1000,
        ignore_conflicts=True,
    )
    copy_due(model, chosen)


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
    """Count on; due and warning move by as long as the pause took."""
    chosen = list(pks)
    for clock in _of(model, chosen, *kinds).filter(stopped_at=None, paused_at__isnull=False):
        pause_time = at - clock.paused_at  # type: ignore[operator]
        Clock.objects.filter(pk=clock.pk).update(
            due_at=clock.due_at + pause_time,
            warn_at=clock.warn_at + pause_time,
            paused_seconds=clock.paused_seconds + int(pause_time.total_seconds()),
            paused_at=None,
        )
    copy_due(model, chosen)


def copy_due(model: type[models.Model], pks: Iterable[int]) -> None:
    """Write due_at and due_since of the subjects from their earliest running clock, or nothing."""
    content_type = ContentType.objects.get_for_model(model)
    clocks = (
        Clock.objects.running()
        .filter(content_type=content_type, object_id=OuterRef("pk"))
        .order_by("due_at")
    )
    rows: Any = model._default_manager.filter(pk__in=list(pks))
    rows.update(
        due_at=Subquery(clocks.values("due_at")[:1]),
        due_since=Subquery(clocks.values("started_at")[:1]),
    )


def _of(model: type[models.Model], pks: list[int], *kinds: str) -> Any:
    clocks = Clock.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_id__in=pks
    )
    return clocks.filter(kind__in=kinds) if kinds else clocks
