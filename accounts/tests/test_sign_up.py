from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Customer, User
from accounts.tests.door import NEW_PASSWORD, confirmed, is_signed_in, link_in, sign_in
from history.models import Entry

pytestmark = pytest.mark.django_db

NEWCOMER = {
    "name": "Nina Ek",
    "email": "nina@example.com",
    "kind": "person",
    "password1": NEW_PASSWORD,
    "password2": NEW_PASSWORD,
    "zone": "Europe/Stockholm",
}


def register(client, **changes):
    return client.post(reverse("account_signup"), {**NEWCOMER, **changes})


@pytest.mark.row("R3")
def test_a_person_signs_up_confirms_the_address_and_signs_in(client, mails):
    response = register(client)
    assert response["Location"] == reverse("account_email_verification_sent")
    user = User.objects.get(email="nina@example.com")
    assert (user.name, user.role, user.timezone) == ("Nina Ek", "customer", "Europe/Stockholm")
    customer = Customer.objects.get(people=user)
    assert (customer.kind, customer.name) == ("person", "Nina Ek")
    assert Entry.objects.of(user).filter(verb="signed_up").exists()

    sign_in(client, user.email, NEW_PASSWORD)
    assert not is_signed_in(client), "the address is not confirmed yet"

    link = link_in(mails()[0], "confirm-email")
    assert client.get(link).status_code == 200
    assert not EmailAddress.objects.get(user=user).verified, "GET never writes"
    client.post(link)
    assert EmailAddress.objects.get(user=user).verified
    if not is_signed_in(client):
        sign_in(client, user.email, NEW_PASSWORD)
    assert is_signed_in(client)
    client.post(reverse("account_logout"))
    assert client.post(link).status_code in {302, 404}, "the link works once"


def test_a_company_signs_up_under_its_name(client, mails):
    register(client, kind="company", company="Fjord Mining AS")
    customer = Customer.objects.get(name="Fjord Mining AS")
    assert customer.kind == "company"
    assert customer.people.get().name == "Nina Ek"


def test_a_company_needs_a_name_and_a_person_none(client, mails):
    response = register(client, kind="company", company=" ")
    assert response.context["form"].errors["company"]
    register(client, kind="person", company="ignored")
    assert Customer.objects.get().name == "Nina Ek"


def test_the_language_of_the_page_becomes_the_language_of_the_account(client, mails):
    client.post(reverse("set_language"), {"language": "zh-hans", "next": "/"})
    register(client)
    user = User.objects.get()
    assert (user.language, Customer.objects.get().language) == ("zh-hans", "zh-hans")


def test_a_zone_that_is_none_is_utc(client, mails):
    register(client, zone="../../etc/passwd")
    assert User.objects.get().timezone == "UTC"


def test_nobody_can_sign_up_as_staff_or_into_a_customer(client, cora, mails):
    register(client, role="admin", customer=cora.customer_id, is_staff="on", is_superuser="on")
    user = User.objects.get(email="nina@example.com")
    assert (user.role, user.is_staff) == ("customer", False)
    assert user.customer_id != cora.customer_id


def test_signing_up_with_a_known_address_answers_like_a_new_one(client, cora, mails):
    confirmed(cora)
    known = register(client, email=cora.email)
    client.cookies.clear()
    unknown = register(client)
    assert known.status_code == unknown.status_code == 302
    assert known["Location"] == unknown["Location"]
    assert len(mails()) == 2
    assert User.objects.filter(email=cora.email).count() == 1
    assert Customer.objects.filter(name="Nina Ek").count() == 1


@pytest.mark.parametrize("password", ["short", "nina@example.com", "password1234"])
def test_weak_passwords_are_refused(client, mails, password):
    response = register(client, password1=password, password2=password)
    assert response.context["form"].errors["password1"]
    assert not User.objects.exists()


@pytest.mark.row("R3")
def test_a_forgotten_password_is_set_by_a_link_that_works_once(client, cora, mails):
    confirmed(cora)
    client.post(reverse("account_reset_password"), {"email": cora.email})
    link = link_in(mails()[0], "password/reset/key")
    page = client.get(link, follow=True)
    form_page = page.redirect_chain[-1][0]
    client.post(form_page, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    sign_in(client, cora.email, NEW_PASSWORD)
    assert is_signed_in(client)
    client.post(reverse("account_logout"))
    again = client.get(link, follow=True)
    assert again.context["token_fail"]


def test_a_reset_link_dies_after_an_hour(client, cora, mails, time_machine):
    confirmed(cora)
    client.post(reverse("account_reset_password"), {"email": cora.email})
    link = link_in(mails()[0], "password/reset/key")
    time_machine.move_to(timezone.now() + timedelta(seconds=3605))
    assert client.get(link, follow=True).context["token_fail"]


def test_asking_for_a_reset_answers_the_same_for_unknown_addresses(client, cora, mails):
    confirmed(cora)
    known = client.post(reverse("account_reset_password"), {"email": cora.email})
    unknown = client.post(reverse("account_reset_password"), {"email": "no@example.com"})
    assert known.status_code == unknown.status_code == 302
    assert known["Location"] == unknown["Location"]
    assert len(mails()) == 2
    bodies = [client.get(r["Location"]).content for r in (known, unknown)]
    assert b"cora" not in bodies[0]


def test_a_new_password_ends_the_other_sessions(client, cora, mails):
    confirmed(cora)
    elsewhere = Client()
    sign_in(elsewhere, cora.email)
    sign_in(client, cora.email)
    client.post(
        reverse("account_change_password"),
        {
            "oldpassword": "correct horse battery",
            "password1": NEW_PASSWORD,
            "password2": NEW_PASSWORD,
        },
    )
    assert elsewhere.get("/people/profile/").status_code == 302
