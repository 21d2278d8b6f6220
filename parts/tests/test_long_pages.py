"""Devices with more slots and more stress tests than a page shows at once."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from parts.models import StressTest
from parts.services.diagnosis import Finding, save_diagnosis
from parts.services.index import index_of
from parts.tests.factories import FailureTypeFactory
from parts.views.bench import A_PAGE, RUNS, SLOTS
from workorders.models import Unit

pytestmark = pytest.mark.django_db
MANY = SLOTS + 10


def at(name: str, unit: Unit) -> str:
    return reverse(f"parts:{name}", args=[unit.pk])


def test_many_slots_are_folded_the_chosen_one_and_all_of_them_are_a_link_away(
    client: Client, unit: Unit, emil: User
) -> None:
    for number in range(MANY):
        save_diagnosis(unit, f"X{number:02}", Finding("fan", other="Loud."), actor=emil)
    client.force_login(emil)
    total = len(index_of(unit).slots)
    for name in ("unit", "panel"):
        page = client.get(at(name, unit)).text
        assert page.count("plain-link") == SLOTS
        assert f'href="{at("unit", unit)}?slots=all"' in page
        assert f"All {total} slots" in page
    assert client.get(at("unit", unit), {"slots": "all"}).text.count("plain-link") == total
    last = client.get(at("unit", unit), {"slot": f"X{MANY - 1}"}).text
    assert last.count("plain-link") == SLOTS + 1
    assert 'aria-current="true"' in last


def test_many_stress_tests_are_turned_page_by_page_and_the_device_shows_the_newest(
    client: Client, unit: Unit, emil: User
) -> None:
    StressTest.objects.bulk_create(
        StressTest(
            unit=unit, started_at=timezone.now(), minutes=60, result="passed", by=emil,
            note=f"Run {number}.",
        )
        for number in range(A_PAGE + 2)
    )  # fmt: skip
    client.force_login(emil)
    panel = client.get(at("panel", unit)).text
    assert panel.count("Run ") == RUNS
    assert "All stress tests" in panel
    page = client.get(at("stress-test", unit)).text
    assert page.count("Run ") == A_PAGE
    assert f"Run {A_PAGE + 1}." in page
    oldest = StressTest.objects.order_by("pk")[2].pk
    rest = client.get(at("stress-test", unit), {"after": oldest}).text
    assert [f"Run {n}." in rest for n in (2, 1, 0)] == [False, True, True]


def test_a_diagnosis_names_all_its_failure_types_and_only_those_of_the_newest(
    client: Client, unit: Unit, emil: User
) -> None:
    kinds = [FailureTypeFactory(kind="fan", name_en=name) for name in ("Bent", "Axle", "Cut")]
    save_diagnosis(unit, "FAN1", Finding("fan", failures=kinds), actor=emil)
    save_diagnosis(unit, "FAN1", Finding("fan", failures=kinds[:2], other="Loud."), actor=emil)
    slot = index_of(unit).slot("FAN1")
    assert slot is not None
    assert slot.words == ["Axle", "Bent", "Loud."]
    client.force_login(emil)
    page = client.get(at("unit", unit), {"slot": "FAN1"})
    ticked = page.context["diagnosis"].initial["failures"]
    assert sorted(ticked) == sorted(kind.pk for kind in kinds[:2])
    assert page.text.count(' name="failures"') == 3
    assert page.text.count("Loud.") >= 2
