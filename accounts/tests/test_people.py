from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import INVITATION_SIGNER, Invitation, User
from accounts.tests.door import NEW_PASSWORD, confirmed, is_signed_in, sign_in
from accounts.tests.factories import UserFactory
from core.workflow import Refused
from history.models import Entry

pytestmark = pytest.mark.django_db

PEOPLE = "/people/colleagues/"
NEWCOMER = {"name": "Nina Ek", "password": NEW_PASSWORD, "zone": "Europe/Oslo"}


@pytest.fixture
def invitation(cora) -> Invitation:
    return services.invite_colleague(cora.customer, actor=cora, email="Nina@Example.com")


@pytest.mark.row("E32")
def test_colleagues_see_each_other_and_nobody_else(client, cora, colin, otto):
    client.force_login(cora)
    body = client.get(PEOPLE).content.decode()
    assert "Colin Berg" in body
    assert "Otto Weiss" not in body


@pytest.mark.parametrize(
    ("who", "status"),
    [("agnes", 403), ("emil", 403), ("mona", 403), ("fin", 403), ("sal", 403), ("ada", 200)],
)
def test_staff_do_not_reach_the_page_and_admins_read_it(client, request, cora, who, status):
    client.force_login(request.getfixturevalue(who))
    assert client.get(PEOPLE).status_code == status
    assert client.post(reverse("accounts:invite"), {"email": "x@example.com"}).status_code == 403


def test_anonymous_visitors_sign_in_first(client, cora):
    for path in [PEOPLE, reverse("accounts:remove", args=[cora.pk]), reverse("accounts:profile")]:
        assert client.get(path)["Location"].startswith("/accounts/login/?next=")


def test_an_invited_colleague_joins_with_name_and_password(client, cora):
    client.force_login(cora)
    response = client.post(reverse("accounts:invite"), {"email": "Nina@example.com"})
    assert response.status_code == 303
    assert "nina@example.com" in client.get(PEOPLE).content.decode()
    invitation = Invitation.objects.get()
    assert Entry.objects.of(invitation).get().verb == "invited"

    newcomer = Client()
    page = newcomer.get(invitation.join_path)
    assert page.status_code == 200
    assert "Nordfjell Hosting AB" in page.content.decode()
    response = newcomer.post(invitation.join_path, NEWCOMER)
    assert response.status_code == 302
    assert is_signed_in(newcomer)
    nina = User.objects.get(email="nina@example.com")
    assert (nina.customer, nina.name, nina.timezone) == (cora.customer, "Nina Ek", "Europe/Oslo")
    assert nina.check_password(NEW_PASSWORD)
    newcomer.post(reverse("account_logout"))
    sign_in(newcomer, nina.email, NEW_PASSWORD)
    assert is_signed_in(newcomer), "the address counts as confirmed"
    assert newcomer.get(PEOPLE).status_code == 200


def closed(client, path, data=None):
    response = client.post(path, data) if data else client.get(path)
    return response.status_code, response.content


def test_used_withdrawn_expired_forged_and_empty_links_get_the_same_answer(
    client, cora, invitation, time_machine
):
    used = services.invite_colleague(cora.customer, actor=cora, email="used@example.com")
    services.accept_invitation(used, name="U", password=NEW_PASSWORD, language="en")
    withdrawn = services.invite_colleague(cora.customer, actor=cora, email="gone@example.com")
    services.withdraw_invitation(withdrawn, actor=cora)
    paths = [
        used.join_path,
        withdrawn.join_path,
        f"/people/join/{invitation.pk}/",
        f"/people/join/{invitation.token[:-1]}x/",
        f"/people/join/{invitation.pk}.{'A' * 43}/",
        f"/people/join/{INVITATION_SIGNER.sign('999999')}/",
        "/people/join/%00/",
    ]
    client.cookies["csrf"] = "a" * 32
    for path in paths:
        assert closed(client, path)[0] == 410, path
        assert closed(client, path, NEWCOMER)[0] == 410, path
    time_machine.move_to(timezone.now() + timedelta(days=7, seconds=1))
    assert closed(client, invitation.join_path)[0] == 410
    assert closed(client, invitation.join_path, NEWCOMER)[0] == 410
    assert not User.objects.filter(name="Nina Ek").exists()


def test_an_invitation_is_valid_for_almost_seven_days(client, invitation, time_machine):
    time_machine.move_to(timezone.now() + timedelta(days=7, seconds=-5))
    assert client.get(invitation.join_path).status_code == 200


def test_the_token_is_stored_nowhere(invitation):
    entry = Entry.objects.of(invitation).get()
    assert invitation.token not in f"{entry.data} {entry.note}"
    assert len(invitation.token.partition(".")[2]) * 6 >= 128
    assert "token" not in {field.name for field in Invitation._meta.fields}


def test_inviting_again_replaces_the_open_invitation(client, cora, invitation):
    client.force_login(cora)
    client.post(reverse("accounts:invite"), {"email": "nina@example.com"})
    assert Invitation.objects.open().count() == 1
    assert Client().get(invitation.join_path).status_code == 410


def test_inviting_a_known_address_answers_like_an_unknown_one(client, cora, otto):
    client.force_login(cora)
    answers = [
        client.post(reverse("accounts:invite"), {"email": email}, follow=True)
        for email in (otto.email, "unknown@example.com")
    ]
    assert [a.redirect_chain for a in answers] == [[(PEOPLE, 303)]] * 2
    assert Invitation.objects.open().count() == 2


