"""Rows of a CSV or Excel file, one after the other, whatever wrote it.

Nothing here trusts the name of the file: what it is, is read from its bytes.
"""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from jobs.progress import Unfit

Cell = Any
Line = tuple[int, list[Cell]]

CHUNK = 1 << 20
SNIFF = 1 << 16
UNPACKED_LIMIT = 256 * 1024 * 1024  # bytes an Excel file may have when unpacked
DELIMITERS = ",;\t"
NO_TABLE = _("This is neither a CSV nor an Excel file (.xlsx). Save the table as one of them.")
BROKEN_EXCEL = _("This Excel file cannot be read. Open it, save it again and try once more.")
# A cell beyond column AZ or row 200,000.
FAR_CELL = re.compile(
    rb"""[ ]r=["'](?:[A-Z]{3,}[0-9]|[B-Z][A-Z][0-9]|[A-Z]*(?:[2-9][0-9]{5}|[0-9]{7,})["'])"""
)
ENCODINGS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def lines_of(path: Path) -> Iterator[Line]:
    """Every row with the number of its line, as people count them; raises Unfit.

    Streams: memory does not grow with a CSV. Empty rows come too, so that numbers stay right.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise Unfit(_("The file is empty."))
    if head.startswith(b"PK\x03\x04"):
        return _excel(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unfit(_("This is an old Excel file (.xls). Save it as .xlsx or CSV."))
    return _csv(path, encoding_of(path))


def encoding_of(path: Path) -> str:
    """UTF-8 with or without its mark, UTF-16 with its mark, else GB 18030 (which holds GBK).

    The whole file is read for it: a Chinese word on the last line decides as well. Raises Unfit
    for anything that is no text.
    """
    with path.open("rb") as file:
        head = file.read(4)
    marked = next((name for mark, name in ENCODINGS.items() if head.startswith(mark)), None)
    for name in [marked] if marked else ["utf-8", "gb18030"]:
        if _decodes(path, name):
            return name
    raise Unfit(NO_TABLE)


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while piece := file.read(CHUNK):
                text = decoder.decode(piece)
                if "\0" in text or text.startswith("%PDF-"):
                    return False
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _csv(path: Path, encoding: str) -> Iterator[Line]:
    with path.open(encoding=encoding, newline="") as file:
        first = next((line for line in file if line.strip()), "")
        delimiter = max(DELIMITERS, key=first.count)
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
        line = 1
        try:
            for row in reader:
                yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            reason = _("Line %(line)s cannot be read: its quotation marks do not match.")
            raise Unfit(reason % {"line": line}) from error


def _excel(path: Path) -> Iterator[Line]:
    """The first sheet that shows something; numbers of rows as Excel shows them."""
    _refuse_bomb(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            sheet = book.get_sheet_by_index(0)
            yield from enumerate(sheet.iter_rows(), start=1)
    except (CalamineError, OSError, ValueError) as error:
        raise Unfit(BROKEN_EXCEL) from error


def _refuse_bomb(path: Path) -> None:
    """A small file may unpack to gigabytes; its own directory says so before anything is read."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = set(packed.namelist())
            unpacked = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile as error:
        raise Unfit(BROKEN_EXCEL) from error
    if "xl/workbook.xml" not in names and "xl/workbook.bin" not in names:
        raise Unfit(NO_TABLE)
    if unpacked > UNPACKED_LIMIT or any(_is_far_out(path, name) for name in names):
        raise Unfit(_("This Excel file is too large when unpacked. Import it in parts."))


def _is_far_out(path: Path, name: str) -> bool:
    """A sheet that uses a cell far to the right or far below: reading it costs all between."""
    if not (name.startswith("xl/worksheets/") and name.endswith(".xml")):
        return False
    with zipfile.ZipFile(path) as packed, packed.open(name) as sheet:
        tail = b""
        while piece := sheet.read(CHUNK):
            if FAR_CELL.search(tail + piece):
                return True
            tail = piece[-32:]
    return False
