"""U01: a form changes what it asks for and nothing else, whatever is posted along with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from tests.matrix import Row, cast, rows
from tests.posts import post_of
from tests.world import World, standing, undone

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ROWS = rows()


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), standing() as made:
        yield made


# What a stranger would like to set, and the rows that decide whose things are and who one is.
GREEDY = {
    "state": "finished",
    "outcome": "solved",
    "verdict": "in",
    "role": "admin",
    "is_staff": "on",
    "is_superuser": "on",
    "is_active": "",
    "amount": "1",
    "paid_repair": "on",
    "code": "MINE0001",
    "author_role": "admin",
    "internal": "on",
    "public": "on",
    "announced": "",
    "holds_sn": "",
    "is_default": "on",
    "version": "1",
}
KEYS = ("customer", "shop", "owner", "author", "assignee", "opened_by", "order", "actor", "thread")
GUARDED = (*GREEDY, *(f"{name}_id" for name in KEYS), "email", "sn", "started_by_id", "waybill")
# Fields that the form of an address really has.
OWN: dict[str, set[str]] = {
    "accounts:invite": {"email"},
    "logistics:address-new": {"is_default"},
    "logistics:address-edit": {"is_default"},
    "parts:count": {"shop"},
    "parts:count-pieces": {"shop"},
    "parts:delivery": {"shop"},
    "parts:part-move": {"shop"},
    "parts:type-move": {"shop"},
    "workorders:counselling-behalf": {"customer"},
    "workorders:counselling-convert": {"shop"},
    "workorders:parcel-new": {"shop", "code"},
    "workorders:parcel-match": {"code"},
    "workorders:self-service": {"code"},
    "workorders:unit-note": {"public"},
    "workorders:unit-add": {"shop"},
    "workorders:unit-edit": {"shop"},
    "workorders:repair-save": {"shop"},
    "workorders:repair-submit": {"shop"},
}


def kept(field: models.Field[Any, Any], value: Any, newest: dict[Any, int]) -> Any:
    """Codes are drawn by lot and keys of new rows go on counting; a stranger's would stand out."""
    if field.name == "code" and value != GREEDY["code"]:
        return "drawn"
    return "new" if field.is_relation and value and value > newest[field.related_model] else value


def newest_keys() -> dict[Any, int]:
    """The highest key of every model of ours, before anything is sent."""
    every = [m for app in settings.OUR_APPS for m in apps.get_app_config(app).get_models()]
    return {m: m._default_manager.aggregate(last=models.Max("pk"))["last"] or 0 for m in every}


def snapshot(newest: dict[Any, int]) -> dict[str, list[tuple[Any, ...]]]:
    """Every guarded column of every row of ours."""
    seen = {}
    for app in settings.OUR_APPS:
        for model in apps.get_app_config(app).get_models():
            fields = [f for f in model._meta.concrete_fields if f.attname in GUARDED]
            if not fields or model._meta.label in ("attachments.Attachment", "jobs.FormKey"):
                continue
            rows: models.QuerySet[Any, Any] = model._default_manager.order_by("pk")
            seen[model._meta.label] = [
                tuple(kept(f, value, newest) for f, value in zip(fields, values, strict=True))
                for values in rows.values_list(*(f.attname for f in fields))
            ]
    return seen


def after(world: World, row: Row, actor: str, fields: dict[str, Any]) -> tuple[int, Any]:
    client = world.clients[actor]
    newest = newest_keys()
    with undone(client):
        response = client.post(row.of(world.homes["cora"]), fields)
        return response.status_code, snapshot(newest)


WITH_POST = [row for row in ROWS if row.ours and "post" in row.answers]


@pytest.mark.parametrize("row", WITH_POST, ids=str)
def test_fields_that_the_form_does_not_have_change_nothing(world: World, row: Row) -> None:
    """U01: what happens with the extra fields is what happens without them."""
    otto = world.homes["otto"]
    theirs = {
        "customer": otto.owner.customer_id,
        "shop": otto.shop.pk,
        **dict.fromkeys(("owner", "author", "assignee", "opened_by", "actor"), otto.owner.pk),
        "order": otto.made["order"].pk,
        "thread": otto.made["open"].thread_id,
    }
    extra = GREEDY | theirs | {f"{name}_id": value for name, value in theirs.items()}
    actors = {column: actor for actor, column in cast(world, "cora").items()}
    for column, status in row.answers["post"].items():
        if status not in (302, 303) or column == "anon" or column not in actors:
            continue
        actor = actors[column]
        base = post_of(row.name, world, world.homes["cora"], actor)
        own = OWN.get(row.name, set()) | set(base)
        added = {name: value for name, value in extra.items() if name not in own}
        plain = after(world, row, actor, base)
        base = post_of(row.name, world, world.homes["cora"], actor)
        assert after(world, row, actor, added | base) == plain, (column, actor)
