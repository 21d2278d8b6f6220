"""The same files in a bucket: a link for a minute, films through us, part by part (Z06, R13)."""

from __future__ import annotations

import datetime as dt
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from attachments import reading
from attachments.models import Attachment
from attachments.services import FOLDER, store
from attachments.tasks import sweep_orphans
from attachments.tests import samples
from attachments.tests.samples import upload

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture
def bucket(s3_env: dict[str, str], settings: Any) -> Iterator[Any]:
    names = {"S3_BUCKET": "bucket_name", "S3_ENDPOINT": "endpoint_url"}
    names |= {"S3_ACCESS_KEY": "access_key", "S3_SECRET_KEY": "secret_key"}
    options = {option: s3_env[name] for name, option in names.items()}
    settings.S3_BUCKET = s3_env["S3_BUCKET"]
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                **options,
                "region_name": "us-east-1",
                "default_acl": None,
                "file_overwrite": False,
                "querystring_auth": True,
                "querystring_expire": 60,
            },
        },
    }
    client = boto3.client(
        "s3",
        endpoint_url=options["endpoint_url"],
        aws_access_key_id=options["access_key"],
        aws_secret_access_key=options["secret_key"],
        region_name="us-east-1",
    )
    yield client
    client.close()


def url(file: Attachment) -> str:
    return reverse("attachments:file", args=[file.token, file.address_name])


def test_a_picture_is_a_signed_link_for_a_minute(
    client: Client, cora: User, otto: User, bucket: Any
) -> None:
    kept = store(upload("front.jpg", samples.jpeg()), actor=cora)
    client.force_login(cora)
    answer = client.get(url(kept))
    assert answer.status_code == 302
    link = urllib.parse.urlsplit(answer["Location"])
    asked = urllib.parse.parse_qs(link.query)
    until = float(asked["Expires"][0]) if "Expires" in asked else None
    lives = until - timezone.now().timestamp() if until else float(asked["X-Amz-Expires"][0])
    assert 0 < lives <= 60
    assert asked["response-content-type"] == ["image/jpeg"]
    assert asked["response-content-disposition"][0].startswith("inline")
    with urllib.request.urlopen(answer["Location"]) as got:  # noqa: S310 - our own test server
        assert len(got.read()) == kept.size
    client.force_login(otto)
    assert client.get(url(kept)).status_code == 404


def test_a_thumbnail_and_a_preview_come_through_us(client: Client, cora: User, bucket: Any) -> None:
    picture = store(upload("front.jpg", samples.jpeg()), actor=cora)
    log = store(upload("boot.log.gz", samples.gz()), actor=cora)
    client.force_login(cora)
    answer = client.get(reverse("attachments:thumb", args=[picture.token]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert reading.preview(log).lines[0][1].endswith("set point 5400")


def test_a_film_is_streamed_part_by_part(client: Client, cora: User, bucket: Any) -> None:
    content = samples.mp4(film=400_000)
    film = store(upload("noise.mp4", content), actor=cora)
    client.force_login(cora)
    part: Any = client.get(url(film), headers={"Range": "bytes=1000-2999"})
    assert part.status_code == 206
    assert b"".join(part.streaming_content) == content[1000:3000]
    whole: Any = client.get(url(film))
    assert b"".join(whole.streaming_content) == content


def test_orphans_are_swept_from_a_bucket(cora: User, bucket: Any) -> None:
    kept = store(upload("boot.log", samples.LOG), actor=cora)
    orphan = store(upload("boot.log", samples.LOG), actor=cora)
    Attachment.objects.filter(pk=orphan.pk).delete()
    now = timezone.now()
    folder = f"{FOLDER}/{now:%Y/%m/%d}"
    assert sweep_orphans(folder, now - dt.timedelta(hours=24)) == 0
    assert sweep_orphans(folder, now + dt.timedelta(hours=1)) >= 1
    assert default_storage.exists(kept.key)
    assert not default_storage.exists(orphan.key)
    assert sweep_orphans(f"{FOLDER}/1999/01/01", now) == 0
