"""What the mails say: one letter per event, in words that can be translated.

A letter is made while the recipient's language and time zone are active; templates/emails/ turns
it into text and HTML. It links to the portal and carries no file and no secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from workorders.models import Counselling, RepairOrder

QUOTE_LIMIT = 1500  # characters of a message that a mail repeats


@dataclass(frozen=True)
class Letter:
    """One task per mail: what happened, what it means, one button."""

    subject: str
    lines: Sequence[str]
    url: str = ""
    action: str = ""
    code: str = ""
    quote: str = ""
    facts: Sequence[tuple[str, str]] = field(default_factory=tuple)


def address(name: str, *args: object) -> str:
    """An address of the portal, absolute: links never come from a request (S07)."""
    return f"{settings.SITE_URL}{reverse(name, args=args)}"


def moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def _enquiry(counselling: Counselling) -> dict[str, str]:
    return {"number": str(counselling.number), "subject": counselling.subject}


def _to_thread(counselling: Counselling, action: str) -> dict[str, Any]:
    return {"url": address("workorders:counselling", counselling.number), "action": action}


def _to_order(order: RepairOrder, action: str) -> dict[str, Any]:
    return {
        "url": address("workorders:repair", order.code),
        "action": action,
        "code": order.code,
    }


# ------------------------------------------------------------------ enquiries
def enquiry_opened(counselling: Counselling) -> Letter:
    lines = [_("We have received your enquiry about “%(subject)s”.") % _enquiry(counselling)]
    if counselling.due_at:
        due = moment(counselling.due_at)
        lines.append(_("Customer service answers by %(due)s.") % {"due": due})
    return Letter(
        _("Enquiry %(number)s: we have received it") % _enquiry(counselling),
        lines,
        **_to_thread(counselling, _("Open the enquiry")),
    )


def reply_posted(counselling: Counselling, *, text: str, files: int) -> Letter:
    lines = [_("Customer service wrote to you about “%(subject)s”:") % _enquiry(counselling)]
    return Letter(
        _("Enquiry %(number)s: a new answer") % _enquiry(counselling),
        lines,
        quote=text[:QUOTE_LIMIT],
        facts=_attached(files),
        **_to_thread(counselling, _("Read and answer")),
    )


def customer_wrote(counselling: Counselling, *, text: str, files: int) -> Letter:
    who = {**_enquiry(counselling), "customer": str(counselling.customer)}
    return Letter(
        _("Enquiry %(number)s: %(customer)s wrote") % who,
        [_("%(customer)s wrote about “%(subject)s”:") % who],
        quote=text[:QUOTE_LIMIT],
        facts=_attached(files),
        **_to_thread(counselling, _("Open the enquiry")),
    )


def _attached(files: int) -> tuple[tuple[str, str], ...]:
    return ((_("Files"), str(files)),) if files else ()


def enquiry_assigned(counselling: Counselling) -> Letter:
    return Letter(
        _("Enquiry %(number)s is yours now") % _enquiry(counselling),
        [_("“%(subject)s” was assigned to you.") % _enquiry(counselling)],
        **_to_thread(counselling, _("Open the enquiry")),
    )


def enquiry_solved(counselling: Counselling) -> Letter:
    return Letter(
        _("Enquiry %(number)s is solved") % _enquiry(counselling),
        [
            _("Customer service has closed “%(subject)s” as solved.") % _enquiry(counselling),
            _("If something is still wrong, write in the same conversation."),
        ],
        **_to_thread(counselling, _("Open the enquiry")),
    )


def enquiry_referred(counselling: Counselling) -> Letter:
    return Letter(
        _("Enquiry %(number)s: repair at your own cost") % _enquiry(counselling),
        [
            _("The device is out of warranty. These repair shops repair it at your own cost."),
            _("If you have a question, write in the same conversation."),
        ],
        url=address("repairshops:shop-list") + "?kind=third_party",
        action=_("See the repair shops"),
    )


def repair_needed(counselling: Counselling) -> Letter:
    device = {"device": counselling.model_name or counselling.sn}
    return Letter(
        _("Send your device and submit the repair order"),
        [
            _("Your %(device)s needs a repair. Two things are left for you:") % device,
            _("1. Send the device to the repair shop, with the first visit code on the parcel."),
            _("2. Submit the repair order with the waybill number, so that your parcel is known."),
        ],
        url=address("workorders:repair", counselling.code or ""),
        action=_("Submit the repair order"),
        code=counselling.code or "",
        facts=((_("Serial number"), counselling.sn),),
    )


# ------------------------------------------------------------------ repair orders
def order_submitted(order: RepairOrder) -> Letter:
    shop = {"shop": str(order.shop)}
    return Letter(
        _("Repair order %(code)s is submitted") % {"code": order.code},
        [
            _("%(shop)s expects your parcel.") % shop,
            _("Put the packing slip into the parcel, or write the code on it."),
        ],
        facts=_waybills([(str(order.carrier or ""), order.waybill)]),
        **_to_order(order, _("Open the repair order")),
    )


def order_received(order: RepairOrder) -> Letter:
    shop = {"shop": str(order.shop)}
    return Letter(
        _("Repair order %(code)s: received") % {"code": order.code},
        [
            _("%(shop)s has received your devices.") % shop,
            _("Inspection and repair take up to five working days from now."),
        ],
        **_to_order(order, _("Follow the repair")),
    )


def order_repaired(order: RepairOrder) -> Letter:
    return Letter(
        _("Repair order %(code)s: the work is done") % {"code": order.code},
        [_("The repair shop has finished its work and prepares the return.")],
        **_to_order(order, _("See what was done")),
    )


def return_shipped(order: RepairOrder, *, carrier: str, waybill: str, tracking: str) -> Letter:
    lines = [_("Your devices are on their way back to you.")]
    if order.sent_count < order.back_count:
        count = {"sent": order.sent_count, "all": order.back_count}
        lines = [_("%(sent)d of %(all)d devices are on their way back to you.") % count]
    return Letter(
        _("Repair order %(code)s: on the way back") % {"code": order.code},
        lines,
        facts=(
            *_waybills([(carrier, waybill)]),
            *(((_("Tracking"), tracking),) if tracking else ()),
        ),
        **_to_order(order, _("Open the repair order")),
    )


def order_cancelled(order: RepairOrder) -> Letter:
    return Letter(
        _("Repair order %(code)s is cancelled") % {"code": order.code},
        [_("The repair order was cancelled. If this is a surprise, write to customer service.")],
        **_to_order(order, _("Open the repair order")),
    )


def order_completed(order: RepairOrder) -> Letter:
    return Letter(
        _("Repair order %(code)s is completed") % {"code": order.code},
        [_("Everything is back with you. If something does not work, write in the conversation.")],
        **_to_order(order, _("Open the repair order")),
    )


def parcel_without_order(order: RepairOrder) -> Letter:
    return Letter(
        _("Your parcel is here, its repair order is missing"),
        [
            _("The repair shop has received a parcel that belongs to %(code)s.")
            % {"code": order.code},
            _("Submit the repair order now: without it the repair cannot start."),
        ],
        **_to_order(order, _("Submit the repair order")),
    )


def unit_needs_you(order: RepairOrder, *, sns: list[str]) -> Letter:
    return Letter(
        _("Repair order %(code)s: we need your answer") % {"code": order.code},
        [_("The repair shop has a question before it goes on. Until you answer, the work rests.")],
        facts=_serials(sns),
        **_to_order(order, _("Read and answer")),
    )


def unit_not_repaired(order: RepairOrder, *, sns: list[str]) -> Letter:
    return Letter(
        _("Repair order %(code)s: not everything can be repaired") % {"code": order.code},
        [_("The repair shop cannot repair these devices; the reason stands beside each.")],
        facts=_serials(sns),
        **_to_order(order, _("See the reason")),
    )


def _serials(sns: list[str]) -> tuple[tuple[str, str], ...]:
    shown = ", ".join(sns[:10]) + (" …" if len(sns) > 10 else "")
    return ((_("Serial numbers"), shown),)


def _waybills(pairs: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((_("Waybill"), f"{carrier} {number}") for carrier, number in pairs if number)


# ------------------------------------------------------------------ people
def invited(company: str, inviter: str, *, url: str) -> Letter:
    names = {"company": company, "inviter": inviter}
    return Letter(
        _("%(inviter)s invites you to %(company)s") % names,
        [
            _("%(inviter)s asks you to share the after-sales orders of %(company)s.") % names,
            _("The link works once and for seven days."),
        ],
        url=url,
        action=_("Accept the invitation"),
    )
