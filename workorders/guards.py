"""Conditions that work orders add to the steps of the floors below (`also_requires`)."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from core.workflow import Guard, also_requires
from logistics.models import Container
from workorders.models import Unit, UnitService

holds_units = Guard(
    lambda box: Unit.objects.filter(outbound_container=box.pk).exists(),
    _("There is no device in this box."),
    rows=lambda: Q(Exists(Unit.objects.filter(outbound_container=OuterRef("pk")))),
)

services_done = Guard(
    lambda unit: not UnitService.objects.filter(unit=unit.pk, done_at=None).exists(),
    _("Complete the services in scope first."),
    rows=lambda: Q(~Exists(UnitService.objects.filter(unit=OuterRef("pk"), done_at=None))),
)


def register() -> None:
    also_requires(Container.seal, holds_units)
    also_requires(Unit.pass_test, services_done)
