"""Repair requests: an enquiry about many miners, with what is to be done to them (R67)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.roles import Role
from attachments.models import Attachment
from attachments.services import attach
from core.workflow import Refused, Stale
from devices.models import ProductModel, normalise_sn
from history.services import record
from scopes.models import Scope, ScopeFee, ScopeLine
from workorders.models import Counselling, RequestKind, Service
from workorders.services.counselling import open_counselling
from workorders.services.desk import lock
from workorders.services.drafts import MOST_UNITS
from workorders.services.serials import LONGEST_SN


@dataclass(frozen=True)
class Fee:
    text: str
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Wanted:
    """What a request asks for: miners by model, services, and what staff agreed on top."""

    miners: Sequence[tuple[ProductModel, int]]
    services: Sequence[Service] = ()
    fees: Sequence[Fee] = ()
    sns: Sequence[str] = field(default_factory=tuple)

    @property
    def total(self) -> int:
        return sum(number for _model, number in self.miners)


def _checked(wanted: Wanted) -> Wanted:
    """One line per model. Raises ValidationError by field."""
    numbers: dict[int, int] = {}
    models = {model.pk: model for model, _number in wanted.miners}
    for model, number in wanted.miners:
        numbers[model.pk] = numbers.get(model.pk, 0) + number
    if not numbers or min(numbers.values()) < 1:
        raise ValidationError({"miners": _("Name at least one model and how many of it.")})
    if sum(numbers.values()) > MOST_UNITS:
        raise ValidationError(
            {"miners": _("A request holds %(most)d miners at most.") % {"most": MOST_UNITS}}
        )
    miners = [(models[pk], number) for pk, number in numbers.items()]
    return Wanted(miners, wanted.services, wanted.fees, serials(wanted.sns))


def serials(lines: Iterable[str]) -> list[str]:
    """Serial numbers in their one spelling, each once. Raises ValidationError beyond the limit."""
    spelled = (normalise_sn(line) for line in lines)
    found = list(dict.fromkeys(sn for sn in spelled if 0 < len(sn) <= LONGEST_SN))
    if len(found) > MOST_UNITS:
        raise ValidationError(
            {"sns": _("At most %(most)d serial numbers fit.") % {"most": MOST_UNITS}}
        )
    return found


@transaction.atomic
def open_request(
    customer: Customer,
    *,
    actor: Any,
    wanted: Wanted,
    text: str,
    subject: str = "",
    files: Sequence[Attachment] = (),
) -> Scope:
    """An enquiry with a scope; its documents hang on the scope, so that the shop reads them too.

    Fees are for staff to agree: a customer's are left out. Raises PermissionDenied,
    ValidationError by field.
    """
    checked = _checked(wanted)
    enquiry = open_counselling(
        customer,
        actor=actor,
        sn="",
        text=text,
        subject=subject.strip() or _subject(customer, checked.total),
        model_name=_summary(checked),
        several=True,
    )
    Counselling.objects.filter(pk=enquiry.pk).update(request_kind=RequestKind.REPAIR)
    scope = Scope.objects.create(counselling=enquiry, sns=checked.sns)
    _write(scope, checked, fees=actor.role == Role.AGENT)
    attach(files, scope, actor=actor)
    record(enquiry, "scope_added", actor=actor, data={"miners": checked.total})
    return scope


def _subject(customer: Customer, total: int) -> str:
    with translation.override(customer.language):
        said = ngettext("Repair of %(count)d miner", "Repair of %(count)d miners", total)
        return said % {"count": total}


def _summary(wanted: Wanted) -> str:
    """Short enough for the column where an enquiry names its device."""
    return ", ".join(f"{number} × {model}" for model, number in wanted.miners)[:120]


def _write(scope: Scope, wanted: Wanted, *, fees: bool) -> None:
    scope.lines.all().delete()
    ScopeLine.objects.bulk_create(
        ScopeLine(scope=scope, model=model, number=number) for model, number in wanted.miners
    )
    scope.services.set(wanted.services)
    if fees:
        scope.fees.all().delete()
        ScopeFee.objects.bulk_create(
            ScopeFee(scope=scope, text=f.text, amount=f.amount, currency=f.currency)
            for f in wanted.fees
        )


@transaction.atomic
def set_scope(counselling: Counselling, *, version: int, actor: Any, wanted: Wanted) -> Scope:
    """Customer service writes what was agreed, before approval; `version` 0 adds the first scope.

    Raises PermissionDenied, Refused (approved or finished), Stale, ValidationError by field.
    """
    if getattr(actor, "role", None) != Role.AGENT:
        raise PermissionDenied("scope")
    checked = _checked(wanted)
    enquiry = lock(counselling)
    if enquiry.state == Counselling.State.FINISHED:
        raise Refused(_("The request is decided; its scope stays as it is."))
    scope = Scope.objects.filter(counselling=enquiry.pk).first()
    if (scope.version if scope else 0) != version:
        raise Stale(scope or enquiry)
    before = told(scope) if scope else ""
    if scope is None:
        scope = Scope.objects.create(counselling=enquiry)
    else:
        scope.version += 1
    scope.sns = checked.sns
    scope.save(update_fields=["sns", "version"])
    _write(scope, checked, fees=True)
    Counselling.objects.filter(pk=enquiry.pk).update(several=True, model_name=_summary(checked))
    data = {"before": before, "after": told(scope), "miners": checked.total}
    record(enquiry, "scope_edited" if before else "scope_added", actor=actor, data=data)
    return scope


def told(scope: Scope) -> str:
    """The scope in one line, for the history."""
    miners = [f"{line.number} × {line.model}" for line in scope.lines.select_related("model")]
    services = [service.code for service in scope.services.all()]
    fees = [f"{fee.text} {fee.currency} {fee.amount}" for fee in scope.fees.all()]
    return "; ".join([*miners, *services, *fees]) or gettext("nothing")
