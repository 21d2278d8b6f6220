from celery import shared_task


@shared_task
def resume_jobs() -> None: ...
