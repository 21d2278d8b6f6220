"""How a person reads an entry: one sentence, icon and tone per model and verb."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models

from core.workflow import Text


@dataclass(frozen=True)
class Sentence:
    text: Text
    icon: str = "s1"
    tone: str = "gray"
    public: bool = True


_sentences: dict[tuple[str, str], Sentence] = {}


def say(
    model: type[models.Model],
    verb: str,
    text: Text,
    *,
    icon: str = "s1",
    tone: str = "gray",
    public: bool = True,
) -> None:
    """Teach the timeline a verb. Not `public` = customers never see entries of it."""
    _sentences[model._meta.label_lower, verb] = Sentence(text, icon, tone, public)


def sentence_for(label: str, verb: str) -> Sentence | None:
    return _sentences.get((label.lower(), verb))
