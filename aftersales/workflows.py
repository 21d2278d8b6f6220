"""The state machines as tables and pictures, read from the models that run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import translation
from django_fsm import FSMField

from core.workflow import Step, steps_of

HEAD = """# Workflows

Generated from the models by `make workflows`; `make check` fails when it is out of date.
A *derived* step follows from other facts: it has no button, nobody takes it by hand.
"""


def machines() -> list[type[models.Model]]:
    """Every model of ours with a state that moves by steps, from the ground up."""
    return [
        model
        for model in apps.get_models()
        if any(isinstance(field, FSMField) for field in model._meta.get_fields())
    ]


def document() -> str:
    with translation.override("en"):
        return "\n".join([HEAD, *(line for model in machines() for line in _machine(model))])


def _machine(model: type[models.Model]) -> Iterator[str]:
    steps = steps_of(model)
    labels = dict(model._meta.get_field("state").flatchoices)  # type: ignore[union-attr]
    yield f"## {str(model._meta.verbose_name).capitalize()}\n"
    yield "```mermaid"
    yield "stateDiagram-v2"
    for step in steps:
        for source, target in _moves(step):
            yield f"    {source} --> {target}: {step.name}"
    yield "```\n"
    yield "| step | reads | from | to | who | asks |"
    yield "|---|---|---|---|---|---|"
    for step in steps:
        yield _row(step, labels)
    yield ""


def _moves(step: Step) -> Iterator[tuple[str, str]]:
    for source, move in step.by_source.items():
        for target in _targets(move.target):
            if target != source or not step.derived:
                yield source, target


def _targets(target: Any) -> Iterable[str]:
    return getattr(target, "allowed_states", None) or [target]


def _row(step: Step, labels: dict[str, str]) -> str:
    sources = ", ".join(str(labels[source]) for source in step.by_source)
    targets = ", ".join(str(labels[t]) for t in _targets(step.any.target))
    roles = sorted(getattr(step.any.permission, "roles", ()))
    who = "derived" if step.derived else ", ".join(str(role) for role in roles)
    asks = " ".join(str(guard.reason) for guard in step.guards)
    return f"| `{step.name}` | {step.label} | {sources} | {targets} | {who} | {asks} |"
