from __future__ import annotations

import factory

from accounts.models import Customer, User
from accounts.roles import Role

PASSWORD = "correct horse battery"


class CustomerFactory(factory.django.DjangoModelFactory[Customer]):
    class Meta:
        model = Customer

    name = factory.Sequence(lambda n: f"Customer {n}")
    email = factory.Sequence(lambda n: f"customer{n}@example.com")
    country = "SE"


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A person. `UserFactory(role=Role.AGENT)`; customers get a Customer of their own."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")
    role = Role.CUSTOMER
    password = factory.django.Password(PASSWORD)
    customer = factory.Maybe(
        factory.LazyAttribute(lambda u: u.role == Role.CUSTOMER),
        yes_declaration=factory.SubFactory(CustomerFactory),
        no_declaration=None,
    )
