"""Sentences of the timeline: what customer service does."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from history.sentences import say
from workorders.models import Counselling


def register() -> None:
    say(
        Counselling,
        "assigned",
        _("%(name)s looks after this enquiry"),
        icon="user",
        tone="gray",
        public=False,
    )
    say(
        Counselling,
        "released",
        _("Nobody looks after this enquiry"),
        icon="user",
        tone="gray",
        public=False,
    )
    say(Counselling, "device_set", _("Device entered"), icon="tag", public=False)
    say(
        Counselling,
        "warranty_decided",
        _("Decided about the warranty"),
        icon="shield",
        tone="amber",
        public=False,
    )
    say(Counselling, "no_answer_needed", _("No answer is needed"), icon="check", public=False)
    say(Counselling, "resolve", _("Enquiry solved"), icon="ok", tone="green")
    say(
        Counselling,
        "refer",
        _("Repair referred to third-party shops"),
        icon="house",
        tone="gray",
    )
    say(Counselling, "convert", _("Repair order opened"), icon="wrench", tone="green")
    say(Customer, "registered", _("Registered by customer service"), icon="user", public=False)
