"""Parts of miners: the catalogue, the stock and its ledger, what the bench found."""

from parts.models.bench import PartDiagnosis, StressTest
from parts.models.catalogue import FailureType, PartKind, PartType, Slot
from parts.models.stock import (
    Condition,
    Movement,
    Owner,
    Part,
    Place,
    Reservation,
    Stock,
    Why,
)

__all__ = [
    "Condition",
    "FailureType",
    "Movement",
    "Owner",
    "Part",
    "PartDiagnosis",
    "PartKind",
    "PartType",
    "Place",
    "Reservation",
    "Slot",
    "Stock",
    "StressTest",
    "Why",
]
