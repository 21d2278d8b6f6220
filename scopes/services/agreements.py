"""Service agreements: recorded, given new papers, ended; and the reminder before they run out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.roles import Role
from attachments.models import Attachment
from attachments.services import attach
from core.workflow import Refused, Stale
from devices.models import warranty_day
from history.services import edit, record
from scopes.models import AgreementVersion, ServiceAgreement

TOLD_BEFORE = timedelta(days=30)


def today() -> date:
    """The day on which agreements are judged: that of the house, where warranty is counted too."""
    return warranty_day()


def _require_agent(actor: Any) -> None:
    if getattr(actor, "role", None) != Role.AGENT:
        raise PermissionDenied("agreement")


def _lock(agreement: ServiceAgreement) -> ServiceAgreement:
    rows = ServiceAgreement.objects.select_for_update(of=("self",))
    return rows.get(pk=agreement.pk)


def _require_files(files: Sequence[Attachment]) -> None:
    if not files:
        raise ValidationError({"files": _("Choose the PDF of the agreement.")})


@transaction.atomic
def record_agreement(
    customer: Customer,
    *,
    actor: Any,
    number: str,
    starts_on: date,
    ends_on: date,
    files: Sequence[Attachment],
    note: str = "",
) -> ServiceAgreement:
    """A signed agreement with its first paper (R67).

    Raises PermissionDenied, ValidationError by field (a number that is taken, days the wrong way
    round, no paper).
    """
    _require_agent(actor)
    _require_files(files)
    if ends_on < starts_on:
        raise ValidationError({"ends_on": _("The last day lies before the first.")})
    try:
        with transaction.atomic():
            agreement = ServiceAgreement.objects.create(
                customer=customer, number=number.strip(), starts_on=starts_on, ends_on=ends_on
            )
    except IntegrityError as clash:
        taken = _("There is an agreement of this number already.")
        raise ValidationError({"number": taken}) from clash
    _add_paper(agreement, 1, actor=actor, note=note, files=files)
    record(agreement, "recorded", actor=actor)
    return agreement


def _add_paper(
    agreement: ServiceAgreement,
    number: int,
    *,
    actor: Any,
    note: str,
    files: Sequence[Attachment],
) -> AgreementVersion:
    paper = AgreementVersion.objects.create(
        agreement=agreement,
        number=number,
        ends_on=agreement.ends_on,
        note=note.strip(),
        uploaded_by=actor,
    )
    attach(files, paper, actor=actor)
    return paper


@transaction.atomic
def add_version(
    agreement: ServiceAgreement,
    *,
    version: int,
    actor: Any,
    ends_on: date,
    files: Sequence[Attachment],
    note: str = "",
) -> AgreementVersion:
    """The next paper; it may move the last day. Earlier papers stay as they are.

    Raises PermissionDenied, Stale (a colleague was faster), Refused (ended), ValidationError.
    """
    _require_agent(actor)
    _require_files(files)
    fresh = _lock(agreement)
    if fresh.version != version:
        raise Stale(fresh)
    if fresh.ended_on is not None:
        raise Refused(_("The agreement was ended. Record a new one."))
    if ends_on < fresh.starts_on:
        raise ValidationError({"ends_on": _("The last day lies before the first.")})
    if ends_on != fresh.ends_on:
        ServiceAgreement.objects.filter(pk=fresh.pk).update(expiry_told_at=None)
    last = fresh.versions.order_by("-number").values_list("number", flat=True).first() or 0
    ServiceAgreement.objects.filter(pk=fresh.pk).update(ends_on=ends_on, version=version + 1)
    fresh.ends_on, fresh.version = ends_on, version + 1
    paper = _add_paper(fresh, last + 1, actor=actor, note=note, files=files)
    data = {"number": paper.number, "ends_on": ends_on.isoformat()}
    record(fresh, "version_added", actor=actor, data=data)
    return paper


@transaction.atomic
def end_early(
    agreement: ServiceAgreement, *, version: int, actor: Any, on: date, reason: str
) -> ServiceAgreement:
    """From this day on it is no longer in force; open orders go on.

    Raises PermissionDenied, Stale, Refused (ended already), ValidationError by field.
    """
    _require_agent(actor)
    if not reason.strip():
        raise ValidationError({"end_reason": _("Give the reason.")})
    fresh = _lock(agreement)
    if fresh.version == version and fresh.ended_on is not None:
        raise Refused(_("The agreement was ended already."))
    if not fresh.starts_on <= on <= fresh.ends_on:
        raise ValidationError({"ended_on": _("Choose a day within the agreement.")})
    return edit(
        fresh, version=version, actor=actor, verb="ended", ended_on=on, end_reason=reason.strip()
    )


# ------------------------------------------------------------------ running out
def expiring_on(day: date) -> list[int]:
    """In force, with thirty days or fewer left, and nobody was told yet."""
    rows = ServiceAgreement.objects.active_on(day).filter(
        ends_on__lte=day + TOLD_BEFORE, expiry_told_at=None
    )
    return list(rows.order_by("ends_on", "pk").values_list("pk", flat=True))


@transaction.atomic
def tell_expiry(pk: int, *, actor: Any, at: datetime | None = None) -> bool:
    """Tell customer service once that it runs out; whether this call was the one that told."""
    at = at or timezone.now()
    rows = ServiceAgreement.objects.filter(pk=pk, expiry_told_at=None)
    if not rows.update(expiry_told_at=at):
        return False
    agreement = ServiceAgreement.objects.get(pk=pk)
    record(agreement, "expiring", actor=actor, internal=True, at=at)
    return True
