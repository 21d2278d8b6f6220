"""Repair orders of many devices: turned page by page, found by serial number, nothing lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from devices.tests.factories import DeviceFactory, ProductModelFactory
from logistics.tests.factories import AddressFactory, CarrierFactory
from repairshops.models import RepairShop
from workorders.models import RepairOrder, Unit, UnitNote
from workorders.tests.factories import RepairOrderFactory, UnitFactory
from workorders.views.repair_parts import DRAFT_PAGE, PAGE

pytestmark = pytest.mark.django_db
MANY = 60


@pytest.fixture
def draft(cora: User, kunshan: RepairShop) -> RepairOrder:
    order: RepairOrder = RepairOrderFactory(customer=cora.customer, shop=kunshan)
    return filled(order)


@pytest.fixture
def sent(cora: User, kunshan: RepairShop) -> RepairOrder:
    order: RepairOrder = RepairOrderFactory(customer=cora.customer, shop=kunshan, submitted=True)
    return filled(order)


def filled(order: RepairOrder) -> RepairOrder:
    model = ProductModelFactory()
    for number in range(MANY):
        UnitFactory(order=order, sn=f"1H2141509{number:04}", model=model)
    RepairOrder.objects.filter(pk=order.pk).update(unit_count=MANY)
    return order


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(name: str, order: RepairOrder, *args: Any) -> str:
    return reverse(f"workorders:{name}", args=[order.code, *args])


def shown(page: Any) -> list[str]:
    return re.findall(r"1H2141509\d{4}(?=</span>)", page.text)


ALL = [f"1H2141509{number:04}" for number in range(MANY)]


@pytest.mark.parametrize("name", ["cora", "colin"])
def test_links_lead_through_all_devices_and_back(
    request: pytest.FixtureRequest, sent: RepairOrder, name: str
) -> None:
    client, address = signed_in(request.getfixturevalue(name)), url("repair", sent)
    there: list[str] = []
    back: list[list[str]] = []
    query: str | None = ""
    while query is not None:
        page = client.get(address + query)
        there += shown(page)
        query, last = following(page, "next"), query
    assert there == ALL
    query = last
    while query is not None:
        page = client.get(address + query)
        back.insert(0, shown(page))
        query = following(page, "prev")
    assert [sn for part in back for sn in part] == ALL
    assert len(back[0]) == PAGE
    assert "60 devices" in page.text


def following(page: Any, rel: str) -> str | None:
    found = re.search(rf'href="(\?[^"#]*)#devices" rel="{rel}"', page.text)
    return found[1].replace("&amp;", "&") if found else None


@pytest.mark.parametrize("name", ["otto", "fin"])
def test_nobody_else_turns_its_pages(
    request: pytest.FixtureRequest, sent: RepairOrder, draft: RepairOrder, name: str
) -> None:
    client = signed_in(request.getfixturevalue(name))
    for order in (sent, draft):
        for query in ({"after": 1}, {"sn": "1H"}, {"unit": Unit.objects.all()[0].pk}):
            assert client.get(url("repair", order), query).status_code in (403, 404)


@pytest.mark.parametrize(("who", "page"), [("cora", "repair"), ("agnes", "repair-draft")])
def test_a_device_is_found_by_a_part_of_its_number(
    request: pytest.FixtureRequest, draft: RepairOrder, sent: RepairOrder, who: str, page: str
) -> None:
    client = signed_in(request.getfixturevalue(who))
    orders = [draft, sent] if who == "cora" else [draft]
    for order in orders:
        found = client.get(url(page, order), {"sn": " 09-0057 "})
        assert shown(found) == ["1H21415090057"]
        nothing = client.get(url(page, order), {"sn": "ABC"})
        assert shown(nothing) == []
        assert "No device on this list has that serial number" in nothing.text
        assert "Show all devices" in nothing.text


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", f"after={'9' * 30}", "unit=x", "before=0", "sn=%00"]
)
def test_nonsense_shows_the_first_page(cora: User, sent: RepairOrder, query: str) -> None:
    assert shown(signed_in(cora).get(f"{url('repair', sent)}?{query}")) == ALL[:PAGE]


def test_a_device_of_another_order_is_not_shown(
    cora: User, otto: User, sent: RepairOrder, draft: RepairOrder
) -> None:
    foreign = UnitFactory(sn="1H21415099999", order=RepairOrderFactory(customer=otto.customer))
    for pk in (foreign.pk, draft.units.all()[0].pk):
        assert shown(signed_in(cora).get(url("repair", sent), {"unit": pk})) == []


# ------------------------------------------------------------------ the draft
@pytest.mark.parametrize(("who", "page"), [("cora", "repair"), ("agnes", "repair-draft")])
def test_turning_a_page_without_script_keeps_what_was_typed(
    request: pytest.FixtureRequest, draft: RepairOrder, who: str, page: str
) -> None:
    client = signed_in(request.getfixturevalue(who))
    first = client.get(url(page, draft))
    assert shown(first) == ALL[:DRAFT_PAGE]
    save = re.search(r'formaction="([^"]*/save/\?after=\d+)"', first.text)
    assert save is not None
    told = {"version": 1, "waybill": "half 1", "shop": draft.shop_id or ""}
    answer = client.post(save[1], told)
    assert answer.status_code == 303
    second = client.get(answer["Location"])
    assert shown(second) == ALL[DRAFT_PAGE : 2 * DRAFT_PAGE]
    assert 'value="HALF1"' in second.text


def test_what_cannot_be_saved_yet_stays_in_the_form(cora: User, draft: RepairOrder) -> None:
    client = signed_in(cora)
    after = draft.units.order_by("pk")[DRAFT_PAGE - 1].pk
    told = {"version": 1, "waybill": "half 1", "return_to": "99999"}
    page = client.post(f"{url('repair-save', draft)}?after={after}", told)
    assert page.status_code == 422
    assert 'value="half 1"' in page.text
    assert shown(page) == ALL[DRAFT_PAGE : 2 * DRAFT_PAGE]


def test_figures_and_submitting_speak_of_all_devices(cora: User, draft: RepairOrder) -> None:
    client = signed_in(cora)
    Unit.objects.filter(sn__in=ALL[-3:]).update(verdict="out")
    page = client.get(url("repair", draft))
    assert "60 devices" in page.text
    assert "3 devices are flagged as not covered or not known" in page.text
    told = {"version": 1, "shop": draft.shop_id, "carrier": CarrierFactory().pk, "waybill": "HWB1"}
    told["return_carrier"] = told["carrier"]
    told["return_to"] = AddressFactory(customer=cora.customer).pk
    assert client.post(url("repair-submit", draft), told).status_code == 303
    assert draft.units.filter(state="expected").count() == MANY


def test_a_new_device_and_a_changed_one_are_in_sight_afterwards(
    cora: User, draft: RepairOrder, kunshan: RepairShop
) -> None:
    client, model = signed_in(cora), ProductModelFactory()
    DeviceFactory(sn="1H21415098888", model=model)
    told = {"device_type": "machine", "model": model.pk, "shop": kunshan.pk, "remark": ""}
    answer = client.post(url("unit-add", draft), told | {"sn": "1H21415098888"})
    assert "1H21415098888" in shown(client.get(answer["Location"]))
    unit = draft.units.get(sn=ALL[30])
    told |= {"sn": unit.sn, "remark": "Fans", "version": unit.version, "accepted": "on"}
    answer = client.post(url("unit-edit", draft, unit.pk), told)
    assert answer.status_code == 303
    assert unit.sn in shown(client.get(answer["Location"]))
    answer = client.post(url("unit-delete", draft, unit.pk))
    assert ALL[31] in shown(client.get(answer["Location"]))


def test_the_dialog_of_a_device_is_fetched_when_it_opens(cora: User, draft: RepairOrder) -> None:
    client = signed_in(cora)
    assert 'name="device_type"' not in client.get(url("repair", draft)).text
    form = client.get(url("unit-add", draft), headers={"HX-Request": "true"}).text
    assert "<html" not in form
    assert 'name="device_type"' in form
    assert 'name="form_key"' in form


# ------------------------------------------------------------------ many addresses
def test_many_addresses_are_one_list_and_few_are_cards(cora: User, draft: RepairOrder) -> None:
    client, rows = signed_in(cora), [AddressFactory(customer=cora.customer)]
    assert re.search(r'<input type="radio" name="return_to"', client.get(url("repair", draft)).text)
    rows += [AddressFactory(customer=cora.customer, street=f"Road {n}") for n in range(9)]
    page = client.get(url("repair", draft)).text
    assert '<select name="return_to"' in page
    assert "Road 8" in page
    answer = client.post(url("repair-save", draft), {"version": 1, "return_to": rows[5].pk})
    assert answer.status_code == 303
    draft.refresh_from_db()
    assert draft.return_to == rows[5]
    assert f'value="{rows[5].pk}" selected' in client.get(url("repair", draft)).text


def test_a_new_address_is_entered_without_script(cora: User, draft: RepairOrder) -> None:
    """Its fields come when they are asked for; what was typed before is saved on the way."""
    AddressFactory(customer=cora.customer)
    client = signed_in(cora)
    page = client.get(url("repair", draft)).text
    assert 'name="new-city"' not in page
    save = re.search(r'formaction="([^"]*/save/\?return_to=new)"', page)
    assert save is not None
    told = {"version": 1, "waybill": "HWB1", "return_to": "new"}
    answer = client.post(save[1], told)
    assert answer.status_code == 303
    page = client.get(answer["Location"]).text
    assert 'name="new-city"' in page
    assert 'value="HWB1"' in page
    assert re.search(r'value="new"[^>]* checked', page)


def test_who_has_no_address_yet_enters_one_at_once(cora: User, draft: RepairOrder) -> None:
    assert 'name="new-city"' in signed_in(cora).get(url("repair", draft)).text


# ------------------------------------------------------------------ what the workshop says
def test_the_newest_notes_stand_in_the_table_and_all_of_them_a_link_away(
    cora: User, emil: User, sent: RepairOrder
) -> None:
    unit = sent.units.get(sn=ALL[0])
    for number in range(10):
        UnitNote.objects.create(unit=unit, author=emil, text=f"Note {number}.", public=True)
    UnitNote.objects.create(unit=unit, author=emil, text="Secret.", public=False)
    client = signed_in(cora)
    page = client.get(url("repair", sent))
    assert re.findall(r"Note \d\.", page.text) == ["Note 8.", "Note 9."]
    assert "8 earlier notes" in page.text
    alone = client.get(url("repair", sent), {"unit": unit.pk})
    assert len(re.findall(r"Note \d\.", alone.text)) == 10
    assert shown(alone) == [ALL[0]]
    assert "Secret." not in page.text + alone.text
