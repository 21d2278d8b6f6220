"""Agreements and scopes, without replaying how they came about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import factory

from accounts.tests.factories import CustomerFactory
from devices.models import warranty_day
from scopes.models import Scope, ScopeLine, ServiceAgreement
from workorders.models import Counselling, Service
from workorders.tests.factories import CounsellingFactory


class ServiceFactory(factory.django.DjangoModelFactory[Service]):
    class Meta:
        model = Service
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"service-{n}")
    name_en = factory.LazyAttribute(lambda s: s.code.replace("-", " ").capitalize())
    name_zh = "服务"


class ServiceAgreementFactory(factory.django.DjangoModelFactory[ServiceAgreement]):
    """In force for 200 days more; `expired=True` ended yesterday."""

    class Meta:
        model = ServiceAgreement

    class Params:
        expired = factory.Trait(
            ends_on=factory.LazyFunction(lambda: warranty_day() - timedelta(days=1))
        )

    customer = factory.SubFactory(CustomerFactory)
    number = factory.Sequence(lambda n: f"SA-2026-{n:04d}")
    starts_on = factory.LazyFunction(lambda: warranty_day() - timedelta(days=165))
    ends_on = factory.LazyFunction(lambda: warranty_day() + timedelta(days=200))


class ScopeFactory(factory.django.DjangoModelFactory[Scope]):
    """Of an open enquiry about several devices; `miners={model: number}`, `done=[services]`."""

    class Meta:
        model = Scope
        skip_postgeneration_save = True

    counselling = factory.SubFactory(CounsellingFactory, several=True, sn="")

    @factory.post_generation
    def miners(scope: Scope, create: bool, extracted: Any, **_kw: Any) -> None:  # noqa: N805
        for model, number in (extracted or {}).items():
            ScopeLine.objects.create(scope=scope, model=model, number=number)
        Counselling.objects.filter(pk=scope.counselling_id).update(several=True)

    @factory.post_generation
    def done(scope: Scope, create: bool, extracted: Any, **_kw: Any) -> None:  # noqa: N805
        scope.services.set(extracted or [])
