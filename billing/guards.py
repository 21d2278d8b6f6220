"""The gate of R80: nothing is released before its invoice is paid, or nothing was due."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from billing.models import Invoice
from core.workflow import Guard, also_requires
from logistics.models import Container
from workorders.models import Unit

bill_is_paid = Guard(
    lambda box: (
        Invoice.objects.filter(container=box.pk, state=Invoice.State.PAID).exists()
        or not Unit.objects.filter(outbound_container=box.pk).exists()
    ),
    _("Its invoice is not paid."),
    rows=lambda: (
        Q(Exists(Invoice.objects.filter(container=OuterRef("pk"), state="paid")))
        | Q(~Exists(Unit.objects.filter(outbound_container=OuterRef("pk"))))
    ),
)


def register() -> None:
    also_requires(Container.release, bill_is_paid)
