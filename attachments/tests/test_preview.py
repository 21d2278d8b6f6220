"""The first lines of a log as a page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from attachments import reading
from attachments.models import Attachment
from attachments.services import store
from attachments.tests import samples
from attachments.tests.samples import upload

LONG = b"".join(b"line %d\n" % number for number in range(1, 2001))


def kept(user: User, name: str, content: bytes) -> Attachment:
    return store(upload(name, content), actor=user)


@pytest.mark.parametrize(
    ("name", "content", "member"),
    [
        ("boot.log", LONG, ""),
        ("boot.log.gz", samples.gz(LONG), ""),
        ("logs.zip", samples.zipped(**{"day 1/boot__log": LONG}), "day 1/boot.log"),
        ("logs.tar.gz", samples.tarred(**{"day 1/boot__log": LONG}), "day 1/boot.log"),
    ],
)
def test_the_first_lines_are_shown_however_packed(
    client: Client, cora: User, name: str, content: bytes, member: str
) -> None:
    file = kept(cora, name, content)
    shown = reading.preview(file)
    assert shown.lines[0] == (1, "line 1")
    assert shown.lines[-1] == (500, "line 500")
    assert shown.more
    assert shown.member == member
    client.force_login(cora)
    page = client.get(reverse("attachments:preview", args=[file.token]))
    assert "line 500" in page.text
    assert "line 501" not in page.text
    assert reverse("attachments:file", args=[file.token, file.address_name]) in page.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_logs_are_read_in_either_encoding(cora: User, encoding: str) -> None:
    file = kept(cora, "boot.log", ("风扇 2 转速 1180\n" * 60_000).encode(encoding))
    shown = reading.preview(file)
    assert shown.lines[0] == (1, "风扇 2 转速 1180")
    assert shown.more


def test_what_is_in_no_encoding_is_still_shown(cora: User) -> None:
    file = kept(cora, "boot.log", b"hash \xff\xfe\xfa rate\n" * 5)
    assert reading.preview(file).lines[0][1].startswith("hash ")


def test_markup_in_a_log_is_text(client: Client, cora: User) -> None:
    file = kept(cora, "boot.log", b"error: <img src=x onerror=alert(1)>\n")
    client.force_login(cora)
    page = client.get(reverse("attachments:preview", args=[file.token]))
    assert "<img src=x" not in page.text
    assert "&lt;img src=x" in page.text


def test_only_logs_have_a_preview(client: Client, cora: User) -> None:
    file = kept(cora, "front.jpg", samples.jpeg())
    client.force_login(cora)
    assert client.get(reverse("attachments:preview", args=[file.token])).status_code == 404


def test_an_archive_without_text_says_so(client: Client, cora: User) -> None:
    file = kept(cora, "logs.zip", samples.zipped(empty__log=b""))
    client.force_login(cora)
    page = client.get(reverse("attachments:preview", args=[file.token]))
    assert page.status_code == 200
    assert "Nothing to show" in page.text
