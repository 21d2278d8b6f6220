"""L03: of two who take the same step at once exactly one wins, and one audit row is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

pytestmark = [pytest.mark.slow]
PAIRS = 1000


@pytest.fixture
def race_env(
    tmp_path: Path, django_db_setup: None, django_db_blocker: Any
) -> Iterator[dict[str, str]]:
    """A database of the race's own, on the server the tests run on."""
    env = {**os.environ, "DEMO": "1", "DATA_DIR": str(tmp_path)}
    if connection.vendor == "sqlite":
        yield {**env, "DATABASE_URL": f"sqlite:///{tmp_path / 'race.sqlite3'}"}
        return
    name = f"race_{uuid.uuid4().hex[:12]}"
    address = os.environ["DATABASE_URL"]
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield {**env, "DATABASE_URL": address.rsplit("/", 1)[0] + f"/{name}"}
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def race(env: dict[str, str], *options: str, program: str = "tests.race") -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", program, *options],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_one_of_two_wins_a_thousand_times(race_env: dict[str, str]) -> None:
    outcome = race(race_env, "--pairs", str(PAIRS))
    assert outcome == {"won": PAIRS, "refused": PAIRS, "audited": {"1": PAIRS}}


def test_without_lock_and_mixin_the_same_race_doubles(race_env: dict[str, str]) -> None:
    """The test above can fail: here it would."""
    outcome = race(race_env, "--pairs", "200", "--bare")
    assert outcome["audited"].get("2", 0) > 0


@pytest.mark.row("E31", "R77")
def test_no_device_is_in_two_boxes_and_no_box_on_two_shipments(race_env: dict[str, str]) -> None:
    outcome = race(race_env, "--pairs", "60", program="tests.race_goods")
    assert outcome == {
        "pack won": 60,
        "pack refused": 60,
        "ship won": 60,
        "ship refused": 60,
        "told": {"boxed": 60, "loaded": 60},
    }


@pytest.mark.row("R74", "E26")
def test_no_part_is_fitted_twice_and_no_plan_carried_out_twice(race_env: dict[str, str]) -> None:
    outcome = race(race_env, "--pairs", "30", program="tests.race_parts")
    assert outcome == {
        "fit won": 30,
        "fit refused": 30,
        "mix won": 30,
        "mix refused": 30,
        "fitted": 30,
        "consolidated": 60,
        "differences": 0,
    }


@pytest.mark.row("D9")
def test_a_quote_is_answered_once_and_a_device_stands_on_one(race_env: dict[str, str]) -> None:
    outcome = race(race_env, "--pairs", "40", program="tests.race_quotes")
    assert outcome == {
        "sign won": 40,
        "sign refused": 40,
        "write won": 40,
        "write refused": 40,
        "told": {"answers": 40, "on a quote": 40},
    }
