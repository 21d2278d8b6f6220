"""Where a unit stands: read from its state and its outbound container, stored nowhere (R71)."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

BOX = "outbound_container"
SHIPMENT = f"{BOX}__shipment"


class Place(models.TextChoices):
    """In the order of the way; every unit that is not cancelled is at exactly one of them."""

    COMING = "coming", _("Not arrived")
    BENCH = "bench", _("At the repair shop")
    BOXED = "boxed", _("Boxed")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")
    SCRAPPED = "scrapped", _("Scrapped")


def place_of_units() -> Case:
    """The place as an expression over units; the first claim that holds decides."""
    return Case(
        When(Q(state="scrapped"), then=Value(Place.SCRAPPED.value)),
        When(Q(state__in=("expected", "missing")), then=Value(Place.COMING.value)),
        When(Q(**{f"{SHIPMENT}__delivered_at__isnull": False}), then=Value(Place.DELIVERED.value)),
        When(Q(**{f"{SHIPMENT}__tracked_at__isnull": False}), then=Value(Place.SHIPPED.value)),
        When(Q(**{f"{BOX}__isnull": False}), then=Value(Place.BOXED.value)),
        default=Value(Place.BENCH.value),
        output_field=models.CharField(),
    )
