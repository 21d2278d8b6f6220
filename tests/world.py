"""Two complete worlds side by side: Cora's, served by Kunshan, and Otto's, served by Leipzig.

Every text that a person could have typed carries a canary. It names whose it is and who may read
it, so that a page, a mail or an export that shows too much gives itself away (Z02):

    TALK   the customer's people, customer service, admins
    GOODS  those, and the shop that repairs
    CARD   those, and every shop: the registry and whose device it is
    DESK   customer service and admins
    BENCH  customer service, admins and the shop that repairs
    MONEY  the customer's people, customer service, finance, admins, the manager of the shop
    PAY    those without the shop
    BOOKS  those with the shop's manager and without the customer
    SELF   the person alone, and admins
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import Invitation, User
from accounts.roles import Role
from accounts.second_factor import SHOWN
from accounts.tests.factories import CustomerFactory, UserFactory
from attachments.models import Attachment
from attachments.services import attach
from devices import lookup
from devices.imports.work import KIND
from devices.models import Device, ProductModel
from devices.tests.factories import DeviceFactory, ProductModelFactory
from history.services import record
from jobs.models import Job
from logistics.models import Carrier, Container, Damage, Parcel, Shipment, TrackingEvent
from logistics.tests.factories import (
    AddressFactory,
    CarrierFactory,
    ContainerFactory,
    ParcelFactory,
    ShipmentFactory,
)
from notifications.models import Mail
from repairshops.models import RepairShop
from repairshops.tests.factories import MembershipFactory, RepairShopFactory
from sla import services as clocks
from sla.models import Calendar, ClockKind, Policy
from tests.world_asks import asks
from tests.world_money import money
from tests.world_parts import stock
from workorders.models import (
    Counselling,
    RepairOrder,
    SavedView,
    Service,
    Unit,
    UnitNote,
    UnitService,
)
from workorders.services import threads
from workorders.tests.factories import CounsellingFactory, RepairOrderFactory, UnitFactory

CANARY = re.compile(
    r"(?:CANARY-?|CN)(CORA|OTTO)-?(TALK|GOODS|CARD|DESK|BENCH|MONEY|PAY|BOOKS|SELF|G)[-\w]*",
    re.IGNORECASE,
)
TAGS = re.compile(r"<[^>]*>")
STATES = (
    "expected",
    "received",
    "diagnosing",
    "awaiting_customer",
    "awaiting_parts",
    "repairing",
    "testing",
    "ready",
    "unrepairable",
    "rejected",
    "missing",
)
BARE = " without a second factor"


@dataclass
class Home:
    """What belongs to one customer; `keys` are the arguments that build addresses."""

    name: str
    owner: User
    mate: User
    agent: User
    engineer: User
    shop: RepairShop
    rows: int = 1
    keys: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)
    count: int = 0
    codes: int = 0

    def canary(self, audience: str, kind: str) -> str:
        self.count += 1
        return f"CANARY-{self.name}-{audience}-{kind}-{self.count}"

    def serial(self, kind: str) -> str:
        """As serial numbers, codes and waybills are spelled."""
        self.count += 1
        return f"CANARY{self.name}{kind}{self.count:03d}"

    def code(self) -> str:
        """A first visit code is short: twelve letters and digits at most."""
        self.codes += 1
        return f"CN{self.name}G{self.codes:03d}"


@dataclass
class World:
    """Everybody, signed in, and the two homes."""

    people: dict[str, User]
    homes: dict[str, Home]
    clients: dict[str, Client]
    carrier: Carrier
    model: ProductModel


# ------------------------------------------------------------------ people
def _people() -> dict[str, User]:
    nordfjell = CustomerFactory(name="CANARY-CORA-CARD-company", kind="company")
    weiss = CustomerFactory(name="CANARY-OTTO-CARD-company", kind="company")
    staff = {
        "agnes": Role.AGENT,
        "arne": Role.AGENT,
        "emil": Role.ENGINEER,
        "erna": Role.ENGINEER,
        "mona": Role.SHOP_MANAGER,
        "fin": Role.FINANCE,
        "sal": Role.SALES,
        "ada": Role.ADMIN,
    }
    people: dict[str, User] = {
        "cora": UserFactory(email="cora@example.com", name="CANARY-CORA-CARD", customer=nordfjell),
        "colin": UserFactory(email="colin@example.com", name="Colin", customer=nordfjell),
        "otto": UserFactory(email="otto@example.com", name="CANARY-OTTO-CARD", customer=weiss),
        "olga": UserFactory(email="olga@example.com", name="Olga", customer=weiss),
    }
    for name, role in staff.items():
        people[name] = UserFactory(email=f"{name}@example.com", name=name.title(), role=role)
    for user in people.values():
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return people


def _client(user: User | None, *, factor: bool = True) -> Client:
    """Signed in a moment ago; staff have shown their second factor unless told otherwise."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
        session = client.session
        shown = {"method": "password", "at": time.time(), "reauthenticated": True}
        session["account_authentication_methods"] = [shown]
        session["account_authentication_methods_user"] = str(user.pk)
        session[SHOWN] = factor and user.is_portal_staff
        session.save()
    return client


