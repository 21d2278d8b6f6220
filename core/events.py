"""News goes up: one signal in the whole house, sent from one line (history.services)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.dispatch import Signal

happened = Signal()


@dataclass(frozen=True)
class Event:
    """What happened, to which rows of one model, by whom. Plural: bulk work sends one event."""

    model: type[models.Model]
    verb: str
    pks: list[int]
    actor_id: int | None
    at: datetime
    target: str = ""
    note: str = ""
    internal: bool = False
    data: dict[str, Any] = field(default_factory=dict)

    def subjects(self) -> models.QuerySet[Any]:
        return self.model._default_manager.filter(pk__in=self.pks)


Handler = Callable[[Event], None]


def subscribe(model: type[models.Model], *verbs: str) -> Callable[[Handler], Handler]:
    """Call the function for events of this model (all verbs when none is named).

    It runs inside the transaction of what happened: it may write rows; what leaves the house
    goes through `task.delay_on_commit(pk)`.
    """

    def connect(handler: Handler) -> Handler:
        def hear(sender: type[models.Model], event: Event, **_: Any) -> None:
            if not verbs or event.verb in verbs:
                handler(event)

        happened.connect(
            hear,
            sender=model,
            weak=False,
            dispatch_uid=(handler.__module__, handler.__qualname__, model),
        )
        return handler

    return connect
