"""Who gets a file, and how it leaves the house (Z05-Z07, O03, D7)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from attachments.models import Attachment
from attachments.services import attach, store
from attachments.tests import samples
from attachments.tests.samples import upload
from workorders.models import Counselling, Message
from workorders.tests.factories import CounsellingFactory, MessageFactory

NAMES = ("attachments:file", "attachments:thumb", "attachments:preview")


def url(file: Attachment, name: str = "attachments:file") -> str:
    extra = [file.address_name] if name == "attachments:file" else []
    return reverse(name, args=[file.token, *extra])


def bare(response: Any, token: str) -> str:
    """The page without what differs on each request: the token asked for, the masked CSRF token."""
    return re.sub(r'value="\w{64}"', "", response.text.replace(token, ""))


def body(response: Any) -> bytes:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return bytes(content)


@pytest.fixture
def enquiry(cora: User) -> Counselling:
    return CounsellingFactory(customer=cora.customer)


def on_message(enquiry: Counselling, author: User, file: Attachment, **fields: Any) -> Message:
    message: Message = MessageFactory(
        thread=enquiry.thread, author=author, author_role=author.role, **fields
    )
    attach([file], message, actor=author)
    return message


@pytest.fixture
def film(cora: User, enquiry: Counselling) -> Attachment:
    kept = store(upload("noise.mp4", samples.mp4(film=1000)), actor=cora)
    on_message(enquiry, cora, kept)
    return kept


@pytest.fixture
def picture(cora: User, enquiry: Counselling) -> Attachment:
    kept = store(upload("front.jpg", samples.jpeg()), actor=cora)
    on_message(enquiry, cora, kept)
    return kept


def status(user: User | None, address: str, method: str = "get", **headers: str) -> int:
    client = Client()
    if user is not None:
        client.force_login(user)
    response = getattr(client, method)(address, headers=headers or None)
    return int(response.status_code)


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("cora", 200),
        ("colin", 200),
        ("agnes", 200),
        ("ada", 200),
        ("otto", 404),
        ("emil", 404),
        ("mona", 404),
        ("fin", 404),
        ("sal", 404),
        (None, 302),
    ],
)
def test_a_file_is_visible_when_its_message_is(
    request: pytest.FixtureRequest,
    picture: Attachment,
    who: str | None,
    expected: int,
    method: str,
) -> None:
    user = request.getfixturevalue(who) if who else None
    assert status(user, url(picture), method) == expected
    assert status(user, url(picture, "attachments:thumb"), method) == expected


def test_a_range_is_checked_like_the_whole(film: Attachment, otto: User, cora: User) -> None:
    assert status(otto, url(film), range="bytes=0-9") == 404
    assert status(None, url(film), range="bytes=0-9") == 302
    assert status(cora, url(film), range="bytes=0-9") == 206


def test_a_file_not_yet_attached_is_its_uploaders_alone(
    cora: User, colin: User, agnes: User, otto: User
) -> None:
    kept = store(upload("boot.log", samples.LOG), actor=cora)
    for name in ("attachments:file", "attachments:preview"):
        seen = [status(user, url(kept, name)) for user in (cora, colin, agnes, otto)]
        assert seen == [200, 404, 404, 404]


def test_a_detached_file_is_nobodys_but_its_uploaders(
    picture: Attachment, cora: User, colin: User, agnes: User
) -> None:
    Attachment.objects.filter(pk=picture.pk).update(content_type=None, object_id=None)
    assert [status(user, url(picture)) for user in (cora, colin, agnes)] == [200, 404, 404]


def test_a_file_of_an_internal_note_never_reaches_customers(
    enquiry: Counselling, agnes: User, cora: User, ada: User
) -> None:
    kept = store(upload("bench.log", samples.LOG), actor=agnes)
    on_message(enquiry, agnes, kept, internal=True)
    for name in ("attachments:file", "attachments:preview"):
        seen = [status(user, url(kept, name)) for user in (agnes, ada, cora)]
        assert seen == [200, 200, 404]


def test_a_file_follows_its_enquiry_to_another_customer(
    picture: Attachment, enquiry: Counselling, cora: User, otto: User
) -> None:
    type(enquiry.thread).objects.filter(pk=enquiry.thread_id).update(customer=otto.customer)
    assert [status(user, url(picture)) for user in (cora, otto)] == [404, 200]


def test_after_signing_out_the_file_is_gone(
    client: Client, picture: Attachment, cora: User
) -> None:
    client.force_login(cora)
    assert client.get(url(picture)).status_code == 200
    client.logout()
    assert client.get(url(picture)).status_code == 302


def test_the_answer_is_the_same_404_for_foreign_and_absent(
    client: Client, picture: Attachment, otto: User
) -> None:
    client.force_login(otto)
    foreign, absent = client.get(url(picture)), client.get(f"/files/{'x' * 32}/front.jpg")
    assert foreign.status_code == absent.status_code == 404
    assert bare(foreign, picture.token) == bare(absent, "x" * 32)


@pytest.mark.parametrize(
    ("name", "content", "kind", "inline"),
    [
        ("front.jpg", samples.jpeg(), "image/jpeg", True),
        ("noise.mp4", samples.mp4(), "video/mp4", True),
        ("boot.log", samples.LOG, "text/plain; charset=utf-8", False),
        ("logs.zip", samples.zipped(), "application/zip", False),
    ],
)
def test_no_upload_can_be_taken_for_a_page_or_a_script(
    client: Client, cora: User, name: str, content: bytes, kind: str, inline: bool
) -> None:
    kept = store(upload(name, content), actor=cora)
    client.force_login(cora)
    response = client.get(url(kept))
    assert response["Content-Type"] == kind
    assert response["Content-Disposition"].startswith("inline" if inline else "attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Cache-Control"] == "private, no-cache"
    assert len(body(response)) == kept.size == int(response["Content-Length"])


def test_a_wild_name_stays_inside_its_header(client: Client, cora: User) -> None:
    kept = store(upload("a.log", samples.LOG), actor=cora)
    Attachment.objects.filter(pk=kept.pk).update(name='x"; filename=evil.html\r\n风.log')
    client.force_login(cora)
    kept.refresh_from_db()
    response = client.get(url(kept))
    assert "\r" not in response["Content-Disposition"]
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''x%22%3B")


def test_the_browser_asks_again_and_hears_that_nothing_changed(
    client: Client, picture: Attachment, cora: User
) -> None:
    client.force_login(cora)
    for address in (url(picture), url(picture, "attachments:thumb")):
        first = client.get(address)
        again = client.get(address, headers={"If-None-Match": first["ETag"]})
        assert again.status_code == 304
        assert body(first)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=-99999999", 0, None),
        ("bytes=1000-99999999", 1000, None),
    ],
)
def test_a_part_of_a_film_is_sent_alone(
    client: Client, film: Attachment, cora: User, asked: str, first: int, last: int | None
) -> None:
    content, size = samples.stored(film.key), film.size
    client.force_login(cora)
    response = client.get(url(film), headers={"Range": asked})
    begin = first if first >= 0 else size + first
    end = size - 1 if last is None else last
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {begin}-{end}/{size}"
    assert int(response["Content-Length"]) == end - begin + 1
    assert body(response) == content[begin : end + 1]


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=-0"])
def test_a_part_beyond_the_end_is_refused(
    client: Client, film: Attachment, cora: User, asked: str
) -> None:
    client.force_login(cora)
    response = client.get(url(film), headers={"Range": asked})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{film.size}"


@pytest.mark.parametrize(
    "asked",
    ["bytes=5-2", "bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=a-b", "bytes=" + "9" * 40],
)
def test_a_range_nobody_understands_is_answered_with_the_whole(
    client: Client, film: Attachment, cora: User, asked: str
) -> None:
    client.force_login(cora)
    response = client.get(url(film), headers={"Range": asked})
    assert response.status_code == 200
    assert len(body(response)) == film.size


def test_a_part_of_another_version_becomes_the_whole(
    client: Client, film: Attachment, cora: User
) -> None:
    client.force_login(cora)
    stale = client.get(url(film), headers={"Range": "bytes=0-9", "If-Range": '"old"'})
    assert stale.status_code == 200


def test_head_tells_the_size_and_sends_nothing(
    client: Client, film: Attachment, cora: User
) -> None:
    client.force_login(cora)
    response = client.head(url(film))
    assert response["Content-Length"] == str(film.size)
    assert response["Accept-Ranges"] == "bytes"
    assert body(response) == b""


def test_behind_nginx_the_server_sends_the_bytes(
    client: Client, film: Attachment, cora: User, otto: User, settings: Any
) -> None:
    settings.X_ACCEL_PREFIX = "/protected/"
    client.force_login(cora)
    response = client.get(url(film))
    assert response["X-Accel-Redirect"] == f"/protected/{film.key}"
    assert response["Content-Type"] == "video/mp4"
    client.force_login(otto)
    assert "X-Accel-Redirect" not in client.get(url(film))


def test_there_is_no_way_to_a_file_by_its_key(client: Client, film: Attachment, cora: User) -> None:
    client.force_login(cora)
    for address in (f"/media/{film.key}", f"/{film.key}", f"/static/{film.key}"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_changed_by_post(
    client: Client, film: Attachment, cora: User, name: str
) -> None:
    client.force_login(cora)
    assert client.post(url(film, name)).status_code == 405
