"""Drafts, devices, submission and ends of a repair order: every promise and every refusal."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.factories import CustomerFactory
from core.workflow import Refused, Stale
from devices.models import Device, Verdict
from devices.tests.factories import DeviceFactory, ProductModelFactory
from history.models import Entry
from logistics.models import Container, Shipment
from logistics.tests.factories import (
    AddressFactory,
    CarrierFactory,
    ParcelFactory,
    ShipmentFactory,
)
from repairshops.tests.factories import RepairShopFactory
from workorders.models import Counselling, RepairOrder, Unit
from workorders.services import orders
from workorders.services.serials import Defaults, RowVerdict
from workorders.tasks import complete_returned_orders
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory

pytestmark = pytest.mark.django_db
S = RepairOrder.State


@pytest.fixture
def draft(cora):
    return RepairOrderFactory(customer=cora.customer)


@pytest.fixture
def shop():
    return RepairShopFactory()


def shipping(order, shop=None, **changed):
    told = {
        "carrier": CarrierFactory(),
        "waybill": "hwb 77-001",
        "return_to": AddressFactory(customer=order.customer),
        "return_carrier": CarrierFactory(),
        "shop": shop or RepairShopFactory(),
    }
    return orders.Shipping(**{**told, **changed})


def filled(order, actor, *, sns=("1H21415090018",), shop=None, **changed):
    """A draft with everything that submitting asks."""
    for sn in sns:
        DeviceFactory(sn=sn)
        orders.add_unit(order, orders.Device(sn=sn, model=ProductModelFactory()), actor=actor)
    return orders.save_draft(
        order, version=order.version, actor=actor, shipping=shipping(order, shop, **changed)
    )


# ------------------------------------------------------------------ code and draft
@pytest.mark.row("R18")
def test_a_code_has_eight_signs_without_look_alikes():
    codes = {orders.new_code() for _n in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 8 and not set(code) & set("0O1IL") for code in codes)
    assert all(code == code.upper() for code in codes)


@pytest.mark.row("R18")
def test_a_code_that_is_taken_is_drawn_again(monkeypatch, draft):
    other = CounsellingFactory(converted=True, code="TAKEN222")
    letters = iter([*other.code, *draft.code, *"FREECODE"])
    monkeypatch.setattr("workorders.services.drafts.secrets.choice", lambda _from: next(letters))
    monkeypatch.setattr("workorders.services.drafts.CODE_LENGTH", 8)
    assert len(draft.code) == 8
    assert orders.new_code() == "FREECODE"


@pytest.mark.row("E2")
def test_conversion_leaves_a_draft_with_the_first_device_filled_in(cora, agnes):
    device = DeviceFactory(sn="1H21415090018")
    counselling = CounsellingFactory(
        converted=True,
        customer=cora.customer,
        device=device,
        sn=device.sn,
        verdict=Verdict.IN,
        warranty_until=device.warranty_until,
    )
    order = orders.open_draft(counselling, actor=agnes, service_note="Send the power supply too.")
    unit = order.units.get()
    assert (order.state, order.code, order.unit_count) == (
        S.AWAITING_SUBMISSION,
        counselling.code,
        1,
    )
    assert (unit.sn, unit.model, unit.verdict) == (device.sn, device.model, Verdict.IN)
    assert Entry.objects.of(order).get().verb == "opened"
    assert order.service_note == "Send the power supply too."


def test_an_unknown_sn_is_prefilled_without_a_model(cora, agnes):
    counselling = CounsellingFactory(
        converted=True, customer=cora.customer, sn="XYZ1", verdict=Verdict.UNKNOWN
    )
    unit = orders.open_draft(counselling, actor=agnes).units.get()
    assert (unit.sn, unit.model, unit.verdict) == ("XYZ1", None, Verdict.UNKNOWN)


def test_an_enquiry_without_a_device_gives_an_empty_draft(cora, agnes):
    counselling = CounsellingFactory(converted=True, customer=cora.customer, sn="")
    assert orders.open_draft(counselling, actor=agnes).unit_count == 0


def test_a_draft_is_saved_piece_by_piece(cora, draft):
    saved = orders.save_draft(
        draft, version=1, actor=cora, shipping=orders.Shipping(waybill=" sf 123 ")
    )
    assert (saved.waybill, saved.carrier, saved.version) == ("SF123", None, 2)


def test_a_new_address_is_added_to_the_book_with_the_draft(cora, draft):
    parts = {
        "recipient": "Hall 2",
        "phone": "+46 8 1",
        "country": "SE",
        "city": "Kiruna",
        "street": "A 1",
    }
    saved = orders.save_draft(
        draft, version=1, actor=cora, shipping=orders.Shipping(new_address=parts)
    )
    assert saved.return_to.recipient == "Hall 2"
    assert saved.return_to.is_default


def test_a_stale_draft_is_not_overwritten_and_adds_no_address(cora, draft):
    orders.save_draft(draft, version=1, actor=cora, shipping=orders.Shipping(waybill="A1"))
    parts = {
        "recipient": "Hall 2",
        "phone": "+46 8 1",
        "country": "SE",
        "city": "Kiruna",
        "street": "A 1",
    }
    with pytest.raises(Stale):
        orders.save_draft(
            draft, version=1, actor=cora, shipping=orders.Shipping(waybill="B2", new_address=parts)
        )
    assert RepairOrder.objects.get().waybill == "A1"
    assert draft.return_to is None


@pytest.mark.parametrize("waybill", ["SF99", "FEDEX"])
def test_a_waybill_must_look_like_one_of_its_carrier(cora, draft, waybill):
    carrier = CarrierFactory(pattern=r"SF\d{13}")
    with pytest.raises(ValidationError) as error:
        orders.save_draft(
            draft, version=1, actor=cora, shipping=orders.Shipping(carrier=carrier, waybill=waybill)
        )
    assert "waybill" in error.value.error_dict


def test_a_waybill_used_before_is_refused_beside_its_field(cora, draft):
    used = ShipmentFactory(consignment=RepairOrderFactory(submitted=True).consignment)
    told = orders.Shipping(carrier=used.carrier, waybill=used.waybill.lower())
    with pytest.raises(ValidationError, match="used before"):
        orders.save_draft(draft, version=1, actor=cora, shipping=told)


def test_another_customers_address_cannot_be_used(cora, draft):
    foreign = AddressFactory(customer=CustomerFactory())
    with pytest.raises(PermissionDenied):
        orders.save_draft(draft, version=1, actor=cora, shipping=orders.Shipping(return_to=foreign))


@pytest.mark.parametrize("who", ["otto", "emil"])
def test_nobody_else_edits_a_draft(request, draft, who):
    actor = request.getfixturevalue(who)
    device = orders.Device(sn="ABC1", accepted=True)
    with pytest.raises(PermissionDenied):
        orders.save_draft(draft, version=1, actor=actor, shipping=orders.Shipping())
    with pytest.raises(PermissionDenied):
        orders.add_unit(draft, device, actor=actor)
    with pytest.raises(PermissionDenied):
        orders.submit_order(draft, actor=actor)


# ------------------------------------------------------------------ devices
def test_a_device_is_checked_as_it_is_added(cora, draft):
    DeviceFactory(sn="1H21415090018")
    unit = orders.add_unit(draft, orders.Device(sn=" 1h21-4150 90018 ", remark="Fans"), actor=cora)
    assert (unit.sn, unit.verdict, unit.remark) == ("1H21415090018", Verdict.IN, "Fans")
    assert unit.model.name == "VolcMiner D1 Mini Pre"
    assert RepairOrder.objects.get().unit_count == 1


@pytest.mark.row("E9")
@pytest.mark.parametrize(("out", "code"), [(True, "out"), (False, "unknown")])
def test_what_is_not_covered_is_asked_about_then_flagged(cora, draft, out, code):
    if out:
        DeviceFactory(sn="A1", out=True)
    with pytest.raises(ValidationError) as error:
        orders.add_unit(draft, orders.Device(sn="A1"), actor=cora)
    assert error.value.error_dict["accepted"][0].code == code
    unit = orders.add_unit(draft, orders.Device(sn="A1", accepted=True), actor=cora)
    assert unit.verdict == code


@pytest.mark.row("E10")
def test_warranty_counts_on_the_day_the_enquiry_was_opened(cora):
    """E10: a device that was covered then stays covered."""
    counselling = CounsellingFactory(
        converted=True, customer=cora.customer, opened_at=timezone.now() - timedelta(days=30)
    )
    order = RepairOrderFactory(customer=cora.customer, counselling=counselling)
    DeviceFactory(sn="A1", out=True)
    assert orders.add_unit(order, orders.Device(sn="A1"), actor=cora).verdict == Verdict.IN


@pytest.mark.parametrize("sn", ["", "---", "X" * 41])
def test_what_is_no_serial_number_is_refused(cora, draft, sn):
    with pytest.raises(ValidationError) as error:
        orders.add_unit(draft, orders.Device(sn=sn, accepted=True), actor=cora)
    assert "sn" in error.value.error_dict


def test_a_serial_number_stands_once_on_a_list(cora, draft):
    orders.add_unit(draft, orders.Device(sn="A1", accepted=True), actor=cora)
    with pytest.raises(ValidationError, match="on the list already"):
        orders.add_unit(draft, orders.Device(sn="a-1", accepted=True), actor=cora)


@pytest.mark.row("E11")
def test_a_device_in_ones_own_open_order_names_that_order(cora, draft):
    held = UnitFactory(order=RepairOrderFactory(submitted=True, customer=cora.customer), sn="A1")
    with pytest.raises(ValidationError) as error:
        orders.add_unit(draft, orders.Device(sn="A1", accepted=True), actor=cora)
    (found,) = error.value.error_dict["sn"]
    assert (found.params or {})["code"] == held.order.code


@pytest.mark.row("E11")
def test_a_device_in_somebody_elses_open_order_names_nobody(cora, draft):
    held = UnitFactory(sn="A1")
    with pytest.raises(ValidationError) as error:
        orders.add_unit(draft, orders.Device(sn="A1", accepted=True), actor=cora)
    text = str(error.value)
    assert "customer service" in text
    assert held.order.code not in text
    assert held.order.customer.name not in text


def test_a_device_can_be_changed_and_taken_off(cora, draft):
    DeviceFactory(sn="A1")
    unit = orders.add_unit(draft, orders.Device(sn="A1"), actor=cora)
    changed = orders.edit_unit(
        unit, orders.Device(sn="A1", remark="No boot", device_type="psu"), version=1, actor=cora
    )
    assert (changed.remark, changed.device_type, changed.version) == ("No boot", "psu", 2)
    with pytest.raises(Stale):
        orders.edit_unit(unit, orders.Device(sn="A1"), version=1, actor=cora)
    orders.remove_unit(unit, actor=cora)
    orders.remove_unit(unit, actor=cora)
    assert RepairOrder.objects.get().unit_count == 0
    assert Entry.objects.of(draft).filter(verb="device_removed").count() == 1


def test_another_serial_number_is_checked_again(cora, draft):
    unit = orders.add_unit(draft, orders.Device(sn="A1", accepted=True), actor=cora)
    with pytest.raises(ValidationError):
        orders.edit_unit(unit, orders.Device(sn="B2"), version=1, actor=cora)
    DeviceFactory(sn="B2")
    changed = orders.edit_unit(unit, orders.Device(sn="B2"), version=1, actor=cora)
    assert (changed.sn, changed.verdict) == ("B2", Verdict.IN)


# ------------------------------------------------------------------ many at once
def test_every_row_gets_one_verdict(cora, draft):
    DeviceFactory(sn="IN1")
    DeviceFactory(sn="OUT1", out=True)
    own = UnitFactory(order=RepairOrderFactory(submitted=True, customer=cora.customer), sn="OPEN1")
    UnitFactory(sn="HELD1")
    orders.add_unit(draft, orders.Device(sn="LIST1", accepted=True), actor=cora)
    rows = orders.check_sns(
        draft, ["in-1", "OUT1", "NEW1", "IN1", "LIST1", "OPEN1", "HELD1", "??", "Y" * 41]
    )
    assert [row.verdict for row in rows] == [
        "in", "out", "unknown", "duplicate", "listed", "open", "held", "unreadable", "unreadable",
    ]  # fmt: skip
    assert rows[5].order_code == own.order.code
    assert rows[6].order_code == ""


def test_only_the_chosen_verdicts_are_added(cora, draft):
    DeviceFactory(sn="IN1")
    DeviceFactory(sn="OUT1", out=True)
    lines = ["IN1", "OUT1", "NEW1", "IN1"]
    _rows, added = orders.add_units(draft, lines, actor=cora)
    assert added == 1
    rows, added = orders.add_units(
        draft,
        lines,
        actor=cora,
        take=["out", "unknown"],
        defaults=Defaults(model=ProductModelFactory()),
    )
    assert added == 2
    assert rows[0].verdict == RowVerdict.LISTED
    units = {unit.sn: unit for unit in Unit.objects.filter(order=draft)}
    assert {sn: unit.verdict for sn, unit in units.items()} == {
        "IN1": "in", "OUT1": "out", "NEW1": "unknown",
    }  # fmt: skip
    assert units["OUT1"].device.sn == "OUT1"
    assert units["OUT1"].warranty_until == units["OUT1"].device.warranty_until
    assert units["NEW1"].model is not None
    assert RepairOrder.objects.get(pk=draft.pk).unit_count == 3


def test_a_verdict_that_cannot_be_taken_is_refused(cora, draft):
    with pytest.raises(Refused):
        orders.add_units(draft, ["A1"], actor=cora, take=["held"])


def test_thousands_of_devices_cost_as_many_statements_as_ten(cora, draft):
    """D3, R09: 10 and 5,000 lines, the same number of statements."""
    model = ProductModelFactory()
    until = DeviceFactory(sn="FIRST").warranty_until
    Device.objects.bulk_create(
        Device(sn=f"SN{n:05d}", model=model, warranty_until=until) for n in range(5000)
    )
    other = RepairOrderFactory(customer=cora.customer)
    with CaptureQueriesContext(
        connection,
    ) as few:
        orders.add_units(other, [f"SN{n:05d}" for n in range(10)], actor=cora)
    with CaptureQueriesContext(connection) as many:
        _rows, added = orders.add_units(
            draft, [f"SN{n:05d}" for n in range(5000)], actor=cora, take=["in"]
        )
    assert added == 5000
    assert len(many) == len(few)
    with pytest.raises(ValidationError, match="5000"):
        orders.add_unit(draft, orders.Device(sn="ONEMORE", accepted=True), actor=cora)


# ------------------------------------------------------------------ a second shop
@pytest.mark.row("E8")
def test_another_shop_gets_a_second_order_of_the_same_code(cora, draft, shop):
    """E8: one order per shop, each with its own waybill."""
    first = filled(draft, cora)
    second = orders.split_to_shop(first, shop, actor=cora)
    third = orders.split_to_shop(second, RepairShopFactory(), actor=cora)
    assert [second.code, third.code] == [f"{draft.code}-2", f"{draft.code}-3"]
    assert (second.waybill, second.carrier, second.shop) == ("", None, shop)
    assert second.return_to == first.return_to
    assert second.thread == first.thread
    assert orders.split_to_shop(first, shop, actor=cora).pk == second.pk


def test_a_shop_whose_order_is_under_way_takes_no_more_devices(cora, draft, shop):
    filled(draft, cora)
    second = orders.split_to_shop(draft, shop, actor=cora)
    second = filled(second, cora, sns=["B2"], shop=shop, waybill="HWB2")
    orders.submit_order(second, actor=cora)
    with pytest.raises(Refused, match=second.code):
        orders.split_to_shop(draft, shop, actor=cora)


def test_a_device_moves_to_the_second_order(cora, draft, shop):
    filled(draft, cora, sns=["A1", "B2"])
    unit = draft.units.get(sn="B2")
    second = orders.split_to_shop(draft, shop, actor=cora)
    orders.edit_unit(unit, orders.Device(sn="B2"), version=1, actor=cora, order=second)
    counts = dict(RepairOrder.objects.values_list("code", "unit_count"))
    assert counts == {draft.code: 1, second.code: 1}


def test_the_whole_draft_cannot_take_the_shop_of_its_sibling(cora, draft, shop):
    first = filled(draft, cora)
    orders.split_to_shop(first, shop, actor=cora)
    with pytest.raises(ValidationError) as error:
        orders.save_draft(
            first, version=first.version, actor=cora, shipping=orders.Shipping(shop=shop)
        )
    assert "shop" in error.value.error_dict
    with pytest.raises(ValidationError):
        orders.choose_shop(first, shop, actor=cora)


# ------------------------------------------------------------------ submission
def test_submitting_sends_the_order_to_its_shop(cora, draft, shop):
    order = filled(draft, cora, sns=["A1", "B2"], shop=shop)
    order = orders.submit_order(order, actor=cora)
    assert order.state == S.PENDING_DELIVERY
    assert order.submitted_at is not None
    consignment = order.consignment
    assert (consignment.shop, consignment.reference) == (shop, order.code)
    assert consignment.return_address == order.return_to.as_text()
    shipment = consignment.shipments.get()
    assert (shipment.direction, shipment.waybill) == ("in", "HWB77001")
    assert shipment.tracked_at is not None
    box = consignment.containers.get()
    assert (box.state, box.number, box.shipment) == (Container.State.ANNOUNCED, 1, shipment)
    assert not order.units.exclude(holds_sn=True, inbound_container=None).exists()


@pytest.mark.row("E2", "R27")
def test_an_empty_draft_hears_every_reason_at_once(cora, draft):
    with pytest.raises(Refused) as refused:
        orders.submit_order(draft, actor=cora)
    assert len(refused.value.reasons) == 4
    assert RepairOrder.objects.get().state == S.AWAITING_SUBMISSION


@pytest.mark.row("R29")
def test_what_is_submitted_is_seen_by_its_shop_only(cora, draft, kunshan, emil, erna):
    """R29: emil sees it, erna elsewhere does not, and nobody sees the draft."""
    order = filled(draft, cora, shop=kunshan)
    assert not RepairOrder.objects.visible_to(emil).exists()
    orders.submit_order(order, actor=cora)
    assert RepairOrder.objects.visible_to(emil).get() == order
    assert not RepairOrder.objects.visible_to(erna).exists()


def test_a_serial_number_is_in_one_open_order_only(cora, draft, shop):
    """L09: the own order is named, another customer's is not."""
    order = filled(draft, cora, sns=["A1", "B2", "C3"])
    own = UnitFactory(order=RepairOrderFactory(submitted=True, customer=cora.customer), sn="A1")
    foreign = UnitFactory(sn="B2")
    with pytest.raises(Refused) as refused:
        orders.submit_order(order, actor=cora)
    first, second = map(str, refused.value.reasons)
    assert own.order.code in first
    assert foreign.order.code not in second
    assert "B2" in second
    assert not Unit.objects.filter(order=order, holds_sn=True).exists()


