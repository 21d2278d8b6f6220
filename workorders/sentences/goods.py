"""Sentences of the timeline: containers, shipments, what carriers say."""

from django.utils.translation import gettext_lazy as _

from history.sentences import say
from logistics.models import Container, Shipment, TrackingEvent
from workorders.models import RepairOrder, Unit


def register() -> None:
    _orders()
    _containers()
    _shipments()


def _orders() -> None:
    say(
        RepairOrder,
        "return_added",
        _("Added to the return %(waybill)s, devices: %(units)s"),
        icon="truck",
        tone="teal",
    )
    say(
        RepairOrder,
        "shipment_problem",
        _("The carrier reports a problem with %(waybill)s: %(text)s"),
        icon="alert",
        tone="amber",
    )
    say(
        RepairOrder,
        "containers_announced",
        _("Containers added to a parcel: %(count)s"),
        icon="box",
        public=False,
    )
    say(Unit, "boxed", _("Packed into %(container)s"), icon="box", tone="teal")
    say(Unit, "unboxed", _("Taken out of its container"), icon="undo", public=False)


def _containers() -> None:
    say(Container, "opened", _("Opened for packing"), icon="box")
    say(Container, "announced", _("Announced"), icon="box")
    say(Container, "filled", _("Packed, devices: %(units)s"), icon="download", public=False)
    say(Container, "reopen", _("Opened again"), icon="undo", tone="amber")
    say(Container, "request_billing", _("Waits for its bill"), icon="clock", tone="amber")
    say(Container, "bill", _("Billed"), icon="clock", tone="amber")
    say(Container, "unbill", _("The bill was taken back"), icon="undo", tone="amber")
    say(Container, "loaded", _("Put on the shipment %(name)s"), icon="truck", tone="blue")
    say(Container, "unloaded", _("Taken off the shipment %(name)s"), icon="undo", tone="amber")


def _shipments() -> None:
    say(Shipment, "prepared", _("Prepared, waits for its number"), icon="s0")
    say(Shipment, "loaded", _("Containers put on it"), icon="box")
    say(Shipment, "unloaded", _("Containers taken off"), icon="undo", tone="amber")
    say(TrackingEvent, "noted", _("Noted by hand"), icon="edit", public=False)
    say(TrackingEvent, "reported", _("Reported by the carrier"), icon="truck", public=False)