def _clients(people: dict[str, User]) -> dict[str, Client]:
    clients = {"anonymous": _client(None)}
    for name, user in people.items():
        clients[name] = _client(user)
        if user.is_portal_staff:
            clients[name + BARE] = _client(user, factor=False)
    return clients


def _look_up(client: Client, device: Device) -> None:
    """Whoever looked a device up may open an enquiry about it."""
    session = client.session
    lookup.remember(session, device.sn)
    session.save()


# ------------------------------------------------------------------ the world
def build(rows: int = 1) -> World:
    """Both homes; `rows` is how many there are in Cora's of everything that a page can list."""
    for kind in ClockKind:
        Policy.objects.get_or_create(kind=kind, defaults={"amount": 7200})
    people = _people()
    week = Calendar.objects.create(name="Kunshan")
    kunshan = RepairShopFactory(code="kunshan", name_en="Kunshan", calendar=week)
    leipzig = RepairShopFactory(code="leipzig", name_en="Leipzig", region_en="Europe")
    for name, shop in {"emil": kunshan, "mona": kunshan, "erna": leipzig}.items():
        MembershipFactory(user=people[name], shop=shop)
    carrier, model = CarrierFactory(code="sf"), ProductModelFactory()
    p = people
    homes = {
        "cora": Home("CORA", p["cora"], p["colin"], p["agnes"], p["emil"], kunshan, rows),
        "otto": Home("OTTO", p["otto"], p["olga"], p["arne"], p["erna"], leipzig),
    }
    for home in homes.values():
        _person(home, people["ada"])
        _enquiries(home)
        _orders(home, carrier)
        _bench(home, carrier, model)
        _draft(home, model)
        stock(home, model, _file)
        asks(home, model)
        money(home, carrier)
    for number in range(rows - 1):
        RepairShopFactory(code=f"third-{number}", third_party=True)
        CarrierFactory(code=f"carrier-{number}")
    world = World(people, homes, _clients(people), carrier, model)
    for home in homes.values():
        for user in (home.owner, home.mate):
            _look_up(world.clients[user.email.split("@")[0]], home.made["device"])
    return world


def _person(home: Home, ada: User) -> None:
    """What belongs to the customer beside work orders: registry, addresses, colleagues, jobs."""
    customer: Any = home.owner.customer
    until = timezone.now() + timedelta(days=5)
    for number in range(home.rows):
        device = DeviceFactory(sn=home.serial("CARDSN"), customer=customer)
        address = AddressFactory(
            customer=customer,
            recipient=home.canary("GOODS", "recipient"),
            street=home.canary("GOODS", "street"),
            city=home.canary("GOODS", "city"),
        )
        invitation = Invitation.objects.create(
            customer=customer,
            email=f"{home.canary('TALK', 'invited').lower()}@example.com",
            invited_by=home.owner,
            expires_at=until,
        )
        job = _job(home, home.owner, "tests.export")
        view = SavedView.objects.create(
            owner=home.agent, name=home.canary("SELF", "view"), query="view=mine"
        )
        listed = SavedView.objects.create(
            owner=home.agent, page="orders", name=home.canary("SELF", "view"), query="overdue=1"
        )
        _mail(home)
        if number:
            UserFactory(customer=customer, name=home.canary("TALK", f"colleague{number}"))
    home.made |= {"address": address, "device": device, "job": job}
    home.keys |= {
        "sn": (device.sn,),
        "address": (address.pk,),
        "invitation": (invitation.pk,),
        "join": (invitation.token,),
        "mate": (home.mate.pk,),
        "job": (job.token,),
        "import": (_job(home, ada, KIND).token,),
        "view": (view.pk,),
        "order-view": (listed.pk,),
        "part": ("lists",),
    }


