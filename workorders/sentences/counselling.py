"""Sentences of the timeline."""

from django.utils.translation import gettext_lazy as _

from history.sentences import say
from workorders.models import Counselling, RepairOrder


def register() -> None:
    say(Counselling, "opened", _("Enquiry opened"), icon="chat", tone="blue")
    say(Counselling, "message_posted", _("Message written"), icon="chat", tone="blue")
    say(Counselling, "answer", _("Customer service answered"), icon="send", tone="violet")
    say(Counselling, "customer_wrote", _("Customer wrote"), icon="chat", tone="blue")
    say(Counselling, "withdraw", _("Enquiry withdrawn"), icon="out", tone="gray")
    say(
        Counselling,
        "sn_elsewhere",
        _("The serial number is in an open repair order of another customer"),
        icon="alert",
        tone="amber",
        public=False,
    )
    say(RepairOrder, "message_posted", _("Message written"), icon="chat", tone="blue")
