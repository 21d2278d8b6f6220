"""Who reads Chinese meets no English word: pages of every role, refusals, forms, mails (R34, E30).

The crawl reads what the access matrix lets each kind of person open; tests/chinese.py says what
counts as a word.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from copy import copy
from functools import partial
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation

from accounts.models import Customer, User
from core import words
from notifications import letters
from notifications.models import Mail
from notifications.services import Recipient, post
from tests.chinese import english, english_of_page, typed
from tests.matrix import Row, cast, expected, rows
from tests.posts import blank_of, post_of
from tests.world import BARE, CANARY, World, body, standing, undone
from tools import messages
from workorders.models import Counselling, RepairOrder

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_language_stays_here() -> Iterator[None]:
    """A request leaves its language behind in the thread; the next test must not inherit it."""
    with translation.override("en"):
        yield


# ------------------------------------------------------------------ the catalogue
SAME = {"PDF", "EEPROM", "mp4"}  # said the same in both languages


@pytest.mark.once
def test_every_word_is_translated() -> None:
    """Nothing missing, empty or fuzzy; placeholders are those of the English words."""
    assert list(messages.complaints("zh_Hans")) == []


ALIAS = re.compile(r"^from django\.utils\.translation import n?p?gettext(?:_lazy)? as (\w+)", re.M)


@pytest.mark.once
def test_the_collector_knows_every_name_we_gave_to_gettext() -> None:
    """Words behind another name would never be collected, and nobody would miss them."""
    names = {name for path in messages.sources() for name in ALIAS.findall(path.read_text())}
    assert names <= set(messages.KEYWORDS)


@pytest.mark.once
def test_nothing_is_left_in_english() -> None:
    told = [message for message in messages.read("zh_Hans") if message.id]
    same = {message.id for message in told if message.id in messages.translations(message)}
    assert same == SAME


@pytest.mark.once
def test_no_english_word_stands_among_chinese_ones() -> None:
    nobody = re.compile(r"%\(\w+\)[sd]|<[^>]*>")
    found = {
        said: left
        for message in messages.read("zh_Hans")
        if message.id
        for said in messages.translations(message)
        if (left := english(said, nobody))
    }
    assert found == {}


# ------------------------------------------------------------------ the pages
ROWS = rows()
WITHOUT_FACTOR = f"agnes{BARE}"
PEOPLE = ("anonymous", "cora", "agnes", "emil", "mona", "fin", "sal", "ada", WITHOUT_FACTOR)
# The catalogue of parts for those who build pages, with samples; nobody works there.
SAMPLES = {"styleguide", "styleguide-part"}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), standing() as made:
        User.objects.update(language="zh-hans")
        Customer.objects.update(language="zh-hans")
        for user in made.people.values():
            user.refresh_from_db()
        for client in made.clients.values():
            client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
        yield made


# What the factories and the posts of an honest person say.
WRITTEN = [
    *("Cora Lind", "Storgatan 1", "Storgatan 2", "Stockholm", "Somebody", "Fan", "New fan."),
    *("It does not start.", "The fan is loud.", "Here is more.", "These shops can help."),
    *("Look at the fan.", "Goodwill.", "No paper inside.", "The box is wet.", "Took it apart."),
    *("Water inside.", "Bought a new one.", "No fan.", "Mine", "Fan."),
    *("A mistake.", "By phone.", "Express", "Freight", "HB77", "INV", "Late", "Please decide."),
    *("Rack 3", "Refunded.", "SA-NEW", "Shenzhen", "They are on their way.", "Unpaid."),
]


@pytest.fixture(scope="module")
def known(world: World) -> re.Pattern[str]:
    return typed(*WRITTEN)


@pytest.fixture(scope="module")
def known_to_admins(world: World) -> re.Pattern[str]:
    return typed(*WRITTEN, kept=True)


def shown(response: Any) -> str:
    """The page without what the canaries say; empty where the answer is no page."""
    whole = body(response)
    html = response.headers.get("Content-Type", "").startswith("text/html")
    return CANARY.sub("9", whole.decode()) if html else ""


def readable(world: World, actor: str) -> list[Row]:
    column = cast(world, "cora")[actor]
    return [
        row
        for row in ROWS
        if row.name not in SAMPLES and expected(row, "get", "get", column) == 200
    ]


@pytest.mark.slow
@pytest.mark.parametrize("actor", PEOPLE)
def test_pages_have_no_english_word(
    world: World, known: re.Pattern[str], known_to_admins: re.Pattern[str], actor: str
) -> None:
    client, pages, left = world.clients[actor], 0, {}
    for row in readable(world, actor):
        with undone(client):
            page = shown(client.get(row.of(world.homes["cora"])))
        pages += bool(page)
        nobody = known_to_admins if row.name.startswith("admin:") else known
        if found := list(english_of_page(page, nobody)):
            left[str(row)] = found
    assert pages >= 5
    assert left == {}


POSTS = [row for row in ROWS if "post" in row.answers and row.ours]


@pytest.mark.slow
@pytest.mark.parametrize("actor", ["cora", "agnes", "emil", "ada"])
@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_answers_to_forms_have_no_english_word(
    world: World, known: re.Pattern[str], actor: str, filled: bool
) -> None:
    """Errors beside the fields, refusals, and what the next page says was done."""
    client, left = world.clients[actor], {}
    column, home = cast(world, "cora")[actor], world.homes["cora"]
    for row in POSTS:
        if row.answers["post"][column] == 303 and row.name != "accounts:profile":
            fields = post_of(row.name, world, home, actor) if filled else blank_of(row.name)
            with undone(client):
                page = shown(client.post(row.of(home), fields, follow=True))
            if found := list(english_of_page(page, known)):
                left[str(row)] = found
    assert left == {}


REFUSED = ["403.html", "404.html", "409.html", "413.html", "429.html", "500.html", "csrf.html"]


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_have_no_english_word(name: str) -> None:
    request = RequestFactory().get("/")
    with translation.override("zh-hans"):
        page = render_to_string(name, {"lang": "zh-hans", "retry_after": 90}, request)
    assert len(page) > 500
    assert list(english_of_page(page, typed("nobody"))) == []


def test_the_head_of_an_export_is_chinese(world: World, known: re.Pattern[str]) -> None:
    client = world.clients["agnes"]
    with undone(client):
        table = body(client.get(reverse("workorders:order-export"))).decode("utf-8-sig")
    head = table.splitlines()[0]
    assert "初诊代码" in head
    assert english(CANARY.sub("9", table), known) == []


def test_dates_follow_the_order_of_the_language() -> None:
    noon = dt.datetime(2027, 3, 7, 12, 5, tzinfo=dt.UTC)
    with translation.override("zh-hans"):
        told = {style: words.write_date(noon, style) for style in words.DATES["zh"]}
    assert told["short"] == "2027\u00a0年 3\u00a0月 7\u00a0日"
    assert told["weekday"] == "3\u00a0月 7\u00a0日 星期日"
    assert [name for name, said in told.items() if english(said, re.compile(r"(?!)"))] == []


# ------------------------------------------------------------------ mails
def every_letter(order: RepairOrder, enquiry: Counselling) -> list[letters.Letter]:
    """One of each; a letter that is new and takes something else fails here and is then added."""
    about_order: dict[str, dict[str, Any]] = {
        "return_shipped": {"carrier": "9", "waybill": "9", "tracking": "https://track.example/9"},
        "unit_needs_you": {"sns": ["9"]},
        "unit_not_repaired": {"sns": ["9"] * 12},
    }
    written: dict[str, Any] = {"text": "9", "files": 2}
    about_enquiry = dict.fromkeys(("reply_posted", "customer_wrote"), written)
    made = [letters.invited("9", "9", url="https://portal.example/join/9/")]
    for name, write in vars(letters).items():
        takes = getattr(write, "__annotations__", {})
        if name.startswith("_") or takes.get("return") != "Letter":
            continue
        if takes.get("order"):
            made.append(write(order, **about_order.get(name, {})))
        elif takes.get("counselling"):
            made.append(write(enquiry, **about_enquiry.get(name, {})))
    return made


def test_letters_have_no_english_word(world: World, known: re.Pattern[str]) -> None:
    home = world.homes["cora"]
    to = Recipient.of(home.owner)
    with translation.override("zh-hans"):
        told = every_letter(home.made["returned_order"], home.made["converted"])
    assert len(told) >= 17
    with undone(world.clients["cora"]):
        Mail.objects.all().delete()
        for number, letter in enumerate(told):
            post("letter", str(number), [to], partial(copy, letter))
        mails = list(Mail.objects.all())
    assert len(mails) == len(told)
    for mail in mails:
        said, page = (CANARY.sub("9", text) for text in (f"{mail.subject}\n{mail.text}", mail.html))
        assert english(said, known) == [], said
        assert list(english_of_page(page, known)) == []


NOTICES = [
    "account/email/account_already_exists",
    "account/email/email_changed",
    "account/email/email_confirm",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/email_deleted",
    "account/email/password_changed",
    "account/email/password_reset",
    "account/email/password_reset_key",
    "account/email/password_set",
    "account/email/unknown_account",
    "mfa/email/recovery_codes_generated",
    "mfa/email/totp_activated",
    "mfa/email/totp_deactivated",
    "mfa/email/webauthn_added",
    "mfa/email/webauthn_removed",
]


@pytest.mark.parametrize("notice", NOTICES)
def test_mails_about_the_login_have_no_english_word(
    world: World, known: re.Pattern[str], notice: str
) -> None:
    home = world.homes["cora"]
    told = dict.fromkeys(("activate_url", "password_reset_url", "signup_url"), "https://a.test/9/")
    told |= dict.fromkeys(("from_email", "to_email", "deleted_email"), "cora@example.com")
    with undone(world.clients["cora"]):
        Mail.objects.all().delete()
        get_adapter().send_mail(notice, home.owner.email, {"user": home.owner, "ip": "::1", **told})
        mail = Mail.objects.get()
    assert mail.language == "zh-hans"
    assert english(f"{mail.subject}\n{mail.text}", known) == []
    assert settings.BRAND_NAME in mail.text