def _job(home: Home, user: User, kind: str) -> Job:
    paper = default_storage.save("jobs/paper", ContentFile(home.canary("SELF", "file").encode()))
    words = home.canary("SELF", "job")
    return Job.objects.create(
        kind=kind, started_by=user, state="done", message=words, source=paper, result=paper
    )


def _mail(home: Home) -> None:
    words = home.canary("SELF", "mail")
    mail = Mail.objects.create(
        event="test", dedupe=words, recipient=home.owner.email, subject=words, text=words,
        html=words, message_id=words,
    )  # fmt: skip
    home.keys["mail"] = (mail.pk,)


# ------------------------------------------------------------------ enquiries
def _file(home: Home, owner: models.Model, actor: User, audience: str, kind: str = "log") -> Any:
    """A stored file on a row; its name and its content are canaries."""
    blob = ContentFile(f"log {home.canary(audience, 'content')}\n".encode() * 3)
    small = default_storage.save("attachments/small", ContentFile(b"RIFF"))
    row = Attachment.objects.create(
        uploaded_by=actor, kind=kind, name=f"{home.canary(audience, 'name')}.log",
        mime="text/plain", size=blob.size, sha256="0" * 64, thumbnail=small, width=320, height=240,
        file=default_storage.save("attachments/blob", blob),
    )  # fmt: skip
    attach([row], owner, actor=actor)
    return row


def _enquiry(home: Home, **traits: Any) -> Counselling:
    enquiry: Counselling = CounsellingFactory(
        customer=home.owner.customer,
        opened_by=home.owner,
        subject=home.canary("TALK", "subject"),
        sn=home.serial("TALKSN"),
        model_name=home.canary("TALK", "model"),
        **traits,
    )
    return enquiry


def _enquiries(home: Home) -> None:
    """In every state; the open one is the one with much to read."""
    made = {
        "answered": _enquiry(home, answered=True),
        "finished": _enquiry(home, finished=True),
        "converted": _enquiry(home, converted=True, code=home.code()),
    }
    for _number in range(home.rows - 1):
        _enquiry(home, assignee=home.agent)
    enquiry = made["open"] = _enquiry(home)
    for _number in range(home.rows):
        said = threads.post_message(
            enquiry.thread, actor=home.owner, text=home.canary("TALK", "message")
        )
        sent = _file(home, said, home.owner, "TALK")
        note = threads.post_message(
            enquiry.thread, actor=home.agent, text=home.canary("DESK", "internal"), internal=True
        )
        hidden = _file(home, note, home.agent, "DESK")
    threads.post_message(
        made["finished"].thread, actor=home.owner, text=home.canary("TALK", "after")
    )
    secret = home.canary("DESK", "history")
    record(enquiry, "warranty_decided", actor=home.agent, note=secret, internal=True)
    clocks.start(Counselling, [enquiry.pk], ClockKind.FIRST_RESPONSE, at=timezone.now())
    home.made |= made
    home.keys |= {name: (row.number,) for name, row in made.items()}
    home.keys |= {
        "file": (sent.token, "boot.log"),
        "log": (sent.token,),
        "internal-file": (hidden.token, "boot.log"),
        "internal-log": (hidden.token,),
    }


