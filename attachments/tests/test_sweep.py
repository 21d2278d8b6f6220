"""What was never sent, and blobs without a row, leave the store (U08, R01)."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import User
from attachments.models import Attachment
from attachments.services import FOLDER, attach, prepare, store
from attachments.tasks import sweep_uploads
from attachments.tests import samples
from attachments.tests.samples import upload
from workorders.tests.factories import CounsellingFactory, MessageFactory


def tomorrow() -> dt.datetime:
    return timezone.now() + dt.timedelta(hours=25)


def blobs() -> set[str]:
    folder = f"{FOLDER}/{timezone.now():%Y/%m/%d}"
    try:
        return {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}
    except FileNotFoundError:
        return set()


@pytest.fixture(autouse=True)
def _empty_store() -> None:
    for name in blobs():
        default_storage.delete(name)


def test_a_file_nobody_sent_goes_after_a_day_with_all_its_blobs(cora: User) -> None:
    store(upload("front.jpg", samples.jpeg()), actor=cora)
    before = blobs()
    assert len(before) == 2
    sweep_uploads()
    assert blobs() == before
    with time_machine.travel(tomorrow(), tick=False):
        sweep_uploads()
        sweep_uploads()
    assert not Attachment.objects.exists()
    assert blobs() == set()


def test_a_file_that_was_sent_stays(cora: User) -> None:
    kept = store(upload("front.jpg", samples.jpeg()), actor=cora)
    thread = CounsellingFactory(customer=cora.customer).thread
    attach([kept], MessageFactory(thread=thread, author=cora), actor=cora)
    before = blobs()
    with time_machine.travel(tomorrow(), tick=False):
        sweep_uploads()
    assert blobs() == before
    assert Attachment.objects.get() == kept


def test_a_request_that_died_leaves_nothing(cora: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blob first, row second: what breaks in between is a blob alone."""
    file = upload("front.jpg", samples.jpeg())
    prepare(file)
    monkeypatch.setattr(Attachment.objects, "create", lambda **_kw: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store(file, actor=cora)
    assert len(blobs()) == 2
    with time_machine.travel(tomorrow(), tick=False):
        sweep_uploads()
    assert blobs() == set()


def test_a_young_blob_is_left_alone(db: None) -> None:
    key = default_storage.save(f"{FOLDER}/{timezone.now():%Y/%m/%d}/young", ContentFile(b"x"))
    sweep_uploads()
    assert default_storage.exists(key)
    with time_machine.travel(tomorrow(), tick=False):
        sweep_uploads()
    assert not default_storage.exists(key)
