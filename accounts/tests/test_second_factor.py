from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
from django.urls import reverse

from accounts.second_factor import SHOWN
from accounts.subscribers import factor_removed
from accounts.tests.door import code_of, confirmed, enrol, is_signed_in, sign_in
from accounts.tests.factories import PASSWORD
from history.models import Entry

pytestmark = pytest.mark.django_db

STAFF = ["agnes", "emil", "mona", "fin", "sal", "ada"]
PAGES = ["/", "/people/profile/", "/admin/", "/admin/accounts/user/", "/no/such/page/", "/search/"]


@pytest.fixture(autouse=True)
def _required(settings):
    settings.SECOND_FACTOR_FOR_STAFF = True


@pytest.mark.parametrize("who", STAFF)
@pytest.mark.parametrize("page", PAGES)
def test_staff_without_a_second_factor_reach_no_page(client, request, who, page):
    client.force_login(request.getfixturevalue(who))
    response = client.get(page)
    assert (response.status_code, response["Location"]) == (302, "/accounts/2fa/")


@pytest.mark.parametrize("who", STAFF)
def test_partials_are_refused_and_send_the_whole_page_to_enrol(client, request, who):
    client.force_login(request.getfixturevalue(who))
    response = client.get("/enquiries/1/messages/", headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (401, "/accounts/2fa/")
    assert response.content == b""


def test_posts_are_refused_too(client, agnes):
    client.force_login(agnes)
    response = client.post("/people/profile/", {"name": "X", "language": "en", "timezone": "UTC"})
    assert response.status_code == 302
    agnes.refresh_from_db()
    assert agnes.name == "Agnes Moreau"


@pytest.mark.parametrize("who", ["cora", "otto"])
def test_customers_need_none(client, request, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get("/people/profile/").status_code == 200


def test_the_demo_relaxes_it(client, agnes, settings):
    settings.SECOND_FACTOR_FOR_STAFF = False
    client.force_login(agnes)
    assert client.get("/people/profile/").status_code == 200


def test_language_and_sign_out_stay_open_meanwhile(client, agnes):
    client.force_login(agnes)
    assert client.post("/language/", {"language": "zh-hans", "next": "/"}).status_code == 302
    agnes.refresh_from_db()
    assert agnes.language == "zh-hans"
    assert client.post(reverse("account_logout"))["Location"] == "/accounts/login/"


@pytest.mark.django_db(transaction=True)
def test_enrolling_an_app_opens_the_portal_and_gives_recovery_codes(client, agnes):
    sign_in(client, confirmed(agnes).email)
    assert client.get("/people/profile/")["Location"] == "/accounts/2fa/"
    ask = client.get(reverse("mfa_activate_totp"))
    assert ask["Location"].startswith(reverse("account_reauthenticate"))
    client.post(ask["Location"], {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    body = page.content.decode()
    assert "<svg" in body
    assert "data:image" not in body
    secret = page.context["form"].secret
    done = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert done["Location"] == reverse("mfa_view_recovery_codes")
    assert (
        len(re.findall(r'<li><span class="sn"', client.get(done["Location"]).content.decode()))
        == 10
    )
    assert client.get("/people/profile/").status_code == 200
    assert Entry.objects.of(agnes).filter(verb="second_factor_added").exists()


def test_an_enrolled_person_signs_in_with_the_code_only(client, agnes):
    secret = enrol(confirmed(agnes))
    response = sign_in(client, agnes.email, next="/people/profile/")
    assert response["Location"].startswith(reverse("mfa_authenticate"))
    assert not is_signed_in(client)
    assert client.get("/people/profile/")["Location"].startswith("/accounts/login/")
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert not is_signed_in(client)
    code = code_of(secret)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert client.get("/people/profile/").status_code == 200

    client.post(reverse("account_logout"))
    sign_in(client, agnes.email)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert not is_signed_in(client), "a code opens once"


def test_the_secret_of_an_app_is_unreadable_in_the_database_and_survives_a_new_key(agnes, settings):
    secret = enrol(agnes)
    row = Authenticator.objects.get(user=agnes)
    assert secret not in str(row.data)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, as long as the settings ask for, or longer"
    assert row.wrap().validate_code(code_of(secret))


def test_six_digits_are_not_guessed(client, agnes):
    secret = enrol(confirmed(agnes))
    sign_in(client, agnes.email)
    for number in range(6):
        client.post(reverse("mfa_authenticate"), {"code": f"{number:06}"})
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert not is_signed_in(client)


def test_a_session_of_the_password_alone_must_prove_and_cannot_enrol_a_factor_of_its_own(
    client, agnes
):
    """Somebody with the stolen password had a session open before the owner enrolled."""
    client.force_login(agnes)
    secret = enrol(agnes)
    for page in [reverse("mfa_add_webauthn"), reverse("mfa_index"), "/people/profile/"]:
        response = client.get(page)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("mfa_reauthenticate"))
    prove = client.get("/people/profile/")["Location"]
    response = client.post(prove, {"code": code_of(secret)})
    assert response["Location"] == "/people/profile/"
    assert client.get("/people/profile/").status_code == 200


def test_staff_cannot_turn_off_their_last_factor_and_customers_can(client, agnes, cora):
    for person, last in [(agnes, True), (cora, False)]:
        secret = enrol(confirmed(person))
        sign_in(client, person.email)
        client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
        ask = client.get(reverse("mfa_deactivate_totp"))
        client.post(ask["Location"], {"password": PASSWORD})
        client.post(reverse("mfa_deactivate_totp"))
        left = Authenticator.objects.filter(user=person, type="totp")
        assert left.exists() is last
        client.post(reverse("account_logout"))


def test_giving_up_the_last_key_sends_staff_back_to_enrol(client, agnes):
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.session[SHOWN] = True
    factor_removed(None, request=request, user=agnes, authenticator=None)
    assert request.session[SHOWN] is False


def test_the_second_factor_costs_no_query_once_shown(client, agnes, django_assert_num_queries):
    secret = enrol(confirmed(agnes))
    sign_in(client, agnes.email)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    client.get("/people/profile/")  # keeps what the navigation counts
    with django_assert_num_queries(2):  # session, user
        client.get("/people/profile/")


@pytest.mark.parametrize(
    "page",
    [
        "mfa_index",
        "mfa_add_webauthn",
        "mfa_list_webauthn",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "usersessions_list",
        "account_email",
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "mfa_reauthenticate",
    ],
)
def test_every_page_of_the_own_account_opens(client, cora, page):
    secret = enrol(confirmed(cora))
    RecoveryCodes.activate(cora)
    sign_in(client, cora.email)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    ask = client.get(reverse("mfa_generate_recovery_codes"))
    client.post(ask["Location"], {"password": PASSWORD})
    response = client.get(reverse(page))
    assert response.status_code == 200
    assert response.content.decode().count("<h1") == 1
