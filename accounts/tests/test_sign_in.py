from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import reverse

from accounts.tests.door import confirmed, is_signed_in, sign_in

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


@pytest.mark.row("R1")
def test_an_anonymous_visitor_is_sent_to_the_sign_in_page(client):
    response = client.get("/")
    assert response.status_code == 302
    assert response["Location"] == f"{LOGIN}?next=/"
    page = client.get(response["Location"])
    assert page.status_code == 200
    body = page.content.decode()
    for piece in ('name="login"', 'name="password"', 'name="remember"', "data-reveal"):
        assert piece in body
    assert reverse("account_reset_password") in body
    assert reverse("account_signup") in body


def test_the_right_password_signs_in_and_goes_on_to_the_page_asked_for(client, cora):
    confirmed(cora)
    response = sign_in(client, cora.email, next="/people/profile/")
    assert (response.status_code, response["Location"]) == (302, "/people/profile/")
    assert is_signed_in(client)


def test_capitals_in_the_address_do_not_matter(client, cora):
    confirmed(cora)
    sign_in(client, "CORA@Example.com")
    assert is_signed_in(client)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, cora):
    confirmed(cora)
    wrong = sign_in(client, cora.email, "not her password")
    unknown = sign_in(client, "nobody@example.com", "not her password")
    assert wrong.status_code == unknown.status_code == 200
    said = [list(r.context["form"].non_field_errors()) for r in (wrong, unknown)]
    assert said[0] == said[1] != []
    assert not is_signed_in(client)


def test_a_closed_login_cannot_sign_in(client, cora):
    confirmed(cora)
    cora.is_active = False
    cora.save()
    sign_in(client, cora.email)
    assert not is_signed_in(client)


@pytest.mark.row("R3")
def test_remember_keeps_the_cookie_for_fourteen_days_and_else_until_the_browser_closes(
    client, cora
):
    confirmed(cora)
    sign_in(client, cora.email, remember="on")
    assert client.cookies["session"]["max-age"] == 14 * 24 * 3600
    client.post(reverse("account_logout"))
    sign_in(client, cora.email)
    assert client.cookies["session"]["max-age"] == ""


@pytest.mark.row("R4")
def test_the_session_id_is_new_after_sign_in_and_dead_after_sign_out(client, cora):
    confirmed(cora)
    client.get(LOGIN)
    session = client.session
    session["theme"] = "x"
    session.save()
    client.cookies["session"] = before = session.session_key
    sign_in(client, cora.email)
    after = client.session.session_key
    assert after != before
    response = client.post(reverse("account_logout"))
    assert (response.status_code, response["Location"]) == (302, LOGIN)
    assert not Session.objects.filter(session_key__in=[before, after]).exists()


def test_signing_out_by_get_only_asks(client, cora):
    client.force_login(cora)
    assert client.get(reverse("account_logout")).status_code == 200
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.test/",
        "/\\evil.test",
        "https://evil.test/",
        "javascript:alert(1)",
        "https:evil.test",
    ],
)
def test_next_never_leaves_the_site(client, cora, elsewhere):
    confirmed(cora)
    response = sign_in(client, cora.email, next=elsewhere)
    assert response["Location"] == "/"
    out = client.post(reverse("account_logout") + f"?next={elsewhere}")
    assert out["Location"] == LOGIN
    switched = client.post("/language/", {"language": "en", "next": elsewhere})
    assert "evil" not in switched["Location"]
    assert "javascript" not in switched["Location"]


def test_five_wrong_passwords_lock_the_account_for_everybody_behind_any_address(client, cora):
    confirmed(cora)
    for number in range(5):
        sign_in(client, cora.email, f"guess number {number}")
    response = client.post(
        LOGIN,
        {"login": cora.email, "password": "correct horse battery"},
        headers={"X-Forwarded-For": "203.0.113.9"},
        REMOTE_ADDR="198.51.100.7",
    )
    assert not is_signed_in(client)
    assert "Too many" in str(response.context["form"].non_field_errors())
    cache.clear()
    sign_in(client, cora.email)
    assert is_signed_in(client)


def test_too_many_sign_ins_from_one_address_are_429_with_retry_after(client):
    answers = [sign_in(client, f"nobody{n}@example.com", "x") for n in range(31)]
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0


def test_django_admin_has_no_door_of_its_own(client, cora):
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith(f"{LOGIN}?next=")
    direct = client.post("/admin/login/", {"username": "ada@example.com", "password": "x"})
    assert direct.status_code == 302
    assert direct["Location"].startswith(LOGIN)
    client.force_login(cora)
    assert client.get("/admin/login/").status_code == 403


def test_the_page_is_shown_in_the_language_of_the_browser(client):
    page = client.get(LOGIN, headers={"Accept-Language": "zh-Hans"})
    assert '<html lang="zh-hans"' in page.content.decode().lower()


def test_the_demo_offers_its_people_with_one_click(client, cora, agnes, settings):
    settings.DEMO_MAIL_DOMAIN = "@example.com"
    settings.DEMO_PASSWORD = "demo-portal-2026"
    confirmed(agnes).set_password("demo-portal-2026")
    agnes.save()
    body = client.get(LOGIN).content.decode()
    assert body.index("Cora Lind") < body.index("Agnes Moreau")
    assert "demo-portal-2026" in body
    settings.DEMO = False
    body = client.get(LOGIN).content.decode()
    assert "Agnes Moreau" not in body
    assert "demo-portal-2026" not in body
