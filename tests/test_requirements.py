"""Every row of the requirements is proved by a test, and the page that says so is fresh."""

import pytest

from tools import requirements

pytestmark = pytest.mark.once


def test_every_row_is_proved_and_the_page_is_fresh():
    assert requirements.complaints() == []


def test_a_mark_that_names_no_row_is_told(monkeypatch):
    monkeypatch.setattr(requirements, "proofs", lambda: {"R999": ["tests/test_x.py::test_y"]})
    assert "R999: no such row (tests/test_x.py::test_y)" in requirements.complaints()


def test_a_row_without_a_test_is_told(monkeypatch):
    monkeypatch.setitem(requirements.ROWS, "R998", "Nobody proves this.")
    assert "R998: no test proves it" in requirements.complaints()
