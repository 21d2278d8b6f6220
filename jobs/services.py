"""Long work is a row first and a message second: what a worker drops is found again."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.core.files import File
from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from jobs.kinds import kind_of
from jobs.models import FormKey, Job
from jobs.progress import Progress, Superseded, Unfit

log = logging.getLogger(__name__)

# A run that gave no sign of life for so long is dead; rows tick once a second.
DEAD_AFTER = timedelta(seconds=60)
# A queued job whose message was lost is sent again after this.
LOST_AFTER = timedelta(seconds=30)
# A job that took its worker down so often is given up.
ATTEMPTS = 3
KEEP_FILES = timedelta(days=30)
KEEP_FORM_KEYS = timedelta(days=2)


@transaction.atomic
def run(
    kind: str, *, actor: User, parameters: dict[str, Any], source: File[Any] | None = None
) -> Job:
    """Queue long work and return its job at once; the worker begins after commit.

    `source` is stored under the job's random name; a file that is already in the store (of an
    earlier job) is used where it lies. Raises LookupError for an unknown kind.
    """
    from jobs.tasks import run_job

    kind_of(kind)
    job = Job(kind=kind, started_by=actor, parameters=parameters)
    if source is not None:
        suffix = PurePath(str(source.name)).suffix.lower()[:10]
        stored = getattr(source, "field", None) is not None
        job.source = (
            source.name
            if stored
            else job.source.storage.save(f"jobs/{job.token}/source{suffix}", source)
        )
    job.save()
    run_job.delay_on_commit(job.pk)  # type: ignore[attr-defined]
    return job


def work(pk: int) -> None:
    """Run a job to its end, in the language of who started it. Nothing to do: nothing happens.

    Another worker that is at it (alive within a minute) is left alone; one that died is replaced,
    from the beginning. Every outcome stands in the job; only a database that is away is raised,
    and then the job is found again by the sweep.
    """
    job = _claim(pk)
    if job is None:
        return
    progress = Progress(job)
    with translation.override(job.started_by.language):
        try:
            kind_of(job.kind).work(progress)
            _finish(progress, Job.State.DONE, progress.message)
        except Superseded:
            log.warning("job %s was taken over by another worker", pk)
        except Unfit as verdict:
            _finish(progress, Job.State.FAILED, str(verdict.reason))
        except OperationalError:
            raise
        except SoftTimeLimitExceeded:
            _finish(progress, Job.State.FAILED, _("This took too long and was stopped."))
        except Exception:
            log.exception("job %s failed", pk)
            _finish(
                progress, Job.State.FAILED, _("Something went wrong on our side. Please try again.")
            )


def waiting() -> list[int]:
    """Keys of jobs that nobody works on: message lost, or worker dead (restart safe)."""
    now = timezone.now()
    lost = Q(state=Job.State.QUEUED, created_at__lt=now - LOST_AFTER)
    dead = Q(state=Job.State.RUNNING, alive_at__lt=now - DEAD_AFTER)
    return list(Job.objects.filter(lost | dead).order_by("pk").values_list("pk", flat=True)[:50])


def forget() -> None:
    """Delete keys of forms and the files of jobs after their time; the jobs' figures stay."""
    now = timezone.now()
    FormKey.objects.filter(created_at__lt=now - KEEP_FORM_KEYS).delete()
    old = Job.objects.filter(finished_at__lt=now - KEEP_FILES).exclude(source="", result="")
    for job in old.order_by("pk")[:500]:
        _forget_files(job, now)


def _forget_files(job: Job, now: Any) -> None:
    """A source may be shared with the check before it: it goes with its last job."""
    younger = Job.objects.filter(source=job.source.name).exclude(pk=job.pk)
    if job.source.name and not younger.exclude(finished_at__lt=now - KEEP_FILES).exists():
        job.source.storage.delete(job.source.name)
    if job.result.name:
        job.result.storage.delete(job.result.name)
    job.source = job.result = ""
    job.save(update_fields=["source", "result"])


@transaction.atomic
def _claim(pk: int) -> Job | None:
    now = timezone.now()
    job = Job.objects.select_for_update(of=("self",)).select_related("started_by").get(pk=pk)
    alive = job.alive_at is not None and job.alive_at > now - DEAD_AFTER
    if job.finished or (job.state == Job.State.RUNNING and alive):
        return None
    if job.attempts >= ATTEMPTS:
        with translation.override(job.started_by.language):
            job.message = _("This was tried several times and did not end. Please tell us.")
        job.state, job.finished_at = Job.State.FAILED, now
        job.save(update_fields=["state", "finished_at", "message"])
        return None
    job.state, job.alive_at, job.attempts = Job.State.RUNNING, now, job.attempts + 1
    job.done = job.total = job.problem_count = 0
    job.counts, job.problems = {}, []
    job.save()
    return job


def _finish(progress: Progress, state: str, message: str) -> None:
    now = timezone.now()
    try:
        progress.save(
            state=state,
            message=message,
            counts=progress.counts,
            problems=progress.problems,
            problem_count=progress.problem_count,
            done=progress.done,
            total=progress.total,
            alive_at=now,
            finished_at=now,
        )
    except Superseded:
        log.warning("job %s was taken over by another worker", progress.job.pk)
