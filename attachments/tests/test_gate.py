"""Too much is refused before it is read; what streams in stops at its limit (U07)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from attachments.tests import samples
from attachments.uploads import LimitedUploadHandler
from workorders.tests.factories import CounsellingFactory

MULTIPART = "multipart/form-data; boundary=x"


class Unread:
    """A body that must not be touched."""

    def read(self, *_size: int) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def post(client: Client, length: str, *, kind: str = MULTIPART, **extra: Any) -> Any:
    return client.generic(
        "POST",
        "/warranty/",
        CONTENT_TYPE=kind,
        CONTENT_LENGTH=length,
        **{"wsgi.input": Unread(), **extra},
    )


def test_ten_declared_gigabytes_are_refused_unread(client: Client, cora: User) -> None:
    client.force_login(cora)
    response = post(client, str(10 * 1024**3))
    assert response.status_code == 413
    assert "too large" in response.text


def test_who_is_not_signed_in_sends_no_files(client: Client, db: None) -> None:
    assert post(client, str(100 * 1024)).status_code == 413


def test_a_forged_session_cookie_opens_nothing(client: Client, db: None, settings: Any) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    assert post(client, str(100 * 1024)).status_code == 413


def test_a_small_form_of_a_stranger_passes(client: Client, db: None) -> None:
    assert client.post("/warranty/", {"sn": "1"}).status_code == 302


def test_a_body_without_a_length_is_refused(client: Client, cora: User) -> None:
    client.force_login(cora)
    assert post(client, "", HTTP_TRANSFER_ENCODING="chunked").status_code == 411


@pytest.mark.parametrize("length", ["nonsense", "-5", ""])
def test_a_length_that_is_no_number_is_no_length(client: Client, cora: User, length: str) -> None:
    client.force_login(cora)
    response = client.generic("POST", "/warranty/", CONTENT_TYPE=MULTIPART, CONTENT_LENGTH=length)
    assert response.status_code < 500


def test_the_rest_of_a_long_file_never_reaches_the_disk(settings: Any) -> None:
    settings.UPLOAD_LIMIT = 100_000
    request = RequestFactory().post(
        "/", {"text": "kept", "files": SimpleUploadedFile("boot.log", b"a" * 500_000)}
    )
    request.upload_handlers = [LimitedUploadHandler(request)]
    file: Any = request.FILES["files"]
    assert request.POST["text"] == "kept"
    assert file.size == 500_000
    with open(file.temporary_file_path(), "rb") as stored:
        assert len(stored.read()) <= 100_000
    file.close()


def test_a_file_that_is_too_long_is_an_error_beside_the_field_and_the_text_stays(
    client: Client, cora: User, settings: Any
) -> None:
    settings.UPLOAD_LIMIT = settings.MB
    enquiry = CounsellingFactory(customer=cora.customer)
    client.force_login(cora)
    answer = client.post(
        reverse("workorders:message-post", args=[enquiry.number]),
        {"text": "Half a page of text", "files": samples.upload("boot.log", b"a" * 1_500_000)},
    )
    assert answer.status_code == 422
    assert "“boot.log” is larger than 1 MB." in answer.text
    assert "Half a page of text" in answer.text
