"""My devices, the registry, one device (D4, D8)."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import CustomerFactory, UserFactory
from devices.models import Device
from devices.registry import PAGE, page_of
from devices.services import edit_device, register_device
from devices.tests.factories import DeviceFactory, ProductModelFactory

LIST = "/devices/"
WHO = {
    Role.CUSTOMER: 200,
    Role.AGENT: 200,
    Role.ENGINEER: 200,
    Role.SHOP_MANAGER: 200,
    Role.ADMIN: 200,
    Role.FINANCE: 403,
    Role.SALES: 403,
}


@pytest.mark.parametrize("role", Role)
def test_who_opens_the_list_and_a_device(client: Client, role: Role, db: None) -> None:
    person = UserFactory(role=role)
    device = DeviceFactory(customer=person.customer)
    client.force_login(person)
    assert client.get(LIST).status_code == WHO[role]
    assert client.get(reverse("devices:device", args=[device.sn])).status_code == WHO[role]


def test_a_visitor_signs_in_first(client: Client, db: None) -> None:
    assert client.get(LIST).status_code == 302
    assert client.get(reverse("devices:device", args=["X1"])).status_code == 302


def test_another_customers_device_is_as_absent_as_one_that_is_not(
    client: Client, cora: User, otto: User
) -> None:
    foreign = DeviceFactory(customer=otto.customer)
    client.force_login(cora)
    answers = [client.get(reverse("devices:device", args=[sn])) for sn in (foreign.sn, "NOBODYS")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert foreign.sn not in client.get(LIST).content.decode()


def test_guessing_serial_numbers_comes_to_an_end(client: Client, cora: User) -> None:
    own = DeviceFactory(customer=cora.customer)
    client.force_login(cora)
    for number in range(20):
        client.get(reverse("devices:device", args=[f"GUESS{number}"]))
    assert client.get(reverse("devices:device", args=[own.sn])).status_code == 429


def test_a_customer_reads_no_names_and_staff_do(client: Client, cora: User, agnes: User) -> None:
    device = DeviceFactory(customer=cora.customer)
    client.force_login(agnes)
    page = client.get(reverse("devices:device", args=[device.sn.lower()])).content.decode()
    assert "Nordfjell Hosting AB" in page
    assert "Nordfjell Hosting AB" in client.get(LIST).content.decode()
    client.force_login(cora)
    assert (
        "<dt>Customer</dt>"
        not in client.get(reverse("devices:device", args=[device.sn])).content.decode()
    )


def test_a_login_without_a_customer_sees_nothing(client: Client, db: None) -> None:
    DeviceFactory(customer=None)
    lost = UserFactory(customer=None)
    assert not Device.objects.visible_to(lost).exists()


def test_the_exact_number_stands_first(db: None) -> None:
    DeviceFactory(sn="AB12")
    DeviceFactory(sn="AB1")
    DeviceFactory(sn="AB11")
    found = [device.sn for device in page_of(Device.objects.all(), q="ab-11").devices]
    assert found == ["AB11"]
    found = [device.sn for device in page_of(Device.objects.all(), q="AB1").devices]
    assert found == ["AB1", "AB11", "AB12"]


def test_models_and_customers_are_found_by_a_word(db: None) -> None:
    special = ProductModelFactory(name="Special Z9")
    one = DeviceFactory(model=special)
    two = DeviceFactory(customer=CustomerFactory(name="北方矿业"))
    DeviceFactory()
    assert page_of(Device.objects.all(), q="special").devices == [one]
    assert page_of(Device.objects.all(), q="北方").devices == [two]
    assert page_of(Device.objects.all(), q="nothing").devices == []
    assert page_of(Device.objects.all(), q="—").devices == []


def test_a_customer_does_not_search_by_other_customers(otto: User, cora: User) -> None:
    DeviceFactory(customer=otto.customer)
    mine = Device.objects.visible_to(cora)
    assert page_of(mine, q="Otto").devices == []


def test_pages_follow_each_other_without_gap_or_double(db: None) -> None:
    DeviceFactory.create_batch(2 * PAGE + 3)
    exact = Device.objects.order_by("sn")[PAGE + 10]
    seen: list[str] = []
    after = ""
    for _page in range(3):
        page = page_of(Device.objects.all(), q=exact.sn[:4], after=after)
        seen += [device.sn for device in page.devices]
        after = str(page.after or "")
    assert after == ""
    assert len(seen) == len(set(seen)) == 2 * PAGE + 3


@pytest.mark.parametrize("after", ["x", "²", "-1", "99999999999999999999999", ""])
def test_a_place_that_is_none_starts_at_the_beginning(after: str, db: None) -> None:
    DeviceFactory()
    assert len(page_of(Device.objects.all(), after=after).devices) == 1


def test_a_place_among_somebody_elses_devices_tells_nothing(cora: User, otto: User) -> None:
    mine = DeviceFactory(sn="A1", customer=cora.customer)
    foreign = DeviceFactory(sn="B1", customer=otto.customer)
    page = page_of(Device.objects.visible_to(cora), after=str(foreign.pk))
    assert page.devices == [mine]


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.AGENT])
def test_the_list_costs_the_same_at_one_row_and_at_eight(
    client: Client, role: Role, db: None
) -> None:
    person = UserFactory(role=role)
    client.force_login(person)
    client.get(LIST)
    costs = []
    for number in (1, 7):
        for _device in range(number):
            DeviceFactory(
                customer=person.customer or CustomerFactory(),
                model=ProductModelFactory(name=f"M{Device.objects.count()}"),
            )
        with CaptureQueriesContext(connection) as seen:
            client.get(LIST)
        costs.append(len(seen))
    assert costs[0] == costs[1]


def test_a_new_end_of_warranty_is_told_with_before_and_after(
    client: Client, ada: User, cora: User
) -> None:
    device = DeviceFactory.build(
        model=ProductModelFactory(), customer=cora.customer, warranty_until=date(2026, 1, 1)
    )
    register_device(device, actor=ada)
    edit_device(device, actor=ada, warranty_until=date(2027, 1, 1), shipped_on=date(2025, 1, 1))
    client.force_login(cora)
    page = client.get(reverse("devices:device", args=[device.sn])).content.decode()
    assert "End of warranty changed from 2026-01-01 to 2027-01-01" in page
    assert "Registry entry changed" not in page
    client.force_login(ada)
    page = client.get(reverse("devices:device", args=[device.sn])).content.decode()
    assert "Registry entry changed" in page


def test_an_edit_that_changes_nothing_leaves_no_trace(ada: User) -> None:
    from history.models import Entry

    device = DeviceFactory()
    edit_device(device, actor=ada, warranty_until=device.warranty_until)
    assert not Entry.objects.exists()
    with pytest.raises(TypeError):
        edit_device(device, actor=ada, sn="OTHER")
