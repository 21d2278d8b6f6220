"""Two agents press "Take next" at the same moment: each gets another enquiry (D10)."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from accounts.roles import Role
from accounts.tests.factories import UserFactory
from workorders.models import Counselling
from workorders.services import desk
from workorders.tests.factories import CounsellingFactory

AGENTS, ENQUIRIES = 4, 20


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_nobody_gets_what_somebody_else_took():
    people = [UserFactory(role=Role.AGENT) for _number in range(AGENTS)]
    for _number in range(ENQUIRIES):
        CounsellingFactory()
    together = threading.Barrier(AGENTS)
    taken: dict[int, list[int]] = {person.pk: [] for person in people}

    def work(person):
        together.wait()
        while enquiry := desk.take_next(actor=person):
            taken[person.pk].append(enquiry.pk)
        connection.close()

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    everything = [pk for mine in taken.values() for pk in mine]
    assert len(everything) == len(set(everything)) == ENQUIRIES
    for person in people:
        assert Counselling.objects.filter(assignee=person).count() == len(taken[person.pk])
