"""What approval of a repair request asks for: an agreement that is in force (R67)."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from core.workflow import Guard, also_requires
from scopes.models import ServiceAgreement
from scopes.services.agreements import today
from workorders.models import Counselling


def agreements_of(counselling: Counselling) -> list[ServiceAgreement]:
    """All of the customer's, the one that lasts longest first; asked once per row."""
    known: list[ServiceAgreement] | None = counselling.__dict__.get("_agreements")
    if known is None:
        rows = ServiceAgreement.objects.filter(customer=counselling.customer_id)
        known = counselling.__dict__["_agreements"] = list(rows.order_by("-ends_on", "-pk"))
    return known


def in_force(counselling: Counselling) -> ServiceAgreement | None:
    """The one that approval stands on today."""
    day = today()
    return next((each for each in agreements_of(counselling) if each.active_on(day)), None)


def standing(counselling: Counselling) -> tuple[bool, bool]:
    """Whether the customer has any agreement, and one in force today."""
    return bool(agreements_of(counselling)), in_force(counselling) is not None


def needs_agreement(counselling: Counselling) -> bool:
    """A request with a scope, or an enquiry of a customer who works by agreements."""
    return bool(counselling.several) or standing(counselling)[0]


def _any() -> Exists:
    return Exists(ServiceAgreement.objects.filter(customer=OuterRef("customer")))


def _active() -> Exists:
    rows = ServiceAgreement.objects.active_on(today())
    return Exists(rows.filter(customer=OuterRef("customer")))


has_agreement = Guard(
    lambda c: not c.several or standing(c)[0],
    _("There is no service agreement with this customer. Add it under “Service agreements”."),
    rows=lambda: Q(several=False) | Q(_any()),
)
agreement_in_force = Guard(
    lambda c: not standing(c)[0] or standing(c)[1],
    _(
        "No service agreement of this customer is in force today. Add a new one, or upload the "
        "version that goes on, under “Service agreements”."
    ),
    rows=lambda: ~Q(_any()) | Q(_active()),
)


def register() -> None:
    also_requires(Counselling.convert, has_agreement)
    also_requires(Counselling.convert, agreement_in_force)