# ------------------------------------------------------------------ repair orders
def _order(home: Home, carrier: Carrier | None = None, **traits: Any) -> RepairOrder:
    enquiry = _enquiry(home, converted=True, code=home.code())
    more: dict[str, Any] = {}
    if carrier is not None:
        more = {
            "submitted": True,
            "shop": home.shop,
            "carrier": carrier,
            "waybill": home.serial("GOODSW"),
            "return_to": home.made["address"],
        }
    made: RepairOrder = RepairOrderFactory(
        customer=home.owner.customer,
        counselling=enquiry,
        service_note=home.canary("BENCH", "service"),
        **more,
        **traits,
    )
    return made


def _unit(home: Home, order: RepairOrder, **fields: Any) -> Unit:
    unit: Unit = UnitFactory(
        order=order, sn=home.serial("GOODSSN"), remark=home.canary("GOODS", "remark"), **fields
    )
    return unit


def _orders(home: Home, carrier: Carrier) -> None:
    """One on its way, one sent back; those on the way are as many as there are rows."""
    for _number in range(home.rows):
        order = _order(home, carrier)
        _unit(home, order)
    shipment = Shipment.objects.get(consignment=order.consignment)
    back = _order(home, carrier, state="returned")
    box = _boxed(home, back, carrier, home.serial("GOODSW"))
    _unit(home, back, ready=True, outbound_container=box)
    RepairOrder.objects.filter(pk=back.pk).update(sent_count=1, back_count=1)
    record(order, "edited", actor=home.agent, note=home.canary("BENCH", "note"), internal=True)
    home.made |= {"pending_order": order, "returned_order": back}
    home.keys |= {
        "pending": (order.code,),
        "waybill": (order.code, shipment.pk),
        "returned": (back.code,),
    }


def _boxed(home: Home, order: RepairOrder, carrier: Carrier, waybill: str) -> Container:
    """A sealed box on a way back; without a number it may be opened again."""
    sent = ShipmentFactory(
        consignment=order.consignment, direction="out", carrier=carrier if waybill else None,
        waybill=waybill, tracked_at=timezone.now() if waybill else None,
    )  # fmt: skip
    number = Container.objects.filter(consignment=order.consignment, direction="out").count() + 1
    box: Container = ContainerFactory(
        consignment=order.consignment, shipment=sent, state="released", number=number
    )
    return box


def _bench(home: Home, carrier: Carrier, model: ProductModel) -> None:
    """The order that is being worked on: units in every state, notes, damage, a parcel."""
    order, now = _order(home, carrier, state="received", received_at=timezone.now()), timezone.now()
    worked = {
        "finding": home.canary("GOODS", "finding"),
        "work_done": home.canary("GOODS", "work"),
        "engineer": home.engineer,
    }
    for state in STATES:
        away = state in ("expected", "missing")
        came = {} if away else {"received_at": now, "received_by": home.engineer}
        told = {} if away or state == "received" else worked
        home.units[state] = _unit(home, order, state=state, model=model, **came, **told)
    home.units["agreed"] = _unit(
        home, order, state="unrepairable", model=model, scrap_agreed_at=now, **worked
    )
    service, _new = Service.objects.get_or_create(
        code="clean", defaults={"name_en": "Cleaning", "name_zh": "清洁"}
    )
    UnitService.objects.create(unit=home.units["diagnosing"], service=service)
    boxes = {
        name: _boxed(home, order, carrier, home.serial("GOODSW") if name == "tracked" else "")
        for name in ("tracked", "untracked")
    }
    for box in boxes.values():
        _unit(home, order, ready=True, outbound_container=box)
    _containers(home, order, boxes)
    for _number in range(home.rows - 1):
        _unit(home, order, state="received", received_at=now, received_by=home.engineer)
        record(order, "edited", actor=home.agent)
    RepairOrder.objects.filter(pk=order.pk).update(sent_count=1, back_count=4)
    _notes(home, order)
    _parcels(home, carrier)
    home.made["order"] = order
    home.keys |= {
        "code": (order.code,),
        "tracked": (order.code, boxes["tracked"].shipment_id),
        "untracked": (order.code, boxes["untracked"].shipment_id),
        **{f"unit:{state}": (unit.pk,) for state, unit in home.units.items()},
        "unit:waiting": (home.units["awaiting_customer"].pk,),
    }


