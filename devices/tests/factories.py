from __future__ import annotations

from datetime import timedelta

import factory

from devices.models import Brand, Device, ProductModel, warranty_day


class BrandFactory(factory.django.DjangoModelFactory[Brand]):
    class Meta:
        model = Brand
        django_get_or_create = ("name",)

    name = "VolcMiner"


class ProductModelFactory(factory.django.DjangoModelFactory[ProductModel]):
    class Meta:
        model = ProductModel
        django_get_or_create = ("name",)

    brand = factory.SubFactory(BrandFactory)
    name = "VolcMiner D1 Mini Pre"


class DeviceFactory(factory.django.DjangoModelFactory[Device]):
    """In warranty for 100 days more; `out=True` ended yesterday."""

    class Meta:
        model = Device

    class Params:
        out = factory.Trait(
            warranty_until=factory.LazyFunction(lambda: warranty_day() - timedelta(days=1))
        )

    sn = factory.Sequence(lambda n: f"1H2141509{n:04d}")
    model = factory.SubFactory(ProductModelFactory)
    warranty_until = factory.LazyFunction(lambda: warranty_day() + timedelta(days=100))