def test_many_conflicts_are_not_listed_without_end(cora, draft):
    order = filled(draft, cora, sns=[f"A{n}" for n in range(25)])
    other = RepairOrderFactory(submitted=True)
    for n in range(25):
        UnitFactory(order=other, sn=f"A{n}")
    with pytest.raises(Refused) as refused:
        orders.submit_order(order, actor=cora)
    assert len(refused.value.reasons) == 21


def test_a_waybill_taken_since_the_draft_was_saved_is_a_reason(cora, draft):
    order = filled(draft, cora)
    ShipmentFactory(
        consignment=RepairOrderFactory(submitted=True).consignment,
        carrier=order.carrier,
        waybill=order.waybill,
    )
    with pytest.raises(Refused, match="used before"):
        orders.submit_order(order, actor=cora)


def test_the_database_has_the_last_word_on_waybills_and_serial_numbers(cora, draft, monkeypatch):
    order = filled(draft, cora)
    UnitFactory(sn="1H21415090018")
    conflicts = orders.sn_conflicts
    asked = []

    def blind_first(row):
        asked.append(row)
        return [] if len(asked) == 1 else conflicts(row)

    monkeypatch.setattr(orders, "sn_conflicts", blind_first)
    with pytest.raises(Refused, match="1H21415090018"):
        orders.submit_order(order, actor=cora)
    Unit.objects.exclude(order=order).update(holds_sn=False)
    ShipmentFactory(
        consignment=RepairOrderFactory(submitted=True).consignment,
        carrier=order.carrier,
        waybill=order.waybill,
    )
    monkeypatch.setattr(orders, "_waybill_conflict", lambda _order: [])
    with pytest.raises(Refused, match="used before"):
        orders.submit_order(order, actor=cora)
    assert RepairOrder.objects.get(pk=order.pk).consignment is None


