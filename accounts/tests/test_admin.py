from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts import services
from accounts.models import User
from accounts.tests.door import NEW_PASSWORD, confirmed, enrol, is_signed_in, link_in, sign_in
from core.workflow import Refused
from history.models import Entry

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/accounts/user/"


def change(client, user, **changes):
    data = {
        "name": user.name,
        "role": user.role,
        "language": user.language,
        "timezone": user.timezone,
    }
    if user.is_active:
        data["is_active"] = "on"
    data |= changes
    data = {name: value for name, value in data.items() if value is not None}
    return client.post(f"{PEOPLE}{user.pk}/change/", data)


@pytest.mark.parametrize("who", ["cora", "agnes", "emil", "mona", "fin", "sal"])
def test_only_admins_reach_the_admin(client, request, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get(PEOPLE).status_code == 302
    assert client.get("/admin/login/").status_code == 403


def test_a_new_colleague_of_the_staff_gets_a_mail_to_set_a_password(client, ada, mails):
    client.force_login(ada)
    form = client.get(f"{PEOPLE}add/").content.decode()
    assert 'type="password"' not in form
    assert 'value="customer"' not in form
    data = {"email": "Neo@Example.com", "name": "Neo", "role": "engineer", "language": "en"}
    client.post(f"{PEOPLE}add/", data | {"timezone": "Asia/Shanghai"})
    neo = User.objects.get(email="neo@example.com")
    assert (neo.role, neo.is_staff, neo.has_usable_password()) == ("engineer", False, False)
    assert Entry.objects.of(neo).get(verb="created").actor == ada

    theirs = Client()
    link = link_in(mails()[0], "password/reset/key")
    page = theirs.get(link, follow=True).redirect_chain[-1][0]
    theirs.post(page, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    sign_in(theirs, neo.email, NEW_PASSWORD)
    assert is_signed_in(theirs)


def test_the_same_address_is_not_taken_twice(client, ada, agnes):
    client.force_login(ada)
    data = {"email": "AGNES@example.com", "name": "X", "role": "agent", "language": "en"}
    response = client.post(f"{PEOPLE}add/", data | {"timezone": "UTC"})
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["email"]


def test_another_role_is_recorded_and_ends_the_sessions(client, ada, agnes):
    theirs = Client()
    sign_in(theirs, confirmed(agnes).email)
    client.force_login(ada)
    assert change(client, agnes, role="finance").status_code == 302
    assert User.objects.get(pk=agnes.pk).role == "finance"
    entry = Entry.objects.of(agnes).get(verb="role_changed")
    assert entry.data == {"before": "agent", "after": "finance"}
    assert entry.actor == ada
    assert theirs.get("/people/profile/").status_code == 302


def test_a_closed_login_is_recorded_and_out_at_once(client, ada, agnes):
    theirs = Client()
    sign_in(theirs, confirmed(agnes).email)
    client.force_login(ada)
    change(client, agnes, is_active=None)
    assert theirs.get("/people/profile/").status_code == 302
    assert Entry.objects.of(agnes).get(verb="disabled").actor == ada
    change(client, User.objects.get(pk=agnes.pk), is_active="on")
    assert Entry.objects.of(agnes).filter(verb="enabled").exists()
    assert User.objects.get(pk=agnes.pk).is_active


def test_staff_do_not_become_customers(client, ada, agnes):
    client.force_login(ada)
    assert change(client, agnes, role="customer").status_code == 200
    assert User.objects.get(pk=agnes.pk).role == "agent"


def test_admins_cannot_lock_themselves_out(client, ada):
    client.force_login(ada)
    change(client, ada, role="agent", is_active=None)
    now = User.objects.get(pk=ada.pk)
    assert (now.role, now.is_active) == ("admin", True)


def test_a_customer_stays_a_customer(client, ada, cora):
    client.force_login(ada)
    change(client, cora, role="admin")
    assert User.objects.get(pk=cora.pk).role == "customer"
    with pytest.raises(Refused):
        services.change_role(cora, "admin", actor=ada)


def test_a_lost_second_factor_is_reset_with_a_record(client, ada, agnes):
    enrol(agnes)
    client.force_login(ada)
    data = {"action": "reset_second_factor", "_selected_action": [agnes.pk]}
    assert client.post(PEOPLE, data).status_code == 302
    assert not Authenticator.objects.filter(user=agnes).exists()
    assert Entry.objects.of(agnes).get(verb="second_factor_reset").actor == ada


def test_nobody_is_deleted_and_no_password_is_shown(client, ada, agnes, cora):
    client.force_login(ada)
    assert client.get(f"{PEOPLE}{agnes.pk}/delete/").status_code == 403
    assert client.get(f"/admin/accounts/customer/{cora.customer_id}/delete/").status_code == 403
    body = client.get(f"{PEOPLE}{agnes.pk}/change/").content.decode()
    assert agnes.password not in body
    assert "delete_selected" not in client.get(PEOPLE).content.decode()


def test_customers_are_listed_and_edited(client, ada, cora):
    client.force_login(ada)
    assert "Nordfjell" in client.get("/admin/accounts/customer/?q=nordfjell").content.decode()
    path = f"/admin/accounts/customer/{cora.customer_id}/change/"
    data = {"kind": "company", "name": "Nordfjell AB", "language": "en", "email": "", "phone": ""}
    assert client.post(path, data | {"country": "SE"}).status_code == 302
    cora.customer.refresh_from_db()
    assert cora.customer.name == "Nordfjell AB"


def test_groups_do_not_exist_beside_the_role(client, ada):
    client.force_login(ada)
    assert client.get("/admin/auth/group/").status_code == 404
