"""What kinds of long work there are; each app adds its own in `ready()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.workflow import Text
from jobs.progress import Progress

Work = Callable[[Progress], None]


@dataclass(frozen=True)
class Kind:
    """A kind of work: its name for people, what does it, and the words of its counts."""

    name: str
    label: Text
    work: Work
    counts: Mapping[str, Text] = field(default_factory=dict)
    result_label: Text = ""


_kinds: dict[str, Kind] = {}


def kind(
    name: str, label: Text, *, counts: Mapping[str, Text] | None = None, result_label: Text = ""
) -> Callable[[Work], Work]:
    """Register `work(progress)`: it may be started again from the beginning at any time.

    `counts` names the figures it reports, in the order of the page; `result_label` the file that
    it leaves. It raises `Unfit` to say to a person why it cannot be done.
    """

    def register(work: Work) -> Work:
        _kinds[name] = Kind(name, label, work, counts or {}, result_label)
        return work

    return register


def kind_of(name: str) -> Kind:
    """Raises LookupError for a kind that no app registered."""
    return _kinds[name]


def label_of(name: str) -> Text:
    known = _kinds.get(name)
    return known.label if known else name
