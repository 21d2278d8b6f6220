"""Tags, filters and components: what they say, in both languages, and that they let nothing in."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone, translation

from core import styleguide, words
from core.middleware import Refusals
from core.templatetags import ui
from core.workflow import Refused

HOSTILE = "\"><script>alert(1)</script>' onmouseover=x"
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
pytestmark = pytest.mark.once


def hours(count: float) -> dt.timedelta:
    return dt.timedelta(hours=count)


def render(text: str, **context) -> str:
    return Template("{% load ui %}" + text).render(Context(context))


@pytest.fixture
def request_of_nobody():
    request = RequestFactory().get("/queue/?status=new&q=fan&after=17")
    request.user = AnonymousUser()
    return request


# ------------------------------------------------------------------ the countdown
@pytest.mark.parametrize(
    ("left", "tone", "text"),
    [
        (hours(11), "tone-green", "11 h 00"),
        (hours(3.1), "tone-green", "3 h 06"),
        (hours(3), "tone-amber", "3 h 00"),
        (hours(1 + 40 / 60), "tone-amber", "1 h 40"),
        (hours(0.6), "tone-red", "36 min"),
        (dt.timedelta(seconds=20), "tone-red", "1 min"),
        (hours(30), "tone-green", "1 d 6 h"),
        (hours(-26 / 60), "tone-red over", "26 min late"),
        (hours(0), "tone-red over", "1 min late"),
    ],
)
def test_a_countdown_turns_amber_at_a_quarter_and_red_at_a_twentieth(left, tone, text):
    chip = ui.countdown(NOW + left, now=NOW, started=NOW + left - hours(12))

    assert f'class="countdown {tone}"' in chip
    assert f">{text}</time>" in chip
    assert "data-live" in chip


def test_a_clock_that_stands_has_no_due_time_and_does_not_tick():
    paused = ui.countdown(NOW, now=NOW + hours(5), paused=True)
    met = ui.countdown(NOW, now=NOW, met=hours(1) + dt.timedelta(minutes=50))

    assert "Paused" in paused
    assert "Met in 1 h 50" in met
    assert "data-live" not in paused + met
    assert ui.countdown(None) == ""


def test_the_ring_shows_the_share_of_the_promise_that_is_left():
    chip = ui.countdown(NOW + hours(3), now=NOW, started=NOW - hours(9), label=HOSTILE)

    assert 'stroke-dasharray="25 100"' in chip
    assert "<script>" not in chip


# ------------------------------------------------------------------ dates, money, sizes, names
def test_dates_read_as_people_write_them_in_english():
    with translation.override("en"), timezone.override(ZoneInfo("Europe/Stockholm")):
        assert ">21 Nov 2026<" in ui.day(NOW)
        assert ">7 March 2027<" in ui.day(dt.date(2027, 3, 7), "long")
        assert ">Saturday 21 November<" in ui.day(NOW, "weekday")
        assert words.write_moment(NOW, NOW) == "21 Nov 13:00"
        assert words.write_moment(NOW, NOW + hours(24 * 90)) == "21 Nov 2026 13:00"
        assert 'title="21 November 2026, 13:00 CET"' in ui.moment(NOW)
        assert 'datetime="2026-11-21T12:00:00+00:00"' in ui.clock(NOW)
        assert ">13:00<" in ui.clock(NOW)


def test_dates_read_as_people_write_them_in_chinese():
    with translation.override("zh-hans"), timezone.override(ZoneInfo("Asia/Shanghai")):
        assert ">2027\u00a0年 3\u00a0月 7\u00a0日<" in ui.day(dt.date(2027, 3, 7))
        assert words.write_moment(NOW, NOW) == "11\u00a0月 21\u00a0日 20:00"
        assert 'title="2026\u00a0年 11\u00a0月 21\u00a0日 20:00 CST"' in ui.moment(NOW)


def test_time_is_relative_below_a_day_and_a_date_from_then_on():
    assert ">5 h 00 ago<" in ui.ago(NOW - hours(5), NOW)
    assert ">20 Nov 2026<" in ui.ago(NOW - hours(24), NOW)
    assert ui.ago(None) == ui.day(None) == ui.moment(None) == ui.clock(None) == ui.span(None) == ""


def test_money_has_the_code_first_and_never_breaks():
    assert ui.money("1180", "USD") == "USD\u00a01\u202f180.00"
    assert ui.money(-3.005) == "\u22123.01" or ui.money(-3.005) == "\u22123.00"
    assert ui.money(None, "USD") == ""


@pytest.mark.parametrize(
    ("octets", "text"),
    [(12, "12 B"), (42_000, "42 kB"), (1_800_000, "1.8 MB"), (11_000_000, "11 MB")],
)
def test_sizes_are_short(octets, text):
    assert ui.size(octets).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Marta Nilsson", "MN"), ("王晓东", "晓东"), ("li", "LI"), ("", ""), ("a@b.example", "AB")],
)
def test_initials_are_two_letters_of_any_name(name, letters):
    assert words.initials(name) == letters


def test_a_person_keeps_their_tone():
    assert words.tone_for(17) == words.tone_for("17")
    assert words.tone_for(17) in words.AVATAR_TONES


# ------------------------------------------------------------------ badges, links
def test_a_state_badge_has_the_class_of_its_state_and_the_word_of_its_thing():
    badge = ui.state_badge(styleguide.Sample("unit", "repairing"))

    assert 'class="badge state-unit-repairing"' in badge
    assert "#s2" in badge
    assert badge.endswith("Repairing</span>")


def test_a_state_nobody_drew_is_an_open_ring():
    assert "#s1" in ui.state_badge(styleguide.Sample("unit", "unheard_of"))


def test_text_from_outside_stays_text():
    parts = [
        ui.badge("amber", HOSTILE),
        ui.sn(HOSTILE),
        ui.avatar(HOSTILE),
        ui.icon(HOSTILE),
        render("{% icon name %}{{ name|initials }}", name=HOSTILE),
    ]
    assert not any("<script" in part or "' onmouse" in part for part in parts)


@pytest.mark.parametrize(
    ("name", "context"),
    [
        ("bubble", {"author": HOSTILE, "at": NOW, "text": HOSTILE, "role": HOSTILE}),
        ("file", {"name": HOSTILE, "url": "/files/1/", "size": 12}),
        ("ticket", {"code": HOSTILE, "stub": HOSTILE}),
        ("note", {"title": HOSTILE, "text": HOSTILE}),
        ("timeline", {"entries": [{"title": HOSTILE, "text": HOSTILE, "at": NOW}]}),
        ("kv", {"rows": [(HOSTILE, HOSTILE)]}),
        ("empty", {"title": HOSTILE, "text": HOSTILE, "url": HOSTILE, "action": HOSTILE}),
        ("worklist", {"rows": [{"url": "#", "title": HOSTILE, "detail": HOSTILE}]}),
        ("filters", {"chips": [{"url": "?", "label": HOSTILE}]}),
        ("step", {"url": "#", "label": HOSTILE, "confirm": HOSTILE, "token": HOSTILE}),
        ("step", {"url": "#", "label": HOSTILE, "reasons": [HOSTILE]}),
        ("toast", {"text": HOSTILE, "tone": "error"}),
        ("choice", {"name": "a", "value": HOSTILE, "label": HOSTILE}),
        ("device", {"model": HOSTILE, "sn": HOSTILE}),
        ("pager", {"text": HOSTILE, "next": HOSTILE}),
    ],
)
def test_components_escape_hostile_text(name, context):
    html = render_to_string(f"components/{name}.html", context)

    assert "<script" not in html
    assert '"><' not in html.replace('"><svg', "").replace('"><span', "") or "&quot;&gt;" in html
    assert "alert(1)" in html


def test_messages_of_people_are_out_of_reach_for_htmx():
    html = render_to_string(
        "components/bubble.html", {"author": "x", "at": NOW, "text": '<a hx-get="/x">y</a>'}
    )
    assert '<div class="text" hx-disable dir="auto"><p>&lt;a hx-get=' in html


def test_filter_links_change_one_thing_and_start_at_the_beginning(request_of_nobody):
    context = {"request": request_of_nobody}

    assert render('{% query_with status="done" %}', **context) == "?q=fan&amp;status=done"
    assert render('{% query_without "status" "q" %}', **context) == "?"
    assert ui.query(request_of_nobody, q=None) == "?status=new"


@pytest.mark.parametrize(
    ("referer", "target"),
    [
        ("http://testserver/orders/1/", "http://testserver/orders/1/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_stays_in_the_house(request_of_nobody, referer, target):
    request_of_nobody.META["HTTP_REFERER"] = referer

    assert render("{% way_back %}", request=request_of_nobody) == target


# ------------------------------------------------------------------ forms
def test_a_field_ties_label_hint_and_error_to_its_control():
    form = styleguide.SampleForm({"kind": "board", "carrier": "sf"})
    html = render("{% field form.sn icon='scan' draft='new' %}", form=form)

    assert '<label for="id_sn">' in html
    assert 'aria-describedby="id_sn_helptext id_sn_error"' in html
    assert 'id="id_sn_helptext"' in html
    assert 'id="id_sn_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'data-draft="new-sn"' in html


def test_every_kind_of_field_has_a_label_and_says_when_it_may_stay_empty():
    html = render(
        '{% include "components/form.html" with form=form only %}', form=styleguide.SampleForm()
    )

    assert html.count("<legend") == 1
    assert 'data-reveal="id_password"' in html
    assert '<label class="check">' in html
    assert html.count("(optional)") == 3


def test_a_form_with_errors_names_the_fields_links_to_them_and_takes_the_focus():
    form = styleguide.SampleForm({"kind": "board", "carrier": "sf"})
    html = render('{% include "components/form.html" with form=form only %}', form=form)

    assert "3 fields need a change" in html
    assert '<a href="#id_sn">' in html
    assert "data-focus" in html


def test_an_error_of_a_hidden_field_is_not_hidden():
    class Versioned(forms.Form):
        version = forms.IntegerField(widget=forms.HiddenInput)

    html = render('{% include "components/form.html" with form=form only %}', form=Versioned({}))
    assert "This field is required" in html


# ------------------------------------------------------------------ whole pages
@pytest.mark.parametrize("part", ["", *styleguide.PARTS])
def test_the_style_page_shows_everything_in_both_languages(request_of_nobody, part):
    me = {"name": "Li Wei", "sub": "Service agent", "initials": "LW", "tone": "violet"}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            page = render_to_string(
                "styleguide.html",
                {**styleguide.styleguide_context(part), "me": me, "request": request_of_nobody},
            )
        assert f'<html lang="{language}" dir="ltr">' in page
        assert "%(" not in page
        assert len(page.encode()) < 30_000


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("403", "cannot do this"),
        ("404", "nothing at this address"),
        ("409", "Assign an engineer first."),
        ("413", "20"),
        ("429", "42 seconds"),
        ("csrf", "out of date"),
    ],
)
def test_a_page_that_refuses_says_why_where_to_go_and_that_text_is_kept(code, says):
    page = render_to_string(
        f"{code}.html",
        {"reasons": ["Assign an engineer first."], "retry_after": 42, "limit": 20_000_000},
    )
    assert says in page
    assert "data-keep-drafts" in page
    assert page.count("<h1>") == 1


def test_a_refusal_to_htmx_is_a_toast_and_leaves_the_page_as_it_is():
    answer = Refusals(lambda request: HttpResponse()).process_exception(
        RequestFactory().post("/", headers={"HX-Request": "true"}), Refused("Not yet.", HOSTILE)
    )
    assert answer is not None
    assert answer.status_code == 409
    assert answer["HX-Reswap"] == "none"
    assert 'id="toasts" hx-swap-oob="beforeend"' in answer.text
    assert "Not yet." in answer.text
    assert "<script" not in answer.text


def test_the_page_for_a_failure_needs_nothing_but_itself():
    page = render_to_string("500.html")

    assert "on our side" in page
    assert "htmx" not in page


def test_somebody_signed_in_has_navigation_account_and_a_way_out(request_of_nobody):
    item = SimpleNamespace(
        url="/queue/", icon="chat", label=HOSTILE, count=12, hot=True, current=True
    )
    page = render_to_string(
        "404.html",
        {
            "me": {"name": "Li Wei", "initials": "LW", "tone": "teal", "sub": "Agent"},
            "nav": [{"label": "Conversations", "items": [item]}],
            "search_url": "/search/",
            "account_menu": [{"url": "/me/", "icon": "user", "label": "Profile"}],
            "demo": True,
            "demo_note": "Mail goes to the mailbox.",
            "request": request_of_nobody,
        },
    )
    assert 'aria-current="page"' in page
    assert "<script>" not in page
    assert 'action="/search/"' in page
    assert "data-forget" in page
    assert "Mail goes to the mailbox." in page


def test_somebody_signed_out_sees_no_side_bar():
    page = render_to_string("404.html", {})

    assert 'class="app solo"' in page
    assert 'id="side"' not in page
