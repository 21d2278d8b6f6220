"""Work orders in any state, without replaying their life."""

from __future__ import annotations

from typing import Any

import factory
from django.utils import timezone

from accounts.roles import Role
from accounts.tests.factories import CustomerFactory, UserFactory
from devices.models import Verdict
from devices.tests.factories import ProductModelFactory
from logistics.tests.factories import (
    AddressFactory,
    CarrierFactory,
    ConsignmentFactory,
    ContainerFactory,
    ShipmentFactory,
)
from repairshops.tests.factories import RepairShopFactory
from workorders.models import Counselling, Message, Outcome, RepairOrder, Thread, Unit


class ThreadFactory(factory.django.DjangoModelFactory[Thread]):
    class Meta:
        model = Thread

    customer = factory.SubFactory(CustomerFactory)


class CounsellingFactory(factory.django.DjangoModelFactory[Counselling]):
    """Open by default; `answered=True`, `finished=True`, `converted=True`."""

    class Meta:
        model = Counselling

    class Params:
        answered = factory.Trait(
            state="answered",
            needs_answer=False,
            first_replied_at=factory.LazyFunction(timezone.now),
        )
        finished = factory.Trait(
            state="finished",
            outcome=Outcome.SOLVED,
            needs_answer=False,
            first_replied_at=factory.LazyFunction(timezone.now),
            finished_at=factory.LazyFunction(timezone.now),
        )
        converted = factory.Trait(
            state="finished",
            outcome=Outcome.REPAIR,
            needs_answer=False,
            first_replied_at=factory.LazyFunction(timezone.now),
            finished_at=factory.LazyFunction(timezone.now),
            code=factory.Sequence(lambda n: f"K7M{n:05d}"),
        )

    customer = factory.SubFactory(CustomerFactory)
    thread = factory.SubFactory(ThreadFactory, customer=factory.SelfAttribute("..customer"))
    opened_by = factory.LazyAttribute(
        lambda c: c.customer.people.first() or UserFactory(customer=c.customer)
    )
    subject = "Fans spin without force"
    sn = factory.Sequence(lambda n: f"1H2141508{n:04d}")
    model_name = "VolcMiner D1 Mini Pre"
    verdict = Verdict.IN


class MessageFactory(factory.django.DjangoModelFactory[Message]):
    class Meta:
        model = Message

    text = "The fans turn, but there is no force behind the air."
    author_role = Role.CUSTOMER


class RepairOrderFactory(factory.django.DjangoModelFactory[RepairOrder]):
    """A draft; `submitted=True` gives shop, consignment, shipment and container."""

    class Meta:
        model = RepairOrder
        skip_postgeneration_save = True

    class Params:
        submitted = factory.Trait(
            state="pending_delivery",
            submitted_at=factory.LazyFunction(timezone.now),
            shop=factory.SubFactory(RepairShopFactory),
            carrier=factory.SubFactory(CarrierFactory),
            waybill=factory.Sequence(lambda n: f"HWB{n:07d}"),
            return_carrier=factory.SelfAttribute("carrier"),
            return_to=factory.SubFactory(
                AddressFactory, customer=factory.SelfAttribute("..customer")
            ),
            consignment=factory.SubFactory(
                ConsignmentFactory,
                customer=factory.SelfAttribute("..customer"),
                shop=factory.SelfAttribute("..shop"),
                reference=factory.SelfAttribute("..code"),
                return_address="Cora Lind\nStorgatan 1\n111 23 Stockholm\nSE",
            ),
        )

    customer = factory.SubFactory(CustomerFactory)
    counselling = factory.SubFactory(
        CounsellingFactory, converted=True, customer=factory.SelfAttribute("..customer")
    )
    thread = factory.SelfAttribute("counselling.thread")
    code = factory.SelfAttribute("counselling.code")
    opened_by = factory.SelfAttribute("counselling.opened_by")

    @factory.post_generation
    def parcel(order: RepairOrder, create: bool, extracted: Any, **_kw: Any) -> None:  # noqa: N805
        if create and order.consignment_id:
            shipment = ShipmentFactory(
                consignment=order.consignment, carrier=order.carrier, waybill=order.waybill
            )
            ContainerFactory(
                consignment=order.consignment,
                shipment=shipment,
                direction="in",
                state="announced",
                number=1,
            )


class UnitFactory(factory.django.DjangoModelFactory[Unit]):
    class Meta:
        model = Unit
        skip_postgeneration_save = True

    order = factory.SubFactory(RepairOrderFactory, submitted=True)
    sn = factory.Sequence(lambda n: f"1H2141507{n:04d}")
    model = factory.SubFactory(ProductModelFactory)
    verdict = Verdict.IN
    holds_sn = factory.LazyAttribute(lambda u: u.order.state != "awaiting_submission")

    @factory.post_generation
    def counted(unit: Unit, create: bool, extracted: Any, **_kw: Any) -> None:  # noqa: N805
        if create:
            total = unit.order.units.count()
            RepairOrder.objects.filter(pk=unit.order_id).update(unit_count=total)
            unit.order.unit_count = total

    class Params:
        ready = factory.Trait(
            state="ready",
            finding="Fan driver broken.",
            work_done="Fan driver replaced.",
            received_at=factory.LazyFunction(timezone.now),
            ready_at=factory.LazyFunction(timezone.now),
        )
