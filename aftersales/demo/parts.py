"""Slots, failure types, a stock that runs low, and three broken miners that could become two."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from aftersales.demo.clock import ago
from aftersales.demo.story import Story
from devices.models import ProductModel
from parts.models import FailureType, PartType, Place, Slot
from parts.services import fitting, reservations, stock
from parts.services.diagnosis import Finding, Run, add_stress_test, save_diagnosis
from parts.services.fitting import Leaving
from repairshops.models import RepairShop
from workorders.models import RepairOrder, Unit
from workorders.services import receiving

NUMBERS = [117, 120, 123]  # of one model; no other chapter tells of them
MACHINES = ("VolcMiner D1", "VolcMiner D1 Mini Pre", "VolcMiner D1 16.2G")
SLOTS = (
    ("HB0", "hash_board"),
    ("HB1", "hash_board"),
    ("HB2", "hash_board"),
    ("CB", "control_board"),
    ("PSU", "psu"),
    ("FAN1", "fan"),
    ("FAN2", "fan"),
)
FAILURES = (
    ("hash_board", "Chip dead", "芯片失效"),
    ("hash_board", "Voltage regulator dead", "稳压器损坏"),
    ("hash_board", "EEPROM empty", "EEPROM 数据丢失"),
    ("hash_board", "Temperature sensor missing", "温度传感器丢失"),
    ("hash_board", "Corroded", "腐蚀"),
    ("control_board", "Does not boot", "无法启动"),
    ("control_board", "No network", "无网络"),
    ("psu", "No output", "无输出"),
    ("psu", "Trips the breaker", "跳闸"),
    ("fan", "Does not turn", "不转"),
    ("fan", "Loses speed", "掉速"),
    ("cable", "Burnt plug", "插头烧毁"),
)
TYPES = (
    ("hb-d1", "hash_board", "D1 hash board", "D1 算力板", True, 5),
    ("cb-d1", "control_board", "D1 control board", "D1 控制板", True, 2),
    ("apw-2400", "psu", "APW 2400 power supply", "APW 2400 电源", True, 2),
    ("fan-140", "fan", "Fan 140 mm", "140 毫米风扇", False, 20),
    ("cable-18", "cable", "18-pin cable", "18 针排线", False, 10),
)


def make_catalogue() -> None:
    """What the administrator would enter first."""
    models = list(ProductModel.objects.filter(name__in=MACHINES))
    Slot.objects.bulk_create(
        Slot(model=model, label=label, kind=kind, position=n)
        for model in models
        for n, (label, kind) in enumerate(SLOTS)
    )
    FailureType.objects.bulk_create(
        FailureType(kind=kind, name_en=en, name_zh=zh) for kind, en, zh in FAILURES
    )
    for code, kind, en, zh, serialised, low in TYPES:
        made = PartType.objects.create(
            code=code, kind=kind, name_en=en, name_zh=zh, serialised=serialised, low_at=low
        )
        made.fits.set(models)


def tell_of_parts(story: Story) -> None:
    """Deliveries, then three miners on the bench. Call it after `Story.tell()`."""
    make_catalogue()
    kunshan = story.shops.kunshan
    with ago(days=20):
        _deliver(kunshan, story.people.manager)
    with ago(days=3):
        order = story.repair_order(story.people.customer, NUMBERS, "Three machines fell over.")
        story.submit(order)
    with ago(days=1, hours=2):
        receiving.receive_units(
            RepairOrder.objects.get(pk=order.pk), order.units.all(), actor=story.people.engineer
        )
        for unit in order.units.all():
            story.work(unit, "start_diagnosis", finding="Fell over in the rack.")
    with ago(hours=5):
        for number, unit in enumerate(order.units.order_by("pk")):
            _look_into(unit, number, story.people.engineer)
    with ago(hours=2):
        _repair(order.units.order_by("pk")[2], story.people.engineer)


def _deliver(shop: RepairShop, manager: User) -> None:
    for code, kind, _en, _zh, serialised, low in TYPES:
        part_type = PartType.objects.get(code=code)
        if not serialised:
            stock.deliver(shop, [], actor=manager, kind=part_type, quantity=low + 4)
            continue
        serials = "\n".join(f"{kind[:2].upper()}26{low}{n:05d}" for n in range(4))
        rows = stock.check_rows(part_type, serials)
        stock.deliver(shop, rows, actor=manager, note="PO 4500-118")


def _look_into(unit: Unit, number: int, engineer: User) -> None:
    """Each has something else broken, so that two of the three can be saved."""
    broken = {
        0: {"HB1": "Chip dead"},
        1: {"HB0": "Voltage regulator dead", "PSU": "No output"},
        2: {"FAN2": "Does not turn"},
    }[number]
    for label, kind in SLOTS:
        failures = list(FailureType.objects.filter(kind=kind, name_en=broken.get(label, "")))
        if kind in ("hash_board", "psu"):
            code = "hb-d1" if kind == "hash_board" else "apw-2400"
            fitting.register(
                unit, label, actor=engineer, kind=kind, serial=f"{unit.sn[-4:]}{label}",
                type=PartType.objects.get(code=code),
            )  # fmt: skip
        condition = "faulty" if failures else "good"
        finding = Finding(kind, condition, failures=failures)
        save_diagnosis(Unit.objects.get(pk=unit.pk), label, finding, actor=engineer)


def _repair(unit: Unit, engineer: User) -> None:
    """A new fan, a promise of another, and a run that failed."""
    fan = PartType.objects.get(code="fan-140")
    reservations.reserve(unit, fan, 2, actor=engineer)
    leaving = Leaving(Place.SCRAP, "faulty", "fan", reason="Bearing gone.")
    fitting.replace(unit, "FAN2", fan, actor=engineer, leaving=leaving)
    began = timezone.now() - timedelta(minutes=95)
    run = Run(began, 90, "failed", "9.1 GH/s", Decimal("88.5"), "Board 2 too hot.")
    add_stress_test(unit, run, actor=engineer)
