"""The people of the demo; one password for all, printed and in the README."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings

from accounts.models import Customer, User
from accounts.roles import Role
from aftersales.demo.goods import Shops
from logistics.models import Address
from repairshops.models import Membership

DOMAIN = "demo.test"


@dataclass(frozen=True)
class People:
    customer: User
    colleague: User
    customer2: User
    agent: User
    agent2: User
    engineer: User
    engineer2: User
    manager: User


def make_companies() -> tuple[Customer, Customer]:
    nordfjell = Customer.objects.create(
        kind=Customer.Kind.COMPANY,
        name="Nordfjell Hosting AB",
        email=f"service@{DOMAIN}",
        phone="+46 8 123 456",
        country="SE",
    )
    haifeng = Customer.objects.create(
        kind=Customer.Kind.COMPANY,
        name="成都海丰科技有限公司",
        email=f"haifeng@{DOMAIN}",
        phone="+86 28 1234 5678",
        country="CN",
        language="zh-hans",
    )
    return nordfjell, haifeng


def make_people(shops: Shops) -> People:
    nordfjell, haifeng = make_companies()
    stockholm, chengdu, shanghai = "Europe/Stockholm", "Asia/Shanghai", "Asia/Shanghai"
    people = People(
        customer=_login("customer", "Marta Nilsson", Role.CUSTOMER, nordfjell, zone=stockholm),
        colleague=_login("colleague", "Jonas Berg", Role.CUSTOMER, nordfjell, zone=stockholm),
        customer2=_login(
            "customer2", "王晓东", Role.CUSTOMER, haifeng, zone=chengdu, language="zh-hans"
        ),
        agent=_login("agent", "Li Wei", Role.AGENT, zone=shanghai),
        agent2=_login("agent2", "Zhao Min", Role.AGENT, zone=shanghai),
        engineer=_login("engineer", "Chen Jie", Role.ENGINEER, zone=shanghai),
        engineer2=_login("engineer2", "Anna Vogel", Role.ENGINEER, zone="Europe/Berlin"),
        manager=_login("manager", "Sun Yan", Role.SHOP_MANAGER, zone=shanghai),
    )
    for name, person, role in (
        ("finance", "Ines Duarte", Role.FINANCE),
        ("finance2", "Pavel Novak", Role.FINANCE),
        ("sales", "Tom Baker", Role.SALES),
        ("admin", "Ada Admin", Role.ADMIN),
    ):
        _login(name, person, role)
    for user, shop in (
        (people.engineer, shops.kunshan),
        (people.manager, shops.kunshan),
        (people.engineer2, shops.leipzig),
    ):
        Membership.objects.create(user=user, shop=shop)
    return people


def make_addresses(people: People) -> None:
    Address.objects.create(
        customer=people.customer.customer,  # type: ignore[misc]
        recipient="Nordfjell Hosting AB, Marta Nilsson",
        phone="+46 8 123 456",
        country="SE",
        city="Luleå",
        street="Datavägen 12",
        postcode="977 53",
        is_default=True,
    )
    Address.objects.create(
        customer=people.customer2.customer,  # type: ignore[misc]
        recipient="王晓东",
        phone="+86 138 0000 0000",
        country="CN",
        region="四川省",
        city="成都市",
        street="高新区天府大道 99 号",
        postcode="610041",
        is_default=True,
    )


def _login(
    name: str,
    person: str,
    role: Role,
    customer: Customer | None = None,
    *,
    zone: str = "UTC",
    language: str = "en",
) -> User:
    user = User.objects.create_user(
        f"{name}@{DOMAIN}",
        settings.DEMO_PASSWORD,
        name=person,
        role=role,
        customer=customer,
        timezone=zone,
        language=language,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user
