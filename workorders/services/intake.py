"""What customer service writes down for a customer: the enquiry, its device, its warranty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from attachments.models import Attachment
from core.workflow import Refused
from devices.models import Verdict
from history.services import record
from workorders.models import Counselling
from workorders.services import counselling as counsellings
from workorders.services.desk import assign, lock, require_agent


@dataclass(frozen=True)
class Intake:
    """What an agent takes down on the phone, in a chat, from a mail or from sales (R83, R84)."""

    text: str
    sn: str = ""
    model_name: str = ""
    subject: str = ""
    channel: str = "phone"
    request_kind: str = ""
    bought_on: date | None = None
    files: Sequence[Attachment] = ()


class Override(TextChoices):
    """What an agent may decide against the registry (E10)."""

    COVERED = "covered", _("Treat as in warranty")
    PAID = "paid", _("Paid repair with a quote")
    REGISTRY = "registry", _("As the registry says")


@transaction.atomic
def register_customer(customer: Customer, *, actor: User) -> Customer:
    """A customer without a login, as an agent took them down. Raises PermissionDenied."""
    require_agent(actor)
    customer.save()
    record(customer, "registered", actor=actor, internal=True)
    return customer


@transaction.atomic
def open_for(customer: Customer, *, actor: User, intake: Intake) -> Counselling:
    """Open an enquiry on a customer's behalf; who takes it down looks after it (R83, R84).

    The customer needs no login. Raises PermissionDenied, Refused (the device is in an open repair
    order of this customer) and ValidationError.
    """
    require_agent(actor)
    opened = counsellings.open_counselling(
        customer,
        actor=actor,
        sn=intake.sn,
        text=intake.text,
        files=intake.files,
        subject=intake.subject,
        channel=intake.channel,
        model_name=intake.model_name,
    )
    Counselling.objects.filter(pk=opened.pk).update(
        request_kind=intake.request_kind, bought_on=intake.bought_on
    )
    return assign(opened, actor=actor, to=actor)


@transaction.atomic
def set_device(
    counselling: Counselling, *, actor: Any, sn: str, model_name: str = ""
) -> Counselling:
    """Enter or correct the serial number; the warranty is judged on the day of opening (E10).

    A decision made against the registry falls with the old number. Raises Refused once finished.
    """
    require_agent(actor)
    fresh = lock(counselling)
    _require_open(fresh)
    found = counsellings.find(sn, at=fresh.opened_at)
    facts = {
        "sn": found.sn,
        "device": found.device,
        "model_name": found.device.model.name if found.device else model_name or fresh.model_name,
        "verdict": found.verdict,
        "warranty_until": found.warranty_until,
        "paid_repair": found.paid_repair,
    }
    if all(getattr(fresh, name) == value for name, value in facts.items()):
        return fresh
    before = {"sn": fresh.sn, "verdict": fresh.verdict}
    after = {"sn": found.sn, "verdict": str(found.verdict)}
    Counselling.objects.filter(pk=fresh.pk).update(**facts)
    record(fresh, "device_set", actor=actor, data={"before": before, "after": after})
    return lock(fresh)


@transaction.atomic
def override_warranty(
    counselling: Counselling, *, actor: Any, decision: str, reason: str
) -> Counselling:
    """Decide against the registry's verdict, with a reason that stays in the history (E10).

    Raises Refused without a reason, and once the enquiry is finished.
    """
    require_agent(actor)
    fresh = lock(counselling)
    _require_open(fresh)
    reason = reason.strip()
    if not reason:
        raise Refused(_("Give the reason for deciding against the registry."))
    found = counsellings.find(fresh.sn, at=fresh.opened_at)
    verdict, paid = {
        Override.COVERED: (Verdict.IN, fresh.paid_repair),
        Override.PAID: (found.verdict, True),
        Override.REGISTRY: (found.verdict, found.paid_repair),
    }[Override(decision)]
    Counselling.objects.filter(pk=fresh.pk).update(verdict=verdict, paid_repair=paid)
    record(
        fresh,
        "warranty_decided",
        actor=actor,
        note=reason,
        internal=True,
        data={"decision": decision, "before": fresh.verdict, "after": str(verdict)},
    )
    return lock(fresh)


def _require_open(counselling: Counselling) -> None:
    if counselling.state == Counselling.State.FINISHED:
        raise Refused(_("The enquiry is finished."))
