"""All tests, on everything that this machine has; at the end, in plain words, on what.

SQLite first, then the same suite on PostgreSQL with Redis (started here, gone afterwards), then the
journeys in a browser. What is not installed is named, not silently left out.

    tools/test.py [--fast | --cov] [pytest arguments, a path for instance]
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import servers

# Each stage says what it runs on; a shell that names another database must not change that.
NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "CELERY_BROKER_URL", "EMAIL_URL")
NO_TESTS_COLLECTED = 5


@dataclass
class Result:
    """What one stage came to."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    word: str = ""

    def line(self) -> str:
        numbers = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        return f"  {self.name:<24} {self.word or f'{numbers} in {self.seconds:.0f} s'}"


def run_pytest(name: str, env: dict[str, str], arguments: list[str]) -> Result:
    """One stage. Passed and failed are pytest's own count, read from its report."""
    print(f"\n{'-' * 8} {name}", flush=True)
    result, began = Result(name), time.monotonic()
    clean = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
    clean = {key: value for key, value in clean.items() if not key.startswith("S3_")}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
        code = subprocess.run(command, cwd=ROOT, env=clean | env, check=False).returncode
        if report.exists():
            for suite in ElementTree.parse(report).iter("testsuite"):  # noqa: S314 - written just now
                count = {key: int(suite.get(key, 0)) for key in ("tests", "skipped")}
                result.failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
                result.skipped += count["skipped"]
                result.passed += count["tests"] - count["skipped"]
    result.passed = max(0, result.passed - result.failed)
    result.seconds = time.monotonic() - began
    if code == NO_TESTS_COLLECTED:
        result.word = "no such tests"
    elif code and not result.failed:
        result.failed, result.word = 1, f"pytest ended with code {code}"
    return result


@contextmanager
def postgres_and_redis() -> Iterator[tuple[str, dict[str, str]]]:
    """Both servers, or `servers.Missing`."""
    with ExitStack() as stack:
        redis_program = Path(servers.redis_program()).name
        url = stack.enter_context(servers.postgres())
        redis = stack.enter_context(servers.redis())
        name = f"PostgreSQL, {redis_program}"
        yield name, {"DATABASE_URL": url, "REDIS_URL": redis}


def stages(words: list[str]) -> Iterator[Result]:
    fast, cov = "--fast" in words, "--cov" in words
    more = [word for word in words if word not in ("--fast", "--cov")]
    share = ["-n", "2", "--dist", "worksteal", *more]
    slow = " and not slow" if fast else ""
    cover = ["--cov", "--cov-report=term", "--cov-report=html:htmlcov"] if cov else []
    yield run_pytest("SQLite", {}, ["-m", f"not browser and not postgres{slow}", *cover, *share])
    if fast or cov:
        return
    try:
        with postgres_and_redis() as (name, env):
            yield run_pytest(name, env, ["-m", "not browser and not once", *share])
    except servers.Missing as missing:
        yield Result("PostgreSQL, Redis", word=f"not run: {missing}")
    try:
        env = {"CHROMIUM": servers.chromium()}
        yield run_pytest("Browser", env, ["-m", "browser", *share])
    except servers.Missing as missing:
        yield Result("Browser", word=f"not run: {missing}")


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results = list(stages(sys.argv[1:]))
    print("\nWhat was run")
    for result in results:
        print(result.line())
    failed = sum(result.failed for result in results)
    passed = sum(result.passed for result in results)
    # The last line alone counts all stages together.
    print(f"\n{passed} passed, {failed} failed, {sum(r.skipped for r in results)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
