"""No page, partial, export, file, header or mail shows a text to somebody it is not meant for.

Each text of the two worlds (tests/world.py) carries a canary that names whose it is and who may
read it; everything the matrix lets a person open is read for canaries that are not theirs (Z02,
Z04, Z05, Z09).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.roles import WORKSHOP, Role
from notifications.models import Mail
from tests.matrix import Cell, Row, cells, rows
from tests.world import CANARY, TAGS, Home, World, body, standing, undone
from workorders.models import Counselling, RepairOrder, Unit
from workorders.services import bench, desk, drafts, orders, threads
from workorders.services.counselling import open_counselling

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ROWS = rows()
READABLE = {
    Role.CUSTOMER: {"TALK", "GOODS", "CARD", "G", "MONEY", "PAY"},
    Role.AGENT: {"TALK", "GOODS", "CARD", "G", "DESK", "BENCH", "MONEY", "PAY", "BOOKS"},
    Role.FINANCE: {"CARD", "G", "MONEY", "PAY", "BOOKS"},
    Role.ENGINEER: {"GOODS", "CARD", "G", "BENCH"},
    Role.SHOP_MANAGER: {"GOODS", "CARD", "G", "BENCH", "MONEY", "BOOKS"},
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), standing() as made:
        yield made


def may_read(world: World, user: User | None, owner: str, audience: str) -> bool:
    """The rule of tests/world.py, for a canary of the home and one person."""
    if user is None or user.role == Role.SALES:
        return False
    if user.role == Role.ADMIN:
        return True
    home = world.homes[owner.lower()]
    if audience == "SELF":
        return user in (home.owner, home.agent)
    if audience not in READABLE[Role(user.role)]:
        return False
    if user.role == Role.CUSTOMER:
        return user.customer_id == home.owner.customer_id
    elsewhere = user.role in WORKSHOP and not home.shop.memberships.filter(user=user).exists()
    return not elsewhere or audience == "CARD"


def foreign(world: World, user: User | None, text: str) -> set[str]:
    """Canaries in the text that are not for this person; markup inside words does not hide them."""
    found: dict[str, re.Match[str]] = {}
    for version in (text, TAGS.sub("", text)):
        found |= {match[0]: match for match in CANARY.finditer(version)}
    return {
        word
        for word, match in found.items()
        if not may_read(world, user, match[1].upper(), match[2].upper())
    }


def text_of(response: Any) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    return headers + "\n" + body(response).decode(errors="replace")


def ask(world: World, cell: Cell, address: str, **query: str) -> str:
    client = world.clients[cell.actor]
    with undone(client):
        headers = {"HX-Request": "true"} if cell.form == "partial" else {}
        return text_of(client.get(address, query, headers=headers))


# The link of an invitation opens to whoever has it: it names the company and who invited.
OPEN_BY_LINK = {"accounts:join"}


TO_READ = [row for row in ROWS if "get" in row.answers and row.name not in OPEN_BY_LINK]


@pytest.mark.parametrize("row", TO_READ, ids=str)
def test_nobody_reads_what_is_not_theirs(world: World, row: Row) -> None:
    leaks, seen = {}, 0
    for cell in cells(world, row):
        if cell.form == "post" or cell.status != 200:
            continue
        shown = ask(world, cell, row.of(world.homes[cell.home]))
        seen += 1
        if words := foreign(world, world.people.get(cell.actor), shown):
            leaks[f"{cell.actor}, {cell.form}, {cell.home}"] = sorted(words)[:4]
    assert leaks == {}


LISTS = [row for row in ROWS if row.ours and row.key == "-" and "get" in row.answers]
WIDER = ("q", "find", "customer", "shop", "state", "assignee", "view", "sn", "all", "to", "order")


@pytest.mark.parametrize("row", LISTS, ids=str)
def test_a_query_string_widens_nothing(world: World, row: Row) -> None:
    """Z09, Z11: filters with another's names and keys show no more than without."""
    otto, leaks = world.homes["otto"], {}
    values = {
        "q": otto.keys["pending"][0],
        "find": "otto",
        "customer": str(otto.owner.customer_id),
        "shop": otto.shop.code,
        "sn": otto.keys["sn"][0],
    }
    for cell in cells(world, row):
        if cell.form != "get" or cell.status not in (200, 302) or cell.actor == "anonymous":
            continue
        typed = {values["q"].upper(), values["sn"].upper()}
        shown = ask(world, cell, row.of(otto), **dict.fromkeys(WIDER, "all") | values)
        words = foreign(world, world.people.get(cell.actor.split(" ")[0]), shown)
        if words := {word for word in words if word.upper() not in typed}:
            leaks[cell.actor] = sorted(words)[:4]
    assert leaks == {}


def test_the_canaries_sing_where_they_may(world: World) -> None:
    """The test above would pass on empty pages: here each audience does see its texts."""
    home = world.homes["cora"]
    thread = reverse("workorders:counselling", args=home.keys["open"])
    unit = reverse("workorders:unit", args=home.keys["unit:diagnosing"])
    order = reverse("workorders:repair", args=home.keys["code"])
    wanted = {
        ("cora", thread): {"TALK"},
        ("agnes", thread): {"TALK", "DESK"},
        ("cora", order): {"GOODS"},
        ("emil", unit): {"GOODS", "BENCH"},
        ("agnes", order): {"BENCH", "GOODS"},
    }
    for (actor, address), audiences in wanted.items():
        found = {match[2].upper() for match in CANARY.finditer(page(world, actor, address))}
        assert audiences <= found, (actor, address, found)


