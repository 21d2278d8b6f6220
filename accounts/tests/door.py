"""What the tests of the door share."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as counters
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import PASSWORD

NEW_PASSWORD = "a longer secret than before"


def confirmed(user: User) -> User:
    """The person's address is confirmed; without that allauth lets nobody in."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
    next_page = f"?next={more.pop('next')}" if "next" in more else ""
    data = {"login": email, "password": password, **more}
    return client.post(reverse("account_login") + next_page, data)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def enrol(user: User) -> str:
    """Give the person an authenticator app; returns its secret."""
    secret = str(generate_totp_secret())
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str) -> str:
    """What the app shows now."""
    return str(format_hotp_value(hotp_value(secret, next(iter(counters())))))


def link_in(text: str, name: str) -> str:
    """The path of the first link of that kind in a mail."""
    found = re.search(rf"https?://[^/\s]+(/[^\s]*{name}[^\s]*)", text)
    assert found, text
    return found[1]