@pytest.mark.row("E12")
def test_a_parcel_that_came_first_finds_its_order(cora, draft, shop, emil):
    """E12, R31: matched by waybill when the order is submitted."""
    parcel = ParcelFactory(shop=shop, waybill="HWB77001", recorded_by=emil)
    order = orders.submit_order(filled(draft, cora, shop=shop), actor=cora)
    parcel = type(parcel).objects.get()
    assert parcel.consignment == order.consignment
    assert order.state == S.PENDING_DELIVERY


def test_submitting_twice_has_one_effect(cora, draft):
    order = filled(draft, cora)
    orders.submit_order(order, actor=cora)
    with pytest.raises(Refused):
        orders.submit_order(order, actor=cora)
    assert Shipment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_submit_at_once_have_one_effect(cora, draft):
    order = filled(draft, cora)
    barrier, outcomes = threading.Barrier(2), []

    def run():
        barrier.wait()
        try:
            orders.submit_order(order, actor=cora)
            outcomes.append("done")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]
    assert Shipment.objects.count() == 1
    assert Entry.objects.of(order).filter(verb="submit").count() == 1


def test_a_submitted_order_is_no_draft_any_more(cora, draft):
    order = orders.submit_order(filled(draft, cora), actor=cora)
    unit = order.units.get()
    for act in (
        lambda: orders.add_unit(order, orders.Device(sn="Z9", accepted=True), actor=cora),
        lambda: orders.edit_unit(unit, orders.Device(sn="Z9"), version=1, actor=cora),
        lambda: orders.remove_unit(unit, actor=cora),
        lambda: orders.add_units(order, ["Z9"], actor=cora),
        lambda: orders.split_to_shop(order, RepairShopFactory(), actor=cora),
        lambda: orders.save_draft(
            order, version=order.version, actor=cora, shipping=shipping(order)
        ),
    ):
        with pytest.raises(Refused):
            act()


