"""The queue: a wake-up, never the record.

What must happen stands in the database (outbox, clocks, jobs) and is found there by a sweep, so a
lost or doubled message costs time and nothing else. Addresses and the schedule of the sweeps come
from the settings; here stands what no machine may change.
"""

import os

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftersales.settings")

# Seconds after which the broker hands out again what a dead worker held. Longer than any task may
# run (hard limit below), else a running task would be started twice.
VISIBILITY_TIMEOUT = 300

app = Celery("aftersales")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    enable_utc=True,
    timezone="UTC",
    # Answers are rows, not results.
    result_backend=None,
    task_ignore_result=True,
    # A message is done when its task is done, also when the worker was killed over it.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    task_soft_time_limit=VISIBILITY_TIMEOUT - 60,
    task_time_limit=VISIBILITY_TIMEOUT - 30,
    # Memory that a large PDF took is given back.
    worker_max_tasks_per_child=500,
    broker_connection_retry_on_startup=True,
)


@setup_logging.connect
def keep_our_log(**_: object) -> None:
    """One form of log line for web, worker and clock: that of the settings, set up by Django."""


@app.on_configure.connect
def choose_transport(**_: object) -> None:
    """Options of the broker by its kind, since each transport refuses those of the other."""
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        folder = settings.DATA_DIR / "broker"
        for name in ("queue", "done", "control"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        app.conf.broker_transport_options = {
            "data_folder_in": str(folder / "queue"),
            "data_folder_out": str(folder / "queue"),
            "processed_folder": str(folder / "done"),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.1,
        }
    elif settings.CELERY_BROKER_URL.startswith(("redis", "rediss")):
        app.conf.broker_transport_options = {
            "visibility_timeout": VISIBILITY_TIMEOUT,
            "unacked_restore_throttle": 1,
        }


app.autodiscover_tasks()
