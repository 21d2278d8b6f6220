"""The people of our tests, each with a story."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import CustomerFactory, UserFactory
from repairshops.models import RepairShop
from repairshops.tests.factories import MembershipFactory, RepairShopFactory


@pytest.fixture
def cora(db: None) -> User:
    """A customer: Nordfjell Hosting, whose fans spin without force."""
    company = CustomerFactory(name="Nordfjell Hosting AB", kind="company")
    return UserFactory(email="cora@example.com", name="Cora Lind", customer=company)


@pytest.fixture
def colin(cora: User) -> User:
    """Cora's colleague; sees what she sees."""
    return UserFactory(email="colin@example.com", name="Colin Berg", customer=cora.customer)


@pytest.fixture
def otto(db: None) -> User:
    """Another customer; nothing of Cora's is his."""
    return UserFactory(
        email="otto@example.com",
        name="Otto Weiss",
        customer=CustomerFactory(name="Otto Weiss", kind="person"),
    )


@pytest.fixture
def agnes(db: None) -> User:
    """Customer service."""
    return UserFactory(email="agnes@example.com", name="Agnes Moreau", role=Role.AGENT)


@pytest.fixture
def kunshan(db: None) -> RepairShop:
    """Emil's and Mona's shop."""
    return RepairShopFactory(code="kunshan", name_en="China-Mainland service center")


@pytest.fixture
def leipzig(db: None) -> RepairShop:
    """Erna's shop."""
    return RepairShopFactory(code="leipzig", name_en="Europe service point", region_en="Europe")


@pytest.fixture
def emil(kunshan: RepairShop) -> User:
    """An engineer at Kunshan."""
    user = UserFactory(email="emil@example.com", name="Emil Chen", role=Role.ENGINEER)
    MembershipFactory(user=user, shop=kunshan)
    return user


@pytest.fixture
def erna(leipzig: RepairShop) -> User:
    """An engineer elsewhere; nothing of Kunshan's is hers."""
    user = UserFactory(email="erna@example.com", name="Erna Vogel", role=Role.ENGINEER)
    MembershipFactory(user=user, shop=leipzig)
    return user


@pytest.fixture
def mona(kunshan: RepairShop) -> User:
    """The manager of Emil's shop."""
    user = UserFactory(email="mona@example.com", name="Mona Wu", role=Role.SHOP_MANAGER)
    MembershipFactory(user=user, shop=kunshan)
    return user


@pytest.fixture
def fin(db: None) -> User:
    """Finance."""
    return UserFactory(email="fin@example.com", name="Fin Larsen", role=Role.FINANCE)


@pytest.fixture
def sal(db: None) -> User:
    """Sales."""
    return UserFactory(email="sal@example.com", name="Sal Rossi", role=Role.SALES)


@pytest.fixture
def ada(db: None) -> User:
    """The administrator."""
    return UserFactory(email="ada@example.com", name="Ada Park", role=Role.ADMIN)
