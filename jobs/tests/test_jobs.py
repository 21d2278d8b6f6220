"""Long work is found again whatever happens to its worker, and never runs twice at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile
from django.db import OperationalError
from django.utils import timezone

from accounts.models import User
from jobs import kinds, services, tasks
from jobs.kinds import kind, kind_of, label_of
from jobs.models import FormKey, Job
from jobs.progress import PROBLEMS_KEPT, Progress, Superseded, Unfit
from jobs.tests.factories import JobFactory


@pytest.fixture
def work() -> Iterator[list[Any]]:
    """A kind of work that does what its test puts into the list: call it or raise it."""
    steps: list[Any] = []

    @kind("tests.work", "Work of a test", counts={"made": "Made"})
    def run(progress: Progress) -> None:
        for step in steps:
            if isinstance(step, Exception):
                raise step
            step(progress)

    yield steps
    kinds._kinds.pop("tests.work")


def test_a_job_is_queued_and_runs_after_commit(
    work: list[Any], ada: User, django_capture_on_commit_callbacks: Any
) -> None:
    work.append(lambda progress: progress.count("made", 3))
    with django_capture_on_commit_callbacks(execute=True):
        job = services.run(
            "tests.work", actor=ada, parameters={"a": 1}, source=ContentFile(b"x", "Listing.CSV")
        )
        assert job.state == Job.State.QUEUED
    job = Job.objects.get()
    assert (job.state, job.counts, job.attempts) == (Job.State.DONE, {"made": 3}, 1)
    assert job.source.name == f"jobs/{job.token}/source.csv"
    assert job.finished_at is not None
    assert job.percent == 100


def test_a_stored_source_is_used_where_it_lies(work: list[Any], ada: User) -> None:
    first = services.run("tests.work", actor=ada, parameters={}, source=ContentFile(b"x", "a.csv"))
    second = services.run("tests.work", actor=ada, parameters={}, source=first.source)
    assert second.source.name == first.source.name


def test_an_unknown_kind_is_refused_at_once(ada: User) -> None:
    with pytest.raises(LookupError):
        services.run("tests.nobody", actor=ada, parameters={})
    assert label_of("tests.nobody") == "tests.nobody"


def test_a_verdict_is_shown_in_the_language_of_who_started_it(work: list[Any], ada: User) -> None:
    from django.utils.translation import get_language

    spoken: list[str | None] = []
    ada.language = "zh-hans"
    ada.save()
    work += [lambda progress: spoken.append(get_language()), Unfit("no good")]
    services.work(JobFactory(started_by=ada).pk)
    job = Job.objects.get()
    assert (job.state, job.message, spoken) == (Job.State.FAILED, "no good", ["zh-hans"])


@pytest.mark.parametrize("error", [ValueError("secret"), SoftTimeLimitExceeded()])
def test_a_fault_ends_the_job_without_telling_its_inside(
    work: list[Any], error: Exception, db: None
) -> None:
    work.append(error)
    services.work(JobFactory().pk)
    job = Job.objects.get()
    assert job.state == Job.State.FAILED
    assert job.message
    assert "secret" not in job.message


def test_a_database_that_is_away_leaves_the_job_to_the_sweep(work: list[Any], db: None) -> None:
    work.append(OperationalError("gone"))
    with pytest.raises(OperationalError):
        services.work(JobFactory().pk)
    assert Job.objects.get().state == Job.State.RUNNING


def test_a_job_in_hand_or_finished_is_left_alone(work: list[Any], db: None) -> None:
    work.append(lambda progress: progress.count("made"))
    now = timezone.now()
    in_hand = JobFactory(state=Job.State.RUNNING, alive_at=now, attempts=1)
    done = JobFactory(state=Job.State.DONE, alive_at=now)
    services.work(in_hand.pk)
    services.work(done.pk)
    assert not Job.objects.exclude(counts={}).exists()


def test_a_job_whose_worker_was_killed_runs_again_from_the_start(
    work: list[Any], db: None, django_capture_on_commit_callbacks: Any
) -> None:
    work.append(lambda progress: progress.count("made"))
    long_ago = timezone.now() - timedelta(minutes=5)
    JobFactory(
        state=Job.State.RUNNING, alive_at=long_ago, attempts=1, done=7, problems=[[1, "", "old"]]
    )
    JobFactory(created_at=long_ago)  # its message was lost
    JobFactory()  # its message is still on its way
    with django_capture_on_commit_callbacks(execute=True):
        tasks.resume_jobs()
    states = list(Job.objects.order_by("pk").values_list("state", "attempts", "counts"))
    assert states == [
        (Job.State.DONE, 2, {"made": 1}),
        (Job.State.DONE, 1, {"made": 1}),
        (Job.State.QUEUED, 0, {}),
    ]
    assert Job.objects.order_by("pk")[0].problems == []


def test_a_job_that_kills_every_worker_is_given_up(work: list[Any], db: None) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    worn = JobFactory(state=Job.State.RUNNING, alive_at=long_ago, attempts=services.ATTEMPTS)
    services.work(worn.pk)
    job = Job.objects.get()
    assert job.state == Job.State.FAILED
    assert job.message


def test_a_worker_that_was_replaced_writes_nothing_more(work: list[Any], db: None) -> None:
    def replaced(progress: Progress) -> None:
        Job.objects.update(attempts=2)
        with pytest.raises(Superseded):
            progress.tick(now=True)
        progress.count("made")

    work.append(replaced)
    services.work(JobFactory().pk)
    job = Job.objects.get()
    assert (job.state, job.counts) == (Job.State.RUNNING, {})


def test_progress_tells_where_it_is(work: list[Any], db: None) -> None:
    seen: list[tuple[int, int, int]] = []

    def look(progress: Progress) -> None:
        progress.of(200)
        progress.tick(50, now=True)
        job = Job.objects.get()
        seen.append((job.done, job.total, job.percent))

    work.append(look)
    services.work(JobFactory().pk)
    assert seen == [(50, 200, 25)]


def test_all_problems_are_in_the_file_and_the_first_on_the_page(work: list[Any], db: None) -> None:
    def complain(progress: Progress) -> None:
        with progress.problem_sheet():
            for line in range(2, PROBLEMS_KEPT + 12):
                progress.problem(line, "=1+1", "no good")

    work.append(complain)
    services.work(JobFactory().pk)
    job = Job.objects.get()
    assert (len(job.problems), job.problem_count) == (PROBLEMS_KEPT, PROBLEMS_KEPT + 10)
    with job.result.open() as sheet:
        text = sheet.read().decode("utf-8-sig").splitlines()
    assert len(text) == PROBLEMS_KEPT + 11
    assert text[1] == "2,'=1+1,no good"


def test_files_and_keys_are_forgotten_after_their_time(work: list[Any], ada: User) -> None:
    first = services.run("tests.work", actor=ada, parameters={}, source=ContentFile(b"x", "a.csv"))
    services.run("tests.work", actor=ada, parameters={}, source=first.source)
    long_ago = timezone.now() - timedelta(days=40)
    Job.objects.filter(pk=first.pk).update(finished_at=long_ago)
    FormKey.objects.create(user=ada, key="old", digest="", created_at=long_ago)
    FormKey.objects.create(user=ada, key="new", digest="")
    tasks.forget()
    assert first.source.storage.exists(str(first.source.name))  # a younger job still needs it
    Job.objects.update(finished_at=long_ago)
    tasks.forget()
    assert not first.source.storage.exists(str(first.source.name))
    assert not Job.objects.exclude(source="").exists()
    assert list(FormKey.objects.values_list("key", flat=True)) == ["new"]


def test_a_kind_is_known_by_its_name(work: list[Any]) -> None:
    assert kind_of("tests.work").label == label_of("tests.work") == "Work of a test"
