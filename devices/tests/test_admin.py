"""Single corrections of the registry by an administrator."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from devices.models import Device
from devices.tests.factories import DeviceFactory, ProductModelFactory
from history.models import Entry


@pytest.fixture
def form(client: Client, ada: User) -> dict[str, Any]:
    client.force_login(ada)
    return {"model": ProductModelFactory().pk, "shipped_on": "", "customer": "", "replaced_by": ""}


def test_an_edited_warranty_stands_in_the_history(client: Client, form: dict[str, Any]) -> None:
    device = DeviceFactory()
    before, after = device.warranty_until, device.warranty_until + timedelta(days=30)
    url = reverse("admin:devices_device_change", args=[device.pk])
    assert client.post(url, form | {"warranty_until": after}).status_code == 302
    assert Device.objects.get().warranty_until == after
    entry = Entry.objects.get()
    assert entry.verb == "warranty_changed"
    assert entry.data == {"before": str(before), "after": str(after)}


def test_a_device_is_entered_in_the_one_spelling(client: Client, form: dict[str, Any]) -> None:
    url = reverse("admin:devices_device_add")
    data = form | {"sn": "1h-2141 5090018", "warranty_until": date(2030, 1, 1)}
    assert client.post(url, data).status_code == 302
    assert Device.objects.get().sn == "1H21415090018"
    assert Entry.objects.get().verb == "registered"
    again = client.post(url, data)
    assert again.status_code == 200
    assert "already exists" in again.content.decode()


def test_the_serial_number_of_a_device_stays(client: Client, form: dict[str, Any]) -> None:
    device = DeviceFactory()
    url = reverse("admin:devices_device_change", args=[device.pk])
    client.post(url, form | {"sn": "OTHER", "warranty_until": device.warranty_until})
    assert Device.objects.get().sn == device.sn


def test_the_list_leads_to_the_import(client: Client, form: dict[str, Any]) -> None:
    page = client.get(reverse("admin:devices_device_changelist")).content.decode()
    assert reverse("devices:import") in page


def test_a_device_that_was_entered_wrongly_can_be_deleted(
    client: Client, form: dict[str, Any]
) -> None:
    """One with orders cannot: see workorders, whose rows protect it."""
    device = DeviceFactory()
    url = reverse("admin:devices_device_delete", args=[device.pk])
    assert client.post(url, {"post": "yes"}).status_code == 302
    assert not Device.objects.exists()


@pytest.mark.parametrize("name", ["brand", "productmodel", "device"])
def test_master_data_pages_open(client: Client, form: dict[str, Any], name: str) -> None:
    assert client.get(reverse(f"admin:devices_{name}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:devices_{name}_add")).status_code == 200
