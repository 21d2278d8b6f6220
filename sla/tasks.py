"""The one sweep that raises what is due, exactly once."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from celery import shared_task
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.utils import timezone

from history.services import record
from sla.models import Clock

BATCH = 500


@shared_task
def sweep_clocks() -> int:
    """Raise warnings and breaches that are due; returns how many. Twice is once (G4)."""
    now = timezone.now()
    raised = 0
    for verb, due, stamp in (
        ("breached", "due_at", "breached_at"),
        ("warned", "warn_at", "warned_at"),
    ):
        while clocks := _raise(verb, due, stamp, now):
            raised += clocks
    return raised


@transaction.atomic
def _raise(verb: str, due: str, stamp: str, now: datetime) -> int:
    """One batch: mark the clocks, then say it of their subjects, in one transaction."""
    rows = Clock.objects.running().filter(**{f"{due}__lte": now, f"{stamp}__isnull": True})
    if verb == "warned":
        rows = rows.filter(breached_at=None)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    clocks = list(rows.order_by(due)[:BATCH])
    Clock.objects.filter(pk__in=[clock.pk for clock in clocks]).update(**{stamp: now})
    groups: dict[tuple[int, str], list[int]] = defaultdict(list)
    for clock in clocks:
        groups[clock.content_type_id, clock.kind].append(clock.object_id)
    for (content_type, kind), pks in groups.items():
        subjects: Any = ContentType.objects.get_for_id(content_type).model_class()
        things = list(subjects._default_manager.filter(pk__in=pks))
        record(things, verb, actor=None, internal=True, at=now, data={"kind": kind})
    return len(clocks)
