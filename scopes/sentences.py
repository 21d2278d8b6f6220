"""How the timeline tells the life of agreements and scopes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from history.sentences import say
from scopes.models import ServiceAgreement
from workorders.models import Counselling, RepairOrder


def register() -> None:
    say(ServiceAgreement, "recorded", _("Agreement recorded"), icon="plus", tone="green")
    say(
        ServiceAgreement,
        "version_added",
        _("Version %(number)s uploaded, in force until %(ends_on)s"),
        icon="upload",
        tone="blue",
    )
    say(ServiceAgreement, "ended", _("Agreement ended early"), icon="fail", tone="red")
    say(
        ServiceAgreement,
        "expiring",
        _("Customer service told that it runs out"),
        icon="clock",
        tone="amber",
        public=False,
    )
    say(Counselling, "scope_added", _("Scope of the repair: %(miners)s miners"), icon="list")
    say(Counselling, "scope_edited", _("Scope of the repair changed"), icon="edit")
    say(
        RepairOrder,
        "scope_left_out",
        _("Serial numbers of the request that could not be added: %(count)s"),
        icon="alert",
        tone="amber",
    )