def test_customer_service_fills_in_and_submits_on_behalf(agnes, draft):
    assert orders.submit_order(filled(draft, agnes), actor=agnes).state == S.PENDING_DELIVERY


# ------------------------------------------------------------------ following
@pytest.mark.row("E6")
def test_the_order_goes_where_its_units_stand_and_back(emil):
    order = RepairOrderFactory(submitted=True)
    unit, other = UnitFactory(order=order), UnitFactory(order=order)
    assert orders.follow_units(order, actor=emil).state == S.PENDING_DELIVERY
    Unit.objects.filter(pk=unit.pk)._move(state="received")
    followed = orders.follow_units(order, actor=emil)
    assert (followed.state, followed.back_count, followed.sent_count) == (S.RECEIVED, 2, 0)
    assert followed.received_at is not None
    Unit.objects.filter(pk=other.pk)._move(state="missing")
    Unit.objects.filter(pk=unit.pk)._move(state="ready")
    followed = orders.follow_units(order, actor=emil)
    assert (followed.state, followed.back_count) == (S.REPAIRED, 1)
    Unit.objects.filter(pk=unit.pk)._move(state="expected")
    Unit.objects.filter(pk=other.pk)._move(state="expected")
    followed = orders.follow_units(order, actor=emil)
    assert (followed.state, followed.received_at) == (S.PENDING_DELIVERY, None)


