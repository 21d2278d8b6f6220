"""Lists of serial numbers as people have them: pasted text, text files, CSV, Excel."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from devices.imports.tables import lines_of

# Names of the column, as sales lists and monitoring tools write it.
HEADERS = frozenset(
    {
        "sn", "devicesn", "devicesncode", "serial", "serialno", "serialnumber", "minersn",
        "设备sn", "设备sn码", "序列号", "sn码", "机器sn", "设备序列号",
    }
)  # fmt: skip
MOST_READ = 100_000  # rows of a file that are looked at before its length is refused anyway
SEPARATORS = re.compile(r"[,;\t，；、]")


def _folded(cell: Any) -> str:
    return re.sub(r"[\W_]+", "", str(cell)).casefold()


def _text(cell: Any) -> str:
    """A cell as it was typed: Excel keeps a number of digits as a float."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell if cell is not None else "").replace("\x00", "").strip()


def column_of(row: Iterable[Any]) -> int | None:
    """Which cell of a heading row stands above the serial numbers; None when it is no heading."""
    return next((n for n, cell in enumerate(row) if _folded(cell) in HEADERS), None)


def from_text(text: str) -> list[str]:
    """The serial numbers of a pasted text, in its order.

    Under a heading that names the column, only that column counts; else every line is one number,
    or several with commas, semicolons or tabs between them.
    """
    lines = [line for line in text.replace("\x00", "").splitlines() if line.strip()]
    if not lines:
        return []
    column = column_of(SEPARATORS.split(lines[0]))
    if column is None:
        pieces = (piece.strip() for line in lines for piece in SEPARATORS.split(line))
        return [piece for piece in pieces if piece]
    rows = (SEPARATORS.split(line) for line in lines[1:])
    return [row[column].strip() for row in rows if column < len(row) and row[column].strip()]


def from_file(upload: UploadedFile[Any]) -> list[str]:
    """The serial numbers of a file, whatever wrote it (UTF-8, UTF-16, GBK, .xlsx).

    The column is the one whose heading says so, else the first. Raises jobs.progress.Unfit.
    """
    with tempfile.NamedTemporaryFile() as kept:
        for chunk in upload.chunks():
            kept.write(chunk)
        kept.flush()
        rows = [row for _line, row in islice(lines_of(Path(kept.name)), MOST_READ)]
    rows = [row for row in rows if any(_text(cell) for cell in row)]
    if not rows:
        return []
    column = column_of(rows[0])
    body = rows if column is None else rows[1:]
    cells = (_text(row[column or 0]) for row in body if (column or 0) < len(row))
    return [cell for cell in cells if cell]