def page(world: World, actor: str, address: str) -> str:
    with undone(world.clients[actor]):
        return text_of(world.clients[actor].get(address))


# ------------------------------------------------------------------ the look-up
@pytest.mark.row("E11")
def test_a_lookup_of_a_foreign_number_tells_nothing_of_its_owner(world: World) -> None:
    """E11: model and expiry; an unknown number has the same page without them."""
    client, sn = world.clients["otto"], world.homes["cora"].keys["sn"][0]
    with undone(client):
        client.post(reverse("devices:lookup"), {"sn": sn})
        shown = client.get(reverse("devices:lookup")).content.decode()
    assert world.model.name in shown
    assert {word for word in foreign(world, world.people["otto"], shown) if word != sn} == set()


@pytest.mark.row("E11")
def test_an_unknown_number_leads_to_none_of_anothers_devices(world: World) -> None:
    """E11: nothing similar of somebody else is proposed."""
    client, sn = world.clients["otto"], world.homes["cora"].keys["sn"][0]
    with undone(client):
        client.post(reverse("devices:lookup"), {"sn": sn[:-1] + "X"})
        shown = client.get(reverse("devices:lookup")).content.decode()
    assert sn not in shown


# ------------------------------------------------------------------ mails
def test_no_mail_carries_an_internal_note_or_another_customers_words(world: World) -> None:
    """Z04: the whole life of a repair, and what left the house meanwhile."""
    with undone(world.clients["cora"]):
        Mail.objects.all().delete()
        for home in world.homes.values():
            live(world, home)
        mails = list(Mail.objects.all())
    assert len(mails) >= 12
    for mail in mails:
        user = next(u for u in world.people.values() if u.email == mail.recipient)
        words = f"{mail.subject}\n{mail.text}\n{mail.html}"
        assert foreign(world, user, words) == set(), (mail.event, mail.recipient)
        assert "-DESK-" not in words, mail.event
        assert "-BENCH-" not in words, mail.event


def live(world: World, home: Home) -> None:
    """From the question to the parcel on its way back, with a note of each kind in between."""
    enquiry = open_counselling(
        home.owner.customer,  # type: ignore[arg-type]
        actor=home.owner,
        sn=home.made["device"].sn,
        text=home.canary("TALK", "question"),
    )
    desk.take(enquiry, actor=home.agent)
    for words, internal in ((home.canary("DESK", "note"), True), (home.canary("TALK", "a"), False)):
        threads.post_message(enquiry.thread, actor=home.agent, text=words, internal=internal)
    threads.post_message(enquiry.thread, actor=home.owner, text=home.canary("TALK", "b"))
    order = desk.convert(
        Counselling.objects.get(pk=enquiry.pk),
        actor=home.agent,
        message=home.canary("TALK", "convert"),
        service_note=home.canary("BENCH", "service"),
        shop=home.shop,
    )
    way = drafts.Shipping(
        carrier=world.carrier,
        waybill=home.serial("GOODSW"),
        return_to=home.made["address"],
        return_carrier=world.carrier,
        shop=home.shop,
    )
    drafts.save_draft(order, version=order.version, actor=home.owner, shipping=way)
    orders.submit_order(RepairOrder.objects.get(pk=order.pk), actor=home.owner)
    repair(world, home, RepairOrder.objects.get(pk=order.pk))


def repair(world: World, home: Home, order: RepairOrder) -> None:
    engineer = home.engineer
    bench.receive_units(order, Unit.objects.filter(order=order), actor=engineer)
    unit = bench.take_step(order.units.get(), "start_diagnosis", actor=engineer)
    bench.add_note(unit, actor=engineer, text=home.canary("BENCH", "inside"), public=False)
    bench.add_note(unit, actor=engineer, text=home.canary("GOODS", "outside"), public=True)
    unit = bench.save_report(
        Unit.objects.get(pk=unit.pk),
        version=unit.version,
        actor=engineer,
        faults=["fan"],
        finding=home.canary("GOODS", "finding"),
        work_done=home.canary("GOODS", "work"),
    )
    unit = bench.take_step(unit, "ask_customer", actor=engineer)
    unit = bench.take_step(unit, "customer_answered", actor=engineer)
    for step in ("start_repair", "start_test", "pass_test"):
        unit = bench.take_step(unit, step, actor=engineer)
    bench.ship_back(
        RepairOrder.objects.get(pk=order.pk),
        Unit.objects.filter(order=order),
        actor=engineer,
        carrier=world.carrier,
        waybill=home.serial("GOODSW"),
    )


def test_a_file_of_another_is_never_attached(world: World) -> None:
    """A kept token belongs to its uploader alone; with a stranger it is as if it were not there."""
    home, client = world.homes["cora"], world.clients["otto"]
    token = home.keys["log"][0]
    with undone(client):
        address = reverse("workorders:message-post", args=world.homes["otto"].keys["open"])
        client.post(address, {"text": "Mine?", "kept": token})
        shown = client.get(address.removesuffix("messages/add/")).content.decode()
    assert token not in shown