def test_nothing_moves_an_order_that_is_over(emil):
    order = RepairOrderFactory(submitted=True, state="completed")
    UnitFactory(order=order, state="ready")
    assert orders.follow_units(order, actor=emil).state == S.COMPLETED


# ------------------------------------------------------------------ ends
def test_cancelling_frees_serial_numbers_and_waybill(cora, draft):
    order = orders.submit_order(filled(draft, cora), actor=cora)
    cancelled = orders.cancel_order(order, actor=cora, note="Found a spare fan")
    assert cancelled.state == S.CANCELLED
    unit = Unit.objects.get()
    assert (unit.state, unit.holds_sn) == ("cancelled", False)
    again = RepairOrderFactory(customer=cora.customer)
    orders.add_unit(again, orders.Device(sn=unit.sn), actor=cora)
    saved = orders.save_draft(
        again,
        version=1,
        actor=cora,
        shipping=shipping(again, carrier=order.carrier, waybill=order.waybill),
    )
    assert orders.submit_order(saved, actor=cora).state == S.PENDING_DELIVERY
    with pytest.raises(Refused):
        orders.cancel_order(order, actor=cora)


def test_a_draft_can_be_cancelled(cora, draft):
    assert orders.cancel_order(draft, actor=cora).state == S.CANCELLED


