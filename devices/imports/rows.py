"""What a row of the import means: columns by name, cells to values, refusals in words."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from core.workflow import Text
from devices.imports.tables import Cell, lines_of
from devices.models import normalise_sn
from jobs.progress import Unfit

MAX_ROWS = 200_000
SN_SHAPE = re.compile(r"[A-Z0-9]{4,40}")
SPELLING = re.compile(r"[\w\s./:\-\u2010-\u2015\uff0d]+")  # what may stand between letters
EXACT = 2**53  # whole numbers above this lose digits in a spreadsheet
EARLIEST = date(2009, 1, 1)
LATEST = timedelta(days=30 * 366)
LONGEST_MONTHS = 240
SHOWN = 60  # characters of a cell repeated in a problem

COLUMNS: dict[str, tuple[str, ...]] = {
    "sn": (
        "sn", "serial", "serialnumber", "serialno", "devicesn", "devicesncode",
        "序列号", "sn码", "设备sn", "设备sn码", "设备序列号",
    ),
    "model": (
        "model", "product", "productmodel", "devicemodel", "type",
        "型号", "机型", "设备型号", "产品型号",
    ),
    "shipped_on": (
        "shippedon", "shipped", "shipdate", "shippingdate", "purchasedate",
        "发货日期", "发货日", "出货日期", "购买日期",
    ),
    "warranty_until": (
        "warrantyuntil", "warrantyend", "warrantyexpiry", "warrantyexpirydate",
        "保修截止", "保修截止日期", "保修到期", "保修到期日", "保修到期日期", "质保到期",
        "质保截止日期",
    ),
    "warranty_months": (
        "warrantymonths", "months", "保修月数", "质保月数", "保修期月", "保修期",
    ),
    "customer": (
        "customer", "customeremail", "email", "客户", "客户邮箱", "客户电子邮箱", "邮箱",
    ),
}  # fmt: skip
MEANING = {name: column for column, names in COLUMNS.items() for name in names}
DATE_SHAPES = (
    re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:[T ].*)?"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
    re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日?"),
    re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})"),
)


class Bad(Exception):  # noqa: N818 - the row is bad, not the program
    """One row cannot be taken; says why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Row:
    """One good row. None = the file says nothing about it, so nothing changes."""

    line: int
    sn: str
    model: str
    warranty_until: date
    shipped_on: date | None = None
    customer: str | None = None


@dataclass
class Table:
    """A file whose header was understood; iterate for rows or for what is wrong with them."""

    path: Path
    columns: dict[str, int] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        header = next((cells for _line, cells in lines_of(self.path) if any(map(text, cells))), [])
        self._understand(header)

    def _understand(self, header: list[Cell]) -> None:
        """Find the columns by name, English or Chinese; raises Unfit with what is missing."""
        for place, cell in enumerate(header):
            column = MEANING.get(squeeze(text(cell)))
            if column is None:
                if name := text(cell):
                    self.unused.append(name[:SHOWN])
            elif column in self.columns:
                raise Unfit(_("The column “%(name)s” stands there twice.") % {"name": text(cell)})
            else:
                self.columns[column] = place
        missing = [name for name in ("sn", "model") if name not in self.columns]
        if not {"warranty_until", "warranty_months"} & self.columns.keys():
            missing.append("warranty_until")
        if missing:
            reason = _(
                "The first line must name the columns. Missing: %(names)s. "
                "Download the template to see how."
            )
            raise Unfit(reason % {"names": ", ".join(missing)})
        if "warranty_until" not in self.columns and "shipped_on" not in self.columns:
            raise Unfit(_("A warranty in months needs the column shipped_on."))

    def __iter__(self) -> Iterator[tuple[int, list[Cell]]]:
        """Rows below the header that are not empty, with their line. Raises Unfit at the limit."""
        started, rows = False, 0
        for line, cells in lines_of(self.path):
            if not any(cell is not None and cell != "" for cell in cells):
                continue
            if not started:
                started = True
                continue
            rows += 1
            if rows > MAX_ROWS:
                raise Unfit(_("The file has more than 200,000 rows. Import it in parts."))
            yield line, cells

    def cell(self, cells: list[Cell], column: str) -> Cell:
        place = self.columns.get(column)
        return cells[place] if place is not None and place < len(cells) else None

    def read(self, line: int, cells: list[Cell], today: date) -> Row:
        """The row as values; raises Bad with the first thing wrong with it."""
        sn = read_sn(self.cell(cells, "sn"))
        model = text(self.cell(cells, "model"))
        if not model:
            raise Bad(_("The model is missing."))
        shipped = read_date(self.cell(cells, "shipped_on"))
        until = read_date(self.cell(cells, "warranty_until"))
        if until is None:
            until = read_months(self.cell(cells, "warranty_months"), shipped)
        if until < (shipped or EARLIEST):
            raise Bad(_("The warranty ends before the device was shipped."))
        if (shipped and shipped < EARLIEST) or until > today + LATEST:
            raise Bad(_("This date cannot be right."))
        customer = text(self.cell(cells, "customer")).lower() or None
        return Row(line, sn, model, until, shipped, customer)


def text(cell: Cell) -> str:
    """What a person reads in the cell: whole numbers without the point a spreadsheet adds."""
    if cell is None or isinstance(cell, bool):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def squeeze(name: str) -> str:
    """A column's name without spaces, marks, case and width."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in folded if c.isalnum())


def read_sn(cell: Cell) -> str:
    if isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= EXACT:
        raise Bad(_("The spreadsheet has rounded this number. Format the column as text."))
    written = text(cell)
    sn = normalise_sn(written)
    if not sn:
        raise Bad(_("The serial number is missing."))
    if not SN_SHAPE.fullmatch(sn) or not SPELLING.fullmatch(written):
        raise Bad(_("A serial number has 4 to 40 letters A to Z and digits."))
    return sn


def read_date(cell: Cell) -> date | None:
    """A day, or None for an empty cell; raises Bad for what may be read in two ways."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    written = unicodedata.normalize("NFKC", text(cell))
    if not written:
        return None
    for shape in DATE_SHAPES:
        if found := shape.fullmatch(written):
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                break
    raise Bad(_("“%(text)s” is no date. Write 2026-03-07.") % {"text": written[:SHOWN]})


def read_months(cell: Cell, shipped: date | None) -> date:
    """The last day of a warranty of that many months after shipping."""
    written = text(cell)
    if not written:
        raise Bad(_("The end of the warranty is missing."))
    if not (written.isascii() and written.isdigit() and int(written[:9]) <= LONGEST_MONTHS):
        raise Bad(_("“%(text)s” is no number of months.") % {"text": written[:SHOWN]})
    if shipped is None:
        raise Bad(_("A warranty in months needs the day of shipping."))
    return add_months(shipped, int(written))


def add_months(day: date, months: int) -> date:
    """The same day some months later; the last of the month where that day does not exist."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
