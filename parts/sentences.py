"""How the timeline says what happened to parts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from history.sentences import say
from parts.models import Part, Stock
from workorders.models import Unit


def register() -> None:
    _units()
    say(Stock, "low", _("Low: %(quantity)s left"), icon="alert", tone="amber", public=False)
    say(Stock, "threshold", _("Low mark changed"), icon="edit", public=False)
    say(Part, "part_repaired", _("Repaired"), icon="ok", tone="green", public=False)


def _units() -> None:
    say(
        Unit,
        "part_replaced",
        _("Part replaced in %(slot)s: %(old)s out, %(new)s in"),
        icon="swap",
        tone="violet",
    )
    say(Unit, "part_fitted", _("Part fitted in %(slot)s: %(new)s"), icon="plus", tone="violet")
    say(Unit, "part_removed", _("Part taken out of %(slot)s: %(old)s"), icon="out", public=False)
    say(Unit, "part_diagnosed", _("Part diagnosed: %(slot)s"), icon="search", public=False)
    say(
        Unit,
        "parts_reserved",
        _("Parts reserved: %(quantity)s × %(type)s"),
        icon="lock",
        public=False,
    )
    say(
        Unit,
        "stress_test_passed",
        _("Stress test passed, %(minutes)s min, %(hash_rate)s"),
        icon="gauge",
        tone="green",
        public=False,
    )
    say(
        Unit,
        "stress_test_failed",
        _("Stress test failed, %(minutes)s min, %(hash_rate)s"),
        icon="gauge",
        tone="red",
        public=False,
    )
    say(Unit, "consolidated_into", _("Good parts went into SN %(sn)s"), icon="swap", tone="amber")
    say(Unit, "consolidated_from", _("Good parts came from SN %(sn)s"), icon="swap", tone="violet")