def test_what_has_arrived_cannot_be_cancelled(cora):
    order = RepairOrderFactory(submitted=True, customer=cora.customer, received_at=timezone.now())
    with pytest.raises(Refused):
        orders.cancel_order(order, actor=cora)


def test_nobody_else_cancels_or_completes(otto, emil, draft):
    for actor in (otto, emil):
        with pytest.raises(PermissionDenied):
            orders.cancel_order(draft, actor=actor)
        with pytest.raises(PermissionDenied):
            orders.complete_order(draft, actor=actor)


def returned(cora, **fields):
    order = RepairOrderFactory(
        submitted=True,
        customer=cora.customer,
        state="returned",
        returned_at=timezone.now(),
        **fields,
    )
    shipment = ShipmentFactory(consignment=order.consignment, direction="out")
    box = order.consignment.containers.create(
        direction="out", state="released", number=1, shipment=shipment
    )
    UnitFactory(order=order, ready=True, outbound_container=box)
    return order


@pytest.mark.row("E7")
def test_the_customer_confirms_that_everything_is_back(cora):
    order = orders.complete_order(returned(cora), actor=cora)
    assert order.state == S.COMPLETED
    assert not Unit.objects.filter(holds_sn=True).exists()


@pytest.mark.row("E7")
def test_an_order_that_is_not_back_cannot_be_confirmed(cora, draft):
    with pytest.raises(Refused):
        orders.complete_order(draft, actor=cora)


