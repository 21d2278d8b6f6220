"""How long work tells where it is, that it lives, and what it could not do."""

from __future__ import annotations

import csv
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.utils import timezone
from django.utils.translation import gettext as _

from core.csvout import BOM, safe_cell
from core.workflow import Text
from jobs.models import Job

PROBLEMS_KEPT = 200  # on the page; the file has all
BEAT = 1.0  # seconds between two signs of life


class Unfit(Exception):  # noqa: N818 - a verdict on what was handed in, said to a person
    """This work cannot be done; the reason is shown to whoever started it."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


class Superseded(Exception):  # noqa: N818 - not an error: another worker took over
    """The job was given to another worker meanwhile; this one stops and writes nothing."""


class Progress:
    """One run of a job. Its writes count only while this run is the job's current one."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.parameters: dict[str, Any] = job.parameters
        self.counts: dict[str, int] = {}
        self.problems: list[list[Any]] = []
        self.problem_count = 0
        self.done = self.total = 0
        self.message = ""
        self._beat = 0.0
        self._sheet: IO[str] | None = None

    def count(self, name: str, number: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number

    def of(self, total: int) -> None:
        """Say how many rows there are, and begin at the first."""
        self.total, self.done = total, 0
        self.tick(0, now=True)

    def tick(self, rows: int = 1, *, now: bool = False) -> None:
        """That many rows are through; writes at most once a second. Raises Superseded."""
        self.done += rows
        if now or time.monotonic() - self._beat >= BEAT:
            self._beat = time.monotonic()
            self.save(alive_at=timezone.now(), done=self.done, total=self.total)

    def save(self, **fields: Any) -> None:
        """Write to the job's row, unless another worker has taken the job over."""
        mine = Job.objects.filter(
            pk=self.job.pk, attempts=self.job.attempts, state=Job.State.RUNNING
        )
        if not mine.update(**fields):
            raise Superseded

    def problem(self, line: int, what: str, reason: Text) -> None:
        """One row could not be taken: its line in the file, what stood there, and why."""
        self.problem_count += 1
        row = [line, what, str(reason)]
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(row)
        if self._sheet is not None:
            csv.writer(self._sheet).writerow([safe_cell(cell) for cell in row])

    @contextmanager
    def source_file(self) -> Iterator[Path]:
        """What was handed in, as a local file, wherever the store keeps it."""
        with tempfile.NamedTemporaryFile(suffix=".source") as copy:
            with self.job.source.open("rb") as stored:
                shutil.copyfileobj(stored, copy)
            copy.flush()
            yield Path(copy.name)

    @contextmanager
    def problem_sheet(self) -> Iterator[None]:
        """Keep every problem in a CSV that becomes the result of the job; none, no file."""
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as sheet:
            sheet.write(BOM)
            csv.writer(sheet).writerow([_("Line"), _("What stands there"), _("Reason")])
            self._sheet = sheet
            try:
                yield
            finally:
                self._sheet = None
            if self.problem_count:
                sheet.flush()
                self.keep_result(sheet.buffer, "problems.csv")

    def keep_result(self, content: Any, name: str) -> None:
        """Store the file that the job leaves, under the job's unguessable name."""
        content.seek(0)
        field = Job._meta.get_field("result")
        stored = field.storage.save(f"jobs/{self.job.token}/{name}", File(content))
        self.save(result=stored)
