"""A form sent twice counts once (L01, L02)."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import Context, Template
from django.test import RequestFactory

from accounts.models import Customer, User
from core.workflow import Refused
from jobs.models import FormKey
from jobs.once import digest_of, once


def post(user: Any, path: str = "/x/", **data: Any) -> HttpRequest:
    request = RequestFactory().post(path, data)
    request.user = user
    return request


class Counter:
    """A view that writes a row and says how often it ran."""

    def __init__(self, status: int = 303) -> None:
        self.ran, self.status = 0, status

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.ran += 1
        Customer.objects.create(name=f"made by {self.ran}")
        if self.status == 303:
            return HttpResponseRedirect(f"/made/{self.ran}/", status=303)
        return HttpResponse(status=self.status)


def test_a_second_post_gets_the_first_ones_redirect(cora: User) -> None:
    view = Counter()
    guarded = once(view)
    first = guarded(post(cora, form_key="k", text="hello"))
    second = guarded(post(cora, form_key="k", text="hello"))
    assert (view.ran, second.status_code, second["Location"]) == (1, 303, first["Location"])


def test_another_body_under_the_same_key_is_refused(cora: User) -> None:
    view = Counter()
    guarded = once(view)
    guarded(post(cora, form_key="k", text="hello"))
    with pytest.raises(Refused):
        guarded(post(cora, form_key="k", text="good bye"))
    assert view.ran == 1


def test_the_same_key_of_another_person_is_another_key(cora: User, otto: User) -> None:
    view = Counter()
    guarded = once(view)
    guarded(post(cora, form_key="k", text="hello"))
    guarded(post(otto, form_key="k", text="hello"))
    assert view.ran == 2


def test_without_a_key_or_a_person_the_view_simply_runs(cora: User) -> None:
    view = Counter()
    guarded = once(view)
    guarded(post(cora, text="hello"))
    guarded(post(cora, text="hello"))
    guarded(post(AnonymousUser(), form_key="k"))
    assert view.ran == 3
    assert not FormKey.objects.exists()


def test_reading_a_page_needs_no_key(cora: User) -> None:
    view = Counter()
    request = RequestFactory().get("/x/", {"form_key": "k"})
    request.user = cora
    once(view)(request)
    assert not FormKey.objects.exists()


def test_a_form_with_errors_may_be_sent_again_under_its_key(cora: User) -> None:
    view = Counter(status=422)
    guarded = once(view)
    guarded(post(cora, form_key="k", text=""))
    view.status = 303
    answer = guarded(post(cora, form_key="k", text="better"))
    assert (view.ran, answer.status_code) == (2, 303)


def test_a_refusal_frees_the_key_and_writes_nothing(cora: User) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        Customer.objects.create(name="half done")
        raise Refused("not now")

    with pytest.raises(Refused), transaction.atomic():
        once(view)(post(cora, form_key="k"))
    assert not FormKey.objects.exists()
    assert not Customer.objects.filter(name="half done").exists()


def test_after_a_fragment_the_double_has_nothing_to_swap(cora: User) -> None:
    guarded = once(Counter(status=200))
    guarded(post(cora, form_key="k", text="hello"))
    assert guarded(post(cora, form_key="k", text="hello")).status_code == 204


def test_a_key_longer_than_ours_is_a_bad_request(cora: User) -> None:
    with pytest.raises(BadRequest):
        once(Counter())(post(cora, form_key="k" * 65))


def test_the_digest_knows_address_fields_and_files(cora: User) -> None:
    def digest(path: str = "/x/", name: str = "a.jpg", content: bytes = b"1", **fields: str) -> str:
        request = post(cora, path, file=SimpleUploadedFile(name, content), form_key="k", **fields)
        try:
            return digest_of(request)
        finally:
            request.close()

    same = digest(text="a")
    assert same == digest(text="a")
    others = [
        digest(text="b"),
        digest(text="a", more="b"),
        digest("/y/", text="a"),
        digest(name="b.jpg", text="a"),
        digest(content=b"22", text="a"),
    ]
    assert len({same, *others}) == 6


def test_the_tag_writes_a_fresh_key_each_time() -> None:
    drawn = Template("{% load once %}{% form_key %}")
    first, second = drawn.render(Context()), drawn.render(Context())
    assert first.startswith('<input type="hidden" name="form_key" value="')
    assert first != second


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_posts_at_the_same_moment_run_once(cora: User) -> None:
    """The double waits for the first one's commit, on SQLite by its one writer."""
    view, start, answers = Counter(), threading.Barrier(2), []
    guarded = once(view)

    def send() -> None:
        start.wait()
        try:
            answers.append(guarded(post(cora, form_key="k", text="hello")))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert view.ran == 1, connection.vendor
    assert {answer["Location"] for answer in answers} == {"/made/1/"}
    assert len(answers) == 2
