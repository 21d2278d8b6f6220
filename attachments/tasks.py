from celery import shared_task


@shared_task
def sweep_uploads() -> None: ...
