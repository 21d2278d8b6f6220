"""The worker's side of long work."""

from celery import shared_task

from jobs import services


@shared_task
def run_job(pk: int) -> None:
    """Run one job; a second message for the same job does nothing."""
    services.work(pk)


@shared_task
def resume_jobs() -> None:
    """Send again what was lost: messages that never came and jobs whose worker was killed."""
    for pk in services.waiting():
        run_job.delay_on_commit(pk)  # type: ignore[attr-defined]


@shared_task
def forget() -> None:
    """Delete old form keys and old files of jobs."""
    services.forget()
