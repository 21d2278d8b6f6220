"""Conditions that work orders add to the steps of the floors below (`also_requires`)."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from core.workflow import Guard, also_requires
from logistics.models import Container
from workorders.models import Unit

holds_units = Guard(
    lambda box: Unit.objects.filter(outbound_container=box.pk).exists(),
    _("There is no device in this box."),
    rows=lambda: Q(Exists(Unit.objects.filter(outbound_container=OuterRef("pk")))),
)


def register() -> None:
    also_requires(Container.seal, holds_units)
