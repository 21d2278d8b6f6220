"""How the timeline tells the life of a repair order and of the devices on its draft."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from history.sentences import say
from workorders.models import RepairOrder, Unit


def register() -> None:
    say(RepairOrder, "opened", _("First visit code issued"), icon="key", tone="gray")
    say(RepairOrder, "edited", _("Draft saved"), icon="pen", tone="gray")
    say(
        RepairOrder,
        "devices_added",
        _("Devices added from a list: %(count)s"),
        icon="list",
        tone="gray",
    )
    say(RepairOrder, "device_removed", _("%(sn)s taken off the list"), icon="trash", tone="gray")
    say(RepairOrder, "submit", _("Repair order submitted"), icon="pen", tone="blue")
    say(RepairOrder, "waybill_corrected", _("Waybill corrected"), icon="truck", tone="gray")
    say(
        RepairOrder,
        "waybill_added",
        _("Another waybill added: %(carrier)s, %(waybill)s"),
        icon="truck",
        tone="gray",
    )
    say(RepairOrder, "return_corrected", _("Way back corrected"), icon="house", tone="gray")
    say(RepairOrder, "cancel", _("Repair order cancelled"), icon="fail", tone="gray")
    say(RepairOrder, "complete", _("Repair order completed"), icon="ok", tone="green")
    say(Unit, "added", _("Added to the repair order"), icon="plus", tone="gray")
    say(Unit, "edited", _("Details of the device changed"), icon="edit", tone="gray")
