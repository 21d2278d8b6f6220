"""Parts of a page that upper floors fill, so that the lower one never names them (style.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

Context = dict[str, Any]
Fill = Callable[[Any, Any], Context | None]


@dataclass(frozen=True)
class Panel:
    """A template and the function that fills it; None leaves the panel out."""

    template: str
    fill: Fill
    order: int


_panels: dict[tuple[type, str], list[Panel]] = {}


def panel(subject: type, template: str, *, place: str = "main", order: int = 100) -> Any:
    """Show a template on pages of this kind of subject: decorates `fill(subject, user)`.

    `subject` is a model or any class whose instances a page hands to `{% panels %}`; `place` names
    the slot of the page; `order` sorts panels of one slot, lowest first. Called in `ready()`.
    """

    def register(fill: Fill) -> Fill:
        known = [p for p in _panels.get((subject, place), []) if p.template != template]
        known.append(Panel(template, fill, order))
        _panels[subject, place] = sorted(known, key=lambda p: (p.order, p.template))
        return fill

    return register


def render_panels(subject: Any, user: Any, place: str, request: HttpRequest | None) -> SafeString:
    """All panels of the slot, one after the other; nothing where nobody registered."""
    filled = (
        (shown.template, shown.fill(subject, user))
        for shown in _panels.get((subject.__class__, place), ())  # lazy users too
    )
    return format_html_join(
        "\n",
        "{}",
        (
            (render_to_string(template, {"subject": subject, "user": user, **context}, request),)
            for template, context in filled
            if context is not None
        ),
    )
