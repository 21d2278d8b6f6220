from __future__ import annotations

import io
import json
from urllib.error import URLError
from urllib.parse import parse_qs

import pytest
from django.urls import reverse

from accounts import botcheck
from accounts.models import User
from accounts.tests.door import confirmed, is_signed_in, sign_in
from accounts.tests.test_sign_up import NEWCOMER

pytestmark = pytest.mark.django_db

DOORS = ["account_login", "account_signup", "account_reset_password"]


class Cloudflare:
    """Stands at the boundary: remembers what was asked, answers what it is told."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.timeouts: list[float] = []
        self.answer: bytes | Exception = json.dumps({"success": True}).encode()

    def __call__(self, request, timeout):
        assert request.full_url == botcheck.VERIFY
        self.asked.append(parse_qs(request.data.decode()))
        self.timeouts.append(timeout)
        if isinstance(self.answer, Exception):
            raise self.answer
        return io.BytesIO(self.answer)


@pytest.fixture
def cloudflare(settings, monkeypatch) -> Cloudflare:
    settings.TURNSTILE_SITE_KEY, settings.TURNSTILE_SECRET_KEY = "site-key", "secret-key"
    world = Cloudflare()
    monkeypatch.setattr(botcheck, "urlopen", world)
    return world


@pytest.mark.parametrize("door", DOORS)
def test_without_keys_there_is_no_widget_and_no_script(client, door):
    body = client.get(reverse(door)).content.decode()
    assert "turnstile" not in body
    assert "cloudflare" not in body


@pytest.mark.row("R3")
@pytest.mark.parametrize("door", DOORS)
def test_with_keys_the_widget_stands_at_every_door(client, cloudflare, door):
    body = client.get(reverse(door)).content.decode()
    assert 'data-sitekey="site-key"' in body
    assert "https://challenges.cloudflare.com/turnstile/v0/api.js" in body
    assert "secret-key" not in body


def test_one_key_alone_is_off(client, settings):
    settings.TURNSTILE_SITE_KEY = "site-key"
    assert "cloudflare" not in client.get(reverse("account_login")).content.decode()


def test_a_person_passes_and_the_answer_is_verified_at_cloudflare(client, cora, cloudflare):
    confirmed(cora)
    sign_in(client, cora.email, **{botcheck.ANSWER: "token-of-the-widget"})
    assert is_signed_in(client)
    asked = cloudflare.asked[0]
    assert asked["secret"] == ["secret-key"]
    assert asked["response"] == ["token-of-the-widget"]
    assert asked["remoteip"] == ["127.0.0.1"]
    assert cloudflare.timeouts == [5]


def test_without_an_answer_nobody_is_asked_and_no_password_is_tried(client, cora, cloudflare):
    confirmed(cora)
    response = sign_in(client, cora.email)
    assert not is_signed_in(client)
    assert cloudflare.asked == []
    assert response.context["form"].non_field_errors().as_data()[0].code == "bot_check"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b'{"success": false, "error-codes": ["invalid-input-response"]}', "bot_check"),
        (b'{"success": "true"}', "bot_check"),
        (b"[]", "bot_check"),
        (b"<html>busy</html>", "bot_check_unreachable"),
        (URLError("no route"), "bot_check_unreachable"),
        (TimeoutError(), "bot_check_unreachable"),
    ],
)
def test_a_bot_or_silence_keeps_the_door_shut(client, cora, cloudflare, answer, code):
    confirmed(cora)
    cloudflare.answer = answer
    response = sign_in(client, cora.email, **{botcheck.ANSWER: "token"})
    assert not is_signed_in(client)
    assert [e.code for e in response.context["form"].non_field_errors().as_data()] == [code]


def test_bots_neither_register_nor_ask_for_mails(client, cora, cloudflare, mails):
    client.post(reverse("account_signup"), NEWCOMER)
    assert not User.objects.filter(email=NEWCOMER["email"]).exists()
    confirmed(cora)
    client.post(reverse("account_reset_password"), {"email": cora.email})
    assert mails() == []
    client.post(reverse("account_signup"), {**NEWCOMER, botcheck.ANSWER: "token"})
    assert User.objects.filter(email=NEWCOMER["email"]).exists()


def test_a_form_with_a_mistake_does_not_use_up_the_answer(client, cloudflare):
    client.post(reverse("account_signup"), {**NEWCOMER, "name": "", botcheck.ANSWER: "token"})
    assert cloudflare.asked == []
