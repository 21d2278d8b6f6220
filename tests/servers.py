"""Real servers for tests, each on a port of its own on loopback, gone when the `with` block ends.

No daemon of the machine is used or touched. Where a program is not installed the function raises
`Missing`, which says in plain words what is, so that a run can tell what it did not prove.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import broker


class Missing(Exception):  # noqa: N818 - an absence, not a fault
    """The program is not installed here."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not start within {seconds} seconds")
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


# ------------------------------------------------------------------ PostgreSQL
def postgres_programs() -> Path:
    """The folder of the newest installed server programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    path = str(found[-1]) if found else shutil.which("initdb")
    if path is None:
        raise Missing("no PostgreSQL server programs (apt-get install postgresql)")
    return Path(path).parent


def postgres_user() -> str | None:
    """Whom to become: PostgreSQL refuses to run as root. None stands for who we are."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise Missing("PostgreSQL refuses root, and there is no user postgres") from None


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL cluster; yields a DATABASE_URL.

    `durable=True` keeps fsync on: for tests that kill it and count what is left.
    """
    programs, user = postgres_programs(), postgres_user()
    folder = Path(tempfile.mkdtemp(prefix="aftersales-pg-"))
    if user:
        shutil.chown(folder, user)
    port = free_port()
    switches = [f"-p {port}", f"-k {folder}", "-c listen_addresses=127.0.0.1"]
    switches += ["-c max_connections=100", "-c timezone=UTC"]
    if not durable:
        switches += ["-c fsync=off", "-c synchronous_commit=off", "-c full_page_writes=off"]

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments],
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )

    data = str(folder / "data")
    log = str(folder / "log")
    try:
        run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-D", data, "-w", "-l", log, "-o", " ".join(switches), "start")
        try:
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ------------------------------------------------------------------ Redis
def redis_program() -> str:
    """Redis where it is installed, else the embedded server, which speaks the same."""
    path = shutil.which("redis-server") or broker.binary()
    if path is None:
        raise Missing("neither redis-server nor the embedded broker (apt-get install redis-server)")
    return path


@contextmanager
def redis() -> Iterator[str]:
    """A Redis server; yields a REDIS_URL."""
    program, port = redis_program(), free_port()
    with tempfile.TemporaryDirectory(prefix="aftersales-redis-") as folder:
        where = ("--port", str(port), "--bind", "127.0.0.1")
        child = subprocess.Popen(
            broker.server_command(program, Path(folder), *where), start_new_session=True
        )
        try:
            wait_until(lambda: listens(port), seconds=10, what="Redis")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            stop(child)


def stop(child: subprocess.Popen[Any], *, seconds: float = 10) -> None:
    """End a process that we started in a session of its own, and all that it started."""
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def alive(number: int) -> bool:
    """Whether a process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(number: int, *, seconds: float = 5) -> bool:
    """Whether a process ends within this time."""
    deadline = time.monotonic() + seconds
    while alive(number) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(number)


# ------------------------------------------------------------------ mail
class Letterbox:
    """What the SMTP sink received, oldest first: (envelope sender, recipients, raw message)."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, list[str], bytes]] = []
        self.url = ""

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802
        self.letters.append(
            (envelope.mail_from, envelope.rcpt_tos, envelope.content)  # type: ignore[attr-defined]
        )
        return "250 taken"


@contextmanager
def smtp() -> Iterator[Letterbox]:
    """An SMTP server that keeps what it is given; its `url` is an EMAIL_URL."""
    from aiosmtpd.controller import Controller

    box = Letterbox()
    sink = Controller(box, hostname="127.0.0.1", port=free_port())
    sink.start()
    box.url = f"smtp://127.0.0.1:{sink.port}"
    try:
        yield box
    finally:
        sink.stop()


# ------------------------------------------------------------------ object storage
@contextmanager
def s3(bucket: str = "aftersales-test") -> Iterator[dict[str, str]]:
    """Object storage with one bucket; yields the S3_* variables that name it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    env = {
        "S3_BUCKET": bucket,
        "S3_ENDPOINT": f"http://{host}:{port}",
        "S3_REGION": "us-east-1",
        "S3_ACCESS_KEY": "test",
        "S3_SECRET_KEY": "test",
    }
    try:
        boto3.client(
            "s3",
            endpoint_url=env["S3_ENDPOINT"],
            region_name=env["S3_REGION"],
            aws_access_key_id=env["S3_ACCESS_KEY"],
            aws_secret_access_key=env["S3_SECRET_KEY"],
        ).create_bucket(Bucket=bucket)
        yield env
    finally:
        server.stop()


# ------------------------------------------------------------------ browser
def chromium() -> str:
    """Path of a Chromium: $CHROMIUM, the system's, or the one Playwright installed itself."""
    for path in (os.environ.get("CHROMIUM"), shutil.which("chromium"), shutil.which("chrome")):
        if path and Path(path).exists():
            return path
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright"))
    found = sorted(cache.glob("chromium-*/chrome-linux*/chrome"))
    if not found:
        raise Missing("no Chromium (apt-get install chromium, or CHROMIUM=/path)")
    return str(found[-1])
