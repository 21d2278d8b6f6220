"""The roof. Naming the Celery app here makes every process send tasks to the same broker."""

from aftersales.celery import app as celery_app

__all__ = ["celery_app"]
