"""A long history shows its newest part; the rest is a link of the same page away."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from accounts.models import User
from devices.models import Device
from devices.tests.factories import DeviceFactory
from history.services import record
from history.timeline import NEWEST

pytestmark = pytest.mark.django_db
DRAW = Template("{% load timeline %}{% timeline device user %}")


@pytest.fixture
def device(ada: User) -> Device:
    made: Device = DeviceFactory()
    for _number in range(NEWEST + 5):
        record(made, "edited", actor=ada)
    return made


def drawn(device: Device, user: User, method: str = "get", query: str = "") -> str:
    request = getattr(RequestFactory(), method)(f"/{query}")
    return str(DRAW.render(Context({"request": request, "device": device, "user": user})))


def test_the_newest_stand_there_and_a_link_leads_to_all(device: Device, ada: User) -> None:
    short, whole = drawn(device, ada), drawn(device, ada, query="?history=all")
    assert short.count("<li>") == NEWEST
    assert 'href="?history=all#timeline"' in short
    assert whole.count("<li>") == NEWEST + 5
    assert "?history=all" not in whole


def test_a_short_history_has_no_link(ada: User) -> None:
    device = DeviceFactory()
    record(device, "edited", actor=ada)
    assert "?history=all" not in drawn(device, ada)


def test_an_answer_to_a_post_has_no_address_to_ask_again(device: Device, ada: User) -> None:
    assert "?history=all" not in drawn(device, ada, "post")
