"""What every test of the house stands on: real servers on demand, a browser, no network."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, TypeVar

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from tests import servers

pytest_plugins = ["tests.people", "tests.append_only"]

T = TypeVar("T")

# The same examples in every run: a failure that CI shows can be seen again at a desk.
hypothesis.settings.register_profile("house", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("house")

# The browser tests use Playwright's synchronous way beside Django in one thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 - compared, not bound


def pytest_configure(config: pytest.Config) -> None:
    """Workers that share one Redis keep their caches apart: each clears its own between tests."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    address = settings.CACHES["default"].get("LOCATION")
    if isinstance(address, str) and address.startswith("redis"):
        number = int(worker.removeprefix("gw")) + 1
        settings.CACHES["default"]["LOCATION"] = f"{address.rsplit('/', 1)[0]}/{number}"


def pytest_unconfigure(config: pytest.Config) -> None:
    if settings.TEST_DIR:
        shutil.rmtree(settings.TEST_DIR, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out, with a reason, what this machine or this database cannot show."""
    try:
        servers.chromium()
        no_browser = ""
    except servers.Missing as missing:
        no_browser = str(missing)
    for item in items:
        if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
            item.add_marker(pytest.mark.skipif(True, reason="needs PostgreSQL"))
        if item.get_closest_marker("browser") and no_browser:
            item.add_marker(pytest.mark.skipif(True, reason=no_browser))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that calls the world fails at once instead of passing where there is a network."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(LOOPBACK):
            raise OSError(f"tests have no network: {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Limits and counters live in the cache; no test inherits those of another."""
    yield
    cache.clear()


@contextmanager
def started(server: AbstractContextManager[T]) -> Iterator[T]:
    """A server for a fixture; where its program is missing the test is skipped and says so."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(server)
        except servers.Missing as missing:
            pytest.skip(str(missing))
        yield running


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """DATABASE_URL of a PostgreSQL of this test session's own."""
    with started(servers.postgres()) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """REDIS_URL of a Redis of this test session's own."""
    with started(servers.redis()) as url:
        yield url


@pytest.fixture
def letterbox() -> Iterator[servers.Letterbox]:
    """An SMTP server that keeps its letters."""
    with servers.smtp() as box:
        yield box


@pytest.fixture(scope="session")
def s3_env() -> Iterator[dict[str, str]]:
    """Object storage; the S3_* variables that name it."""
    with servers.s3() as env:
        yield env


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Playwright drives the machine's Chromium instead of downloading one."""
    return {
        **browser_type_launch_args,
        "executable_path": servers.chromium(),
        "args": CHROMIUM_ARGUMENTS,
    }
