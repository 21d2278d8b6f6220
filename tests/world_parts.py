"""What the two worlds of tests/world.py have of parts: stock, parts in devices, diagnoses, runs.

Serial numbers of parts carry the audience GOODS where a customer reads them (custody), else BENCH.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from devices.models import ProductModel
from parts.models import FailureType, Part, PartType, Reservation, Slot, Stock, StressTest
from parts.services import fitting, reservations
from parts.services.diagnosis import Finding, save_diagnosis
from parts.services.fitting import Leaving
from parts.tests.factories import heap, in_stock, inside

if TYPE_CHECKING:
    from tests.world import Home


def stock(home: Home, model: ProductModel, file: Any) -> None:
    """As many types and parts as there are rows; one of each kind that an address needs."""
    board = _type(f"hb-{home.name}", "hash_board", serialised=True)
    fan = _type(f"fan-{home.name}", "fan")
    Slot.objects.get_or_create(model=model, label="HB1", defaults={"kind": "hash_board"})
    Slot.objects.get_or_create(model=model, label="FAN1", defaults={"kind": "fan"})
    failure, _new = FailureType.objects.get_or_create(
        kind="hash_board", name_en="Chips dead", name_zh="芯片失效"
    )
    for number in range(home.rows):
        part = in_stock(home.shop, home.serial("BENCHP"), board)
        if number:
            heap(home.shop, _type(f"cable-{home.name}-{number}", "cable"), 1)
    row = heap(home.shop, fan, 9)
    Stock.objects.filter(pk=row.pk).update(low_at=20)
    _in_devices(home, board, fan, failure, file)
    home.made |= {"spare": part, "board_type": board, "fan_type": fan, "failure": failure}
    home.keys |= {"spare": (part.pk,), "part-type": (row.pk,)}


CALLED = {
    "hash_board": ("Hash board", "算力板"),
    "fan": ("Fan", "风扇"),
    "cable": ("Cable", "线缆"),
}


def _type(code: str, kind: str, *, serialised: bool = False) -> PartType:
    en, zh = CALLED[kind]
    return PartType.objects.create(
        code=code.lower(), kind=kind, name_en=en, name_zh=zh, serialised=serialised
    )


def _in_devices(home: Home, board: PartType, fan: PartType, failure: Any, file: Any) -> None:
    unit, actor = home.units["repairing"], home.engineer
    inside(unit, "CB", condition="unknown")
    for number in range(home.rows):
        finding = Finding(
            "hash_board", failures=[failure],
            other=home.canary("BENCH", "other"), note=home.canary("BENCH", "part"),
        )  # fmt: skip
        save_diagnosis(unit, f"HB{number + 1}", finding, actor=actor)
        test = StressTest.objects.create(
            unit=unit, started_at=timezone.now(), minutes=120, result="passed", by=actor,
            hash_rate=home.canary("BENCH", "rate"), note=home.canary("BENCH", "run"),
        )  # fmt: skip
        log = file(home, test, actor, "BENCH")
    good = inside(home.units["awaiting_parts"], "FAN1")
    leaving = Leaving(
        "stock", "faulty", "hash_board", home.serial("GOODSP"), board, home.canary("BENCH", "why")
    )
    new = in_stock(home.shop, home.serial("GOODSP"), board)
    old, _new = fitting.replace(unit, "HB1", new, actor=actor, leaving=leaving)
    Part.objects.filter(pk=old.pk).update(condition="faulty")
    reservations.reserve(unit, fan, 1, actor=actor)
    home.made["good_part"] = good
    home.keys |= {
        "unit:repairing": (unit.pk,),
        "shelf-part": (old.pk,),
        "reservation": (unit.pk, Reservation.objects.get(unit=unit).pk),
        "stress-log": (log.token,),
    }
