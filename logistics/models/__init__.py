"""Carriers, addresses, and what travels between one customer and one shop."""

from logistics.models.carrier import Address, Carrier, normalise_waybill
from logistics.models.container import Container
from logistics.models.findings import Damage, Parcel, TrackingEvent
from logistics.models.shipment import Consignment, Direction, Shipment

__all__ = [
    "Address",
    "Carrier",
    "Consignment",
    "Container",
    "Damage",
    "Direction",
    "Parcel",
    "Shipment",
    "TrackingEvent",
    "normalise_waybill",
]
