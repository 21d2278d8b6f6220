"""How the tests of the conversation ask for its pages."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from workorders.models import Counselling

HTMX = {"HX-Request": "true"}


def at(name: str, enquiry: Counselling | None) -> str:
    assert enquiry is not None
    return reverse(f"workorders:{name}", args=[enquiry.number])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def looked_up(user: User, sn: str) -> Client:
    client = signed_in(user)
    client.post(reverse("devices:lookup"), {"sn": sn})
    return client


def cursor(page: Any) -> dict[str, str]:
    found = dict(re.findall(r'name="(after|entry|day|who)" value="([^"]*)"', page.text))
    assert set(found) == {"after", "entry", "day", "who"}
    return found


def form_key(page: Any) -> str:
    composer = page.text[page.text.index('class="composer') :]
    return str(re.findall(r'name="form_key" value="([^"]+)"', composer)[0])
