"""The address book: whose it is, what is refused, which address comes first."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from core.workflow import Refused, Stale
from history.models import Entry
from logistics import addresses
from logistics.models import Address
from logistics.tests.factories import AddressFactory

pytestmark = pytest.mark.django_db
LIST = reverse("logistics:address-list")
NEW = reverse("logistics:address-new")
TOLD = {
    "recipient": "Hall 2",
    "phone": "+46 8 123 456 78",
    "country": "SE",
    "city": "Kiruna",
    "street": "Verkstadsgatan 14",
}


def edit_url(address):
    return reverse("logistics:address-edit", args=[address.pk])


def delete_url(address):
    return reverse("logistics:address-delete", args=[address.pk])


@pytest.mark.parametrize(
    ("who", "status"), [("cora", 200), ("ada", 200), ("agnes", 403), ("emil", 403), ("fin", 403)]
)
def test_the_book_is_the_customers(request, client, who, status):
    client.force_login(request.getfixturevalue(who))
    assert client.get(LIST).status_code == status
    assert client.get(NEW).status_code == status


def test_a_foreign_address_is_not_found(client, cora, otto):
    foreign = AddressFactory(customer=otto.customer, street="Geheimweg 1")
    client.force_login(cora)
    for address in (edit_url(foreign), delete_url(foreign)):
        assert client.get(address).status_code == 404
        assert client.post(address, TOLD).status_code == 404
    assert "Geheimweg" not in client.get(LIST).content.decode()


def test_the_first_address_is_used_first(client, cora):
    client.force_login(cora)
    assert client.post(NEW, TOLD).status_code == 303
    address = Address.objects.get()
    assert (address.is_default, address.customer, address.phone) == (
        True, cora.customer, "+46 8 123 456 78",
    )  # fmt: skip
    assert "Verkstadsgatan 14" in client.get(LIST).content.decode()


def test_one_address_is_first(client, cora):
    client.force_login(cora)
    client.post(NEW, TOLD)
    client.post(NEW, TOLD | {"recipient": "Office", "is_default": "on"})
    assert Address.objects.get(is_default=True).recipient == "Office"
    hall = Address.objects.get(recipient="Hall 2")
    client.post(edit_url(hall), TOLD | {"version": hall.version, "is_default": "on"})
    assert Address.objects.get(is_default=True).recipient == "Hall 2"


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"recipient": ""}, "Enter who receives the parcel."),
        ({"phone": "12"}, "not a telephone number"),
        ({"phone": "call me"}, "not a telephone number"),
        ({"country": "XX"}, "Select a valid choice"),
        ({"country": ""}, "Choose the country or region."),
        ({"recipient": "x" * 300}, "at most 120 characters"),
        ({"city": ""}, "Enter the city."),
        ({"street": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_bad_input_is_an_error_beside_its_field_and_stays(client, cora, changed, text):
    client.force_login(cora)
    answer = client.post(NEW, TOLD | changed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert text in page
    assert "Hall 2" in page or "recipient" in changed
    assert not Address.objects.exists()


def test_a_stale_edit_is_a_conflict_that_keeps_the_text(client, cora):
    client.force_login(cora)
    address = AddressFactory(customer=cora.customer)
    told = TOLD | {"version": 1}
    assert client.post(edit_url(address), told).status_code == 303
    answer = client.post(edit_url(address), told | {"street": "My street 1"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "My street 1" in page
    assert "Verkstadsgatan 14" in page
    assert 'name="version" value="2"' in page
    assert Address.objects.get().street == "Verkstadsgatan 14"


def test_deleting_asks_first(client, cora):
    client.force_login(cora)
    address = AddressFactory(customer=cora.customer)
    assert client.get(delete_url(address)).status_code == 200
    assert Address.objects.exists()
    assert client.post(delete_url(address)).status_code == 303
    assert not Address.objects.exists()
    assert client.post(delete_url(address)).status_code == 404


def test_a_form_sent_twice_makes_one_address(client, cora):
    client.force_login(cora)
    for _time in range(2):
        assert client.post(NEW, TOLD | {"form_key": "k"}).status_code == 303
    assert Address.objects.count() == 1


def test_an_empty_book_says_how_to_begin(client, cora):
    client.force_login(cora)
    assert "No address yet" in client.get(LIST).content.decode()


@pytest.mark.parametrize("rows", [1, 8])
def test_the_list_costs_the_same_however_long(client, cora, rows, django_assert_max_num_queries):
    for _n in range(rows):
        AddressFactory(customer=cora.customer)
    client.force_login(cora)
    with django_assert_max_num_queries(5):
        client.get(LIST)


# ------------------------------------------------------------------ services
def test_nobody_writes_in_anothers_book(cora, otto, emil):
    address = AddressFactory(customer=cora.customer)
    for actor in (otto, emil):
        with pytest.raises(PermissionDenied):
            addresses.add_address(cora.customer, actor=actor, parts=TOLD)
        with pytest.raises(PermissionDenied):
            addresses.change_address(address, version=1, actor=actor, parts=TOLD)
        with pytest.raises(PermissionDenied):
            addresses.remove_address(address, actor=actor)


def test_customer_service_may_add_on_behalf(cora, agnes):
    address = addresses.add_address(cora.customer, actor=agnes, parts=TOLD)
    assert Entry.objects.of(address).get().actor == agnes


def test_a_book_has_an_end(cora, monkeypatch):
    monkeypatch.setattr(addresses, "MOST", 1)
    addresses.add_address(cora.customer, actor=cora, parts=TOLD)
    with pytest.raises(Refused):
        addresses.add_address(cora.customer, actor=cora, parts=TOLD)


def test_a_change_keeps_before_and_after_and_refuses_stale_ones(cora):
    address = AddressFactory(customer=cora.customer)
    addresses.change_address(address, version=1, actor=cora, parts={"city": "Kiruna"})
    assert Entry.objects.of(address).get().data["after"] == {"city": "Kiruna"}
    with pytest.raises(Stale):
        addresses.change_address(address, version=1, actor=cora, parts={"city": "Luleå"})
    addresses.remove_address(address, actor=cora)
    addresses.remove_address(address, actor=cora)