def _containers(home: Home, order: RepairOrder, boxes: dict[str, Container]) -> None:
    """One in every state that a person may act on, and what a carrier said."""
    goods, now = order.consignment, timezone.now()
    coming = Shipment.objects.get(consignment=goods, direction="in")
    states = {"open": "out", "sealed": "out", "released": "out", "announced": "in", "arrived": "in"}
    for number, (state, way) in enumerate(states.items(), 100):
        for step in range(home.rows):
            box = ContainerFactory(
                consignment=goods,
                direction=way,
                state=state,
                number=number + 100 * step,
                shipment=coming if way == "in" else None,
            )
        home.keys[f"box:{state}"] = (box.pk,)
        if state == "open":
            home.made["boxed"] = _unit(home, order, ready=True, outbound_container=box)
    assert coming.carrier is not None
    for _number in range(home.rows):
        TrackingEvent.objects.create(
            carrier=coming.carrier,
            shipment=boxes["tracked"].shipment,
            waybill=boxes["tracked"].shipment.waybill,
            kind="exception",
            at=now,
            place=home.canary("GOODS", "place"),
            text=home.canary("GOODS", "event"),
            source="hand",
            recorded_by=home.engineer,
        )
    home.keys |= {
        "coming": (coming.pk,),
        "shipment": (boxes["tracked"].shipment_id,),
        "box:loaded": (boxes["untracked"].pk,),
    }


def _notes(home: Home, order: RepairOrder) -> None:
    unit, engineer = home.units["diagnosing"], home.engineer
    goods: Any = order.consignment
    for _number in range(home.rows):
        words = {public: home.canary("GOODS" if public else "BENCH", "note") for public in (0, 1)}
        for public, text in words.items():
            note = UnitNote.objects.create(
                unit=unit, author=engineer, text=text, public=bool(public)
            )
            photo = _file(home, note, engineer, "GOODS" if public else "BENCH", "image")
            home.keys["public-photo" if public else "bench-photo"] = (photo.token, "a.png")
        damage = Damage.objects.create(
            consignment=goods,
            sn=unit.sn,
            description=home.canary("GOODS", "damage"),
            recorded_by=engineer,
        )
        photo = _file(home, damage, engineer, "GOODS", "image")
        home.keys["damage-photo"] = (photo.token, "a.png")
    record(unit, "report", actor=engineer, note=home.canary("BENCH", "report"), internal=True)


def _parcels(home: Home, carrier: Carrier) -> None:
    for _number in range(home.rows):
        parcel: Parcel = ParcelFactory(
            shop=home.shop,
            carrier=carrier,
            waybill=home.serial("BENCHW"),
            sns=[home.serial("BENCHSN")],
            note=home.canary("BENCH", "parcel"),
            recorded_by=home.engineer,
        )
        photo = _file(home, parcel, home.engineer, "BENCH", "image")
        home.keys["parcel-photo"] = (photo.token, "a.png")
    home.keys["parcel"] = (parcel.pk,)


def _draft(home: Home, model: ProductModel) -> None:
    for _number in range(home.rows):
        order = _order(home, shop=home.shop)
    for _number in range(home.rows):
        unit = _unit(home, order, model=model)
    home.made["draft_order"] = order
    home.keys |= {"draft": (order.code,), "draft-unit": (order.code, unit.pk)}


# ------------------------------------------------------------------ living in it
@contextmanager
def standing(rows: int = 1) -> Iterator[World]:
    """The world inside one transaction that is rolled back at the end, as a server would run it."""
    as_a_server = override_settings(SECOND_FACTOR_FOR_STAFF=True, DEMO_MAILBOX=False)
    outer: Any = transaction.atomic()
    outer._from_testcase = True
    with as_a_server, outer:
        cache.clear()
        yield build(rows)
        transaction.set_rollback(True)


@contextmanager
def undone(client: Client) -> Iterator[None]:
    """What happens inside leaves nothing behind, neither rows nor counters nor cookies."""
    cookies = SimpleCookie(client.cookies)
    cache.clear()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    client.cookies = cookies


def body(response: Any) -> bytes:
    """All of it; a stream is read to its end, which closes its file."""
    whole = b"".join(response.streaming_content) if response.streaming else response.content
    return bytes(whole)
