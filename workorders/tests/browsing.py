"""A page of the running portal in a browser, for one person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from accounts.models import User

Opened = Callable[..., Page]


@pytest.fixture
def opened(live_server: Any, browser: Browser) -> Iterator[Opened]:
    """The page at an address in a browser of this person's own; fails on any complaint of it."""
    contexts, said = [], []

    def open_page(user: User, address: str, **options: Any) -> Page:
        client = Client()
        client.force_login(user)
        context = browser.new_context(**options)
        contexts.append(context)
        name = settings.SESSION_COOKIE_NAME
        key = client.cookies[name].value
        context.add_cookies([{"name": name, "value": key, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda m: said.append(m.text) if "Security Policy" in m.text else None)
        page.goto(live_server.url + address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
