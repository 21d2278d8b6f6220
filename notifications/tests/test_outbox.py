from __future__ import annotations

import email
import smtplib
from datetime import timedelta
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail as post_office
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, User
from core.events import Event
from history.services import record
from notifications import tasks
from notifications.letters import Letter
from notifications.models import Mail
from notifications.services import Recipient, people_of, post
from notifications.subscribers import enquiry_news
from tests.servers import Letterbox
from workorders.models import Counselling
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory


@pytest.fixture
def enquiry(cora: User) -> Counselling:
    return CounsellingFactory(customer=cora.customer, opened_by=cora)


def write(to: str = "cora@example.com", key: str = "1") -> Mail:
    post("test", key, [Recipient(to, "Cora")], lambda: Letter("Subject", ["One line."]))
    return Mail.objects.get(dedupe=f"test:{key}:{to}")


@pytest.mark.row("R34", "E30")
def test_what_happens_becomes_one_mail_in_the_language_of_the_person(
    enquiry: Counselling, cora: User
) -> None:
    cora.language = "zh-hans"
    cora.save()
    record(enquiry, "opened", actor=cora)
    mail = Mail.objects.get()
    assert (mail.recipient, mail.language, mail.user) == (cora.email, "zh-hans", cora)
    assert str(enquiry.number) in mail.subject


def test_the_same_news_told_twice_makes_one_mail(enquiry: Counselling, cora: User) -> None:
    event = Event(Counselling, "opened", [enquiry.pk], cora.pk, timezone.now())
    enquiry_news(event)
    enquiry_news(event)
    assert Mail.objects.count() == 1


def test_a_mail_whose_news_is_rolled_back_never_existed(enquiry: Counselling, cora: User) -> None:
    with transaction.atomic():
        record(enquiry, "opened", actor=cora)
        transaction.set_rollback(True)
    assert not Mail.objects.exists()


def test_colleagues_get_it_when_service_opened_for_the_company(
    cora: User, colin: User, agnes: User
) -> None:
    company = Customer.objects.get(people=cora)
    assert {to.email for to in people_of(company, agnes)} == {cora.email, colin.email}
    assert [to.email for to in people_of(company, colin)] == [colin.email]


def test_a_customer_without_a_login_is_written_to_by_the_card(otto: User) -> None:
    customer = Customer.objects.get(people=otto)
    otto.delete()
    assert [to.email for to in people_of(customer)] == [customer.email]


def test_many_units_of_one_order_make_one_mail(cora: User, emil: User, kunshan: Any) -> None:
    order = RepairOrderFactory(submitted=True, customer=cora.customer, shop=kunshan, opened_by=cora)
    units = [
        UnitFactory(order=order, state="diagnosing", finding="Board 1 is dead.") for _ in "abc"
    ]
    from history.services import advance_many
    from workorders.models import Unit

    advance_many(Unit.objects.filter(order=order), "ask_customer", actor=emil)
    mail = Mail.objects.get(event="unit-ask_customer")
    assert all(unit.sn in mail.text for unit in units)


def test_an_internal_note_leaves_the_house_to_nobody(enquiry: Counselling, agnes: User) -> None:
    from workorders.services.threads import post_message

    post_message(enquiry.thread, actor=agnes, text="She is right.", internal=True)
    assert not Mail.objects.exists()


@pytest.mark.row("R32")
def test_the_return_tells_carrier_and_number(cora: User, emil: User, kunshan: Any) -> None:
    order = RepairOrderFactory(submitted=True, customer=cora.customer, shop=kunshan, opened_by=cora)
    record(order, "return_shipped", actor=emil, data={"carrier": "DHL", "waybill": "JD0001"})
    assert "DHL JD0001" in Mail.objects.get().text


def test_links_stand_on_the_site_and_not_on_the_request(client: Client, cora: User) -> None:
    client.post("/accounts/password/reset/", {"email": cora.email}, headers={"host": "127.0.0.1"})
    mail = Mail.objects.get()
    assert "http://localhost:8000/accounts/password/reset/key/" in mail.text
    assert "127.0.0.1" not in mail.text
    assert mail.private


@pytest.fixture
def smtp(letterbox: Letterbox, settings: Any) -> Letterbox:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", urlsplit(letterbox.url).port
    return letterbox


