"""Reading tables of any kind, and what a row means."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from devices.imports.rows import (
    MAX_ROWS,
    Bad,
    Table,
    add_months,
    read_date,
    read_months,
    read_sn,
    text,
)
from devices.imports.tables import lines_of
from jobs.progress import Unfit

pytestmark = pytest.mark.once
TODAY = date(2026, 11, 21)
HEADER = "sn,model,warranty_until"


def file(tmp_path: Path, content: bytes | str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "any.name"
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


def excel(tmp_path: Path, rows: list[list[Any]], start: int = 1) -> Path:
    book = Workbook()
    for number, row in enumerate(rows, start=start):
        for place, cell in enumerate(row, start=1):
            book.active.cell(number, place, cell)
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def read(path: Path) -> list[Any]:
    table = Table(path)
    return [table.read(line, cells, TODAY) for line, cells in table]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_any_spreadsheets_csv_is_read(tmp_path: Path, delimiter: str, encoding: str) -> None:
    lines = [["设备SN码", "型号", "保修截止日期"], ["1H2141", "矿机 D1", "2027年3月7日"]]
    content = "\r\n".join(delimiter.join(line) for line in lines)
    rows = read(file(tmp_path, content, encoding))
    assert [(row.line, row.sn, row.model, row.warranty_until) for row in rows] == [
        (2, "1H2141", "矿机 D1", date(2027, 3, 7))
    ]


def test_line_numbers_count_empty_lines_and_cells_of_two_lines(tmp_path: Path) -> None:
    content = f'\n{HEADER}\n\n1H01,"D1\nMini",2027-03-07\n;;\n1H02,D1,2027-03-07\n'
    table = Table(file(tmp_path, content))
    lines = [line for line, cells in table if any(map(text, cells)) and cells[0].startswith("1H")]
    assert lines == [4, 7]


def test_excel_keeps_its_row_numbers_dates_and_numbers(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["SN", "Model", "Shipped on", "Warranty (months)"],
        [21415090018, "D1", datetime(2026, 3, 7), 12],  # noqa: DTZ001 - a spreadsheet knows no zone
        [None, None, None, None],
        ["1H-21415090019", "D1", "2026-03-07", "12"],
    ]
    found = read(excel(tmp_path, rows, start=3))
    assert [(row.line, row.sn, row.shipped_on, row.warranty_until) for row in found] == [
        (4, "21415090018", date(2026, 3, 7), date(2027, 3, 7)),
        (6, "1H21415090019", date(2026, 3, 7), date(2027, 3, 7)),
    ]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "neither"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        (b"PK\x03\x04broken", "cannot be read"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "neither"),
        (b"sn,model\n\xff\xff\xff", "neither"),
        (b"name,amount\nx,1", "sn, model, warranty_until"),
        (b"sn,model\nx,1", "warranty_until"),
        (b"sn,model,warranty_months\nx,1,12", "shipped_on"),
        (b"sn,SN,model,warranty_until\n", "twice"),
        (b"\n\n", "sn, model"),
        (b'sn,model,warranty_until\n1,"' + b"x" * 140_000, "Line 2"),
    ],
)
def test_what_is_no_such_table_is_refused_with_its_reason(
    tmp_path: Path, content: bytes, word: str
) -> None:
    with pytest.raises(Unfit) as refused:
        read(file(tmp_path, content))
    assert word in str(refused.value.reason)


def test_any_other_zip_is_no_excel(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("evil.txt", "x")
    with pytest.raises(Unfit, match="neither"):
        list(lines_of(path))


@pytest.mark.parametrize("place", [(2, 2000), (250_000, 1), (1_048_576, 16_384)])
def test_a_lonely_cell_far_away_takes_no_memory(tmp_path: Path, place: tuple[int, int]) -> None:
    book = Workbook()
    book.active.append(["sn", "model", "warranty_until"])
    book.active.cell(*place, "x")
    path = tmp_path / "far.xlsx"
    book.save(path)
    with pytest.raises(Unfit, match="too large"):
        list(lines_of(path))


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<x/>")
        with packed.open("xl/media/image.bin", "w", force_zip64=True) as big:
            for _piece in range(260):
                big.write(bytes(1024 * 1024))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(Unfit, match="too large"):
        list(lines_of(path))


def test_more_rows_than_the_limit_are_refused(tmp_path: Path) -> None:
    path = file(tmp_path, f"{HEADER}\n" + "1H00,D1,2027-03-07\n" * (MAX_ROWS + 1))
    with pytest.raises(Unfit, match="200,000"):
        sum(1 for _row in Table(path))


def test_columns_nobody_knows_are_named(tmp_path: Path) -> None:
    table = Table(file(tmp_path, f"{HEADER},Colour,\n1H01,D1,2027-03-07,red,\n"))
    assert table.unused == ["Colour"]


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (",D1,2027-03-07", "serial number is missing"),
        ("1H!,D1,2027-03-07", "4 to 40 letters"),
        ("矿机矿机,D1,2027-03-07", "4 to 40 letters"),
        ("1" * 41 + ",D1,2027-03-07", "4 to 40 letters"),
        ("1H01,,2027-03-07", "model is missing"),
        ("1H01,D1,", "end of the warranty is missing"),
        ("1H01,D1,03/07/2027", "is no date"),
        ("1H01,D1,2027-02-30", "is no date"),
        ("1H01,D1,2077-03-07", "cannot be right"),
        ("1H01,D1,1999-03-07", "before the device was shipped"),
    ],
)
def test_a_bad_row_says_what_is_wrong(tmp_path: Path, row: str, word: str) -> None:
    table = Table(file(tmp_path, f"{HEADER}\n{row}\n"))
    (line, cells) = next(iter(table))
    with pytest.raises(Bad) as bad:
        table.read(line, cells, TODAY)
    assert word in str(bad.value.reason)


@pytest.mark.parametrize(
    "cell",
    [
        *("2027-03-07", "2027/3/7", "2027.03.07", "20270307", 20270307.0, "7.3.2027"),
        *("2027年3月7日", "２０２７－０３－０７", "2027-03-07 00:00:00", date(2027, 3, 7)),
        datetime(2027, 3, 7, 12),  # noqa: DTZ001
    ],
)
def test_days_in_many_spellings(cell: Any) -> None:
    assert read_date(cell) == date(2027, 3, 7)


@pytest.mark.parametrize("cell", ["12.5", "-1", "1e3", "241", "x", "１２"])
def test_months_are_a_small_whole_number(cell: str) -> None:
    with pytest.raises(Bad):
        read_months(cell, date(2026, 1, 1))


def test_months_need_a_day_to_count_from() -> None:
    with pytest.raises(Bad):
        read_months("12", None)


def test_a_number_that_lost_its_digits_is_refused() -> None:
    with pytest.raises(Bad, match="rounded"):
        read_sn(1.2345678901234567e19)
    assert read_sn(12345678901234.0) == "12345678901234"


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 7), 1, date(2027, 1, 7)),
        (date(2026, 3, 7), 0, date(2026, 3, 7)),
    ],
)
def test_months_end_on_the_same_day_or_the_last(day: date, months: int, end: date) -> None:
    assert add_months(day, months) == end


@given(cell=st.text(max_size=40))
def test_no_text_breaks_the_reader(cell: str) -> None:
    reasons: list[str] = []
    for reader in (read_sn, read_date):
        try:
            reader(cell)
        except Bad as bad:
            reasons.append(str(bad.reason))
    assert all(reasons)
