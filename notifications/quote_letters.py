"""What the mails about quotes, repair requests and service agreements say."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Quote
from core.words import write_money
from notifications.letters import Letter, address
from scopes.models import ServiceAgreement


def _names(quote: Quote) -> dict[str, str]:
    return {
        "reference": quote.reference,
        "day": date_format(quote.valid_until, "DATE_FORMAT"),
        "customer": str(quote.order.customer),
        "name": quote.signature,
    }


def _letter(quote: Quote, subject: str, lines: list[str], action: str, *, sum_: bool) -> Letter:
    facts = [(_("Valid until"), date_format(quote.valid_until, "DATE_FORMAT"))]
    if sum_:
        facts.insert(0, (_("Net total"), write_money(quote.total, quote.currency)))
    return Letter(
        subject,
        lines,
        url=address("billing:quote", quote.pk),
        action=action,
        code=quote.order.code,
        facts=tuple(facts),
    )


# ------------------------------------------------------------------ to the customer
def quote_sent(quote: Quote) -> Letter:
    number = quote.units.count()
    about = ngettext(
        "The repair shop has a quote for %(count)d device that no warranty covers.",
        "The repair shop has a quote for %(count)d devices that no warranty covers.",
        number,
    )
    return _letter(
        quote,
        _("Quote %(reference)s waits for your answer") % _names(quote),
        [
            about % {"count": number},
            _("Accept or decline it line by line. Until you answer, the work rests."),
        ],
        _("Read and answer"),
        sum_=True,
    )


def quote_reminder(quote: Quote) -> Letter:
    return _letter(
        quote,
        _("Reminder: quote %(reference)s waits for your answer") % _names(quote),
        [
            _("The repair shop still waits for your answer; until then the work rests."),
            _("After %(day)s the quote expires and nothing of it is done.") % _names(quote),
        ],
        _("Read and answer"),
        sum_=True,
    )


def quote_signed(quote: Quote) -> Letter:
    lines = [_("%(name)s has signed the answer to this quote.") % _names(quote)]
    if quote.state == Quote.State.ACCEPTED:
        lines.append(_("The repair shop goes on with what was accepted."))
    else:
        lines.append(_("Nothing of it is done."))
    return _letter(
        quote,
        _("Quote %(reference)s: your answer") % _names(quote),
        lines,
        _("See the quote"),
        sum_=False,
    )


def quote_expired(quote: Quote) -> Letter:
    return _letter(
        quote,
        _("Quote %(reference)s has expired") % _names(quote),
        [
            _("Nobody answered until %(day)s. Nothing of the quote is done or billed.")
            % _names(quote),
            _("If you still want the repair, write to us."),
        ],
        _("See the quote"),
        sum_=False,
    )


def quote_withdrawn(quote: Quote) -> Letter:
    return _letter(
        quote,
        _("Quote %(reference)s is withdrawn") % _names(quote),
        [_("The quote cannot be answered any more. You hear from us if there is a new one.")],
        _("See the quote"),
        sum_=False,
    )


# ------------------------------------------------------------------ to staff
def answer_came(quote: Quote) -> Letter:
    lines = {
        Quote.State.ACCEPTED: _("%(customer)s has accepted the quote, or a part of it."),
        Quote.State.DECLINED: _("%(customer)s has declined the quote."),
        Quote.State.EXPIRED: _("%(customer)s did not answer until %(day)s; the quote expired."),
    }
    expired = quote.state == Quote.State.EXPIRED
    subject = (
        _("Quote %(reference)s has expired")
        if expired
        else _("Quote %(reference)s: the customer's answer")
    )
    return _letter(
        quote,
        subject % _names(quote),
        [lines[Quote.State(quote.state)] % _names(quote)],
        _("Open the quote"),
        sum_=True,
    )


def agreement_expiring(agreement: ServiceAgreement) -> Letter:
    names = {
        "number": agreement.number,
        "customer": str(agreement.customer),
        "day": date_format(agreement.ends_on, "DATE_FORMAT"),
    }
    return Letter(
        _("Service agreement %(number)s runs out on %(day)s") % names,
        [
            _("The service agreement of %(customer)s is in force until %(day)s.") % names,
            _("Afterwards no repair request of this customer can be approved."),
        ],
        url=address("scopes:agreement", agreement.pk),
        action=_("Open the agreement"),
    )
