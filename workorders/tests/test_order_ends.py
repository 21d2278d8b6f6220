"""How an order ends: everything back, scrapped with consent, or missing and settled (E7, R81)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.workflow import Refused
from history.models import Entry
from logistics.models import Carrier
from logistics.tests.factories import CarrierFactory
from workorders.models import RepairOrder, Service, Unit
from workorders.services import bench, bulk, orders
from workorders.tests.bench import finish, fresh, receive, state_of

pytestmark = pytest.mark.django_db


def one(unit: Unit) -> Any:
    return Unit.objects.filter(pk=unit.pk)


def give_up(unit: Unit, emil: User) -> Unit:
    bench.take_step(fresh(unit), "start_diagnosis", actor=emil)
    return bench.take_step(fresh(unit), "give_up", actor=emil, note="Water inside.")


@pytest.fixture
def carrier() -> Carrier:
    made: Carrier = CarrierFactory()
    return made


@pytest.mark.row("E7", "R81")
def test_an_order_is_complete_when_every_device_is_final(
    order: RepairOrder, units: list[Unit], emil: User, mona: User, cora: User, carrier: Carrier
) -> None:
    bench.mark_missing(order, one(units[2]), actor=emil)
    bench.receive_units(order, Unit.objects.filter(order=order, state="expected"), actor=emil)
    give_up(units[1], emil)
    with pytest.raises(Refused, match="agreed"):
        bench.take_step(fresh(units[1]), "scrap", actor=emil)
    bulk.agree_to_scrapping(order, one(units[1]), actor=cora)
    bench.take_step(fresh(units[1]), "scrap", actor=emil)
    finish(fresh(units[0]), emil)
    assert state_of(order) == "repaired"
    bench.ship_back(order, one(units[0]), actor=emil, carrier=carrier, waybill="SF100200300")
    assert state_of(order) == "returned"
    with pytest.raises(Refused, match="nobody has settled"):
        orders.complete_order(order, actor=cora)
    bulk.settle_missing(order, one(units[2]), actor=mona, note="Refunded.")
    assert orders.complete_order(order, actor=cora).state == "completed"
    assert not Unit.objects.filter(order=order, holds_sn=True).exists()


@pytest.mark.row("E7")
def test_the_clock_completes_nothing_that_misses_a_device(
    order: RepairOrder, units: list[Unit], emil: User, agnes: User, carrier: Carrier
) -> None:
    bench.mark_missing(order, one(units[2]), actor=emil)
    bench.receive_units(order, Unit.objects.filter(order=order, state="expected"), actor=emil)
    for unit in units[:2]:
        finish(fresh(unit), emil)
    back = Unit.objects.filter(order=order, state="ready")
    bench.ship_back(order, back, actor=emil, carrier=carrier, waybill="SF100200301")
    later = timezone.now() + timedelta(days=orders.SILENT_DAYS + 1)
    assert orders.silent_since(later) == []
    bulk.settle_missing(order, one(units[2]), actor=agnes, note="Never sent, says the customer.")
    assert orders.silent_since(later) == [order.pk]


def test_an_order_of_which_nothing_came_is_over_once_that_is_settled(
    order: RepairOrder, units: list[Unit], emil: User, mona: User, cora: User
) -> None:
    everything = Unit.objects.filter(order=order)
    bench.mark_missing(order, everything, actor=emil)
    assert state_of(order) == "pending_delivery"
    assert bulk.settle_missing(order, everything, actor=mona, note="Lost by the carrier.") == 3
    assert bulk.settle_missing(order, everything, actor=mona, note="Again.") == 0
    assert state_of(order) == "returned"
    assert orders.complete_order(order, actor=cora).state == "completed"


def test_a_settled_device_that_turns_up_is_received_as_ever(
    order: RepairOrder, units: list[Unit], emil: User, mona: User
) -> None:
    everything = Unit.objects.filter(order=order)
    bench.mark_missing(order, everything, actor=emil)
    bulk.settle_missing(order, everything, actor=mona, note="Lost.")
    bench.receive_units(order, one(units[0]), actor=emil)
    assert (fresh(units[0]).state, fresh(units[0]).settled_at) == ("received", None)
    assert state_of(order) == "received"


@pytest.mark.row("E7")
@pytest.mark.parametrize(
    ("person", "error"),
    [("emil", PermissionDenied), ("otto", PermissionDenied), ("fin", PermissionDenied),
     ("ada", PermissionDenied), ("agnes", ValidationError), ("mona", ValidationError)],
)  # fmt: skip
def test_who_speaks_for_the_customer_says_how(
    request: pytest.FixtureRequest,
    order: RepairOrder,
    units: list[Unit],
    emil: User,
    person: str,
    error: type[Exception],
) -> None:
    receive(order, emil)
    give_up(units[0], emil)
    actor = request.getfixturevalue(person)
    with pytest.raises(error):
        bulk.agree_to_scrapping(order, one(units[0]), actor=actor)
    with pytest.raises(error):
        bulk.settle_missing(order, one(units[0]), actor=actor, note=" ")
    assert fresh(units[0]).scrap_agreed_at is None


def test_customers_give_up_only_what_was_not_repaired(
    order: RepairOrder, units: list[Unit], emil: User, cora: User
) -> None:
    receive(order, emil)
    give_up(units[0], emil)
    assert bulk.agree_to_scrapping(order, Unit.objects.filter(order=order), actor=cora) == 1
    told = Entry.objects.of(units[0]).get(verb="scrap_agreed")
    assert (told.actor, told.internal) == (cora, False)
    with pytest.raises(PermissionDenied):
        bulk.settle_missing(order, one(units[1]), actor=cora, note="Mine.")


# ------------------------------------------------------------------ pages
@pytest.mark.row("E7")
def test_the_customer_agrees_on_the_page_for_one_or_for_all(
    client: Client, order: RepairOrder, units: list[Unit], emil: User, cora: User, otto: User
) -> None:
    receive(order, emil)
    for unit in units[:2]:
        give_up(unit, emil)
    address = reverse("workorders:order-scrapping", args=[order.code])
    client.force_login(cora)
    page = client.get(reverse("workorders:repair", args=[order.code])).content.decode()
    assert "2 devices were not repaired" in page
    assert page.count(f'action="{address}"') == 3
    assert client.post(address, {"count": "3"}).status_code == 409
    assert client.post(address, {"unit": units[0].pk}).status_code == 303
    assert client.post(address, {"unit": units[0].pk}).status_code == 409
    assert client.post(address, {"count": "1"}).status_code == 303
    agreed = Unit.objects.filter(order=order, scrap_agreed_by=cora)
    assert list(agreed) == units[:2]
    client.force_login(otto)
    assert client.post(address, {"unit": units[0].pk}).status_code == 404
    client.force_login(emil)
    assert client.post(address, {"unit": units[0].pk}).status_code == 403


@pytest.mark.row("R75")
def test_names_are_edited_in_place_and_a_clash_stands_beside_the_field(
    client: Client, order: RepairOrder, units: list[Unit], emil: User
) -> None:
    client.force_login(emil)
    address = reverse("workorders:unit-names", args=[units[0].pk])
    data = {"version": 1, "sn": units[1].sn, "model": "", "mac": "", "asset_tag": "Rack 9"}
    clash = client.post(address, data)
    assert clash.status_code == 422
    text = clash.content.decode()
    assert "This serial number is on the list already." in text
    assert 'value="Rack 9"' in text
    assert "<details open>" in text
    data["sn"] = "1H00009999"
    assert client.post(address, data).status_code == 303
    stale = client.post(address, data | {"asset_tag": "Rack 10"})
    assert stale.status_code == 409
    assert 'value="Rack 10"' in stale.content.decode()
    page = client.get(reverse("workorders:unit", args=[units[0].pk])).content.decode()
    assert "1H00009999" in page
    assert "Serial number, model or tag corrected" in page


@pytest.mark.parametrize(
    ("person", "statuses"),
    [
        ("emil", {"unit-names": 303, "unit-services": 303, "unit-warranty": 403,
                  "unit-consent": 403, "unit-settle": 403}),
        ("mona", {"unit-names": 303, "unit-services": 303, "unit-warranty": 303,
                  "unit-consent": 303, "unit-settle": 303}),
        ("agnes", {"unit-names": 303, "unit-services": 403, "unit-warranty": 303,
                   "unit-consent": 303, "unit-settle": 303}),
        ("ada", dict.fromkeys(("unit-names", "unit-services", "unit-warranty"), 403)),
        ("cora", dict.fromkeys(("unit-names", "unit-services", "unit-settle"), 403)),
        ("erna", dict.fromkeys(("unit-names", "unit-services", "unit-settle"), 404)),
    ],
)  # fmt: skip
def test_who_corrects_what(
    request: pytest.FixtureRequest,
    client: Client,
    order: RepairOrder,
    units: list[Unit],
    emil: User,
    person: str,
    statuses: dict[str, int],
) -> None:
    receive(order, emil)
    client.force_login(request.getfixturevalue(person))
    for name, status in statuses.items():
        data = {
            "version": fresh(units[0]).version,
            "sn": units[0].sn,
            "verdict": "out",
            "reason": "Water.",
            "note": "By phone.",
        }
        address = reverse(f"workorders:{name}", args=[units[0].pk])
        assert client.post(address, data).status_code == status, name


@pytest.mark.row("R67")
def test_services_are_ticked_on_the_page_of_the_device(
    client: Client, order: RepairOrder, units: list[Unit], emil: User, mona: User
) -> None:
    receive(order, emil)
    clean = Service.objects.create(code="clean", name_en="Cleaning")
    bulk.set_services(order, one(units[0]), [clean], actor=mona)
    client.force_login(emil)
    page = reverse("workorders:unit", args=[units[0].pk])
    assert "0 of 1" in client.get(page).content.decode()
    ticks = {"service": units[0].services.get().pk}
    client.post(reverse("workorders:unit-services", args=[units[0].pk]), ticks)
    assert "1 of 1" in client.get(page).content.decode()
    assert units[0].services.get().done_by == emil


def test_scrapping_on_the_page_waits_for_consent(
    client: Client, order: RepairOrder, units: list[Unit], emil: User, mona: User
) -> None:
    receive(order, emil)
    give_up(units[0], emil)
    client.force_login(emil)
    page = reverse("workorders:unit", args=[units[0].pk])
    scrap = reverse("workorders:unit-step", kwargs={"pk": units[0].pk, "step": "scrap"})
    assert "The customer has not agreed to scrapping it." in client.get(page).content.decode()
    assert client.post(scrap).status_code == 409
    bulk.agree_to_scrapping(order, one(units[0]), actor=mona, note="By phone, Mr Berg.")
    assert client.post(scrap).status_code == 303
    assert "Scrapping agreed, recorded by" in client.get(page).content.decode()
