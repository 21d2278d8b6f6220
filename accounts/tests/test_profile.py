from __future__ import annotations

import zoneinfo

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from accounts.backends import Backend
from accounts.forms import known_zone, zones
from accounts.models import User
from accounts.tests.door import NEW_PASSWORD, confirmed, is_signed_in, link_in, sign_in
from accounts.tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

PROFILE = "/people/profile/"
EVERYBODY = ["cora", "agnes", "emil", "mona", "fin", "sal", "ada"]


@pytest.mark.parametrize("who", EVERYBODY)
def test_everybody_edits_their_own_name_language_and_time_zone(client, request, who):
    user = request.getfixturevalue(who)
    client.force_login(user)
    assert client.get(PROFILE).status_code == 200
    data = {"name": "New Name", "language": "zh-hans", "timezone": "Asia/Shanghai"}
    assert client.post(PROFILE, data).status_code == 303
    user = User.objects.get(pk=user.pk)
    assert (user.name, user.language, user.timezone) == tuple(data.values())


def test_fields_that_are_not_offered_are_ignored(client, cora, otto):
    client.force_login(cora)
    data = {"name": "Cora", "language": "en", "timezone": "UTC"}
    more = {"role": "admin", "is_active": "", "customer": otto.customer_id, "email": otto.email}
    client.post(PROFILE, data | more)
    now = User.objects.get(pk=cora.pk)
    assert (now.role, now.is_active, now.customer_id, now.email) == (
        "customer",
        True,
        cora.customer_id,
        "cora@example.com",
    )


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"language": "tlh"}, {"timezone": "Mars/Base"}, {"name": "x" * 121}]
)
def test_what_is_wrong_is_said_on_the_page(client, cora, wrong):
    client.force_login(cora)
    data = {"name": "Cora", "language": "en", "timezone": "UTC"} | wrong
    assert client.post(PROFILE, data).status_code == 422
    assert User.objects.get(pk=cora.pk).name == "Cora Lind"


@pytest.mark.row("R34", "E30")
def test_pages_speak_the_language_of_the_person_whatever_the_browser_says(client, cora):
    cora.language = "zh-hans"
    cora.save()
    client.force_login(cora)
    body = client.get(PROFILE, headers={"Accept-Language": "en"}).content.decode().lower()
    assert '<html lang="zh-hans"' in body


def test_the_switch_of_a_signed_in_person_is_remembered(client, cora):
    client.force_login(cora)
    response = client.post("/language/", {"language": "zh-hans", "next": PROFILE})
    assert response["Location"] == PROFILE
    assert User.objects.get(pk=cora.pk).language == "zh-hans"
    client.post("/language/", {"language": "xx", "next": PROFILE})
    assert User.objects.get(pk=cora.pk).language == "zh-hans"
    assert client.get("/language/").status_code == 405


def test_the_switch_of_a_visitor_holds_in_the_browser(client):
    client.post("/language/", {"language": "zh-hans", "next": "/accounts/login/"})
    body = client.get("/accounts/login/").content.decode().lower()
    assert '<html lang="zh-hans"' in body


def test_the_zone_of_the_person_holds_for_the_request_only(client, cora, rf):
    from django.http import HttpResponse

    from accounts.middleware import Person

    seen = []

    def view(request):
        seen.append(timezone.get_current_timezone_name())
        return HttpResponse()

    for zone in ("Asia/Shanghai", "Nowhere/Land"):
        request = rf.get("/")
        cora.timezone = zone
        request.user, request.session, request.resolver_match = cora, {}, None
        Person(view)(request)
    translation.activate("en")
    assert seen == ["Asia/Shanghai", "UTC"]
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.django_db(transaction=True)
def test_a_new_address_counts_when_its_link_was_opened(client, cora, mails):
    sign_in(client, confirmed(cora).email)
    client.post(reverse("account_email"), {"email": "cora.new@example.com", "action_add": ""})
    page = client.get(reverse("account_email")).content.decode()
    assert "cora.new@example.com" in page
    assert User.objects.get(pk=cora.pk).email == "cora@example.com"
    link = next(link_in(m, "confirm-email") for m in mails() if "confirm-email" in m)
    client.post(link)
    assert User.objects.get(pk=cora.pk).email == "cora.new@example.com"


def test_a_new_password_needs_the_old_one_and_signs_out(client, cora, mails):
    sign_in(client, confirmed(cora).email)
    path = reverse("account_change_password")
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(path, {"oldpassword": "wrong", **new})
    assert is_signed_in(client)
    client.post(path, {"oldpassword": PASSWORD, **new})
    assert not is_signed_in(client)
    sign_in(client, cora.email, NEW_PASSWORD)
    assert is_signed_in(client)


def test_the_profile_offers_a_zone_per_region_and_the_persons_own_whatever_it_is(client, cora):
    cora.timezone = "America/Argentina/Ushuaia"
    cora.save()
    client.force_login(cora)
    page = client.get(PROFILE).content.decode()
    assert '<option value="America/Argentina/Ushuaia" selected>' in page
    assert '<option value="Asia/Shanghai">' in page
    assert page.count("/Argentina/") == 2 * 2  # value and words, of Buenos Aires and her own
    data = {"name": "Cora", "language": "en", "timezone": cora.timezone}
    assert client.post(PROFILE, data).status_code == 303


def test_every_offered_zone_is_one_that_this_machine_knows():
    assert {name for name, _words in zones()} <= zoneinfo.available_timezones()
    assert known_zone("Asia/Shanghai") == "Asia/Shanghai"
    assert known_zone("America/Argentina/Ushuaia") == "America/Argentina/Ushuaia"


def test_a_person_is_read_with_their_customer_in_one_query(cora, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert str(Backend().get_user(cora.pk).customer)
    cora.is_active = False
    cora.save()
    assert Backend().get_user(cora.pk) is None
    assert Backend().get_user(987_654_321) is None