def test_seven_days_of_silence_complete_an_order(cora):
    order = returned(cora)
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23), tick=False):
        assert complete_returned_orders() == 0
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1), tick=False):
        assert complete_returned_orders() == 1
        assert complete_returned_orders() == 0
    assert RepairOrder.objects.get(pk=order.pk).state == S.COMPLETED
    assert Entry.objects.of(order).get(verb="complete").actor is None


def test_who_writes_is_not_silent(cora):
    order = returned(cora)
    later = timezone.now() + timedelta(days=3)
    order.thread.messages.create(
        author=cora, author_role="customer", text="Broken", created_at=later
    )
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert complete_returned_orders() == 0
    with time_machine.travel(timezone.now() + timedelta(days=11), tick=False):
        assert complete_returned_orders() == 1


def test_an_unanswered_question_keeps_the_order_open(cora):
    order = returned(cora)
    Counselling.objects.filter(pk=order.counselling_id).update(needs_answer=True)
    with time_machine.travel(timezone.now() + timedelta(days=30), tick=False):
        assert complete_returned_orders() == 0


# ------------------------------------------------------------------ corrections
def test_a_waybill_is_corrected_until_receipt(cora, draft):
    order = orders.submit_order(filled(draft, cora), actor=cora)
    shipment = order.consignment.shipments.get()
    carrier = CarrierFactory()
    changed = orders.correct_waybill(
        shipment, order, version=1, carrier=carrier, waybill="new 1", actor=cora
    )
    fresh = RepairOrder.objects.get()
    assert (changed.waybill, fresh.waybill, fresh.carrier) == ("NEW1", "NEW1", carrier)
    entry = Entry.objects.of(order).get(verb="waybill_corrected")
    assert entry.data["before"]["waybill"] == "HWB77001"
    with pytest.raises(Stale):
        orders.correct_waybill(
            shipment, order, version=1, carrier=carrier, waybill="new 2", actor=cora
        )
    RepairOrder.objects.update(received_at=timezone.now())
    with pytest.raises(Refused):
        orders.correct_waybill(
            changed, order, version=2, carrier=carrier, waybill="new 3", actor=cora
        )


