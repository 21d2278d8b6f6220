"""Waybills, dates, boxes, parcels: what may be written, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from core.workflow import Refused
from logistics import services, shipping
from logistics.models import Consignment, Container, Parcel, Shipment
from logistics.tests.factories import (
    CarrierFactory,
    ConsignmentFactory,
    ContainerFactory,
    ShipmentFactory,
)
from repairshops.models import RepairShop

pytestmark = pytest.mark.django_db


@pytest.fixture
def goods(cora: User, kunshan: RepairShop) -> Consignment:
    made: Consignment = ConsignmentFactory(customer=cora.customer, shop=kunshan)
    return made


# ------------------------------------------------------------------ waybills
@pytest.mark.parametrize("text", ["", " - ", "x" * 41])
def test_a_waybill_that_is_none_is_refused_beside_its_field(db: None, text: str) -> None:
    with pytest.raises(ValidationError) as error:
        services.check_waybill(CarrierFactory(), text)
    assert set(error.value.message_dict) == {"waybill"}


def test_a_carrier_knows_its_own_numbers(db: None) -> None:
    carrier = CarrierFactory(pattern=r"SF\d{4}")
    assert services.check_waybill(carrier, "sf 12-34") == "SF1234"
    with pytest.raises(ValidationError):
        services.check_waybill(carrier, "SF12345")


def test_a_number_is_used_once_per_carrier_and_may_be_kept(goods: Consignment) -> None:
    used = ShipmentFactory(consignment=goods, waybill="SF1")
    with pytest.raises(ValidationError):
        services.check_waybill(used.carrier, "sf1")
    assert services.check_waybill(used.carrier, "sf1", shipment=used) == "SF1"
    assert services.check_waybill(CarrierFactory(), "sf1") == "SF1"


def test_customers_correct_the_way_here_and_not_the_way_back(
    goods: Consignment, cora: User, emil: User, fin: User
) -> None:
    inbound = ShipmentFactory(consignment=goods)
    outbound = ShipmentFactory(consignment=goods, direction="out")
    new: dict[str, Any] = {"version": 1, "carrier": CarrierFactory()}
    done = services.correct_shipment(inbound, waybill="N1", actor=cora, **new)
    assert done.waybill == "N1"
    for person in (cora, fin):
        with pytest.raises(PermissionDenied):
            services.correct_shipment(outbound, waybill="N2", actor=person, **new)
    assert services.correct_shipment(outbound, waybill="N2", actor=emil, **new).version == 2


def test_impossible_dates_are_refused(goods: Consignment, emil: User) -> None:
    shipment = ShipmentFactory(consignment=goods, direction="out")
    now = timezone.now()
    for picked, delivered in (
        (now, now - timedelta(hours=1)),
        (now + timedelta(hours=1), None),
    ):
        with pytest.raises(ValidationError):
            services.record_movement(
                shipment, version=1, actor=emil, picked_up_at=picked, delivered_at=delivered
            )
    bare = ShipmentFactory(consignment=goods, direction="out", waybill="", tracked_at=None)
    with pytest.raises(Refused):
        services.record_movement(bare, version=1, actor=emil, picked_up_at=now, delivered_at=None)


def test_the_status_moves_on_with_the_facts_and_back_without_them(
    goods: Consignment, emil: User
) -> None:
    shipment = ShipmentFactory(consignment=goods, direction="out")

    def status() -> str:
        return str(Shipment.objects.get(pk=shipment.pk).status)

    assert status() == "ready_to_ship"
    now = timezone.now()
    services.record_movement(shipment, version=1, actor=emil, picked_up_at=now, delivered_at=None)
    assert status() == "in_transit"
    services.record_movement(shipment, version=2, actor=emil, picked_up_at=now, delivered_at=now)
    assert status() == "delivered"
    services.record_movement(shipment, version=3, actor=emil, picked_up_at=None, delivered_at=None)
    services.remove_tracking(shipment, version=4, actor=emil)
    assert status() == "created"


@pytest.mark.parametrize("status", Shipment.Status)
def test_the_status_has_a_word_for_people(status: Shipment.Status) -> None:
    assert Shipment(status=status).get_status_display() == str(status.label)


# ------------------------------------------------------------------ arriving
def test_each_further_parcel_arrives_for_itself(goods: Consignment, emil: User) -> None:
    first, second = (ShipmentFactory(consignment=goods) for _ in range(2))
    for number, shipment in enumerate((first, second), 1):
        Container.objects.create(
            consignment=goods, direction="in", state="announced", shipment=shipment, number=number
        )
    box = services.arrive(goods, actor=emil, shipment=second)
    assert box is not None
    assert (box.shipment, box.state) == (second, "unpacked")
    assert services.arrive(goods, actor=emil).shipment == first
    assert services.arrive(goods, actor=emil).shipment == second


def test_goods_without_a_shipment_arrive_in_no_box(goods: Consignment, emil: User) -> None:
    assert services.arrive(goods, actor=emil) is None


# ------------------------------------------------------------------ parcels, damages, boxes
def parcel(shop: RepairShop, actor: User, **more: Any) -> Parcel:
    words: dict[str, Any] = {"carrier": None, "waybill": "", "code": "", "sns": (), "note": ""}
    return services.record_parcel(shop, actor=actor, files=(), **{**words, **more})


def test_a_parcel_says_something_and_is_recorded_once(
    kunshan: RepairShop, emil: User, agnes: User
) -> None:
    with pytest.raises(ValidationError):
        parcel(kunshan, emil)
    with pytest.raises(ValidationError):
        parcel(kunshan, emil, waybill="x" * 41)
    with pytest.raises(PermissionDenied):
        parcel(kunshan, agnes, waybill="W1")
    parcel(kunshan, emil, waybill="w-1")
    with pytest.raises(ValidationError):
        parcel(kunshan, emil, waybill="W1")


@pytest.mark.parametrize("said", [{"waybill": "W1"}, {"code": "abc"}, {"sns": ["S-1"]}])
def test_parcels_are_matched_by_waybill_code_or_serial(
    goods: Consignment, kunshan: RepairShop, emil: User, said: dict[str, Any]
) -> None:
    Consignment.objects.filter(pk=goods.pk).update(reference="ABC")
    known = Consignment.objects.get(pk=goods.pk)
    ShipmentFactory(consignment=known, waybill="W1")
    mine, other = parcel(kunshan, emil, **said), parcel(kunshan, emil, waybill="W2")
    assert services.match_parcels(known, sns=["s1"], actor=emil) == [mine]
    assert Parcel.objects.get(pk=other.pk).consignment is None
    assert services.match_parcels(known, sns=["s1"], actor=emil) == []


def test_parcels_of_another_shop_are_never_matched(
    goods: Consignment, leipzig: RepairShop, erna: User
) -> None:
    parcel(leipzig, erna, code=goods.reference)
    assert services.match_parcels(goods, sns=[], actor=erna) == []


def test_a_damage_needs_words_and_the_workshop(goods: Consignment, emil: User, cora: User) -> None:
    with pytest.raises(ValidationError):
        services.record_damage(goods, actor=emil, description=" ")
    with pytest.raises(PermissionDenied):
        services.record_damage(goods, actor=cora, description="Dent.")


def test_boxes_of_one_order_count_up_and_strangers_open_none(
    goods: Consignment, cora: User, emil: User
) -> None:
    box = shipping.open_box(goods, actor=emil)
    pallet = shipping.open_box(goods, actor=emil, kind="pallet")
    assert (box.number, pallet.number, pallet.kind) == (1, 2, "pallet")
    assert box.code == f"{goods.reference}-OUT-1"
    with pytest.raises(PermissionDenied):
        shipping.open_box(goods, actor=cora)
    with pytest.raises(ValidationError):
        shipping.open_box(goods, actor=emil, kind="bag")


@pytest.mark.row("R80")
def test_the_database_itself_lets_only_released_containers_out(goods: Consignment) -> None:
    shipment = ShipmentFactory(consignment=goods, direction="out")
    for state in ("open", "sealed", "ready_for_billing", "billed"):
        with pytest.raises(IntegrityError), transaction.atomic():
            ContainerFactory(consignment=goods, state=state, shipment=shipment)
    ContainerFactory(consignment=goods, state="released", shipment=shipment)


def test_a_label_is_read_however_the_scanner_spells_it(goods: Consignment) -> None:
    box = ContainerFactory(consignment=goods, number=12)
    rows = Container.objects
    for text in (
        box.code,
        box.code.lower(),
        f" {goods.reference} OUT 12",
        f"{goods.reference}OUT12",
    ):
        assert list(rows.coded(text)) == [box], text
    for text in ("", "OUT-12", f"{goods.reference}-IN-12", f"{goods.reference}-OUT-1", "ß"):
        assert not rows.coded(text).exists(), text


@pytest.mark.row("R64")
def test_further_containers_of_a_parcel_are_announced(
    goods: Consignment, emil: User, cora: User
) -> None:
    coming = ShipmentFactory(consignment=goods, direction="in")
    made = shipping.announce_boxes(coming, actor=emil, kind="pallet", count=3)
    assert [(c.number, c.kind, c.state) for c in made] == [
        (n, "pallet", "announced") for n in (1, 2, 3)
    ]
    for count in (0, 201):
        with pytest.raises(ValidationError):
            shipping.announce_boxes(coming, actor=emil, count=count)
    with pytest.raises(PermissionDenied):
        shipping.announce_boxes(coming, actor=cora)
    with pytest.raises(Refused):
        shipping.announce_boxes(ShipmentFactory(consignment=goods, direction="out"), actor=emil)
