"""Guards that can say why, steps as data, and querysets that never move a state by accident."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import EmptyResultSet, PermissionDenied
from django.db import connections, models
from django.db.models import BooleanField, Case, Q, Value, When
from django.db.models.sql import Query
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_fsm import Transition

M = TypeVar("M", bound=models.Model)
Text = str | Promise


@dataclass(frozen=True)
class Guard:
    """A condition that can say, to a person, why it refuses.

    `rows` is the same claim said to the database; steps taken in bulk need it.
    """

    test: Callable[[Any], bool]
    reason: Text
    rows: Callable[[], Q] | None = None

    def __call__(self, subject: models.Model) -> bool:
        return self.test(subject)


class Refused(Exception):  # noqa: N818 - "Refused" reads better than "RefusedError"
    """The step exists, but not from here or not yet (409). Carries every reason at once."""

    def __init__(self, *reasons: Text) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


class Stale(Exception):  # noqa: N818
    """Somebody else changed the thing since the form was opened (409); nothing was written."""

    def __init__(self, subject: models.Model) -> None:
        super().__init__(_("Somebody changed this since you opened it."))
        self.subject = subject


def by(*roles: str) -> Callable[[Any, Any], bool]:
    """Permission of a step: it looks at the role only; rows are the business of visible_to."""

    def permitted(_subject: Any, user: Any) -> bool:
        return getattr(user, "role", None) in roles

    permitted.roles = frozenset(roles)  # type: ignore[attr-defined]
    return permitted


class WorkflowQuerySet(models.QuerySet[M]):
    """Refuses to write `state` in bulk; only `advance_many` may, through `_move`."""

    def update(self, **fields: Any) -> int:
        if "state" in fields:
            raise TypeError("State moves by transition only.")
        return super().update(**fields)

    def _move(self, **fields: Any) -> int:
        return super().update(**fields)


class Step:
    """One declared transition of a model, read once from django-fsm."""

    def __init__(self, model: type[models.Model], name: str) -> None:
        method = getattr(model, name, None)
        meta = getattr(method, "_django_fsm", None)
        if meta is None:
            raise LookupError(f"{model.__name__} has no step {name!r}.")
        self.model, self.name = model, name
        self.by_source: dict[str, Transition] = meta.transitions
        self.any: Transition = next(iter(self.by_source.values()))
        self.custom: dict[str, Any] = self.any.custom

    @property
    def label(self) -> Text:
        label: Text = self.custom.get("label", self.name)
        return label

    @property
    def derived(self) -> bool:
        """Follows from other facts: taken inside permitted steps or tasks, never from a page."""
        return bool(self.custom.get("derived"))

    @property
    def stamp(self) -> str | None:
        return self.custom.get("stamp")

    @property
    def guards(self) -> list[Guard]:
        return [guard for guard in self.any.conditions if isinstance(guard, Guard)]

    def permits(self, actor: Any) -> bool:
        if actor is None or self.derived:
            return True
        return self.any.permission is not None and self.any.has_perm(None, actor)  # type: ignore[arg-type]

    def require(self, actor: Any) -> None:
        """Raise PermissionDenied: who may not act learns no reason."""
        if not self.permits(actor):
            raise PermissionDenied(self.name)

    def transition_from(self, state: str) -> Transition | None:
        return self.by_source.get(state)

    def why_not(self, subject: Any) -> Iterator[Text]:
        """Every reason that speaks against the step, each guard asked once."""
        move = self.transition_from(subject.state)
        if move is None:
            yield not_from(subject)
            return
        for guard in move.conditions:
            if not guard(subject):
                yield getattr(guard, "reason", _("This is not possible now."))


def state_label(subject: Any) -> Text:
    """The word people read for a state: the model's own (`state_label`) or the choice's."""
    label: Text = getattr(subject, "state_label", None) or subject.get_state_display()
    return label


def not_from(subject: Any) -> Text:
    return _("This is not possible while it is “%(state)s”.") % {"state": state_label(subject)}


def steps_of(model: type[models.Model]) -> list[Step]:
    """All declared steps of a model, in the order of life (as written)."""
    names: dict[str, None] = {}
    for klass in reversed(model.__mro__):
        for name, member in vars(klass).items():
            if hasattr(member, "_django_fsm"):
                names[name] = None
    return [Step(model, name) for name in names]


def offered_steps(subject: models.Model, user: Any) -> list[tuple[Step, tuple[Text, ...]]]:
    """What the page offers this user from this state, with the reasons against each."""
    state = subject.state  # type: ignore[attr-defined]
    return [
        (step, tuple(step.why_not(subject)))
        for step in steps_of(type(subject))
        if not step.derived and step.transition_from(state) and step.permits(user)
    ]


def also_requires(step: Any, guard: Guard) -> None:
    """An upper floor adds a guard to a lower step, from its `ready()`."""
    for declared in step._django_fsm.transitions.values():
        if guard not in declared.conditions:
            declared.conditions.append(guard)


def says(claim: Q) -> Case:
    return Case(When(claim, then=Value(True)), default=Value(False), output_field=BooleanField())


def insert_select(
    target: type[models.Model],
    rows: models.QuerySet[Any],
    constants: Mapping[str, Any],
    columns: Mapping[str, str],
) -> int:
    """One INSERT … SELECT: `columns` maps target fields to fields of `rows`, the rest is constant.

    Returns the number of rows written. The lever that keeps bulk work at a constant number of
    statements; an empty set writes nothing.
    """
    fields: dict[str, Any] = {name: target._meta.get_field(name) for name in (*columns, *constants)}
    wrapped: dict[str, Any] = {f"as_{name}": models.F(source) for name, source in columns.items()}
    for name, value in constants.items():
        field = fields[name]
        prepared = value.pk if isinstance(value, models.Model) else value
        output = field.target_field if isinstance(field, models.ForeignKey) else field
        wrapped[f"as_{name}"] = Value(prepared, output_field=output)
    names = [f"as_{name}" for name in (*columns, *constants)]
    selected = rows.order_by().annotate(**wrapped).values_list(*names)
    connection = connections[rows.db]
    query: Query = selected.query
    try:
        sql, params = query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return 0
    quote = connection.ops.quote_name
    into = ", ".join(quote(field.column) for field in fields.values())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(target._meta.db_table)} ({into}) {sql}",
            params,
        )
        return int(cursor.rowcount)
