"""The walk itself: both orders chapter by chapter, and what is looked at in between.

Imported once the settings know the database (tools/walk.py).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.db.models import Count
from playwright.sync_api import Page, Request, expect, sync_playwright

from billing.models import Invoice
from conftest import CHROMIUM_ARGUMENTS
from logistics.models import Container, Shipment
from tests import servers
from tests.browser import repair_centre, repair_figures, repair_goods
from tests.browser.house import House
from tests.browser.portal import Portal, serve
from tests.browser.repair_centre import Centre, Size
from tools.walk_times import Line, Reader, bulk_against_raw, vacuum
from workorders.models import RepairOrder, Unit

SMALL = Size(5, missing=1, unrepairable=1, pairs=1, scanned=1, boxes=1, shipments=1)
FIRST = ("1H214150900126", "1H214150900129")  # of the demo, in warranty, in no order
BOXES, SHIPMENTS = 40, 3
PATIENCE = 120_000
AT_ALL_TIMES = (
    ("customer Summary", "customer", "/repairs/{code}/"),
    ("staff Summary", "engineer", "/repairs/{code}/"),
    ("Miners tab", "engineer", "/repairs/{code}/miners/"),
    ("Logistics tab", "engineer", "/repairs/{code}/logistics/"),
    ("Billing tab", "manager", "/repairs/{code}/billing/"),
    ("Messages", "agent", "/repairs/{code}/messages/"),
    ("receiving", "engineer", "/receiving/{code}/"),
    ("unit", "engineer", "/units/{unit}/"),
)
ONCE_BOXED = (
    ("container", "engineer", "/containers/{box}/"),
    ("invoice", "finance", "/invoices/{invoice}/"),
    ("invoice, customer", "customer", "/invoices/{invoice}/"),
)
WHILE_PACKED = (
    ("Miners tab", "engineer", "/repairs/{code}/miners/"),
    ("Logistics tab", "engineer", "/repairs/{code}/logistics/"),
    ("container", "engineer", "/containers/{box}/"),
    ("packing", "engineer", "/containers/{box}/pack/"),
)
ONCE_SHIPPED = (
    ("shipment", "engineer", "/shipments/{shipment}/"),
    ("shipment, customer", "customer", "/shipments/{shipment}/"),
)
MOMENTS: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "receive": ("received", AT_ALL_TIMES),
    "repair_the_rest": ("repaired", AT_ALL_TIMES[:3]),
    "box": ("boxed", WHILE_PACKED),
    "invoice": ("billed", AT_ALL_TIMES + ONCE_BOXED),
    "deliver": ("delivered", AT_ALL_TIMES[:5] + ONCE_SHIPPED),
}
# Of no order: looked at when only the small one is at the dock, and when the large one is too.
OF_THE_HOUSE = (
    ("bench", "engineer", "/bench/"),
    ("receiving list", "engineer", "/receiving/"),
    ("order list", "agent", "/repairs/all/"),
)
BULK = {
    "scope": ("start_diagnosis", "received", "diagnosing"),
}


class OnPostgres(Portal):
    """The portal on the database that this process uses too."""

    def states(self, code: str) -> dict[str, int]:
        rows = Unit.objects.filter(order__code=code).exclude(state=Unit.State.CANCELLED)
        return dict(rows.order_by().values_list("state").annotate(n=Count("pk")))


@dataclass
class Watched(House):
    """Browsers whose POSTs are timed."""

    answered: list[tuple[str, float]] = field(default_factory=list)

    def visitor(self, *, script: bool = True, **options: Any) -> Page:
        page = super().visitor(script=script, **options)
        page.context.on("requestfinished", self.finished)
        return page

    def finished(self, request: Request) -> None:
        """From the first byte that goes to the first that comes."""
        if request.method == "POST":
            timing = request.timing
            path = urlsplit(request.url).path
            self.answered.append((path, timing["responseStart"] - timing["requestStart"]))


@dataclass
class Walk:
    """What the walk found."""

    sizes: tuple[int, int]
    seconds: dict[str, list[float]] = field(default_factory=dict)
    pages: list[Line] = field(default_factory=list)
    bulk: list[Line] = field(default_factory=list)
    answered: list[tuple[str, float]] = field(default_factory=list)
    code: str = ""

    def posts(self) -> list[tuple[str, float, int]]:
        """By kind of address of the large order: the slowest, and how many there were."""
        kinds: dict[str, list[float]] = {}
        for path, milliseconds in self.answered:
            kinds.setdefault(re.sub(rf"/({self.code}|\d+)/", "/…/", path), []).append(milliseconds)
        told = [(kind, max(times), len(times)) for kind, times in kinds.items()]
        return sorted(told, key=lambda one: -one[1])[:15]

    def told(self) -> dict[str, Any]:
        return {
            "sizes": self.sizes,
            "seconds": self.seconds,
            "pages": [line.told() for line in self.pages],
            "bulk": [line.told() for line in self.bulk],
            "posts": self.posts(),
        }


def walked(folder: Path, named: dict[str, str], *, large: int, rounds: int) -> Walk:
    """Both walks from the beginning to the end; raises what breaks them."""
    expect.set_options(timeout=PATIENCE)
    walk = Walk((SMALL.miners, large))
    with serve(folder, **named) as running, sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=servers.chromium(), args=CHROMIUM_ARGUMENTS
        )
        house = Watched(browser, OnPostgres(running.url, running.data))
        centres = [
            Centre(house, size, first=first, batch=batch)
            for batch, (size, first) in enumerate(
                zip((SMALL, Size(large, boxes=BOXES, shipments=SHIPMENTS)), FIRST, strict=True), 1
            )
        ]
        look = Look(walk, house, centres, rounds)
        for chapter in (*repair_centre.CHAPTERS, *repair_goods.CHAPTERS):
            for place, centre in enumerate(centres):
                take(walk, chapter, centre)
                if rounds and chapter is repair_centre.receive:
                    look.at_the_house(place)
            if rounds:
                look.after(chapter.__name__)
        for centre in centres:
            repair_figures.agree(centre, house.portal.states(centre.code))
            repair_figures.paid(centre)
        if complaints := house.leave():
            raise AssertionError(f"the browsers complain: {complaints}")
        browser.close()
    connection.close()
    return walk


def take(walk: Walk, chapter: Callable[[Centre], None], centre: Centre) -> None:
    """One chapter of one order; the large one comes last, its POSTs are kept."""
    watched: Any = centre.house
    watched.answered.clear()
    began = time.monotonic()
    chapter(centre)
    took = time.monotonic() - began
    walk.seconds.setdefault(chapter.__name__, []).append(took)
    print(f"{chapter.__name__}, {centre.size.miners:,} miners: {took:.1f} s", flush=True)
    if centre.size.miners == walk.sizes[1]:
        walk.code = centre.code
        walk.answered += watched.answered


@dataclass
class Look:
    """Between the chapters."""

    walk: Walk
    house: House
    centres: list[Centre]
    rounds: int
    before: dict[str, list[tuple[float, float, int]]] = field(default_factory=dict)

    def at_the_house(self, place: int) -> None:
        """Pages of no order, before and after the large one arrived."""
        vacuum()
        reader = Reader(self.house)
        for page, who, path in OF_THE_HOUSE:
            self.centres[0].at(who)
            reader.get(who, path)
            samples = [reader.sample(who, path) for _round in range(self.rounds)]
            if place == 0:
                self.before[page] = samples
                continue
            line = Line(page, "received")
            for small, large in zip(self.before[page], samples, strict=True):
                line.add(small, large)
            self.walk.pages.append(line)

    def after(self, chapter: str) -> None:
        if chapter in MOMENTS:
            vacuum()
            moment, pages = MOMENTS[chapter]
            reader = Reader(self.house)
            small, large = (self.addresses(centre) for centre in self.centres)
            for page, who, path in pages:
                self.centres[0].at(who)
                addresses = path.format(**small), path.format(**large)
                line = reader.compare(page, moment, who, *addresses, rounds=self.rounds)
                self.walk.pages.append(line)
            print(f"  looked at {len(pages)} pages, {moment}", flush=True)
        if chapter in BULK:
            code = self.centres[-1].code
            line = bulk_against_raw(code, *BULK[chapter], rounds=self.rounds)
            self.walk.bulk.append(line)
            print(f"  tried {line.page}", flush=True)

    def addresses(self, centre: Centre) -> dict[str, Any]:
        """Keys of things of this order, for the addresses of their pages."""
        order = RepairOrder.objects.get(code=centre.code)
        goods = {"consignment": order.consignment_id, "direction": "out"}
        first = {
            "unit": Unit.objects.filter(order=order, sn=centre.sns[-1]),
            "box": Container.objects.filter(**goods),
            "invoice": Invoice.objects.filter(order=order),
            "shipment": Shipment.objects.filter(**goods),
        }
        found = {name: rows.order_by("pk").first() for name, rows in first.items()}
        return {"code": order.code, **{name: row and row.pk for name, row in found.items()}}