def letters(box: Letterbox) -> list[Message]:
    return [email.message_from_bytes(raw) for _sender, _to, raw in box.letters]


@pytest.mark.django_db
def test_the_relay_hands_every_mail_to_the_server_once(smtp: Letterbox) -> None:
    mails = [write(key=str(n)) for n in range(3)]
    assert (tasks.relay_mail(), tasks.relay_mail()) == (3, 0)
    assert {letter["Message-ID"] for letter in letters(smtp)} == {m.message_id for m in mails}
    assert set(Mail.objects.values_list("state", flat=True)) == {Mail.State.SENT}


@pytest.mark.django_db
def test_a_mail_carries_text_and_html(smtp: Letterbox) -> None:
    write()
    tasks.relay_mail()
    parts = [part.get_content_type() for part in letters(smtp)[0].walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.django_db
def test_one_bad_mail_does_not_hold_up_the_others(
    smtp: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = write(key="bad"), write(key="good")
    deliver = tasks.deliver

    def picky(mail: Mail, server: Any) -> None:
        if mail.pk == bad.pk:
            raise ValueError("header")
        deliver(mail, server)

    monkeypatch.setattr(tasks, "deliver", picky)
    tasks.relay_mail()
    states = dict(Mail.objects.values_list("pk", "state"))
    assert states == {bad.pk: "waiting", good.pk: "sent"}
    waiting = Mail.objects.get(pk=bad.pk)
    assert waiting.attempts == 1
    assert waiting.next_try_at > timezone.now()
    assert "header" in waiting.last_error


@pytest.mark.django_db
def test_a_server_that_is_not_there_costs_no_attempt(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    mail = write()
    assert tasks.relay_mail() == 0
    assert Mail.objects.values_list("attempts", "state").get(pk=mail.pk) == (0, "waiting")


@pytest.mark.django_db
def test_after_the_last_attempt_it_is_given_up_and_an_admin_tries_again(
    ada: User, client: Client
) -> None:
    mail = write()
    mail.attempts = tasks.GIVE_UP_AFTER
    tasks.failed(mail, ValueError("no"))
    assert Mail.objects.get().state == Mail.State.DEAD
    client.force_login(ada)
    data = {"action": "try_again", "_selected_action": [mail.pk]}
    client.post("/admin/notifications/mail/", data)
    assert Mail.objects.values_list("state", "attempts").get() == ("waiting", 0)


@pytest.mark.django_db
def test_an_address_refused_for_good_is_given_up_at_once() -> None:
    mail = write()
    mail.attempts = 1
    tasks.failed(mail, smtplib.SMTPRecipientsRefused({"x": (550, b"no such user")}))
    assert Mail.objects.get().state == Mail.State.DEAD


@pytest.mark.django_db
def test_a_relay_that_died_leaves_its_mails_to_the_next(smtp: Letterbox, time_machine: Any) -> None:
    write()
    assert len(tasks.claim()) == 1
    assert tasks.claim() == []
    time_machine.move_to(timezone.now() + tasks.LEASE + timedelta(seconds=1))
    assert tasks.relay_mail() == 1


@pytest.mark.django_db
def test_a_line_break_in_a_subject_is_no_header(smtp: Letterbox) -> None:
    post("t", "1", [Recipient("a@b.example", "A")], lambda: Letter("Hi\r\nBcc: x@y.z", ["."]))
    tasks.relay_mail()
    assert letters(smtp)[0]["Subject"] == "Hi Bcc: x@y.z"
    assert letters(smtp)[0]["Bcc"] is None


def test_admins_read_the_outbox_but_no_private_body(ada: User, client: Client) -> None:
    mail = write()
    Mail.objects.filter(pk=mail.pk).update(private=True, text="secret-link")
    client.force_login(ada)
    answer = client.get(f"/admin/notifications/mail/{mail.pk}/change/")
    assert answer.status_code == 200
    assert b"secret-link" not in answer.content
    assert client.post(f"/admin/notifications/mail/{mail.pk}/delete/").status_code == 403


def test_the_demo_mailbox_is_for_this_machine_only(client: Client, db: None, settings: Any) -> None:
    write()
    assert client.get("/mail/").status_code == 200
    assert client.get("/mail/", REMOTE_ADDR="203.0.113.9").status_code == 404
    settings.DEMO_MAILBOX = False
    assert client.get("/mail/").status_code == 404
    assert post_office.outbox == []
