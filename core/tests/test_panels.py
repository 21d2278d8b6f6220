"""Upper floors fill slots of lower pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Template, engines
from django.template.loaders.locmem import Loader
from django.utils.functional import SimpleLazyObject

from core import panels
from core.panels import panel

PAGE = Template("{% load panels %}[{% panels thing 'aside' %}]")


class Thing:
    name = "a <thing>"


@pytest.fixture(autouse=True)
def templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two templates of a test beside those of the house."""
    engine = engines["django"].engine  # type: ignore[attr-defined]
    words = {"one.html": "1 {{ subject.name }} {{ word }}", "two.html": "2 {{ user }}"}
    loaders = [Loader(engine, words), *engine.template_loaders]
    monkeypatch.setattr(engine, "template_loaders", loaders)
    monkeypatch.setattr(panels, "_panels", {})


def test_a_slot_that_nobody_fills_is_empty() -> None:
    assert PAGE.render(Context({"thing": Thing(), "user": "cora"})) == "[]"


def test_panels_stand_in_their_order_and_are_escaped() -> None:
    panel(Thing, "two.html", place="aside", order=2)(lambda subject, user: {})
    panel(Thing, "one.html", place="aside", order=1)(lambda subject, user: {"word": "<b>"})
    panel(Thing, "one.html", place="main")(lambda subject, user: {"word": "elsewhere"})
    drawn = PAGE.render(Context({"thing": Thing(), "user": "cora"}))
    assert drawn == "[1 a &lt;thing&gt; &lt;b&gt;\n2 cora]"


def test_a_panel_may_leave_itself_out() -> None:
    def only_for_agnes(subject: Thing, user: str) -> dict[str, Any] | None:
        return {} if user == "agnes" else None

    panel(Thing, "two.html", place="aside")(only_for_agnes)
    assert PAGE.render(Context({"thing": Thing(), "user": "cora"})) == "[]"
    assert PAGE.render(Context({"thing": Thing(), "user": "agnes"})) == "[2 agnes]"


def test_a_lazy_subject_is_what_it_stands_for() -> None:
    panel(Thing, "two.html", place="aside")(lambda subject, user: {})
    lazy = SimpleLazyObject(Thing)
    assert PAGE.render(Context({"thing": lazy, "user": "cora"})) == "[2 cora]"


def test_registering_twice_shows_once() -> None:
    for _time in range(2):
        panel(Thing, "two.html", place="aside")(lambda subject, user: {})
    assert PAGE.render(Context({"thing": Thing(), "user": "cora"})) == "[2 cora]"
