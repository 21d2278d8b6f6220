"""Where devices are repaired: region, name, full address, contact data (R9, R24)."""

from __future__ import annotations

from datetime import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import UserFactory
from devices.tests.factories import ProductModelFactory
from repairshops.hours import days_in_words, opening_hours
from repairshops.models import RepairShop
from repairshops.tests.factories import RepairShopFactory
from sla.models import Calendar

URL = "/shops/"


@pytest.mark.parametrize("role", Role)
def test_everybody_signed_in_reads_the_list(client: Client, role: Role, db: None) -> None:
    client.force_login(UserFactory(role=role))
    assert client.get(URL).status_code == 200


def test_a_visitor_signs_in_first(client: Client, db: None) -> None:
    assert client.get(URL).status_code == 302


@pytest.mark.row("R9", "R24")
def test_a_shop_shows_region_address_contact_and_hours(client: Client, cora: User) -> None:
    calendar = Calendar.objects.create(
        name="Kunshan", break_from=time(12), break_until=time(13), zone="Asia/Shanghai"
    )
    shop = RepairShopFactory(
        calendar=calendar, email="a@example.com", wechat="kunshan01", website="https://example.com"
    )
    shop.models_served.add(ProductModelFactory(name="D1"))
    client.force_login(cora)
    page = client.get(URL).content.decode()
    for told in (
        "Mainland China",
        shop.name_en,
        "No. 148, Kangzhuang Road",
        "江苏省昆山市康庄路148号5栋3楼",
        "+86 512 0000 0000",
        "a@example.com",
        "kunshan01",
        "https://example.com",
        "Mon–Fri 09:00–18:00, break 12:00–13:00 (Asia/Shanghai)",
        "D1",
    ):
        assert told in page, told


@pytest.mark.row("E30")
def test_a_chinese_reader_reads_chinese_first(client: Client, cora: User) -> None:
    RepairShopFactory(name_en="Kunshan centre", name_zh="昆山服务中心")
    cora.language = "zh-hans"
    cora.save()
    client.force_login(cora)
    client.cookies["django_language"] = "zh-hans"
    page = client.get(URL, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert page.index("昆山服务中心") < page.index("Kunshan centre")
    assert page.index("中国大陆") > 0


@pytest.mark.row("R9")
def test_kinds_and_regions_can_be_chosen(client: Client, cora: User) -> None:
    RepairShopFactory(name_en="Kunshan One")
    RepairShopFactory(name_en="Hashwerk", third_party=True, region_en="Europe")
    RepairShopFactory(name_en="Nearby", third_party=True)
    client.force_login(cora)

    def shown(query: str) -> set[str]:
        page = client.get(f"{URL}{query}").content.decode()
        return {name for name in ("Kunshan One", "Hashwerk", "Nearby") if f">{name}" in page}

    assert shown("") == {"Kunshan One", "Hashwerk", "Nearby"}
    assert shown("?kind=third_party") == {"Hashwerk", "Nearby"}
    assert shown("?kind=third_party&region=Europe") == {"Hashwerk"}
    assert "No repair shop here" in client.get(f"{URL}?region=Mars").content.decode()


def test_closed_shops_are_not_listed(client: Client, cora: User) -> None:
    RepairShopFactory(name_en="Gone", active=False)
    client.force_login(cora)
    assert "Gone" not in client.get(URL).content.decode()


def test_an_engineer_sees_the_shops_they_work_in(
    client: Client, emil: User, leipzig: RepairShop
) -> None:
    client.force_login(emil)
    page = client.get(URL).content.decode()
    assert "China-Mainland service center" in page
    assert leipzig.name_en not in page


def test_the_list_costs_the_same_at_one_row_and_at_eight(client: Client, cora: User) -> None:
    client.force_login(cora)
    client.get(URL)
    model = ProductModelFactory()
    costs = []
    for number in (1, 7):
        for shop in RepairShopFactory.create_batch(number):
            shop.models_served.add(model)
        with CaptureQueriesContext(connection) as seen:
            client.get(URL)
        costs.append(len(seen))
    assert costs[0] == costs[1]


def test_a_shop_that_names_no_model_serves_all(db: None) -> None:
    one, other = ProductModelFactory(name="D1"), ProductModelFactory(name="D2")
    every, special = RepairShopFactory(), RepairShopFactory()
    special.models_served.add(one)
    assert set(RepairShop.objects.serving(one)) == {every, special}
    assert set(RepairShop.objects.serving(other)) == {every}
    assert set(RepairShop.objects.serving(None)) == {every, special}


@pytest.mark.parametrize(
    ("weekdays", "words"),
    [("12345", "Mon–Fri"), ("136", "Mon, Wed, Sat"), ("1267", "Mon, Tue, Sat, Sun"), ("7", "Sun")],
)
def test_neighbouring_days_are_drawn_together(weekdays: str, words: str) -> None:
    with translation.override("en"):
        assert days_in_words(weekdays) == words


def test_without_a_calendar_nothing_is_promised() -> None:
    assert opening_hours(None) == ""
