"""The files of the look: sizes, colours, classes, strict CSP. What ui.md promises, measured."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from core.templatetags import ui

pytestmark = pytest.mark.once

TEMPLATES = Path(settings.BASE_DIR) / "templates"
STATIC = Path(settings.BASE_DIR) / "static"
CSS = (STATIC / "css" / "site.css").read_text()
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
SPRITE = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
BASE = (TEMPLATES / "base.html").read_text()
PAGES = [path for path in sorted(TEMPLATES.rglob("*.html")) if "emails" not in path.parts]
FOREIGN = {"cf-turnstile"}  # the hook of Turnstile's own script, drawn by it
TAGS = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def squeezed(*paths: Path) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def named(path: Path) -> str:
    return str(path.relative_to(TEMPLATES))


def test_the_style_sheet_is_one_request_of_at_most_sixteen_kilobytes():
    assert [path.name for path in (STATIC / "css").iterdir()] == ["site.css"]
    assert "@import" not in CSS
    assert squeezed(STATIC / "css" / "site.css") <= 16 * 1024


def test_our_own_script_is_at_most_six_kilobytes_on_every_page():
    everywhere = [path for path in SCRIPTS if f"js/{path.name}" in BASE]
    elsewhere = [path for path in SCRIPTS if path not in everywhere]

    assert squeezed(*everywhere) <= 6 * 1024
    assert all(squeezed(path) <= 1024 for path in elsewhere), "a script of one page stays small"


def test_style_and_script_with_htmx_are_at_most_fifty_kilobytes():
    htmx = finders.find("django_htmx/htmx-2.min.js")

    assert squeezed(STATIC / "css" / "site.css", *SCRIPTS, Path(str(htmx))) <= 50 * 1024


def test_script_needs_no_eval_and_sets_no_style():
    for path in SCRIPTS:
        text = path.read_text()
        assert not re.search(
            r"\beval\(|new Function|innerHTML|\.style\b|insertAdjacentHTML", text
        ), path


def test_raw_colours_stand_in_the_tokens_only():
    tokens, rest = CSS.split("@layer base {", 1)
    rest = re.sub(r"/\*.*?\*/", "", rest, flags=re.DOTALL)
    raw = re.findall(
        r"\b(?:oklch|oklab|rgba?|hsla?)\(|#[0-9a-f]{3,8}\b|[:,( ](?:white|black|red|gray)[;, )]",
        rest,
    )
    assert "oklch(" in tokens
    assert raw == []


def test_the_sheet_reads_the_same_from_right_to_left():
    physical = re.findall(
        r"\b(?:margin|padding|border)-(?:left|right)\b|^\s*(?:left|right)\s*:|text-align:\s*left;",
        CSS.replace("td.r:dir(rtl) { text-align: left; }", ""),
        re.MULTILINE,
    )
    assert physical == []


def test_every_state_with_a_shape_has_a_tone_and_the_shape_is_drawn():
    assert ui.SHAPES
    for kind, shapes in ui.SHAPES.items():
        for state, shape in shapes.items():
            assert re.search(rf"\.state-{kind}-{state}\b", CSS), (kind, state)
            assert shape in SPRITE, shape


def test_every_icon_that_a_template_asks_for_is_in_the_sprite():
    for path in PAGES:
        asked = re.findall(r'\{% (?:icon|drawing) "([\w-]+)"', path.read_text())
        assert set(asked) <= SPRITE, (named(path), set(asked) - SPRITE)


def test_templates_hold_no_style_and_no_script():
    for path in PAGES:
        text = TAGS.sub("", path.read_text())
        assert not re.search(r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:", text), named(path)
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), named(path)
        assert not re.search(
            r"\bhx-on|\bjs:|hx-trigger=\"(?:[^\"]*,)?\s*[\w:-]+(?: \d+m?s)? ?\[", text
        ), named(path)


def test_templates_use_only_classes_that_the_sheet_knows():
    known = set(
        re.findall(r"\.(-?[_a-zA-Z][\w-]*)", re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL))
    )
    known |= FOREIGN
    unknown = {}
    for path in PAGES:
        text = re.sub(r"\{%.*?%\}", " ", path.read_text(), flags=re.DOTALL)
        classes = {
            name
            for value in re.findall(r'\bclass="([^"]*)"', text)
            for name in value.split()
            if re.fullmatch(r"[\w-]+", name) and not name.endswith("-")
        }
        if classes - known:
            unknown[named(path)] = sorted(classes - known)
    assert unknown == {}


def test_every_component_lists_its_inputs_and_is_called_with_nothing_else():
    for path in sorted((TEMPLATES / "components").glob("*.html")):
        assert path.read_text().startswith("{# inputs"), path.name
    for path in PAGES:
        for call in re.findall(r'\{% include "components/[^%]*%\}', path.read_text()):
            assert call.endswith(" only %}"), (named(path), call)
