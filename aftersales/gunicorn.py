"""Web server, for `manage.py serve` and for production alike.

Two workers of four threads: polling and uploads share them where no proxy buffers in front.
WEB_CONCURRENCY and GUNICORN_CMD_ARGS, which gunicorn reads itself, change what a machine needs.
"""

import os

# Plain HTTP leaves this machine only through a proxy, so the default is loopback.
bind = os.environ.get("BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
preload_app = True
timeout = 60
graceful_timeout = 20
proc_name = "aftersales"
# One socket per user is gunicorn's default: two instances would take it from each other.
control_socket_disable = True
if os.path.isdir("/dev/shm"):  # noqa: S108 - a heartbeat file on a slow disk stalls the worker
    worker_tmp_dir = "/dev/shm"  # noqa: S108
# Django's settings configure the log; gunicorn only names its lines.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        "gunicorn.access": {"level": "WARNING", "handlers": [], "propagate": False},
    },
}
