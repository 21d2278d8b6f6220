"""CSV that leaves the house (O04)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from core.csvout import csv_lines, csv_response, safe_cell

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", " =1", "＝1", "=cmd|' /C calc'!A0"]
)
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "written"), [(-1, "-1"), (Decimal("-1.50"), "-1.50"), (None, ""), ("a-b", "a-b")]
)
def test_numbers_stay_numbers(value: Any, written: str) -> None:
    assert safe_cell(value) == written


def test_the_file_reads_back_with_chinese_and_quotes() -> None:
    rows: list[list[Any]] = [["设备", 'say "hi"', "a,b\nc"], ["", 1, None]]
    text = "".join(csv_lines(["型号", "b", "c"], rows))
    assert text.startswith("\ufeff")
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert read == [["型号", "b", "c"], ["设备", 'say "hi"', "a,b\nc"], ["", "1", ""]]


def test_rows_are_asked_for_as_they_are_sent() -> None:
    asked = 0

    def rows() -> Iterator[list[int]]:
        nonlocal asked
        for number in range(1000):
            asked += 1
            yield [number]

    pieces = csv_lines(["n"], rows())
    next(pieces)
    assert asked < 500


def test_the_answer_is_a_download() -> None:
    response = csv_response("订单.csv", ["a"], [])
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
