"""What is final without going back: scrapped with consent, missing and settled (E7, R81)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.workflow import Step
from history.services import record_many
from workorders.models import RepairOrder, Unit
from workorders.models.unit import UnitQuerySet
from workorders.services import orders
from workorders.services.drafts import lock, require_editor

SPEAK_FOR = frozenset({Role.AGENT, Role.SHOP_MANAGER})
ASKED = ("unrepairable", "rejected")  # what a customer may give up on the page


def _require_note(actor: Any, note: str, question: Any) -> None:
    if actor.role not in SPEAK_FOR:
        raise PermissionDenied("settling")
    if not note.strip():
        raise ValidationError({"note": question})


def waiting_for_consent(units: UnitQuerySet) -> int:
    """How many of these a customer may give up now."""
    rows = units.filter(state__in=ASKED, outbound_container=None, scrap_agreed_at=None)
    return rows.count()


@transaction.atomic
def agree_to_scrapping(
    order: RepairOrder, units: UnitQuerySet, *, actor: Any, note: str = ""
) -> int:
    """The customer gives these devices up; only then may the workshop scrap them.

    Customers say it of devices that cannot be repaired; customer service or the shop's manager
    write down how the customer agreed. Returns how many were agreed to now.
    Raises PermissionDenied, ValidationError on `note`.
    """
    if getattr(actor, "role", None) == Role.CUSTOMER:
        require_editor(order, actor)
        states: tuple[str, ...] = ASKED
    else:
        _require_note(actor, note, _("Write down how and when the customer agreed."))
        states = tuple(Step(Unit, "scrap").by_source)
    order, at = lock(order), timezone.now()
    open_rows = units.filter(order=order.pk, state__in=states, outbound_container=None)
    pks = list(open_rows.filter(scrap_agreed_at=None).order_by("pk").values_list("pk", flat=True))
    Unit.objects.filter(pk__in=pks).update(scrap_agreed_at=at, scrap_agreed_by=actor)
    record_many(Unit, pks, "scrap_agreed", actor=actor, note=note.strip(), at=at)
    return len(pks)


@transaction.atomic
def settle_missing(order: RepairOrder, units: UnitQuerySet, *, actor: Any, note: str) -> int:
    """Nobody waits for these missing devices any more; the note says what was agreed.

    Returns how many were settled now; the order follows. One that turns up after all is received
    as ever. Raises PermissionDenied, ValidationError on `note`.
    """
    if getattr(actor, "role", None) is None:
        raise PermissionDenied("settling")
    _require_note(actor, note, _("Write down what was agreed with the customer."))
    order, at = lock(order), timezone.now()
    lost = units.filter(order=order.pk, state=Unit.State.MISSING, settled_at=None)
    pks = list(lost.order_by("pk").values_list("pk", flat=True))
    Unit.objects.filter(pk__in=pks).update(settled_at=at)
    record_many(Unit, pks, "missing_settled", actor=actor, note=note.strip(), at=at)
    if pks:
        orders.follow_units(order, actor=actor, at=at)
    return len(pks)
