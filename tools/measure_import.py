"""How long 100,000 devices take, and how much the worker grows: `tools/measure_import.py [rows]`.

Uses the database that DATABASE_URL (or DATA_DIR) names and leaves its rows there: give it one of
its own. Prints seconds and MiB for the check, the first import, the same file again, and a file
in which every row changed.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftersales.settings")

import django

django.setup()

from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection

from accounts.models import Customer, User
from devices.imports.work import KIND
from devices.models import Brand, Device, ProductModel
from jobs import services
from jobs.models import Job

PAGE_KIB = os.sysconf("SC_PAGE_SIZE") / 1024
MIB = 1024


def resident() -> float:
    """MiB that this process holds now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KIB / MIB


class Peak:
    """The most that the process held while the block ran, above what it held before."""

    def __enter__(self) -> Peak:
        self.before = self.most = resident()
        self.running = True
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self

    def _watch(self) -> None:
        while self.running:
            self.most = max(self.most, resident())
            time.sleep(0.02)

    def __exit__(self, *_: object) -> None:
        self.running = False
        self.thread.join()

    @property
    def growth(self) -> float:
        return self.most - self.before


def table(rows: int, until: str) -> bytes:
    lines = ["sn,model,shipped_on,warranty_until,customer"]
    for number in range(rows):
        buyer = f"buyer{number % 50}@example.com"
        lines.append(f"1H{number:011d},Measured D{number % 5},2026-03-07,{until},{buyer}")
    return "\n".join(lines).encode()


def workbook(rows: int, until: str) -> bytes:
    """The same as an Excel file; needs openpyxl, which the tests bring."""
    from io import BytesIO

    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in table(rows, until).decode().splitlines():
        sheet.append(line.split(","))
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def measure(title: str, content: bytes, name: str, actor: User, *, check: bool = False) -> None:
    job = services.run(
        KIND,
        actor=actor,
        parameters={"check": check, "keep": "good"},
        source=ContentFile(content, name),
    )
    with Peak() as peak:
        started, worked = time.perf_counter(), time.process_time()
        services.work(job.pk)
        seconds, worked = time.perf_counter() - started, time.process_time() - worked
    job = Job.objects.get(pk=job.pk)
    print(
        f"{title:<22} {seconds:6.1f} s  {worked:6.1f} s CPU  {job.total / seconds:>8,.0f} rows/s  "
        f"+{peak.growth:5.1f} MiB  {job.state} {job.counts}"
    )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    call_command("migrate", verbosity=0)
    brand, _made = Brand.objects.get_or_create(name="Measured")
    for number in range(5):
        ProductModel.objects.get_or_create(name=f"Measured D{number}", defaults={"brand": brand})
    if not Customer.objects.filter(email="buyer0@example.com").exists():
        Customer.objects.bulk_create(
            Customer(name=f"Buyer {n}", email=f"buyer{n}@example.com") for n in range(50)
        )
    ada, _made = User.objects.get_or_create(
        email="measure@example.com", defaults={"role": "admin", "name": "Measure"}
    )
    print(f"{connection.vendor}, {rows:,} rows; {Device.objects.count():,} devices before")
    # The first job loads code and templates, which is no growth of the work.
    measure("warm-up, 10 rows", table(10, "2027-03-07"), "warm.csv", ada, check=True)
    measure("check only", table(rows, "2027-03-07"), "a.csv", ada, check=True)
    measure("first import", table(rows, "2027-03-07"), "a.csv", ada)
    measure("the same again", table(rows, "2027-03-07"), "a.csv", ada)
    measure("every row changed", table(rows, "2028-03-07"), "b.csv", ada)
    measure("Excel, the same", workbook(rows, "2028-03-07"), "b.xlsx", ada)


if __name__ == "__main__":
    # A run outside the queue: the message that the service sends is not needed.
    services.__dict__["transaction"].on_commit = lambda *_args, **_more: None
    main()
