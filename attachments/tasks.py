"""What nobody wants any more leaves the store."""

from __future__ import annotations

import datetime as dt
import logging

from celery import shared_task
from django.core.files.storage import default_storage
from django.utils import timezone

from attachments.models import Attachment
from attachments.services import FOLDER, remove_blobs

logger = logging.getLogger(__name__)

KEEP_LOOSE = dt.timedelta(hours=24)
LOOK_BACK = 8  # days whose folders are compared with the rows
BATCH = 500


@shared_task
def sweep_uploads() -> None:
    """Delete files that were never attached for 24 hours, and blobs that no row knows (U08, R01).

    Rows go first, blobs after: a sweep that dies in between leaves blobs to the next one.
    Idempotent; safe beside uploads, because young blobs are left alone.
    """
    now = timezone.now()
    sweep_loose(now - KEEP_LOOSE)
    for days in range(LOOK_BACK):
        sweep_orphans(f"{FOLDER}/{now - dt.timedelta(days=days):%Y/%m/%d}", now - KEEP_LOOSE)


def sweep_loose(before: dt.datetime) -> int:
    loose = Attachment.objects.filter(object_id=None, created_at__lt=before)
    count = 0
    while rows := list(loose.order_by("pk").values_list("pk", "file", "thumbnail")[:BATCH]):
        # Each with the condition once more: what was attached in this moment stays.
        gone = [row for row in rows if loose.filter(pk=row[0]).delete()[0]]
        for _pk, *names in gone:
            remove_blobs(names)
        count += len(gone)
    return count


def sweep_orphans(folder: str, before: dt.datetime) -> int:
    """Blobs of one day's folder that are old enough and that no row knows."""
    try:
        names = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
    except FileNotFoundError:
        return 0
    count = 0
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        known = set(Attachment.objects.filter(file__in=batch).values_list("file", flat=True))
        thumbs = Attachment.objects.filter(thumbnail__in=batch)
        known |= set(thumbs.values_list("thumbnail", flat=True))
        orphans = [name for name in batch if name not in known and _older(name, before)]
        count += remove_blobs(orphans)
    if count:
        logger.info("swept %d orphan files", count)
    return count


def _older(name: str, before: dt.datetime) -> bool:
    try:
        return default_storage.get_modified_time(name) < before
    except FileNotFoundError:
        return False
