"""Rows into the registry, thousands at a time: look, compare, write only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.models import Customer, User
from core.workflow import Text
from devices.imports.rows import SHOWN, Bad, Row, Table, text
from devices.models import Device, ProductModel
from history.services import record
from jobs.progress import Progress

BATCH = 2_000
WRITTEN = ("model", "shipped_on", "warranty_until", "customer")
Known = tuple[int, int, Any, Any, int | None]  # pk, model, shipped_on, warranty_until, customer


@dataclass
class Batch:
    """Rows that were understood, with their model and customer found."""

    devices: list[Device] = field(default_factory=list)
    created: list[Device] = field(default_factory=list)
    changed: list[Device] = field(default_factory=list)
    unchanged: int = 0


class Reader:
    """Goes through a table once and hands out batches of devices; what is bad goes to `report`."""

    def __init__(self, table: Table, progress: Progress, *, report: bool = True) -> None:
        self.table, self.progress, self.report = table, progress, report
        self.today = progress.job.created_at.date()
        self.models = {
            name.casefold(): pk for pk, name in ProductModel.objects.values_list("pk", "name")
        }
        self.lines: dict[str, int] = {}

    def batches(self) -> Iterator[Batch]:
        """Every row once, at most BATCH at a time, in the order of the file."""
        held: list[tuple[int, list[Any]]] = []
        for numbered in self.table:
            held.append(numbered)
            if len(held) == BATCH:
                yield self._batch(held)
                held = []
        if held:
            yield self._batch(held)

    def _batch(self, held: list[tuple[int, list[Any]]]) -> Batch:
        rows: list[Row] = []
        wrong: list[tuple[int, str, Text]] = []
        for line, cells in held:
            try:
                rows.append(self._row(line, cells))
            except Bad as bad:
                wrong.append((line, text(self.table.cell(cells, "sn"))[:SHOWN], bad.reason))
        customers = _customers_by_email({row.customer for row in rows if row.customer})
        batch = Batch()
        for row in rows:
            owner = customers.get(row.customer or "", [])
            if row.customer and len(owner) != 1:
                wrong.append((row.line, row.sn, _unclear_customer(row.customer, owner)))
                continue
            batch.devices.append(self._device(row, owner[0] if owner else None))
        if self.report:
            for line, what, reason in sorted(wrong, key=lambda item: item[0]):
                self.progress.problem(line, what, reason)
        self.progress.tick(len(held))
        return batch

    def _row(self, line: int, cells: list[Any]) -> Row:
        row = self.table.read(line, cells, self.today)
        if row.model.casefold() not in self.models:
            reason = _("The model “%(name)s” is not in the list of products.")
            raise Bad(reason % {"name": row.model[:SHOWN]})
        if (first := self.lines.setdefault(row.sn, line)) != line:
            raise Bad(_("The same serial number stands on line %(line)s.") % {"line": first})
        return row

    def _device(self, row: Row, customer: int | None) -> Device:
        return Device(
            sn=row.sn,
            model_id=self.models[row.model.casefold()],
            shipped_on=row.shipped_on,
            warranty_until=row.warranty_until,
            customer_id=customer,
        )


def _customers_by_email(emails: set[str | None]) -> dict[str, list[int]]:
    """Customers by their own address and by those of their logins; two queries per batch."""
    if not emails:
        return {}
    found: dict[str, set[int]] = {}
    logins = User.objects.filter(email__in=emails, customer__isnull=False)
    for email, pk in logins.values_list("email", "customer_id"):
        found.setdefault(email, set()).add(pk)
    own = Customer.objects.annotate(lower=Lower("email")).filter(lower__in=emails)
    for email, pk in own.values_list("lower", "pk"):
        found.setdefault(email, set()).add(pk)
    return {email: sorted(pks) for email, pks in found.items()}


def _unclear_customer(email: str, found: list[int]) -> str:
    if found:
        return _("More than one customer has the address %(email)s.") % {"email": email[:SHOWN]}
    return _("No customer has the address %(email)s.") % {"email": email[:SHOWN]}


def compare(batch: Batch, *, lock: bool = False) -> dict[str, Known]:
    """Sort the batch into new, different and unchanged; one query. Returns what was there.

    Columns that the file leaves empty keep what the registry has.
    """
    there = Device.objects.filter(sn__in=[device.sn for device in batch.devices]).order_by("sn")
    if lock:
        there = there.select_for_update()
    columns = ("pk", "model_id", "shipped_on", "warranty_until", "customer_id")
    known: dict[str, Known] = {sn: rest for sn, *rest in there.values_list("sn", *columns)}
    for device in batch.devices:
        before = known.get(device.sn)
        if before is None:
            batch.created.append(device)
            continue
        device.shipped_on = device.shipped_on or before[2]
        device.customer_id = device.customer_id or before[4]
        after = (device.model_id, device.shipped_on, device.warranty_until, device.customer_id)
        if after == tuple(before[1:]):
            batch.unchanged += 1
        else:
            batch.changed.append(device)
    return known


@transaction.atomic
def write(batch: Batch, *, actor: User, job: str) -> None:
    """Write what is new or different, and its history; a constant number of statements.

    Doing it twice writes nothing the second time, so an interrupted import starts from the top.
    """
    known = compare(batch, lock=True)
    rows = sorted(batch.created + batch.changed, key=lambda device: device.sn)
    if rows:
        Device.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["sn"],
            update_fields=list(WRITTEN),
        )
    before = {known[device.sn][0]: known[device.sn] for device in batch.changed}
    for device in batch.changed:
        device.pk = known[device.sn][0]
    if batch.changed:
        record(
            batch.changed,
            "imported",
            actor=actor,
            internal=True,
            data={"job": job},
            each=lambda device: _difference(before[device.pk], device),
        )


def _difference(before: Known, device: Device) -> dict[str, dict[str, str]]:
    """Before and after of what changed, as `history.services.edit` keeps it."""
    names = ("model", "shipped_on", "warranty_until", "customer")
    after = (device.model_id, device.shipped_on, device.warranty_until, device.customer_id)
    pairs = [
        (name, str(old or ""), str(new or ""))
        for name, old, new in zip(names, before[1:], after, strict=True)
        if old != new
    ]
    return {
        "before": {name: old for name, old, _new in pairs},
        "after": {name: new for name, _old, new in pairs},
    }


def tally(progress: Progress, batches: Iterable[Batch]) -> None:
    """Count the batches as they pass."""
    for batch in batches:
        progress.count("created", len(batch.created))
        progress.count("changed", len(batch.changed))
        progress.count("unchanged", batch.unchanged)
