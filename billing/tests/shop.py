"""A shop with prices: Cora's order at Kunshan, its devices finished and ready to be boxed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from billing.models import Invoice, PaymentAccount, Price, PriceList, TaxRate
from billing.services import invoices
from logistics.models import Container
from logistics.tests.factories import ContainerFactory
from parts.models import Movement, PartType, Place, Why
from repairshops.models import RepairShop
from sla.models import ClockKind, Policy
from workorders.models import RepairOrder, Service, Unit, UnitService
from workorders.services import boxing
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory

Box = Callable[..., Container]


@pytest.fixture
def prices(db: None) -> PriceList:
    """Cleaning 20.00 and diagnosis 12.50 EUR, a fan 9.99, a board 180.00; Swedish tax 25 %."""
    made = PriceList.objects.create(
        code="eur", name="Europe", currency="EUR", is_default=True, countries="DE, SE"
    )
    for code, amount in {"cleaning": "20.00", "diagnosis": "12.50"}.items():
        service = Service.objects.create(code=code, name_en=code.title(), name_zh=f"{code}服务")
        Price.objects.create(price_list=made, service=service, amount=Decimal(amount))
    Service.objects.create(code="firmware", name_en="Firmware")
    for code, kind, amount in (("fan-12", "fan", "9.99"), ("hb-s19", "hash_board", "180.00")):
        part = PartType.objects.create(code=code, kind=kind, name_en=code.upper())
        Price.objects.create(price_list=made, part_type=part, amount=Decimal(amount))
    TaxRate.objects.create(price_list=made, country="SE", percent=Decimal(25), label="Moms")
    PaymentAccount.objects.create(
        currency="EUR",
        holder="Miner Care AB",
        bank="Nordbank, Stockholm",
        number="SE45 5000 0000 0583 9825 7466",
        bic="NORDSESS",
    )
    return made


@pytest.fixture
def order(cora: User, kunshan: RepairShop, prices: PriceList) -> RepairOrder:
    """Received at Kunshan; Cora's company is in Sweden."""
    Policy.objects.get_or_create(kind=ClockKind.REPAIR, defaults={"amount": 7200})
    company: Any = cora.customer
    company.country = "SE"
    company.save()
    made: RepairOrder = RepairOrderFactory(
        submitted=True,
        customer=company,
        shop=kunshan,
        state="received",
        received_at=timezone.now(),
        counselling=CounsellingFactory(converted=True, customer=company, opened_by=cora),
    )
    again: RepairOrder = RepairOrder.objects.get(pk=made.pk)
    return again


def unit_with(order: RepairOrder, *codes: str, verdict: str = "out", **more: Any) -> Unit:
    """A finished device on which these services were done."""
    unit: Unit = UnitFactory(order=order, ready=True, verdict=verdict, **more)
    for service in Service.objects.filter(code__in=codes):
        UnitService.objects.create(unit=unit, service=service, done_at=timezone.now())
    return unit


def fitted(unit: Unit, code: str, actor: User, quantity: int = 1) -> None:
    """Parts of the shop went into the device and stayed."""
    kind = PartType.objects.get(code=code)
    Movement.objects.create(
        type=kind,
        kind=kind.kind,
        quantity=quantity,
        source=Place.STOCK,
        source_shop=unit.order.shop,
        target=Place.UNIT,
        target_unit=unit,
        why=Why.FITTED,
        actor=actor,
    )


@pytest.fixture
def boxed(order: RepairOrder, emil: User) -> Box:
    """`boxed(unit, …)`: put into a new box and sealed, as Emil does it."""

    def pack(*units: Unit) -> Container:
        box: Container = ContainerFactory(consignment=order.consignment, state="open")
        Unit.objects.filter(pk__in=[unit.pk for unit in units]).update(outbound_container=box)
        return boxing.seal(box, actor=emil)

    return pack


def bill(box: Container, fin: User) -> Invoice:
    """Drafted and issued by finance."""
    return invoices.issue(invoices.draft(box, actor=fin), actor=fin)


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)
