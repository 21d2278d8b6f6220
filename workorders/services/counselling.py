"""Opening an enquiry: the device looked up, the warranty frozen, the first clock started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from accounts.roles import Role
from attachments.models import Attachment
from core.workflow import Refused
from devices.models import Brand, Device, Verdict, normalise_sn
from history.services import advance, record
from sla import services as sla
from sla.models import ClockKind
from workorders.models import Channel, Counselling, RepairOrder, Thread, Unit
from workorders.services import threads

SUBJECT_LENGTH = 90


@dataclass(frozen=True)
class Finding:
    """What the registry says of a serial number at one moment."""

    sn: str
    device: Device | None
    verdict: str
    warranty_until: date | None
    paid_repair: bool

    @property
    def may_be_counselled(self) -> bool:
        """In warranty, or of a brand that repairs for money (R7, R8, E10)."""
        return self.verdict == Verdict.IN or (self.device is not None and self.paid_repair)


def find(sn: str, *, at: datetime | None = None) -> Finding:
    """Look the number up in the registry; `at` is the day the warranty is judged on (E10)."""
    sn = normalise_sn(sn)
    rows = Device.objects.select_related("model__brand")
    device = rows.filter(sn=sn).first() if sn else None
    if device is None:
        return Finding(sn, None, Verdict.UNKNOWN, None, paid_repair=False)
    paid = device.model.brand.out_of_warranty == Brand.OutOfWarranty.QUOTE
    return Finding(sn, device, device.verdict(at), device.warranty_until, paid)


def open_order_of(sn: str) -> RepairOrder | None:
    """The one open repair order that holds this serial number, whoever's it is (E11)."""
    unit = Unit.objects.filter(sn=normalise_sn(sn), holds_sn=True).select_related("order").first()
    return unit.order if unit else None


@transaction.atomic
def open_counselling(
    customer: Customer,
    *,
    actor: User,
    sn: str,
    text: str,
    files: Sequence[Attachment] = (),
    subject: str = "",
    channel: str = Channel.PORTAL,
    model_name: str = "",
    several: bool = False,
) -> Counselling:
    """Open an enquiry with its first message; verdict and warranty date are frozen (R7, R11, E10).

    Customer service opens for anybody and for any number, even none (R83). `several`: it is about
    many devices, each judged when it is on the repair order (R67). Raises PermissionDenied
    (not one's own customer), Refused (out of warranty, unknown, or in an open order of one's own;
    somebody else's goes through and is flagged for customer service, E11) and ValidationError.
    """
    _require_opener(customer, actor)
    text = threads.checked(text, files)
    if not text:
        raise ValidationError({"text": _("Describe what is wrong.")})
    at = timezone.now()
    found = find(sn, at=at)
    elsewhere = None if several else _refuse_or_flag(found, customer, actor)
    thread = Thread.objects.create(customer=customer)
    message = threads.write(thread, actor=actor, text=text, files=files, at=at)
    enquiry = Counselling.objects.create(
        thread=thread,
        customer=customer,
        subject=subject.strip() or Truncator(text.split("\n")[0].strip()).chars(SUBJECT_LENGTH),
        channel=channel,
        device=found.device,
        sn=found.sn,
        model_name=found.device.model.name if found.device else model_name,
        verdict=found.verdict,
        warranty_until=found.warranty_until,
        paid_repair=found.paid_repair,
        several=several,
        opened_by=actor,
        excerpt=threads.excerpt(message),
        opened_at=at,
        last_message_at=at,
    )
    sla.start(Counselling, [enquiry.pk], ClockKind.FIRST_RESPONSE, at=at)
    record(enquiry, "opened", actor=actor, at=at, data={"message": message.pk})
    if elsewhere is not None:
        record(enquiry, "sn_elsewhere", actor=actor, internal=True, at=at, note=elsewhere.code)
    return _fresh(enquiry)


def _require_opener(customer: Customer, actor: User) -> None:
    own = actor.role == Role.CUSTOMER and actor.customer_id == customer.pk
    if not own and actor.role != Role.AGENT:
        raise PermissionDenied("open_counselling")


def _refuse_or_flag(found: Finding, customer: Customer, actor: User) -> RepairOrder | None:
    """The order of another customer that holds the number, for customer service to look into."""
    if actor.role == Role.CUSTOMER and not found.may_be_counselled:
        raise Refused(_("The device is not in warranty, so no counselling order can be opened."))
    order = open_order_of(found.sn) if found.sn else None
    if order is not None and order.customer_id == customer.pk:
        reason = _("This device is in your open repair order %(code)s.")
        raise Refused(reason % {"code": order.code})
    return order


def withdraw(counselling: Counselling, *, actor: User, note: str = "") -> Counselling:
    """The customer needs no answer any more. Raises PermissionDenied and Refused."""
    at = timezone.now()
    with transaction.atomic():
        advance(counselling, "withdraw", actor=actor, note=note, at=at)
        sla.stop(Counselling, [counselling.pk], at=at)
    return _fresh(counselling)


def _fresh(enquiry: Counselling) -> Counselling:
    found: Counselling = Counselling.objects.get(pk=enquiry.pk)
    return found
