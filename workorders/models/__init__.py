"""Counselling orders, their threads, repair orders and units."""

from workorders.models.counselling import Channel, Counselling, Outcome, RequestKind, SavedView
from workorders.models.fault import Fault
from workorders.models.note import UnitNote
from workorders.models.place import Place
from workorders.models.repairorder import RepairOrder
from workorders.models.service import Service, UnitService
from workorders.models.thread import Message, Thread
from workorders.models.unit import Unit

__all__ = [
    "Channel",
    "Counselling",
    "Fault",
    "Message",
    "Outcome",
    "Place",
    "RepairOrder",
    "RequestKind",
    "SavedView",
    "Service",
    "Thread",
    "Unit",
    "UnitNote",
    "UnitService",
]
