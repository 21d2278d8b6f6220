"""The access matrix: every address × method × person × whose object (Z01, Z03, Z10, S02, S09)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.matrix import Cell, Row, all_urls, cast, cells, named, rows
from tests.posts import post_of
from tests.world import Home, World, body, standing, undone

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ROWS = rows()
AT_LEAST = 16_000

# A second click finds the device gone and is content, whoever's it was: nothing is deleted.
CONTENT_WITH_NOTHING = {("workorders:unit-delete", "post")}
# What a GET may write: when a session was last used.
SESSIONS = re.compile(r'"(django_session|usersessions_usersession)"|SAVEPOINT', re.IGNORECASE)
WRITES = re.compile(r"^\s*(INSERT|UPDATE|DELETE|REPLACE)", re.IGNORECASE)
NEW_EACH_TIME = re.compile(rb'(csrf[^>]*?(?:value|content)="|X-CSRFToken": ")[^"]+|nonce="[^"]+')


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), standing() as made:
        yield made


def ask(world: World, cell: Cell, address: str) -> tuple[int, bytes]:
    """Status and body; whatever it did is undone."""
    client = world.clients[cell.actor]
    with undone(client):
        if cell.form == "post":
            fields = post_of(cell.row.name, world, world.homes[cell.home], cell.actor)
            response = client.post(address, fields)
        else:
            headers = {"HX-Request": "true"} if cell.form == "partial" else {}
            response = client.get(address, headers=headers)
        return response.status_code, body(response)


def other(world: World, home: str) -> Home:
    return world.homes["otto" if home == "cora" else "cora"]


def test_every_url_has_a_row() -> None:
    """Nobody can add an address without saying who may open it; unnamed ones are Django admin's."""
    declared = {named(row) for row in ROWS}
    there = {name for name in all_urls() if "?" not in name}
    assert sorted(there - declared) == []
    assert sorted(declared - there) == []
    assert {name.split(":")[0] for name in all_urls() if "?" in name} <= {"admin"}


def test_the_matrix_is_as_large_as_we_say(world: World) -> None:
    assert sum(1 for row in ROWS for _cell in cells(world, row)) >= AT_LEAST


@pytest.mark.row("R29", "E32")
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_everybody_gets_what_the_table_says(world: World, row: Row) -> None:
    wrong = {}
    for cell in cells(world, row):
        status, _body = ask(world, cell, row.of(world.homes[cell.home]))
        if status != cell.status:
            wrong[f"{cell.actor}, {cell.form}, object of {cell.home}"] = (status, cell.status)
    assert wrong == {}


WITH_STRANGERS = [
    row
    for row in ROWS
    if row.about_something and any(404 in told.values() for told in row.answers.values())
]


@pytest.mark.parametrize("row", WITH_STRANGERS, ids=str)
def test_what_is_foreign_looks_like_what_does_not_exist(world: World, row: Row) -> None:
    """Same status, same body: neither says that there is something (Z01, S11)."""
    seen = set()
    for cell in cells(world, row):
        kind = (cast(world, cell.home)[cell.actor], cell.home, cell.form)
        if cell.status != 404 or kind in seen:
            continue
        seen.add(kind)
        home = world.homes[cell.home]
        there, nowhere = row.of(home), row.absent(home)
        foreign, unknown = ask(world, cell, there), ask(world, cell, nowhere)
        assert (foreign[0], unknown[0]) == (404, 404), cell
        assert same(foreign[1], there) == same(unknown[1], nowhere), cell


def same(page: bytes, address: str) -> bytes:
    """Without what differs from request to request, and without the address asked for."""
    return NEW_EACH_TIME.sub(b"", page).replace(address.encode(), b"HERE")


NESTED = [row for row in ROWS if row.key in ("draft-unit", "waybill", "tracked", "untracked")]


@pytest.mark.parametrize("row", NESTED, ids=str)
def test_a_child_of_another_parent_is_not_found(world: World, row: Row) -> None:
    """One's own order with somebody else's device or parcel (Z03)."""
    for cell in cells(world, row):
        address = row.crossed(world.homes[cell.home], other(world, cell.home))
        status, _body = ask(world, cell, address)
        if cell.status in (200, 303):
            content = (row.name, cell.form) in CONTENT_WITH_NOTHING
            assert status == (303 if content else 404), cell
        else:
            assert status == cell.status, cell


@pytest.mark.parametrize("row", [row for row in ROWS if row.ours], ids=str)
def test_reading_never_writes(world: World, row: Row) -> None:
    """S09: a link that somebody is made to follow changes nothing."""
    written: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if WRITES.match(sql) and not SESSIONS.search(sql):
            written.append(sql[:120])
        return execute(sql, params, many, context)

    seen = set()
    for cell in cells(world, row):
        column = cast(world, cell.home)[cell.actor]
        if cell.form == "post" or cell.status not in (200, 303) or (column, cell.form) in seen:
            continue
        seen.add((column, cell.form))
        with connection.execute_wrapper(watch):
            ask(world, cell, row.of(world.homes[cell.home]))
    assert written == []
