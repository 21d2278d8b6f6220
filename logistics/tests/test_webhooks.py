"""The signed door for carriers: what opens it, what does not, and what comes of it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from logistics.models import Carrier, Shipment, TrackingEvent
from logistics.tests.factories import CarrierFactory
from logistics.webhooks import FAILURES, LARGEST, signature
from workorders.models import RepairOrder
from workorders.tests.factories import RepairOrderFactory

pytestmark = pytest.mark.django_db
SECRET, OLD = "s" * 40, "o" * 40


@pytest.fixture
def sf(settings: Any) -> Carrier:
    cache.clear()
    settings.TRACKING_WEBHOOK_SECRETS = {"sf": [OLD, SECRET], "gone": [SECRET]}
    made: Carrier = CarrierFactory(code="sf")
    return made


@pytest.fixture
def shipment(sf: Carrier) -> Shipment:
    order: RepairOrder = RepairOrderFactory(submitted=True, carrier=sf, waybill="SF1")
    return Shipment.objects.get(consignment=order.consignment)


def said(**changes: Any) -> dict[str, Any]:
    told = {"id": "m1", "waybill": "SF-1", "kind": "delivered", "at": "2026-01-02T10:00:00+08:00"}
    return {**told, **changes}


def tell(
    client: Client,
    body: Any,
    *,
    code: str = "sf",
    secret: str = SECRET,
    at: float | None = None,
    **headers: str,
) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = str(int(time.time() if at is None else at))
    given = {"X-Timestamp": stamp, "X-Signature": signature(secret, stamp, raw), **headers}
    address = reverse("logistics:tracking-webhook", args=[code])
    response = client.post(address, raw, content_type="application/json", headers=given)
    return int(response.status_code)


@pytest.mark.row("R64")
def test_a_signed_message_is_applied_after_the_answer(
    shipment: Shipment, django_capture_on_commit_callbacks: Any
) -> None:
    client = Client(enforce_csrf_checks=True)
    with django_capture_on_commit_callbacks(execute=True) as tasks:
        assert tell(client, said(place="深圳")) == 200
    assert len(tasks) == 1
    event = TrackingEvent.objects.get()
    assert (event.shipment, event.source, event.place) == (shipment, "webhook", "深圳")
    assert Shipment.objects.get(pk=shipment.pk).status == "delivered"


def test_the_same_message_again_is_answered_and_has_no_effect(
    client: Client, shipment: Shipment, django_capture_on_commit_callbacks: Any
) -> None:
    assert tell(client, said()) == 200
    with django_capture_on_commit_callbacks() as tasks:
        assert tell(client, said(kind="exception", secret=OLD)) == 200
    assert tasks == []
    assert TrackingEvent.objects.get().kind == "delivered"


def test_the_old_secret_opens_while_both_stand_there(client: Client, shipment: Shipment) -> None:
    assert tell(client, said(), secret=OLD) == 200


def test_an_unknown_number_is_kept_for_later(client: Client, shipment: Shipment) -> None:
    assert tell(client, said(waybill="SF999")) == 202
    assert tell(client, said(waybill="SF999")) == 202
    assert TrackingEvent.objects.get().shipment is None


@pytest.mark.parametrize(
    "how",
    [
        {"secret": "x" * 40},
        {"secret": ""},
        {"at": time.time() - 400},
        {"at": time.time() + 4000},
        {"code": "nobody"},
        {"code": "gone"},
        {"X-Timestamp": ""},
        {"X-Timestamp": "soon"},
        {"X-Timestamp": "٣"},
        {"X-Signature": ""},
        {"X-Signature": "sha256=ß"},
    ],
)
def test_what_is_not_genuine_gets_one_and_the_same_answer(
    client: Client, shipment: Shipment, how: dict[str, Any]
) -> None:
    assert tell(client, said(), **how) == 403
    assert not TrackingEvent.objects.exists()


def test_a_body_changed_on_the_way_is_refused(client: Client, shipment: Shipment) -> None:
    stamp = str(int(time.time()))
    honest = signature(SECRET, stamp, json.dumps(said()).encode())
    forged = said(waybill="SF2")
    headers: Any = {"X-Timestamp": stamp, "X-Signature": honest}
    assert tell(client, forged, **headers) == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'"x"',
        b"[" * 9000,
        said(id=""),
        said(id=7),
        said(id="x" * 81),
        said(waybill=""),
        said(waybill="-" * 9),
        said(kind="lost"),
        said(at="yesterday"),
        said(at="2026-01-02T10:00:00"),
        said(at="2999-01-02T10:00:00Z"),
        said(at="2026-13-02T10:00:00Z"),
        said(place="a\x00b"),
        said(text=["x"]),
    ],
)
def test_what_is_signed_but_not_understood_changes_nothing(
    client: Client, shipment: Shipment, body: Any
) -> None:
    assert tell(client, body) == 400
    assert not TrackingEvent.objects.exists()


def test_a_large_body_is_refused_before_it_is_read(client: Client, shipment: Shipment) -> None:
    assert tell(client, said(text="x" * LARGEST)) == 413


def test_reading_is_no_method_of_this_door(client: Client, shipment: Shipment) -> None:
    address = reverse("logistics:tracking-webhook", args=["sf"])
    assert client.get(address).status_code == 405


def test_who_fails_often_waits(client: Client, shipment: Shipment) -> None:
    for _try in range(FAILURES):
        assert tell(client, said(), secret="x" * 40) == 403
    assert tell(client, said()) == 429
