from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.tests.door import confirmed
from accounts.tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page_with_key(page: Page) -> Page:
    """A browser whose machine has a fingerprint reader that always knows its owner."""
    machine = page.context.new_cdp_session(page)
    machine.send("WebAuthn.enable")
    machine.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return page


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complains about, the content security policy first of all."""
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def sign_in(page: Page, address: str, user: User) -> None:
    page.goto(address)
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_is_added_and_then_opens_the_account_alone(
    live_server, page_with_key, complaints, cora
):
    page, home = page_with_key, f"{live_server.url}/people/profile/"
    sign_in(page, home, confirmed(cora))
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name of the key").fill("Office laptop")
    page.get_by_label("Sign in with this key alone").check()
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_role("heading", name="Recovery codes", exact=True)).to_be_visible()
    assert Authenticator.objects.filter(user=cora, type="webauthn").count() == 1

    page.context.clear_cookies()
    page.goto(home)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/accounts/" not in url)
    page.goto(home)
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()

    page.context.clear_cookies()
    sign_in(page, home, cora)
    page.get_by_role("button", name="Use passkey or key").click()
    page.wait_for_url(home)
    assert [text for text in complaints if "404" not in text] == []


@pytest.mark.row("R3")
def test_the_password_is_shown_and_hidden_again(live_server, page, complaints):
    page.goto(f"{live_server.url}/accounts/login/")
    field = page.get_by_label("Password", exact=True)
    field.fill("secret")
    page.get_by_role("button", name="Show password").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide password").click()
    expect(field).to_have_attribute("type", "password")
    assert complaints == []


def test_the_zone_of_the_browser_becomes_the_zone_of_the_account(live_server, browser, db):
    context = browser.new_context(timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/signup/")
    expect(page.get_by_label("Company name")).to_be_hidden()
    page.get_by_label("Company", exact=True).check()
    page.get_by_label("Company name").fill("Fjord Mining AS")
    page.get_by_label("Your name").fill("Nina Ek")
    page.get_by_label("E-mail").fill("nina@example.com")
    page.get_by_label("Password", exact=True).fill("a longer secret than before")
    page.get_by_label("Password again").fill("a longer secret than before")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    assert User.objects.get().timezone == "Asia/Shanghai"
    context.close()
