from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.tests.door import confirmed, sign_in

pytestmark = pytest.mark.django_db

PROFILE = "/people/profile/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def later(time_machine):
    """Move the clock forward, again and again."""
    start = timezone.now()
    time_machine.move_to(start, tick=False)

    def move(**span: float) -> None:
        time_machine.shift(timedelta(**span))

    return move


def test_staff_are_signed_out_after_half_an_hour_of_nothing(client, agnes, later):
    client.force_login(agnes)
    for _ in range(3):
        later(minutes=29)
        assert client.get(PROFILE).status_code == 200
    later(minutes=31)
    assert client.get(PROFILE)["Location"].startswith("/accounts/login/")


def test_staff_are_signed_out_after_twelve_hours_of_work(client, agnes, later):
    client.force_login(agnes)
    for _ in range(24):
        later(minutes=29, seconds=59)
        assert client.get(PROFILE).status_code == 200
    later(minutes=2)
    assert client.get(PROFILE).status_code == 302


def test_what_a_page_asks_by_itself_keeps_no_session_alive(client, agnes, later, settings):
    settings.POLLING_VIEWS = {"accounts:profile"}
    client.force_login(agnes)
    later(minutes=20)
    assert client.get(PROFILE, headers=HTMX).status_code == 200
    later(minutes=11)
    response = client.get(PROFILE, headers=HTMX)
    assert response.status_code == 401
    assert response["HX-Refresh"] == "true"


def test_the_thread_that_refreshes_itself_is_among_them():
    assert "workorders:messages" in django_settings.POLLING_VIEWS


def test_customers_stay_signed_in_for_fourteen_days(client, cora, later):
    client.force_login(cora)
    later(days=13, hours=23)
    assert client.get(PROFILE).status_code == 200
    later(hours=2)
    assert client.get(PROFILE).status_code == 302


def test_a_staff_session_without_its_dates_is_too_old(client, agnes):
    client.force_login(agnes)
    session = client.session
    del session["signed_in_at"]
    session.save()
    assert client.get(PROFILE).status_code == 302


def test_a_staff_session_is_written_once_a_minute_only(client, agnes, later):
    client.force_login(agnes)
    before = client.session["seen_at"]
    later(seconds=50)
    client.get(PROFILE)
    assert client.session["seen_at"] == before
    later(seconds=20)
    client.get(PROFILE)
    assert client.session["seen_at"] > before


def test_one_sees_where_one_is_signed_in_and_ends_the_others(client, cora):
    confirmed(cora)
    elsewhere = Client(headers={"User-Agent": "The browser at home"})
    sign_in(elsewhere, cora.email)
    sign_in(client, cora.email)
    page = client.get(reverse("usersessions_list")).content.decode()
    assert "The browser at home" in page
    client.post(reverse("usersessions_list"))
    assert elsewhere.get(PROFILE).status_code == 302
    assert client.get(PROFILE).status_code == 200


def test_a_closed_login_is_out_at_its_next_request(client, cora):
    client.force_login(cora)
    assert client.get(PROFILE).status_code == 200
    cora.is_active = False
    cora.save()
    assert client.get(PROFILE).status_code == 302
