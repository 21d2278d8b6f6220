"""What the tests of quotes start from: Cora's order at Kunshan, and a quote of two devices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from billing.models import Price, PriceList, Quote
from billing.services import quotes
from devices.models import Verdict
from scopes.tests.factories import ServiceFactory
from workorders.models import RepairOrder, Service, Unit, UnitService
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory


@pytest.fixture
def euro() -> PriceList:
    return PriceList.objects.create(code="eu", name="Europe", currency="EUR", is_default=True)


@pytest.fixture
def cleaning(euro: PriceList) -> Service:
    service: Service = ServiceFactory(code="cleaning")
    Price.objects.create(price_list=euro, service=service, amount=Decimal("40.00"))
    return service


@pytest.fixture
def job(cora: User, kunshan: Any, euro: PriceList) -> RepairOrder:
    enquiry = CounsellingFactory(converted=True, customer=cora.customer)
    made: RepairOrder = RepairOrderFactory(
        submitted=True,
        shop=kunshan,
        customer=cora.customer,
        counselling=enquiry,
        state="received",
        received_at=timezone.now(),
    )
    return made


def at_work(job: RepairOrder, *services: Service, **fields: Any) -> Unit:
    fields = {"state": "diagnosing", "finding": "Water inside.", "verdict": Verdict.OUT} | fields
    unit: Unit = UnitFactory(order=job, **fields)
    for service in services:
        UnitService.objects.create(unit=unit, service=service)
    return unit


@pytest.fixture
def written(job: RepairOrder, cleaning: Service, mona: User) -> Quote:
    """A draft about two devices, cleaning of each for 40."""
    at_work(job, cleaning)
    at_work(job, cleaning)
    return quotes.open_quote(job, job.units.all(), actor=mona)


@pytest.fixture
def sent(written: Quote, mona: User) -> Quote:
    return quotes.send(written, actor=mona)
