"""Sentences of the timeline: quotes."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models import Quote
from history.sentences import say


def register() -> None:
    say(Quote, "written", _("Quote written"), icon="pen")
    say(Quote, "edited", _("Details of the quote changed"), icon="edit", public=False)
    say(Quote, "send", _("Quote sent to the customer"), icon="send", tone="blue")
    say(Quote, "reminded", _("Customer reminded, %(number)s"), icon="mail", tone="amber")
    say(Quote, "accept", pgettext_lazy("quote", "Accepted"), icon="ok", tone="green")
    say(Quote, "decline", pgettext_lazy("quote", "Declined"), icon="fail", tone="red")
    say(Quote, "expire", pgettext_lazy("quote", "Expired"), icon="clock", tone="gray")
    say(Quote, "withdraw", pgettext_lazy("quote", "Withdrawn"), icon="undo", tone="gray")
    say(
        Quote,
        "settled",
        _("Devices of which nothing is accepted: %(declined_units)s, to scrap: %(scrapped_units)s"),
        icon="list",
        public=False,
    )
