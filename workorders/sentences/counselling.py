"""Sentences of the timeline."""


def register() -> None: ...
