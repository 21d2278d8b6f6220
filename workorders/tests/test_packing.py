"""A whole order into containers of one size, and all of them sealed (R64, R73, R78)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from core.workflow import Refused
from history.models import Entry
from logistics.models import Container
from workorders.models import RepairOrder, Unit
from workorders.services import boxing, orders, packing
from workorders.tests.factories import UnitFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(order: RepairOrder, units: list[Unit]) -> list[str]:
    """Seven finished devices, and one that is still repaired."""
    for number in range(5):
        UnitFactory(order=order, sn=f"1H2141500600{number}")
    Unit.objects.filter(order=order)._move(state="ready", finding="Fan.", work_done="New fan.")
    RepairOrder.objects.filter(pk=order.pk)._move(state="repaired", back_count=8)
    last = order.units.order_by("sn").last()
    Unit.objects.filter(pk=last.pk)._move(state="repairing")
    return list(order.units.exclude(pk=last.pk).order_by("sn").values_list("sn", flat=True))


def inside(box: Container) -> list[str]:
    return list(
        Unit.objects.filter(outbound_container=box).order_by("sn").values_list("sn", flat=True)
    )


@pytest.mark.row("R73")
def test_finished_devices_fill_boxes_of_one_size_and_the_last_holds_the_rest(
    order: RepairOrder, ready: list[str], emil: User
) -> None:
    boxes = packing.pack_finished(order, actor=emil, per_box=3)
    assert [inside(box) for box in boxes] == [ready[:3], ready[3:6], ready[6:]]
    assert [box.number for box in boxes] == [1, 2, 3]
    assert Entry.objects.filter(verb="boxed").count() == len(ready)
    with pytest.raises(Refused, match="in a container already"):
        packing.pack_finished(order, actor=emil, per_box=3)


def test_what_is_in_a_box_stays_there(order: RepairOrder, ready: list[str], emil: User) -> None:
    box = boxing.open_container(order, actor=emil)
    boxing.assign(order, Unit.objects.filter(sn=ready[0]), box, actor=emil)
    made = packing.pack_finished(order, actor=emil, per_box=100, kind="pallet")
    assert inside(box) == ready[:1]
    assert [inside(one) for one in made] == [ready[1:]]
    assert made[0].kind == "pallet"


@pytest.mark.row("R78")
def test_all_open_boxes_that_hold_something_are_sealed(
    order: RepairOrder, ready: list[str], emil: User
) -> None:
    empty = boxing.open_container(order, actor=emil)
    boxes = packing.pack_finished(order, actor=emil, per_box=4)
    sealed = packing.seal_open(order, actor=emil)
    assert [box.pk for box in sealed] == [box.pk for box in boxes]
    assert {box.state for box in sealed} <= {"released", "ready_for_billing"}
    empty.refresh_from_db()
    assert empty.state == Container.State.OPEN
    with pytest.raises(Refused, match="No open container"):
        packing.seal_open(order, actor=emil)


def test_too_many_boxes_and_other_roles_are_refused(
    order: RepairOrder, ready: list[str], emil: User, agnes: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for act in (
        lambda: packing.pack_finished(order, actor=agnes, per_box=3),
        lambda: packing.seal_open(order, actor=agnes),
    ):
        with pytest.raises(PermissionDenied):
            act()
    monkeypatch.setattr(packing, "MOST_BOXES", 2)
    with pytest.raises(Refused, match="3 containers; at most 2"):
        packing.pack_finished(order, actor=emil, per_box=3)
    assert not Container.objects.filter(consignment=order.consignment, direction="out").exists()


def test_statements_grow_with_the_boxes_and_not_with_the_devices(
    order: RepairOrder, ready: list[str], emil: User
) -> None:
    def cost(per_box: int) -> int:
        Unit.objects.filter(order=order).update(outbound_container=None)
        orders.follow_units(order, actor=emil)
        with CaptureQueriesContext(connection) as queries:
            packing.pack_finished(order, actor=emil, per_box=per_box)
        return len(queries)

    cost(7)  # what a process learns once
    few = cost(7)
    for number in range(40):
        UnitFactory(order=order, sn=f"1H2141500700{number:02}")
    Unit.objects.filter(order=order, state="expected")._move(
        state="ready", finding="Fan.", work_done="New fan."
    )
    assert cost(100) == few


def test_the_page_packs_tells_how_many_and_keeps_what_was_wrong(
    client: Client, order: RepairOrder, ready: list[str], emil: User
) -> None:
    client.force_login(emil)
    tab = reverse("workorders:order-logistics", args=[order.code])
    assert "Pack all finished devices" in client.get(tab).text
    pack = reverse("workorders:containers-pack", args=[order.code])
    wrong = client.post(pack, {"kind": "box", "per_box": "0"})
    assert wrong.status_code == 422
    assert 'value="0"' in wrong.text
    done = client.post(pack, {"kind": "box", "per_box": "3"}, follow=True)
    assert "3 containers are packed." in done.text
    seal = reverse("workorders:containers-seal", args=[order.code])
    assert "3 containers are sealed." in client.post(seal, follow=True).text
