"""The access matrix: every address × method × person × whose object (Z01, Z03, Z10, S02, D8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.matrix import Cell, Row, all_urls, cells, rows
from tests.posts import post_of
from tests.world import World, standing, undone

pytestmark = pytest.mark.django_db
ROWS = rows()


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), standing() as made:
        yield made


def ask(world: World, cell: Cell, address: str) -> Any:
    client = world.clients[cell.actor]
    if cell.form == "post":
        home = world.homes[cell.home]
        return client.post(address, post_of(cell.row.name, world, home, cell.actor))
    headers = {"HX-Request": "true"} if cell.form == "partial" else {}
    return client.get(address, headers=headers)


def answer(world: World, cell: Cell) -> int:
    with undone():
        response = ask(world, cell, cell.row.of(world.homes[cell.home]))
        return int(response.status_code)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_everybody_gets_what_the_table_says(world: World, row: Row) -> None:
    wrong = {}
    for cell in cells(world, row):
        status = answer(world, cell)
        if status != cell.status:
            wrong[f"{cell.actor}, {cell.form}, object of {cell.home}"] = (status, cell.status)
    assert wrong == {}
