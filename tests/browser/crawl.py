"""Walks the links that a person sees, breadth first, one page of each kind and state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Page

# Signing out ends the walk; Django's admin is not ours; files are no pages.
LEFT_OUT = re.compile(
    r"^/(accounts/logout|admin|files|static|language)(/|$)|[./](csv|pdf|xlsx)/?$|/result/$"
)
# Pages of the person and not of the role.
COMMON = re.compile(r"^(account_|mfa_|usersessions_|accounts:|notifications:|repairshops:)")
# In the demo everybody reads everybody's mails; their links lead where only the addressee may go.
LINKS = "a[href]:not(.prose a)"
ADDRESSES = "all => all.map((one) => new URL(one.getAttribute('href'), one.baseURI).href)"
# What tells two pages of one kind apart: the tab, and the states named at the head of the page.
FACE = """() => [...document.querySelectorAll(
  ".tabs [aria-current], .head .badge, .card > header > .badge, [aria-labelledby=sn] .badge, \
.card.lift h2, .empty h2, .verdict")]
  .map((one) => one.className + (one.matches(".tabs *") ? one.getAttribute("href") : "")).join()"""


def kind_of(path: str) -> str | None:
    """Name of the view behind an address; None for what the walk leaves out."""
    if LEFT_OUT.search(path):
        return None
    try:
        return resolve(path).view_name
    except Resolver404:
        return None


def walk(page: Page, most: int, common: set[tuple[str, str]]) -> Iterator[str]:
    """Opens page after page; each is yielded, by its address, while it is shown.

    At most `most` of a kind are opened. `common` remembers the pages that look the same for all
    roles: what stands in it is not yielded again.
    """
    waiting, met, opened, faces = ["/"], {"/"}, Counter[str](), set[tuple[str, str]]()
    site = page.evaluate("location.origin")
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(urlsplit(address).path)
        if kind is None or opened[kind] >= most:
            continue
        opened[kind] += 1
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, (address, answer.status)
        for link in page.eval_on_selector_all(LINKS, ADDRESSES):
            inside = link.removeprefix(site).split("#")[0]
            if link.startswith(site) and inside not in met:
                met.add(inside)
                waiting.append(inside)
        landed = kind_of(urlsplit(page.url).path)
        face = (landed or "", page.evaluate(FACE))
        seen = common if COMMON.match(face[0]) else faces
        if landed and face not in seen:
            seen.add(face)
            yield address