def test_a_bad_address_is_answered_on_the_page(client, cora):
    client.force_login(cora)
    response = client.post(reverse("accounts:invite"), {"email": "not an address"})
    assert response.status_code == 422
    assert "not an address" in response.content.decode()


def test_twenty_invitations_an_hour_are_enough(client, cora):
    client.force_login(cora)
    answers = [
        client.post(reverse("accounts:invite"), {"email": f"n{n}@example.com"}) for n in range(21)
    ]
    assert [a.status_code for a in answers[-2:]] == [303, 429]
    assert int(answers[-1]["Retry-After"]) <= 3600


def test_a_weak_password_is_refused_and_the_name_kept(client, invitation):
    response = client.post(invitation.join_path, {**NEWCOMER, "password": "nina@example.com"})
    assert response.status_code == 422
    assert "Nina Ek" in response.content.decode()
    assert not User.objects.filter(email=invitation.email).exists()


def test_somebody_with_a_login_is_asked_to_sign_in_and_then_told_why_it_does_not_fit(
    client, cora, otto
):
    invitation = services.invite_colleague(cora.customer, actor=cora, email=otto.email)
    page = client.get(invitation.join_path)
    assert "next=/people/join/" in page.content.decode()
    client.force_login(otto)
    assert "belongs to" in client.get(invitation.join_path).content.decode()
    assert client.post(invitation.join_path).status_code == 409
    otto_now = User.objects.get(pk=otto.pk)
    assert otto_now.customer_id == otto.customer_id


def test_a_login_of_no_customer_joins_by_one_click(client, cora):
    loner = User.objects.create_user("loner@example.com", NEW_PASSWORD, name="Loner")
    invitation = services.invite_colleague(cora.customer, actor=cora, email=loner.email)
    client.force_login(loner)
    assert client.get(invitation.join_path).status_code == 200
    assert client.post(invitation.join_path).status_code == 303
    assert User.objects.get(pk=loner.pk).customer_id == cora.customer_id
    assert not Invitation.objects.open().exists()


@pytest.mark.parametrize("who", ["colin", "agnes", "ada"])
def test_the_link_of_somebody_else_does_not_fit(client, request, invitation, who):
    person = request.getfixturevalue(who)
    client.force_login(person)
    assert client.get(invitation.join_path).status_code == 200
    assert client.post(invitation.join_path).status_code == 409
    assert Invitation.objects.open().count() == 1


def test_a_person_invites_nobody(client, otto):
    client.force_login(otto)
    assert "accounts/invite" not in client.get(PEOPLE).content.decode()
    assert client.post(reverse("accounts:invite"), {"email": "x@example.com"}).status_code == 409


def test_a_login_without_customer_sees_only_itself(client, cora):
    loner = UserFactory(customer=None)
    client.force_login(loner)
    body = client.get(PEOPLE).content.decode()
    assert "Cora Lind" not in body
    assert client.post(reverse("accounts:invite"), {"email": "x@example.com"}).status_code == 404


def test_an_invitation_is_withdrawn_once_and_by_the_own_company_only(
    client, cora, otto, invitation
):
    path = reverse("accounts:invitation-withdraw", args=[invitation.pk])
    client.force_login(otto)
    assert client.post(path).status_code == 404
    client.force_login(cora)
    assert client.get(path).status_code == 405
    assert client.post(path).status_code == 303
    assert client.post(path).status_code == 409


def test_a_removed_colleague_is_out_at_the_next_request_everywhere(client, cora, colin):
    confirmed(colin)
    theirs = Client()
    sign_in(theirs, colin.email)
    assert theirs.get("/people/profile/").status_code == 200
    client.force_login(cora)
    path = reverse("accounts:remove", args=[colin.pk])
    assert client.get(path).status_code == 200
    assert User.objects.get(pk=colin.pk).is_active, "GET asks only"
    assert client.post(path).status_code == 303
    assert theirs.get("/people/profile/").status_code == 302
    sign_in(theirs, colin.email)
    assert not is_signed_in(theirs)
    entry = Entry.objects.of(colin).get(verb="removed")
    assert entry.actor == cora
    assert "Colin Berg" not in client.get(PEOPLE, follow=True).content.decode().split("toasts")[0]
    assert client.post(path).status_code == 404


def test_nobody_removes_themselves_or_people_of_another_company(client, cora, otto, agnes):
    client.force_login(cora)
    assert client.post(reverse("accounts:remove", args=[cora.pk])).status_code == 409
    for stranger in (otto, agnes):
        path = reverse("accounts:remove", args=[stranger.pk])
        assert client.get(path).status_code == 404
        assert client.post(path).status_code == 404
    assert User.objects.filter(is_active=True).count() == 3


def test_admins_read_the_question_and_cannot_answer_it(client, ada, colin):
    client.force_login(ada)
    path = reverse("accounts:remove", args=[colin.pk])
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 403


def test_the_page_costs_the_same_for_one_and_for_eight(client, cora):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(cora)
    counts = []
    for size in (1, 8):
        for _ in range(size):
            UserFactory(customer=cora.customer)
        services.invite_colleague(cora.customer, actor=cora, email=f"n{size}@example.com")
        with CaptureQueriesContext(connection) as seen:
            client.get(PEOPLE)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_two_people_cannot_use_one_invitation(cora, invitation):
    stale = Invitation.objects.get(pk=invitation.pk)
    services.accept_invitation(invitation, name="A", password=NEW_PASSWORD, language="en")
    with pytest.raises(Refused):
        services.accept_invitation(stale, name="B", password=NEW_PASSWORD, language="en")
