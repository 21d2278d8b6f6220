from __future__ import annotations

import factory

from accounts.roles import Role
from accounts.tests.factories import UserFactory
from jobs.models import Job


class JobFactory(factory.django.DjangoModelFactory[Job]):
    """A queued job of an administrator."""

    class Meta:
        model = Job

    kind = "tests.work"
    started_by = factory.SubFactory(UserFactory, role=Role.ADMIN)
