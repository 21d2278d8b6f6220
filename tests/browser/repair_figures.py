"""What pages, CSV and database say about one order of the repair centre; all must say the same."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page

from tests.browser.repair_centre import Centre

NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Chart:
    """One chart of a Summary: how many per key, and the words that stand beside them."""

    counts: dict[str, int]
    words: dict[str, str]


def chart(page: Page, name: str) -> Chart:
    """From its legend: every entry is a link that filters by its key."""
    links = page.locator(f"section[aria-labelledby=chart-{name}] .legend a")
    told = links.evaluate_all(
        "all => all.map(a => [a.href, a.querySelector('.num').textContent,"
        " a.firstChild.textContent.trim()])"
    )
    counts, words = {}, {}
    for address, count, word in told:
        key = parse_qs(urlsplit(address).query)[name][0]
        counts[key], words[key] = int(count), word
    return Chart(counts, words)


def exported(centre: Centre, **filters: str) -> list[dict[str, str]]:
    """The rows of the CSV of exactly this list."""
    address = f"/repairs/{centre.code}/miners.csv"
    answer = centre.at("engineer").request.get(address, params=dict(filters), timeout=120_000)
    assert answer.ok, answer.status
    return list(csv.DictReader(io.StringIO(answer.body().decode("utf-8-sig"))))


def listed(centre: Centre, **filters: str) -> int:
    """How many the table says that it shows."""
    page = centre.tab("engineer", "miners/", **filters)
    found = NUMBER.search(page.locator(".bulk-all > span").inner_text())
    assert found
    return int(found[0])


def agree(centre: Centre, stored: dict[str, int]) -> None:
    """Both Summaries, the table and the CSV agree with the database and with the plan."""
    assert stored == centre.size.final
    for who in ("engineer", "customer"):
        page = centre.tab(who)
        states, places = chart(page, "state"), chart(page, "place")
        assert states.counts == stored, who
        assert sum(places.counts.values()) == centre.size.miners
        assert places.counts.get("delivered", 0) == centre.size.back
        assert places.counts.get("scrapped", 0) == centre.size.pairs
    rows = exported(centre)
    assert {row["Serial number"] for row in rows} == {centre.first, *centre.sns}
    assert len(rows) == centre.size.miners
    for state, count in stored.items():
        assert listed(centre, state=state) == count
        word = states.words[state]
        assert sum(row["State"] == word for row in rows) == count
        assert [row["State"] for row in exported(centre, state=state)] == [word] * count
    bench = centre.tab("engineer")
    for fault, count in chart(bench, "fault").counts.items():
        assert listed(centre, fault=fault) == len(exported(centre, fault=fault)) == count


def paid(centre: Centre) -> list[str]:
    """Numbers of the order's invoices; every one of them is paid."""
    page = centre.at("customer")
    page.goto(f"/invoices/?q={centre.code}")
    rows = page.locator("tbody tr").all()
    assert len(rows) == centre.size.boxes
    assert {row.locator(".side-cell").inner_text().strip() for row in rows} == {"Paid"}
    return [row.locator(".lead a").inner_text() for row in rows]
