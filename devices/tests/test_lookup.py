"""Initiate work order: what a serial number answers, and to whom (R2, R6-R10, E11)."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import CustomerFactory, UserFactory
from devices.lookup import look_up, recall
from devices.models import Brand, Verdict
from devices.tests.factories import BrandFactory, DeviceFactory, ProductModelFactory
from repairshops.tests.factories import RepairShopFactory

URL = "/warranty/"
SN = "1H21415090018"


def ask(client: Client, sn: str) -> str:
    """Type, be redirected, read."""
    response = client.post(URL, {"sn": sn})
    assert (response.status_code, response["Location"]) == (303, URL)
    return client.get(URL).content.decode()


@pytest.mark.parametrize("role", Role)
def test_everybody_signed_in_may_look_up(client: Client, role: Role, db: None) -> None:
    client.force_login(UserFactory(role=role))
    assert client.get(URL).status_code == 200
    assert client.post(URL, {"sn": SN}).status_code == 303


def test_a_visitor_signs_in_first(client: Client, db: None) -> None:
    assert client.get(URL).status_code == 302
    assert client.post(URL, {"sn": SN}).status_code == 302


@pytest.mark.row("R6")
def test_in_warranty_shows_product_expiry_and_days(client: Client, cora: User) -> None:
    with time_machine.travel("2026-11-21T04:00:00Z", tick=False):
        DeviceFactory(sn=SN, warranty_until=date(2027, 3, 7), shipped_on=date(2026, 3, 7))
        client.force_login(cora)
        page = ask(client, SN)
    assert "In warranty until" in page
    assert "7 March 2027" in page
    assert "106 days left" in page
    assert "259 of 365 warranty days used" in page
    assert "VolcMiner D1 Mini Pre" in page
    assert "Third-party" not in page


@pytest.mark.row("R8", "R9")
def test_out_of_warranty_says_own_cost_and_where_to_turn(client: Client, cora: User) -> None:
    DeviceFactory(sn=SN, out=True)
    RepairShopFactory(third_party=True, name_en="Hashwerk", phone="+49 341 1")
    RepairShopFactory(third_party=True, name_en="Closed", active=False)
    client.force_login(cora)
    page = ask(client, SN)
    assert "Out of warranty since" in page
    assert "at your own expense" in page
    assert f"{reverse('repairshops:shop-list')}?kind=third_party" in page
    assert "Hashwerk" in page
    assert "Closed" not in page
    assert "Something wrong with the date?" in page
    assert "support@example.com" in page


@pytest.mark.row("E10")
def test_a_brand_that_repairs_for_a_quote_sends_nobody_away(client: Client, cora: User) -> None:
    brand = BrandFactory(name="Other", out_of_warranty=Brand.OutOfWarranty.QUOTE)
    DeviceFactory(sn=SN, out=True, model=ProductModelFactory(name="X1", brand=brand))
    client.force_login(cora)
    page = ask(client, SN)
    assert "You receive a quote first" in page
    assert "kind=third_party" not in page
    assert look_up(SN, user=cora).may_open


@pytest.mark.row("R10")
def test_unknown_repeats_what_was_typed_and_explains(client: Client, cora: User) -> None:
    client.force_login(cora)
    page = ask(client, "1h2141509O1b8 <b>")
    assert "We have no device with this SN" in page
    assert "1h2141509O1b8 &lt;b&gt;" in page
    assert "You typed the letter O. It may be the digit 0." in page
    assert "You typed the letter B. It may be the digit 8." in page
    assert "support@example.com" in page


@pytest.mark.parametrize(
    "typed", ["1h21415090018", " 1H2141-5090018 ", "１Ｈ２１４１５０９００１８", "1H 2141 5090018"]
)
def test_any_spelling_finds_the_device(typed: str, cora: User) -> None:
    DeviceFactory(sn=SN)
    assert look_up(typed, user=cora).verdict == Verdict.IN


@pytest.mark.parametrize(
    ("moment", "verdict", "left"),
    [
        # The day ends in Shanghai at 16:00 UTC.
        (datetime(2027, 3, 7, 15, 59, 59, tzinfo=UTC), Verdict.IN, 0),
        (datetime(2027, 3, 7, 16, 0, 0, tzinfo=UTC), Verdict.OUT, -1),
        (datetime(2027, 3, 6, 15, 59, 59, tzinfo=UTC), Verdict.IN, 1),
    ],
)
def test_warranty_holds_through_its_last_day(
    moment: datetime, verdict: Verdict, left: int, cora: User
) -> None:
    DeviceFactory(sn=SN, warranty_until=date(2027, 3, 7))
    found = look_up(SN, user=cora, at=moment)
    assert (found.verdict, found.days_left) == (verdict, left)


def test_the_last_day_says_so(client: Client, cora: User) -> None:
    with time_machine.travel("2027-03-07T15:59:00Z", tick=False):
        DeviceFactory(sn=SN, warranty_until=date(2027, 3, 7))
        client.force_login(cora)
        assert "Today is the last day" in ask(client, SN)


def test_near_matches_come_from_ones_own_devices_only(client: Client, cora: User) -> None:
    DeviceFactory(sn="1H2141509O188", customer=cora.customer)  # a real O, for once
    DeviceFactory(sn="1H21415090188", customer=CustomerFactory())
    DeviceFactory(sn="1H21415090187")
    client.force_login(cora)
    page = ask(client, "1H21415090198")
    assert "1H2141509O188" in page
    assert "1H21415090188" not in page
    assert "1H21415090187" not in page


@pytest.mark.parametrize("role", [Role.AGENT, Role.SALES])
def test_staff_get_no_near_matches_from_the_look_up(role: Role, db: None) -> None:
    DeviceFactory(sn="1H21415090188")
    assert look_up("1H21415090198", user=UserFactory(role=role)).near == ()


@pytest.mark.row("E11")
@pytest.mark.parametrize("out", [False, True])
def test_the_owner_is_never_told(client: Client, cora: User, otto: User, out: bool) -> None:
    """E11: neither on the page, nor in a header, nor in the session."""
    canary = "Canary Mining 7731"
    owner = CustomerFactory(name=canary, email="canary@example.org")
    UserFactory(customer=owner, name=f"{canary} buyer")
    DeviceFactory(sn=SN, out=out, customer=owner)
    client.force_login(cora)
    page = ask(client, SN)
    response = client.get(URL)
    for told in (page, str(response.headers), str(dict(client.session))):
        assert "Canary" not in told
        assert "canary" not in told
    # The look-up does not even read whose it is.
    with CaptureQueriesContext(
        connection,
    ) as seen:
        look_up(SN, user=cora)
    assert len(seen) == 1
    assert '"customer_id"' not in seen[0]["sql"]


def test_the_number_stands_in_no_address_and_no_log(
    client: Client, cora: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)  # SQL, only ever in tests
    DeviceFactory(sn=SN)
    client.force_login(cora)
    page = ask(client, SN)
    ask(client, "1H21415099999")
    asked_by_address = client.get(f"{URL}?sn={SN}").content.decode()
    assert "In warranty" not in asked_by_address  # an address asks nothing
    assert SN not in caplog.text
    assert f"={SN}" not in page.replace(f'value="{SN}"', "")


@pytest.mark.row("E11")
def test_more_than_twenty_look_ups_a_minute_have_to_wait(client: Client, cora: User) -> None:
    DeviceFactory(sn=SN)
    client.force_login(cora)
    with time_machine.travel("2026-11-21T04:00:10Z", tick=False):
        for _time in range(20):
            assert client.post(URL, {"sn": SN}).status_code == 303
        refused = client.post(URL, {"sn": SN})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    with time_machine.travel("2026-11-21T04:02:10Z", tick=False):
        assert client.post(URL, {"sn": SN}).status_code == 303


def test_the_limit_is_one_persons_own(client: Client, cora: User, otto: User) -> None:
    client.force_login(cora)
    for _time in range(21):
        last = client.post(URL, {"sn": SN})
    assert last.status_code == 429
    client.force_login(otto)
    assert client.post(URL, {"sn": SN}).status_code == 303


@pytest.mark.parametrize("typed", ["", "   ", "---", "x" * 65, "\u200b"])
def test_what_is_no_number_is_said_at_the_field(client: Client, cora: User, typed: str) -> None:
    client.force_login(cora)
    response = client.post(URL, {"sn": typed})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()


def test_the_answer_is_as_fresh_as_its_page(client: Client, cora: User) -> None:
    device = DeviceFactory(sn=SN, out=True)
    client.force_login(cora)
    assert "Out of warranty" in ask(client, SN)
    device.warranty_until = date(2099, 1, 1)
    device.save()
    assert "In warranty" in client.get(URL).content.decode()


def test_before_the_first_look_up_there_is_no_answer(client: Client, cora: User) -> None:
    client.force_login(cora)
    page = client.get(URL).content.decode()
    assert "How a repair goes" in page
    assert recall({}, cora) is None


@pytest.mark.parametrize("state", [{"out": True}, {}])
def test_the_page_costs_the_same_at_one_row_and_at_eight(
    client: Client, cora: User, state: dict[str, Any]
) -> None:
    DeviceFactory(sn=SN, customer=cora.customer, **state)
    client.force_login(cora)
    ask(client, SN)
    costs = []
    for number in (1, 5):
        RepairShopFactory.create_batch(number, third_party=True)
        DeviceFactory.create_batch(number, customer=cora.customer)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get(URL)
        costs.append(len(seen))
    assert costs[0] == costs[1]
