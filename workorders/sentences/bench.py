"""Sentences of the timeline: the workshop, goods on the way."""

from django.utils.translation import gettext_lazy as _

from history.sentences import say
from logistics.models import Container, Damage, Parcel, Shipment
from workorders.models import RepairOrder, Unit


def register() -> None:
    _units()
    _orders()
    _returns()
    _goods()


def _units() -> None:
    say(Unit, "receive", _("Received at the repair shop"), icon="download", tone="blue")
    say(Unit, "undo_receipt", _("Receipt taken back"), icon="undo", public=False)
    say(Unit, "unexpected", _("Was in the parcel, not announced"), icon="alert", tone="amber")
    say(Unit, "mark_missing", _("Was not in the parcel"), icon="alert", tone="red")
    say(Unit, "start_diagnosis", _("Diagnosis begun"), icon="s1", tone="blue")
    say(Unit, "ask_customer", _("Waiting for the customer"), icon="sw", tone="amber")
    say(Unit, "customer_answered", _("The customer answered"), icon="chat", tone="blue")
    say(Unit, "wait_for_parts", _("Waiting for parts"), icon="sw")
    say(Unit, "start_repair", _("Repair begun"), icon="s2", tone="violet")
    say(Unit, "start_test", _("Tests begun"), icon="s3", tone="teal")
    say(Unit, "fail_test", _("Tests failed, back to repair"), icon="sx", tone="red")
    say(Unit, "pass_test", _("Tests passed, ready"), icon="s4", tone="green")
    say(Unit, "rework", _("Back to the bench"), icon="undo", tone="violet")
    say(Unit, "give_up", _("Found to be beyond repair"), icon="sx", tone="red")
    say(Unit, "reject", _("Rejected"), icon="sx", tone="red")
    say(Unit, "cancel", _("Taken off the order"), icon="sx")
    say(Unit, "report", _("Report written"), icon="edit", public=False)
    say(Unit, "note_added", _("Note added"), icon="chat")
    say(Unit, "scrap", _("Scrapped"), icon="sx", tone="red")
    say(Unit, "scrap_agreed", _("Scrapping agreed"), icon="check", tone="amber")
    say(Unit, "missing_settled", _("Missing, settled with the customer"), icon="check")
    say(Unit, "names_edited", _("Serial number, model or tag corrected"), icon="pen")
    say(Unit, "warranty_decided", _("Warranty decided by hand"), icon="shield", tone="amber")
    say(Unit, "moved", _("Moved from order %(from)s to %(to)s"), icon="swap", tone="blue")
    say(Unit, "services_completed", _("All services in scope completed"), icon="check")
    say(Unit, "services_ticked", _("Services done: %(done)s of %(all)s"), icon="check")
    say(Unit, "services_set", _("Services in scope: %(services)s"), icon="list")


def _orders() -> None:
    say(
        RepairOrder,
        "follow_units:pending_delivery",
        _("Waiting for receipt again"),
        icon="undo",
    )
    say(RepairOrder, "follow_units:received", _("At the repair shop"), icon="download", tone="blue")
    say(RepairOrder, "follow_units:repaired", _("All devices finished"), icon="s4", tone="teal")
    say(
        RepairOrder, "follow_units:returned", _("All devices sent back"), icon="truck", tone="green"
    )
    say(
        RepairOrder,
        "units_left",
        _("%(count)s devices moved to order %(order)s"),
        icon="swap",
        tone="blue",
    )
    say(
        RepairOrder,
        "units_came",
        _("%(count)s devices came from order %(order)s"),
        icon="swap",
        tone="blue",
    )
    say(RepairOrder, "damage_recorded", _("Shipping damage recorded"), icon="alert", tone="red")
    say(
        RepairOrder,
        "parcel_without_order",
        _("A parcel arrived before the repair order was submitted"),
        icon="box",
        tone="amber",
    )
    say(RepairOrder, "parcel_matched", _("An earlier parcel belongs to this order"), icon="box")


def _returns() -> None:
    say(
        RepairOrder,
        "return_shipped",
        _("Sent back with %(carrier)s, %(waybill)s, devices: %(units)s"),
        icon="truck",
        tone="teal",
    )
    say(
        RepairOrder,
        "tracking_corrected",
        _("Return number corrected: %(carrier)s, %(waybill)s"),
        icon="edit",
    )
    say(RepairOrder, "tracking_removed", _("Return number removed"), icon="undo", tone="amber")
    say(RepairOrder, "return_moved", _("Return %(waybill)s: dates recorded"), icon="truck")
    say(
        RepairOrder,
        "return_unboxed",
        _("Taken out of the return box, devices: %(units)s"),
        icon="box",
        public=False,
    )


def _goods() -> None:
    say(Parcel, "recorded", _("Parcel recorded"), icon="box", tone="amber")
    say(Parcel, "matched", _("Matched to order %(reference)s"), icon="s4", tone="green")
    say(Damage, "recorded", _("Damage recorded"), icon="alert", tone="red")
    say(Shipment, "tracked", _("Waybill %(waybill)s given"), icon="truck", tone="blue")
    say(Shipment, "tracking_corrected", _("Number corrected"), icon="edit")
    say(Shipment, "tracking_removed", _("Number removed"), icon="undo", tone="amber")
    say(Shipment, "moved", _("Dates recorded"), icon="truck")
    say(Shipment, "delivered", _("Delivered"), icon="house", tone="green")
    say(Container, "arrive", _("Arrived"), icon="download", tone="blue")
    say(Container, "unpack", _("Unpacked"), icon="s4", tone="green")
    say(Container, "seal", _("Sealed"), icon="box")
    say(Container, "release", _("Released"), icon="s4", tone="green")
