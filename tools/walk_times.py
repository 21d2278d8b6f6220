"""What `tools/walk.py` measures: pages of a small and of a large order, and work on all of its
units against the same rows written by hand.

Imported once the settings know the database. Milliseconds of CPU are those of web server and
PostgreSQL together; on a machine that others use too they hold still where the clock does not.
"""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from aftersales.demo.people import DOMAIN
from history.models import Entry
from tests.browser.house import House
from workorders.models import RepairOrder, Unit
from workorders.services import bulk

WARM_UP = 2
NANO = 1_000_000


# ------------------------------------------------------------------ the meter
def children(*parents: int) -> list[int]:
    """These processes and all that they started, as far as they are alive."""
    by_parent: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        by_parent.setdefault(int(told[1]), []).append(int(folder.name))
    found, waiting = [], list(parents)
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += by_parent.get(one, [])
    return found


def cpu_ms(processes: list[int]) -> float:
    """What all threads of these processes have computed so far (Linux)."""
    total = 0
    for process in processes:
        for thread in Path(f"/proc/{process}/task").glob("*/schedstat"):
            try:
                total += int(thread.read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue
    return total / NANO


@dataclass
class Meter:
    """Clock and CPU of one piece of work; `parents` are the processes whose work counts."""

    parents: list[int]
    wall: float = 0.0
    cpu: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        processes = children(*self.parents)
        before, began = cpu_ms(processes), time.perf_counter()
        yield
        self.wall = (time.perf_counter() - began) * 1000
        self.cpu = cpu_ms(sorted({*processes, *children(*self.parents)})) - before


def postmaster() -> int:
    """The process that all backends of our cluster descend from; it runs on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    stat = Path(f"/proc/{backend}/stat").read_text()
    return int(stat.rsplit(")", 1)[1].split()[1])


def web_server() -> int:
    """The gunicorn that our portal started, found among the descendants of this process."""
    for process in children(os.getpid()):
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        if b"gunicorn" in words:
            return process
    raise LookupError("no web server runs below this process")


def vacuum() -> None:
    """What autovacuum does within a minute; it shall not fall into a measurement."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


# ------------------------------------------------------------------ pages
@dataclass
class Line:
    """One line of the table: pairs of (small, large), one per round."""

    page: str
    moment: str
    cpu: list[tuple[float, float]] = field(default_factory=list)
    wall: list[tuple[float, float]] = field(default_factory=list)
    sizes: tuple[int, int] = (0, 0)
    goal: float = 1.5

    def add(self, small: tuple[float, float, int], large: tuple[float, float, int]) -> None:
        """One round: CPU, clock and bytes of both."""
        self.cpu.append((small[0], large[0]))
        self.wall.append((small[1], large[1]))
        self.sizes = (small[2], large[2])

    @staticmethod
    def ratio(pairs: list[tuple[float, float]]) -> float:
        """The median over rounds of what each round says by itself."""
        return median(large / small for small, large in pairs)

    def told(self) -> dict[str, Any]:
        return {
            "page": self.page,
            "moment": self.moment,
            "goal": self.goal,
            "bytes": self.sizes,
            "cpu": [median(pair[at] for pair in self.cpu) for at in (0, 1)],
            "cpu_ratio": self.ratio(self.cpu),
            "wall": [median(pair[at] for pair in self.wall) for at in (0, 1)],
            "wall_ratio": self.ratio(self.wall),
            "rounds": {"cpu": self.cpu, "wall": self.wall},
        }


class Reader:
    """Fetches pages with the sessions that the browsers have, each on a connection of its own."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.meter = Meter([postmaster(), web_server()])
        self.host = urlsplit(house.portal.url).netloc

    def get(self, who: str, path: str) -> int:
        """One page, completely read; the answer is how many bytes it has."""
        cookies = "; ".join(
            f"{one['name']}={one['value']}" for one in self.house.states[who]["cookies"]
        )
        line = http.client.HTTPConnection(self.host, timeout=120)
        with self.meter.running(), closing(line):
            line.request("GET", path, headers={"Cookie": cookies})
            answer = line.getresponse()
            body = answer.read()
        if answer.status != 200:
            raise AssertionError(f"{path} for {who}: {answer.status}")
        return len(body)

    def sample(self, who: str, path: str) -> tuple[float, float, int]:
        """CPU, clock and bytes of one page."""
        size = self.get(who, path)
        return self.meter.cpu, self.meter.wall, size

    def compare(
        self, page: str, moment: str, who: str, small: str, large: str, *, rounds: int
    ) -> Line:
        """The same page of both orders, turn by turn; every second round the large one first."""
        line = Line(page, moment)
        for turn in range(-WARM_UP, rounds):
            found = [(0.0, 0.0, 0), (0.0, 0.0, 0)]
            for at in (0, 1) if turn % 2 else (1, 0):
                found[at] = self.sample(who, (small, large)[at])
            if turn >= 0:
                line.add(*found)
        return line


# ------------------------------------------------------------------ work on all units
class Undone(Exception):  # noqa: N818 - no fault: what was timed is taken back
    """Ends the transaction of a timed piece of work."""


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of CPU and by the clock, with every check that a commit would make; nothing
    stays."""
    meter = Meter([os.getpid(), postmaster()])
    try:
        with transaction.atomic():
            with meter.running():
                work()
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            raise Undone
    except Undone:
        return meter.cpu, meter.wall


def raw_pair(pks: list[int], name: str, target: str, actor: User) -> None:
    """The two statements that no step of these units can do without: state and history."""
    unit, entry = Unit._meta.db_table, Entry._meta.db_table
    at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {unit} SET state = %s, engineer_id = %s, version = version + 1"  # noqa: S608
            " WHERE id = ANY(%s)",
            [target, actor.pk, pks],
        )
        cursor.execute(
            f"INSERT INTO {entry} (content_type_id, object_id, verb, source, target, actor_id,"  # noqa: S608
            " actor_role, note, internal, data, at) SELECT %s, id, %s, %s, %s, %s, %s, '', false,"
            f" '{{}}'::jsonb, %s FROM {unit} WHERE id = ANY(%s)",
            [
                ContentType.objects.get_for_model(Unit).pk,
                name,
                "received",
                target,
                actor.pk,
                str(actor.role),
                at,
                pks,
            ],
        )


def bulk_against_raw(code: str, name: str, source: str, target: str, *, rounds: int) -> Line:
    """A step of all units of the order in this state: the raw pair is "small", ours is "large"."""
    order = RepairOrder.objects.get(code=code)
    actor = User.objects.get(email=f"engineer@{DOMAIN}")
    rows = Unit.objects.filter(order=order, state=source)
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    line = Line(f"{name} of {len(pks):,} units", "service against raw SQL pair")

    def ours() -> None:
        out = bulk.step(order, rows, name, actor=actor)
        if len(out.moved) != len(pks):
            raise AssertionError(f"{len(out.refused)} were refused")

    def raw() -> None:
        raw_pair(pks, name, target, actor)

    for turn in range(-WARM_UP, rounds):
        found = [(0.0, 0.0, 0), (0.0, 0.0, 0)]
        for at in (0, 1) if turn % 2 else (1, 0):
            vacuum()  # what the last one left behind is no part of the next
            found[at] = (*timed((raw, ours)[at]), 0)
        if turn >= 0:
            line.add(*found)
    return line
