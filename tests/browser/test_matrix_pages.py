"""Every page of the access matrix, for every kind of reader, light and dark: axe finds nothing.

Which pages there are is read from tests/matrix.py: each row that answers a GET of this reader with
200. What it answers is asked of Django in the world of the matrix (tests/world.py); Chromium shows
that answer, with its headers, its styles and its scripts, and no server stands between. So a page
that gets a row is looked at from that day on. Two rules leave answers out: what is no HTML, and
what is no whole page (the parts that htmx draws into one stand in it already when it is opened).

What opens on a page, what a form says that was refused, the data of the demo and the widths of
tablets are in test_pages.py.
"""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Iterator
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles import finders
from django.test import Client, override_settings
from playwright.sync_api import Browser, ConsoleMessage, Page, Route

from tests.browser.audit import ARRIVED, EVERYTHING, STICKS_OUT, axe
from tests.browser.house import WATCH
from tests.matrix import Row, cast, expected, rows
from tests.test_budget import READERS
from tests.world import World, body, standing, undone

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db]

SITE = "http://localhost"  # never asked: a secure context, so that passkeys are offered
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
AT_ONCE = 20  # pages of one test


def parts() -> Iterator[Any]:
    """The pages of each reader, some at a time, so that two workers share them."""
    for reader in ("anon", *READERS):
        pages = [row for row in rows() if expected(row, "get", "get", reader) == 200]
        for first in range(0, len(pages), AT_ONCE):
            name = f"{reader} {first // AT_ONCE + 1}"
            yield pytest.param(reader, pages[first : first + AT_ONCE], id=name)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    # Everybody signs in when the world is built; the last page is opened minutes later.
    fresh = override_settings(ACCOUNT_REAUTHENTICATION_TIMEOUT=24 * 60 * 60)
    with fresh, django_db_blocker.unblock(), standing() as made:
        yield made


@dataclass
class Shown:
    """A page of Chromium whose requests one client of Django answers."""

    page: Page
    client: Client
    answers: dict[str, Any] = field(default_factory=dict)  # address → what the page is
    said: list[str] = field(default_factory=list)
    # Playwright calls back in a context of its own, where Django would open another connection.
    here: Context = field(default_factory=copy_context)

    def __post_init__(self) -> None:
        self.page.context.add_init_script(WATCH)
        self.page.context.route("**/*", self.answer)
        self.page.on("console", self.heard)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.said.append(message.text)

    def answer(self, route: Route) -> None:
        address = route.request.url.removeprefix(SITE)
        if address.startswith("/static/"):
            static(route, address)
        elif route.request.resource_type == "xhr":
            route.fulfill(status=204)  # no news while we look
        else:
            response = self.answers.pop(address, None) or self.here.run(self.ask, address)
            headers = {**response.headers}
            route.fulfill(status=response.status_code, headers=headers, body=body(response))

    def ask(self, address: str) -> Any:
        with undone(self.client):
            return self.client.get(address)

    def audit(self, address: str) -> list[str]:
        """What is wrong with a page, once it is known to be one."""
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]
        self.page.emulate_media(color_scheme="light")
        self.page.goto(SITE + address)
        self.page.evaluate(AXE_SCRIPT)
        wrong = []
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self.page.evaluate(ARRIVED)
            wrong += [f"{scheme}: {word}" for word in axe(self.page, EVERYTHING)]
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        if out := self.page.evaluate(STICKS_OUT):
            wrong.append(f"sticks out at {PHONE['width']}: {out}")
        wrong += self.said
        self.said.clear()
        return wrong


def static(route: Route, address: str) -> None:
    path = finders.find(address.removeprefix("/static/").split("?")[0])
    assert isinstance(path, str), address
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    route.fulfill(body=Path(path).read_bytes(), content_type=kind)


def is_page(response: Any) -> bool:
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return False
    return bool(response.content.lstrip()[:15].lower() == b"<!doctype html>")


@pytest.mark.parametrize(("reader", "pages"), [*parts()])
def test_every_page_of_the_matrix_is_accessible(
    world: World, browser: Browser, reader: str, pages: list[Row], tell: Any
) -> None:
    people = {column: actor for actor, column in reversed(cast(world, "cora").items())}
    context = browser.new_context(viewport=DESK, reduced_motion="reduce")  # type: ignore[arg-type]
    shown = Shown(context.new_page(), world.clients[people[reader]])
    wrong, count, began = [], 0, time.monotonic()
    for row in pages:
        address = row.of(world.homes["cora"])
        response = shown.ask(address)
        assert response.status_code == 200, (str(row), response.status_code)
        if is_page(response):
            shown.answers[address] = response
            wrong += [f"{row}: {word}" for word in shown.audit(address)]
            count += 1
        else:
            body(response)  # a file is closed when it has been read
    context.close()
    tell(f"{reader}'s {count} pages", f"{time.monotonic() - began:.0f} s")
    assert not wrong, "\n".join(wrong)
