"""What the source documents ask that no test of a single app shows: doors, menus, lists, words."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from aftersales.navigation import navigation
from devices.models import Verdict
from devices.tests.factories import DeviceFactory, ProductModelFactory
from repairshops.models import RepairShop
from tests.world import TAGS
from workorders.models import Counselling, RepairOrder
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory

pytestmark = pytest.mark.django_db


def text_of(client: Client, address: str) -> str:
    """The words of a page, without markup and with single blanks."""
    page = client.get(address).content.decode()
    return " ".join(TAGS.sub(" ", page).split())


@pytest.mark.row("R1", "R2")
def test_the_address_of_the_portal_leads_to_the_door_or_to_initiate_work_order(
    client: Client, cora: User
) -> None:
    assert client.get("/").headers["Location"].startswith(reverse("account_login"))
    client.force_login(cora)
    assert client.get("/").headers["Location"] == reverse("devices:lookup")
    assert "Initiate work order" in text_of(client, reverse("devices:lookup"))


@pytest.mark.row("R3")
def test_the_door_has_everything_the_manual_shows(client: Client) -> None:
    page = client.get(reverse("account_login")).content.decode()
    for name in ("login", "password", "remember"):
        assert f'name="{name}"' in page
    assert "data-reveal" in page  # shows and hides the password
    assert f'href="{reverse("account_reset_password")}"' in page
    assert reverse("account_signup") in page


@pytest.mark.row("R4")
def test_the_menu_of_the_account_ends_at_the_door(client: Client, cora: User) -> None:
    client.force_login(cora)
    page = client.get(reverse("devices:lookup")).content.decode()
    assert cora.name in page
    assert f'action="{reverse("account_logout")}"' in page
    answer = client.post(reverse("account_logout"))
    assert answer.headers["Location"] == reverse("account_login")
    assert client.get("/").headers["Location"].startswith(reverse("account_login"))


@pytest.mark.row("R5")
def test_the_menu_on_the_left_has_the_entries_of_the_manual(cora: User) -> None:
    listed = [str(item["label"]) for item in navigation(cora.role, "/warranty/", {})[0]["items"]]
    assert listed[:5] == [
        "Initiate work order",
        "Self-service repair",
        "My work orders",
        "Repair shops",
        "After-sales manual",
    ]


@pytest.mark.row("R19")
def test_a_line_of_my_work_orders_has_all_its_columns(client: Client, cora: User) -> None:
    enquiry = CounsellingFactory(
        customer=cora.customer,
        opened_by=cora,
        converted=True,
        code="K7MTESTX",
        sn="1H21415090018",
        model_name="VolcMiner D1 Mini Pre",
        verdict=Verdict.IN,
        warranty_until=date(2031, 3, 7),
    )
    client.force_login(cora)
    words = text_of(client, reverse("workorders:my-orders") + "?view=all")
    for shown in (enquiry.number, enquiry.code, enquiry.model_name, enquiry.sn, "Finished"):
        assert str(shown) in words
    assert "2031" in words


@pytest.mark.row("R25", "R26")
def test_the_table_of_a_draft_shows_every_device_with_its_shop(
    client: Client, cora: User, kunshan: RepairShop
) -> None:
    order = RepairOrderFactory(customer=cora.customer, shop=kunshan)
    model = ProductModelFactory()
    for remark in ("No fan.", "No board."):
        UnitFactory(order=order, sn=DeviceFactory(model=model).sn, model=model, remark=remark)
    client.force_login(cora)
    words = text_of(client, reverse("workorders:repair", args=[order.code]))
    for unit in order.units.all():
        assert unit.sn in words
        assert unit.remark in words
    for shown in (order.code, order.counselling.number, "Complete machine", model.name):
        assert str(shown) in words
    assert kunshan.name in words


@pytest.mark.row("E27")
def test_the_form_says_beforehand_what_may_be_sent(client: Client, cora: User) -> None:
    enquiry = CounsellingFactory(customer=cora.customer, opened_by=cora)
    client.force_login(cora)
    words = text_of(client, reverse("workorders:counselling", args=[enquiry.number]))
    for said in ("Up to 3 files", "jpg, png, mp4, miner log", "20 MB each", "100 MB"):
        assert said in words


@pytest.mark.row("E1", "E3")
@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        (Counselling._meta.verbose_name, "咨询工单"),
        (RepairOrder._meta.verbose_name, "维修工单"),
        (Counselling._meta.get_field("code").verbose_name, "初诊代码"),
        (RepairOrder.State.PENDING_DELIVERY.label, "待收件"),
    ],
)
def test_a_thing_has_one_word_in_each_language(said: object, chinese: str) -> None:
    with translation.override("zh-hans"):
        assert str(said) == chinese
