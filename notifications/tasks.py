from celery import shared_task


@shared_task
def relay_mail() -> None: ...
