"""Walks the links that a person sees, breadth first, one page of each kind and state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Page

# Signing out ends the walk; Django's admin is not ours; files are no pages.
LEFT_OUT = re.compile(r"^/(accounts/logout|admin|files|static|language)(/|$)|\.(csv|pdf|xlsx)$")
MOST_OF_A_KIND = 8
# What tells two pages of one kind apart: the tab, and the states named at the head of the page.
FACE = """() => [...document.querySelectorAll(
  ".tabs [aria-current], .head .state, .card > header > .state, .card.lift h2, .empty h2, .verdict")]
  .map((one) => one.className + (one.matches(".tabs *") ? one.getAttribute("href") : "")).join()"""


def kind_of(path: str) -> str | None:
    """Name of the view behind an address; None for what the walk leaves out."""
    if LEFT_OUT.search(path):
        return None
    try:
        return resolve(path).view_name
    except Resolver404:
        return None


def walk(page: Page, site: str, start: str = "/") -> Iterator[tuple[str, int]]:
    """Opens page after page; each is yielded, with its status, while the browser shows it."""
    waiting, met, opened, faces = [start], {start}, Counter[str](), set[tuple[str, str]]()
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(urlsplit(address).path)
        if kind is None or opened[kind] >= MOST_OF_A_KIND:
            continue
        opened[kind] += 1
        answer = page.goto(address)
        landed = kind_of(urlsplit(page.url).path)
        face = (landed or "", page.evaluate(FACE))
        for link in page.eval_on_selector_all("a[href]", "all => all.map((one) => one.href)"):
            inside = link.removeprefix(site).split("#")[0]
            if link.startswith(site) and inside not in met:
                met.add(inside)
                waiting.append(inside)
        if landed and face not in faces:
            faces.add(face)
            yield urlsplit(page.url)._replace(scheme="", netloc="").geturl(), answer.status if answer else 0