def test_only_a_parcel_of_the_order_is_corrected(cora):
    order = RepairOrderFactory(submitted=True, customer=cora.customer)
    foreign = RepairOrderFactory(submitted=True).consignment.shipments.get()
    with pytest.raises(PermissionDenied):
        orders.correct_waybill(
            foreign, order, version=1, carrier=CarrierFactory(), waybill="X1", actor=cora
        )


@pytest.mark.row("E8")
def test_a_further_parcel_gets_its_own_box(cora, otto):
    order = RepairOrderFactory(submitted=True, customer=cora.customer)
    orders.add_waybill(order, carrier=CarrierFactory(), waybill="second 2", actor=cora)
    assert list(order.consignment.containers.values_list("number", flat=True)) == [1, 2]
    used = order.consignment.shipments.first()
    with pytest.raises(ValidationError):
        orders.add_waybill(order, carrier=used.carrier, waybill=used.waybill, actor=cora)
    with pytest.raises(PermissionDenied):
        orders.add_waybill(order, carrier=CarrierFactory(), waybill="third", actor=otto)


def test_the_way_back_is_corrected_until_receipt(cora):
    order = RepairOrderFactory(submitted=True, customer=cora.customer)
    address, carrier = AddressFactory(customer=cora.customer, city="Kiruna"), CarrierFactory()
    changed = orders.correct_return(
        order, version=1, return_to=address, return_carrier=carrier, actor=cora
    )
    consignment = type(order.consignment).objects.get()
    assert "Kiruna" in consignment.return_address
    assert (consignment.return_carrier, changed.return_to) == (carrier, address)
    with pytest.raises(PermissionDenied):
        orders.correct_return(
            order, version=2, return_to=AddressFactory(customer=CustomerFactory()),
            return_carrier=carrier, actor=cora,
        )  # fmt: skip
    RepairOrder.objects.filter(pk=order.pk)._move(state="received")
    with pytest.raises(Refused):
        orders.correct_return(
            order, version=2, return_to=address, return_carrier=carrier, actor=cora
        )
