"""One real portal for the whole run: web, worker, outbox and clock, as `make run` starts them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from tests import servers

START_SECONDS = 300
NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "CELERY_BROKER_URL", "EMAIL_URL", "PORT")


@dataclass(frozen=True)
class Portal:
    """A running portal: where it answers, and the database it writes (SQLite)."""

    url: str
    data: Path

    def expire(self, session_key: str) -> None:
        """End a session behind its owner's back, as its age would."""
        with closing(sqlite3.connect(self.data / "db.sqlite3", timeout=20)) as database, database:
            ended = database.execute(
                "DELETE FROM django_session WHERE session_key = ?", [session_key]
            )
            assert ended.rowcount == 1

    def fail_mail(self, recipient: str) -> int:
        """A mail that could not be delivered, as the relay leaves one; the answer is its key.

        It is one that the relay has done with: what is still waiting may leave at any moment.
        """
        with closing(sqlite3.connect(self.data / "db.sqlite3", timeout=20)) as database, database:
            row = database.execute(
                "SELECT max(id) FROM notifications_mail WHERE recipient = ? AND state = 'sent'",
                [recipient],
            ).fetchone()
            assert row[0], f"no mail has gone to {recipient}"
            database.execute("UPDATE notifications_mail SET state = 'dead' WHERE id = ?", row)
            key: int = row[0]
            return key

    def states(self, code: str) -> dict[str, int]:
        """How many units of the repair order of this code are in which state."""
        with closing(sqlite3.connect(self.data / "db.sqlite3", timeout=20)) as database:
            return dict(
                database.execute(
                    "SELECT u.state, count(*) FROM workorders_unit u JOIN workorders_repairorder o"
                    " ON o.id = u.order_id WHERE o.code = ? AND u.state <> 'cancelled' GROUP BY 1",
                    [code],
                )
            )


@contextmanager
def serve(data: Path, **servers_of_its_own: str) -> Iterator[Portal]:
    """`manage.py serve` on demo data of its own; gone when the block ends.

    Further variables, DATABASE_URL and REDIS_URL say, name servers that the caller has started.
    """
    port, log = servers.free_port(), data / "said"
    env = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=settings.BASE_DIR,
            env=env | {"DEMO": "1", "DATA_DIR": str(data)} | servers_of_its_own,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        servers.wait_until(
            lambda: process.poll() is not None or "is ready" in log.read_text(),
            seconds=START_SECONDS,
            what="the portal",
        )
        assert process.poll() is None, log.read_text()
        yield Portal(f"http://localhost:{port}", data)
    finally:
        servers.stop(process, seconds=40)
