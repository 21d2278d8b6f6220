from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpResponse

from core import limits
from core.middleware import Refusals

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def later(time_machine):
    time_machine.move_to(START, tick=False)
    return lambda seconds: time_machine.shift(timedelta(seconds=seconds))


def test_as_many_tries_as_allowed_pass_and_the_next_must_wait(later):
    assert [limits.hit("x", "cora", limit=3, per=60) for _ in range(3)] == [0, 0, 0]
    assert limits.hit("x", "cora", limit=3, per=60) == 60
    later(15)
    assert limits.hit("x", "cora", limit=3, per=60) == 45


def test_scopes_and_keys_are_counted_apart(later):
    for _ in range(3):
        limits.hit("x", "cora", limit=3, per=60)
    assert limits.hit("x", "otto", limit=3, per=60) == 0
    assert limits.hit("y", "cora", limit=3, per=60) == 0


def test_the_window_slides_so_that_its_edge_gives_no_second_helping(later):
    later(50)
    for _ in range(20):
        assert limits.hit("x", 1, limit=20, per=60) == 0
    later(15)  # five seconds into the next window: most of the last one still counts
    assert [limits.hit("x", 1, limit=20, per=60) == 0 for _ in range(3)] == [True, True, False]
    later(120)
    assert limits.hit("x", 1, limit=20, per=60) == 0


def test_asking_does_not_count(later):
    for _ in range(9):
        assert limits.waiting("x", 1, limit=1, per=60) == 0
    limits.hit("x", 1, limit=1, per=60)
    assert limits.waiting("x", 1, limit=1, per=60) == 60


def test_without_the_shared_cache_this_process_counts(later, monkeypatch, caplog):
    class Down:
        def get_many(self, keys):
            raise ConnectionError

    monkeypatch.setattr(limits, "cache", Down())
    limits._spare.clear()
    assert limits.hit("x", 1, limit=1, per=60) == 0
    assert limits.hit("x", 1, limit=1, per=60) == 60
    limits._spare.clear()


@pytest.mark.django_db
def test_twenty_misses_a_minute_and_then_not_even_a_hit(rf, later):
    request = rf.get("/")
    request.user = AnonymousUser()
    rows = ContentType.objects.all()
    known = rows.earliest("pk")
    for _ in range(20):
        with pytest.raises(Http404):
            limits.get_or_miss(rows, request, pk=-1)
    with pytest.raises(limits.Limited) as stop:
        limits.get_or_miss(rows, request, pk=known.pk)
    assert 0 < stop.value.seconds <= 60
    later(121)
    assert limits.get_or_miss(rows, request, pk=known.pk) == known


@pytest.mark.django_db
def test_finding_things_is_never_limited(rf, later):
    request = rf.get("/")
    request.user = AnonymousUser()
    rows = ContentType.objects.all()
    known = rows.earliest("pk")
    for _ in range(50):
        assert limits.get_or_miss(rows, request, pk=known.pk) == known


def test_too_often_is_429_and_says_when_to_come_back(rf):
    request = rf.get("/")
    request.user = AnonymousUser()
    answer = Refusals(lambda r: HttpResponse()).process_exception(request, limits.Limited(42))
    assert answer is not None
    assert answer.status_code == 429
    assert answer["Retry-After"] == "42"
