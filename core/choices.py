"""Lists that forms offer: master data asked once a minute, long ones drawn lean (performance)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.cache import cache
from django.db.models import QuerySet
from django.forms.models import ModelChoiceIterator
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

SECONDS = 60


@dataclass(frozen=True)
class Known:
    """Master data by the name it is kept under; a change shows itself within a minute."""

    name: str
    asked: Callable[[], QuerySet[Any]]

    def rows(self) -> list[Any]:
        key = f"choices:{self.name}"
        found = cache.get(key)
        if found is None:
            found = list(self.asked())
            cache.set(key, found, SECONDS)
        return list(found)


class _Kept(ModelChoiceIterator):  # type: ignore[type-arg]
    """The options that a page draws."""

    def __iter__(self) -> Iterator[Any]:
        field: Any = self.field
        if field.empty_label is not None:
            yield "", field.empty_label
        yield from (self.choice(row) for row in field.known.rows())

    def __len__(self) -> int:
        return sum(1 for _option in self)

    def __bool__(self) -> bool:
        return len(self) > 0


class KnownChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Draws the rows as they are kept; what is sent is looked up in the database all the same."""

    iterator = _Kept

    def __init__(self, known: Known, **options: Any) -> None:
        self.known = known
        super().__init__(known.asked(), **options)

    def offer(self, known: Known) -> None:
        """Another list, where what is offered depends on what the form is about."""
        self.known, self.queryset = known, known.asked()


class LongSelect(forms.Select):
    """Hundreds of options as HTML needs them: no white space between them and no end tags."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        widget = self.get_context(name, value, attrs)["widget"]
        drawn = format_html_join(
            "",
            '<option value="{}"{}>{}',
            (
                (option["value"], flatatt(option["attrs"]), option["label"])
                for _group, options, _index in widget["optgroups"]
                for option in options
            ),
        )
        return format_html(
            '<select name="{}"{}>{}</select>', widget["name"], flatatt(widget["attrs"]), drawn
        )
