"""What the tests of parts share: Cora's order at Kunshan with three miners of one model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.models import User
from devices.models import ProductModel
from devices.tests.factories import ProductModelFactory
from parts.services.ledger import differences
from parts.tests.factories import slots_for
from repairshops.models import RepairShop
from sla.models import ClockKind, Policy
from workorders.models import RepairOrder, Unit
from workorders.tests.factories import RepairOrderFactory, UnitFactory


@pytest.fixture
def model(db: None) -> ProductModel:
    made: ProductModel = ProductModelFactory()
    slots_for(made)
    return made


@pytest.fixture
def order(cora: User, kunshan: RepairShop) -> RepairOrder:
    for kind in ClockKind:
        Policy.objects.get_or_create(kind=kind, defaults={"amount": 7200})
    made: RepairOrder = RepairOrderFactory(
        submitted=True, customer=cora.customer, shop=kunshan, state="received"
    )
    return made


@pytest.fixture
def units(order: RepairOrder, model: ProductModel) -> list[Unit]:
    fields = {"order": order, "model": model, "state": "repairing", "finding": "Dead boards."}
    return [UnitFactory(sn=f"1H2100000{n}", **fields) for n in range(3)]


@pytest.fixture
def unit(units: list[Unit]) -> Unit:
    return units[0]


@pytest.fixture(autouse=True)
def _stock_agrees_with_the_ledger(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did: the stock is the sum of its movements afterwards."""
    yield
    if "order" in request.fixturenames or "kunshan" in request.fixturenames:
        assert differences() == []
