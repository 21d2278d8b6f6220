"""What a page costs: queries and octets, per role, the same for one row and for fifty.

The numbers stand in tests/query_budget.json; UPDATE_QUERY_BUDGET=1 writes them anew. A page may
become cheaper without a word; one that costs more must say so there.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.cache import cache
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext

from tests.matrix import Row, cast, expected, rows
from tests.world import World, body, standing, undone

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FILE = Path(__file__).with_name("query_budget.json")
MOST = 10  # queries of any page, session and person included
LIST_SIZE, DETAIL_SIZE = 60_000, 30_000  # octets of HTML, before compression
MANY = 50
# One page per kind of reader: colleagues and peers cost what these cost.
READERS = ("ownr", "agnt", "shop", "boss", "offc", "admn", "finc")

PAGES = [row for row in rows() if row.ours and "get" in row.answers]
# Lists show up to fifty rows; every other page is about one thing, and fifty of what hangs on it.
LISTS = {
    "accounts:people",
    "billing:desk",
    "billing:invoice-list",
    "billing:payments",
    "billing:price-list(price-list)",
    "devices:device-list",
    "jobs:job-list",
    "logistics:address-list",
    "parts:stock",
    "repairshops:shop-list",
    "workorders:bench",
    "workorders:containers",
    "workorders:counselling-behalf",
    "workorders:my-orders",
    "workorders:order-list",
    "workorders:order-miners",
    "workorders:queue",
    "workorders:receive",
    "workorders:receiving",
    "workorders:self-service",
    "workorders:shipments",
}


@dataclass(frozen=True)
class Cost:
    """What one reader's page asks the database, and what it sends."""

    cold: int  # queries with an empty cache
    queries: int
    size: int


def measure(world: World, row: Row) -> dict[str, Cost]:
    """Per reader, of a page that shows itself to them."""
    costs = {}
    people = {column: actor for actor, column in reversed(cast(world, "cora").items())}
    for column in READERS:
        if expected(row, "get", "get", column) != 200:
            continue
        client, address = world.clients[people[column]], row.of(world.homes["cora"])
        with undone(client):
            cache.clear()
            cold, _size, _response = asked(client, address)
            queries, size, response = asked(client, address)
        html = response.headers["Content-Type"].startswith("text/html")
        if response.status_code == 200 and html:
            costs[column] = Cost(cold, queries, size)
    return costs


def asked(client: Any, address: str) -> tuple[int, int, Any]:
    """How many queries one request makes, the octets of its answer, and the answer."""
    reset_queries()  # the log keeps only so many, and all pages together make more
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
        size = len(body(response))
    made = sum("SAVEPOINT" not in query["sql"] for query in queries.captured_queries)
    return made, size, response


@pytest.fixture(scope="module")
def costs(django_db_setup: None, django_db_blocker: Any) -> dict[int, dict[str, Any]]:
    """Per number of rows: page → reader → cost."""
    found: dict[int, dict[str, Any]] = {}
    # Once a minute a request writes that its session is alive: no page's own cost.
    once_a_minute = mock.patch("accounts.middleware.TOUCH_SECONDS", 3600)
    with django_db_blocker.unblock(), once_a_minute:
        for number in (1, MANY):
            with standing(number) as world:
                measure(world, PAGES[0])  # what a process learns once is not counted
                found[number] = {str(row): measure(world, row) for row in PAGES}
    return found


def test_a_page_costs_the_same_for_one_row_and_for_fifty(costs: dict[int, Any]) -> None:
    grown = {
        f"{page} {reader}": (costs[1][page][reader].queries, cost.queries)
        for page, told in costs[MANY].items()
        for reader, cost in told.items()
        if cost.queries > costs[1][page][reader].queries
    }
    assert grown == {}


def test_no_page_asks_the_database_more_than_ten_times(costs: dict[int, Any]) -> None:
    dear = {
        f"{page} {reader}": (cost.queries, cost.cold)
        for page, told in costs[MANY].items()
        for reader, cost in told.items()
        if max(cost.queries, cost.cold) > MOST
    }
    assert dear == {}


def test_pages_cost_what_is_written_down(costs: dict[int, Any]) -> None:
    now = {
        page: {reader: cost.queries for reader, cost in told.items()}
        for page, told in sorted(costs[MANY].items())
        if told
    }
    if os.environ.get("UPDATE_QUERY_BUDGET"):
        FILE.write_text(json.dumps(now, indent=1) + "\n")
    budget = json.loads(FILE.read_text())
    assert set(now) == set(budget), "a page is new or gone: run with UPDATE_QUERY_BUDGET=1"
    dearer = {
        f"{page} {reader}": (queries, budget[page].get(reader, 0))
        for page, told in now.items()
        for reader, queries in told.items()
        if queries > budget[page].get(reader, 0)
    }
    assert dearer == {}


@pytest.mark.parametrize("number", [1, MANY])
def test_pages_stay_small_whatever_stands_on_them(costs: dict[int, Any], number: int) -> None:
    large = {
        f"{page} {reader}": cost.size
        for page, told in costs[number].items()
        for reader, cost in told.items()
        if cost.size > (LIST_SIZE if page.partition("(")[0] in LISTS else DETAIL_SIZE)
    }
    assert large == {}
