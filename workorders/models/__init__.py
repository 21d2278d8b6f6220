"""Counselling orders, their threads, repair orders and units."""

from workorders.models.counselling import Channel, Counselling, Outcome, RequestKind, SavedView
from workorders.models.repairorder import RepairOrder
from workorders.models.thread import Message, Thread
from workorders.models.unit import Fault, Unit, UnitNote

__all__ = [
    "Channel",
    "Counselling",
    "Fault",
    "Message",
    "Outcome",
    "RepairOrder",
    "RequestKind",
    "SavedView",
    "Thread",
    "Unit",
    "UnitNote",
]
