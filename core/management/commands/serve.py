"""`manage.py serve`: the whole portal on this machine by one command, for a look or for work on it.

Embedded broker (unless REDIS_URL names one), migrations, demo data, then web, worker and clock
under one supervisor. Ctrl-C stops all of it and leaves nothing behind.
"""

from __future__ import annotations

import fcntl
import http.client
import os
import shutil
import socket
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError, get_commands
from django.db import connection

from core import broker
from core.supervisor import Program, Supervisor

START_SECONDS = 90
# A task in hand may finish; the sweeps find again what was cut off.
WORKER_GRACE = 30.0
# Celery's word to root is said once, more calmly, by this command.
NO_ROOT_WARNING = "ignore:You're running the worker with superuser privileges"


class Command(BaseCommand):
    help = "Start the portal on this machine: web, worker, clock and, unless REDIS_URL, a broker."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--no-demo", action="store_true", help="load no demo people and orders")

    def handle(self, *_: Any, port: int, no_demo: bool, **__: Any) -> None:
        refuse_taken(port)
        with one_per(settings.DATA_DIR), socket_folder() as folder, Supervisor(self.say) as house:
            code = self.run(house, folder, port=port, demo=settings.DEMO and not no_demo)
        if code:
            sys.exit(code)
        self.say("Stopped.")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def run(self, house: Supervisor, folder: Path, *, port: int, demo: bool) -> int:
        """Start everything in order; the answer is the exit code."""
        env = {"PORT": str(port)}
        if not (settings.REDIS_URL or os.environ.get("CELERY_BROKER_URL")):
            env |= self.start_broker(house, folder)
        if os.geteuid() == 0:
            self.say("Running as root: fine for a look, not for service.")
        self.prepare(house, env, demo=demo)
        for program in programs(env):
            if not house.asked:
                house.start(program)
        if house.until(lambda: answers(port), seconds=START_SECONDS):
            self.say(f"\nThe portal is ready: http://localhost:{port} (Ctrl-C stops it)\n")
        elif not house.asked and house.ended() is None:
            raise CommandError(f"The portal did not answer within {START_SECONDS} seconds.")
        return house.wait()

    def start_broker(self, house: Supervisor, folder: Path) -> dict[str, str]:
        """Start the embedded broker; the answer is what tells the other programs of it."""
        server, data = broker.binary(), settings.DATA_DIR / "broker"
        data.mkdir(exist_ok=True)
        if server is None:
            self.say("No embedded broker for this platform: messages go through files (slower).")
            cache = settings.DATA_DIR / "cache"
            return {"CELERY_BROKER_URL": "filesystem://", "CACHE_URL": f"filecache://{cache}"}
        path = str(folder / "broker.sock")
        where = ("--port", "0", "--unixsocket", path, "--unixsocketperm", "700")
        house.start(Program("broker", broker.server_command(server, data, *where), grace=10))
        if not house.until(lambda: listens(path), seconds=20) and not house.asked:
            raise CommandError(f"The broker did not start; {data / 'broker.log'} tells why.")
        return {
            "CELERY_BROKER_URL": f"redis+socket://{path}?virtual_host=0",
            "CACHE_URL": f"redis://{path}?db=1",
        }

    def prepare(self, house: Supervisor, env: dict[str, str], *, demo: bool) -> None:
        """Bring database and files up to date, in processes that see the broker."""
        self.manage(house, env, "migrate", "--verbosity", "0")
        if not settings.DEMO:
            self.manage(house, env, "collectstatic", "--noinput", "--verbosity", "0")
        if demo and not house.asked and "demo" in get_commands() and is_empty():
            self.say("Loading demo people and orders ...")
            self.manage(house, env, "demo")

    def manage(self, house: Supervisor, env: dict[str, str], *words: str) -> None:
        """Run one management command to its end; does nothing once asked to stop."""
        if house.asked:
            return
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]
        if house.complete(Program(words[0], command, env, cwd=settings.BASE_DIR)):
            raise CommandError(f"manage.py {words[0]} failed; what it said stands above.")


def programs(env: dict[str, str]) -> list[Program]:
    """Web, worker and clock. Stopped the other way round: clock, worker, web."""
    python, root = sys.executable, settings.BASE_DIR
    celery = [python, "-W", NO_ROOT_WARNING, "-m", "celery", "--quiet", "--app", "aftersales"]
    web = [python, "-m", "gunicorn", "--config", "aftersales/gunicorn.py", "aftersales.wsgi"]
    worker = ["worker", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    beat = ["beat", "--pidfile=", "--schedule", str(settings.DATA_DIR / "clock")]
    return [
        Program("web", web, env, cwd=root),
        Program("worker", [*celery, *worker], env, grace=WORKER_GRACE, cwd=root),
        Program("clock", [*celery, *beat], env, grace=5, cwd=root),
    ]


def is_empty() -> bool:
    """Whether nobody has used this database yet."""
    try:
        return not get_user_model()._default_manager.exists()
    finally:
        connection.close()


def refuse_taken(port: int) -> None:
    """Say at once, in words, what gunicorn would say after five tries."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}); choose another: PORT=8001 make run"
            ) from error


@contextmanager
def one_per(data: Path) -> Iterator[None]:
    """Two portals on one data directory would share broker and clock."""
    with (data / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CommandError(f"A portal is already running on {data}.") from error
        yield


@contextmanager
def socket_folder() -> Iterator[Path]:
    """Where the broker's socket lies: DATA_DIR, unless that is too long for a socket."""
    if len(str(settings.DATA_DIR / "broker.sock")) <= broker.SOCKET_PATH_LIMIT:
        try:
            yield settings.DATA_DIR
        finally:
            (settings.DATA_DIR / "broker.sock").unlink(missing_ok=True)
        return
    folder = tempfile.mkdtemp(prefix="aftersales-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def listens(path: str) -> bool:
    """Whether the broker takes commands: while it reads its file back, it answers -LOADING."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(path)
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def answers(port: int) -> bool:
    """Whether the web server says that it, the database and the broker are well."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        client.request("GET", "/healthz/", headers={"Host": settings.ALLOWED_HOSTS[0]})
        return client.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()
