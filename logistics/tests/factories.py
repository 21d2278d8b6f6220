from __future__ import annotations

import factory
from django.utils import timezone

from logistics.models import Address, Carrier, Consignment, Container, Direction, Parcel, Shipment


class CarrierFactory(factory.django.DjangoModelFactory[Carrier]):
    class Meta:
        model = Carrier

    code = factory.Sequence(lambda n: f"carrier-{n}")
    name_en = factory.Sequence(lambda n: f"Carrier {n}")
    name_zh = factory.Sequence(lambda n: f"快递 {n}")
    tracking_url = "https://track.example/{number}"


class AddressFactory(factory.django.DjangoModelFactory[Address]):
    class Meta:
        model = Address

    recipient = "Cora Lind"
    phone = "+46 8 123 456"
    country = "SE"
    city = "Stockholm"
    street = "Storgatan 1"
    postcode = "111 23"


class ConsignmentFactory(factory.django.DjangoModelFactory[Consignment]):
    class Meta:
        model = Consignment

    reference = factory.Sequence(lambda n: f"REF{n:05d}")


class ShipmentFactory(factory.django.DjangoModelFactory[Shipment]):
    class Meta:
        model = Shipment

    direction = Direction.IN
    carrier = factory.SubFactory(CarrierFactory)
    waybill = factory.Sequence(lambda n: f"SF{n:08d}")
    tracked_at = factory.LazyFunction(timezone.now)


class ContainerFactory(factory.django.DjangoModelFactory[Container]):
    class Meta:
        model = Container

    direction = Direction.OUT
    number = factory.Sequence(lambda n: n + 1)


class ParcelFactory(factory.django.DjangoModelFactory[Parcel]):
    class Meta:
        model = Parcel
