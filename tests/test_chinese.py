"""Who reads Chinese meets no English word: pages of every role, refusals, forms, mails (R34, E30).

The crawl reads what the access matrix lets each kind of person open; see tests/chinese.py for what
counts as a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests.chinese import english, english_of_page, typed
from tests.matrix import Row, cast, expected, rows
from tests.posts import post_of
from tests.world import BARE, CANARY, World, body, standing, undone
from tools import messages

# ------------------------------------------------------------------ the catalogue
# Said the same in both languages, with the reason.
SAME = {
}


@pytest.mark.row("R34", "E30")
@pytest.mark.once
def test_every_word_is_translated() -> None:
    """Nothing missing, empty or fuzzy; placeholders are those of the English words."""
    assert list(messages.complaints("zh_Hans")) == []


@pytest.mark.once
def test_nothing_is_left_in_english() -> None:
    same = {
        message.id
        for message in messages.read("zh_Hans")
        if message.id and message.id in messages.translations(message)
    }
    assert same - set(SAME) == set()
    assert set(SAME) - same == set(), "translated meanwhile"


# ------------------------------------------------------------------ the pages
READERS = ("anon", "ownr", "agnt", "shop", "boss", "fin", "sal", "admn", "bare")
ROWS = rows()


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), standing() as made:
        User.objects.update(language="zh-hans")
        for client in made.clients.values():
            client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
        yield made


def readers(world: World) -> dict[str, str]:
    """One person per role, with the column of the matrix; bare is an agent without factor."""
    home = world.homes["cora"]
    columns = cast(world, "cora")
    chosen = ("anonymous", "cora", "agnes", "emil", "mona", "fin", "sal", "ada", "agnes" + BARE)
    assert home.engineer == world.people["emil"]
    return {actor: columns[actor] for actor in chosen}


@pytest.mark.django_db
def test_x(world):
    import time
    t=time.time()
    known = typed()
    out = {}
    n=0
    for row in ROWS:
      for actor, column in readers(world).items():
        if "get" not in row.answers or expected(row,"get","get",column)!=200: continue
        client = world.clients[actor]
        with undone(client):
            response = client.get(row.of(world.homes["cora"]))
            html = body(response).decode(errors="replace")
        if not response.headers.get("Content-Type","").startswith("text/html"): continue
        n+=1
        for line in english_of_page(CANARY.sub(" ", html), known):
            out.setdefault(line, []).append(f"{row} {actor} {response.status_code}")
    f=open("/tmp/team/zh/crawl.txt","w")
    print(n, time.time()-t,file=f)
    for line, where in sorted(out.items()): print(line, "   <--", len(where), where[0],file=f)
