"""Who may do what when: every state × every step × every role, written down once more by hand.

A transition that nobody wrote down here fails, and so does one that is written here only (Z13).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import models

from accounts.models import User
from accounts.roles import Role
from aftersales.workflows import machines
from billing.models import Invoice, Payment, Quote
from core.workflow import steps_of
from logistics.models import Container
from workorders.models import Counselling, RepairOrder, Unit

CUSTOMER, AGENT, ADMIN = Role.CUSTOMER, Role.AGENT, Role.ADMIN
SELLERS = {Role.SHOP_MANAGER, Role.AGENT}
BENCH = {Role.ENGINEER, Role.SHOP_MANAGER}
FINANCE = {Role.FINANCE}
NOBODY: set[Role] = set()  # derived: no button, taken inside another step or by a task

TABLE: dict[type[models.Model], dict[str, dict[str, set[Role]]]] = {
    Counselling: {
        "open": {
            "answer": NOBODY,
            "customer_wrote": NOBODY,
            "resolve": {AGENT},
            "refer": {AGENT},
            "withdraw": {CUSTOMER},
            "convert": {AGENT},
        },
        "answered": {
            "answer": NOBODY,
            "customer_wrote": NOBODY,
            "resolve": {AGENT},
            "refer": {AGENT},
            "withdraw": {CUSTOMER},
            "convert": {AGENT},
        },
        "finished": {},
    },
    RepairOrder: {
        "awaiting_submission": {"submit": {CUSTOMER, AGENT}, "cancel": {CUSTOMER, AGENT, ADMIN}},
        "pending_delivery": {"cancel": {CUSTOMER, AGENT, ADMIN}, "follow_units": NOBODY},
        "received": {"follow_units": NOBODY},
        "repaired": {"follow_units": NOBODY},
        "returned": {"follow_units": NOBODY, "complete": {CUSTOMER}},
        "completed": {},
        "cancelled": {},
    },
    Unit: {
        "expected": {"receive": BENCH, "mark_missing": BENCH, "cancel": NOBODY},
        "received": {"undo_receipt": BENCH, "start_diagnosis": BENCH, "reject": BENCH},
        "diagnosing": {
            "ask_customer": BENCH | {AGENT},
            "wait_for_parts": BENCH,
            "start_repair": BENCH,
            "start_test": BENCH,
            "give_up": BENCH,
            "reject": BENCH,
            "scrap": BENCH,
        },
        "awaiting_customer": {
            "customer_answered": BENCH | {AGENT, CUSTOMER},
            "give_up": BENCH,
            "reject": BENCH,
            "scrap": BENCH,
        },
        "awaiting_parts": {"start_repair": BENCH, "give_up": BENCH, "scrap": BENCH},
        "repairing": {
            "ask_customer": BENCH | {AGENT},
            "wait_for_parts": BENCH,
            "start_test": BENCH,
            "give_up": BENCH,
            "scrap": BENCH,
        },
        "testing": {"fail_test": BENCH, "pass_test": BENCH, "give_up": BENCH, "scrap": BENCH},
        "ready": {"rework": BENCH},
        "unrepairable": {"rework": BENCH, "scrap": BENCH},
        "rejected": {"scrap": BENCH},
        "scrapped": {},
        "missing": {"receive": BENCH},
        "cancelled": {},
    },
    Container: {
        "announced": {"arrive": BENCH},
        "arrived": {"unpack": BENCH},
        "unpacked": {},
        "open": {"seal": BENCH},
        "sealed": {"reopen": BENCH, "request_billing": NOBODY, "release": NOBODY},
        "ready_for_billing": {"reopen": BENCH, "bill": NOBODY},
        "billed": {"unbill": NOBODY, "release": NOBODY},
        "released": {"hold": NOBODY},
    },
    Invoice: {
        "draft": {"issue": FINANCE, "waive": NOBODY},
        "issued": {"settle": NOBODY, "void": FINANCE},
        "paid": {"unsettle": NOBODY},
        "void": {},
    },
    Payment: {
        "announced": {"confirm": FINANCE, "reject": FINANCE},
        "confirmed": {},
        "rejected": {},
    },
    Quote: {
        "draft": {"send": SELLERS, "withdraw": SELLERS},
        "sent": {
            "accept": {CUSTOMER},
            "decline": {CUSTOMER},
            "expire": NOBODY,
            "withdraw": SELLERS,
        },
        "accepted": {},
        "declined": {},
        "expired": {},
        "withdrawn": {},
    },
}


def cells() -> Iterator[Any]:
    for model in machines():
        for state, _label in model._meta.get_field("state").flatchoices:
            for step in steps_of(model):
                for role in Role:
                    name = f"{model.__name__}-{state}-{step.name}-{role}"
                    yield pytest.param(model, state, step, role, id=name)


@pytest.mark.row("E32")
@pytest.mark.parametrize(("model", "state", "step", "role"), list(cells()))
def test_step_is_open_to_exactly_the_roles_written_down(
    model: type[models.Model], state: str, step: Any, role: Role
) -> None:
    declared = step.transition_from(state)
    written = TABLE[model][state]
    assert (declared is not None) is (step.name in written)
    if declared is not None and not step.derived:
        assert step.permits(User(role=role)) is (role in written[step.name])
    if declared is not None and step.derived:
        assert written[step.name] == NOBODY


def test_every_machine_is_in_the_table() -> None:
    assert set(machines()) == set(TABLE)


@pytest.mark.parametrize("model", list(TABLE), ids=lambda m: m.__name__)
def test_every_step_is_derived_or_names_who_may(model: type[models.Model]) -> None:
    for step in steps_of(model):
        for move in step.by_source.values():
            assert step.derived is (move.permission is None), step.name
