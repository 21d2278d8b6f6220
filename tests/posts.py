"""What an honest person would send to an address: the posts of the access matrix succeed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from attachments.tests import samples
from devices.models import warranty_day
from repairshops.models import RepairShop
from tests.world import Home, World
from workorders.models import Service

Fields = dict[str, Any]
Post = Callable[[World, Home, str], Fields]

DEVICES = (
    "sn,model,shipped_on,warranty_until\n1H990001,VolcMiner D1 Mini Pre,2026-03-07,2027-03-07\n"
)


def said(**fields: Any) -> Post:
    """The same for everybody, about everything."""
    return lambda world, home, actor: dict(fields)


def _address(world: World, home: Home, actor: str) -> Fields:
    return {
        "recipient": "Cora Lind",
        "phone": "+46 8 123 456",
        "country": "SE",
        "city": "Stockholm",
        "street": "Storgatan 2",
        "postcode": "111 23",
        "version": 1,
    }


def _device(world: World, home: Home, actor: str) -> Fields:
    return {
        "sn": "1H77770001",
        "device_type": "machine",
        "model": world.model.pk,
        "shop": home.shop.pk,
        "remark": "No fan.",
        "accepted": "on",
        "version": 1,
    }


def _way(world: World, home: Home, actor: str) -> Fields:
    """How the parcel of a draft travels."""
    return {
        "version": home.made["draft_order"].version,
        "shop": home.shop.pk,
        "carrier": world.carrier.pk,
        "waybill": "SF7777000001",
        "return_to": home.made["address"].pk,
        "return_carrier": world.carrier.pk,
    }


def _way_back(world: World, home: Home, actor: str) -> Fields:
    return {
        "version": home.made["pending_order"].version,
        "return_to": home.made["address"].pk,
        "return_carrier": world.carrier.pk,
    }


def _waybill(world: World, home: Home, actor: str) -> Fields:
    return {"carrier": world.carrier.pk, "waybill": "SF7777000002", "version": 1}


def _correction(world: World, home: Home, actor: str) -> Fields:
    prefix = f"s{home.keys['tracked'][1]}"
    return {f"{prefix}-{name}": value for name, value in _waybill(world, home, actor).items()}


def _movement(world: World, home: Home, actor: str) -> Fields:
    prefix = f"m{home.keys['tracked'][1]}"
    return {f"{prefix}-version": 1, f"{prefix}-picked_up_at": "2026-01-02T10:00"}


def _scope(world: World, home: Home, actor: str) -> Fields:
    return {
        "do": "scope",
        "unit": home.units["diagnosing"].pk,
        "services": Service.objects.values_list("pk", flat=True)[0],
        "confirmed": "1",
    }


def _names(world: World, home: Home, actor: str) -> Fields:
    return {
        "version": 1,
        "sn": "1H77770009",
        "model": world.model.pk,
        "mac": "02416a0c511b",
        "asset_tag": "Rack 3",
    }


def _parcel(world: World, home: Home, actor: str) -> Fields:
    shop = RepairShop.objects.filter(memberships__user=world.people[actor]).first() if (
        actor in world.people
    ) else None  # fmt: skip
    return {"shop": (shop or home.shop).pk, "waybill": "SF7777000003", "note": "No paper inside."}


def _ship(world: World, home: Home, actor: str) -> Fields:
    """The released box of the order that is worked on."""
    return {
        "container": home.keys["box:released"][0],
        "carrier": world.carrier.pk,
        "waybill": "SF7777000005",
    }


def _number(world: World, home: Home, actor: str) -> Fields:
    prefix = f"s{home.keys['shipment'][0]}"
    return {f"{prefix}-{name}": value for name, value in _waybill(world, home, actor).items()}


def _dates(world: World, home: Home, actor: str) -> Fields:
    prefix = f"m{home.keys['shipment'][0]}"
    return {f"{prefix}-version": 1, f"{prefix}-picked_up_at": "2026-01-02T10:00"}


def _intake(world: World, home: Home, actor: str) -> Fields:
    return {
        "customer": home.owner.customer_id,
        "channel": "phone",
        "request_kind": "repair",
        "text": "It does not start.",
    }


def _profile(world: World, home: Home, actor: str) -> Fields:
    return {"name": "Somebody", "language": "en", "timezone": "UTC"}


def _import(world: World, home: Home, actor: str) -> Fields:
    file = SimpleUploadedFile("devices.csv", DEVICES.encode())
    return {"file": file, "keep": "good", "action": "check"}


def _paper() -> SimpleUploadedFile:
    return SimpleUploadedFile("agreement.pdf", samples.pdf(), "application/pdf")


def _miners(world: World) -> Fields:
    return {
        "miners-TOTAL_FORMS": 2,
        "miners-INITIAL_FORMS": 0,
        "miners-0-model": world.model.pk,
        "miners-0-number": 3,
        "miners-1-model": "",
        "miners-1-number": "",
    }


def _request(world: World, home: Home, actor: str) -> Fields:
    return {**_miners(world), "text": "They restart.", "sns": "1H77770011\n1H77770012"}


def _asked_scope(world: World, home: Home, actor: str) -> Fields:
    fees = {
        "fees-TOTAL_FORMS": 1,
        "fees-INITIAL_FORMS": 0,
        "fees-0-text": "Express",
        "fees-0-amount": "80.00",
        "fees-0-currency": "EUR",
    }
    return {**_miners(world), **fees, "version": 1, "sns": ""}


def _agreement(world: World, home: Home, actor: str) -> Fields:
    return {
        "customer": home.owner.customer_id,
        "number": "SA-NEW",
        "starts_on": "2026-01-01",
        "ends_on": "2999-12-31",
        "files": _paper(),
    }


def _quote_prices(world: World, home: Home, actor: str) -> Fields:
    lines = home.made["quote-draft"].lines.values_list("pk", flat=True)
    told: Fields = {"version": 1}
    for pk in lines:
        told |= {f"quantity-{pk}": 2, f"price-{pk}": "35.00"}
    return told


def _quote_answer(world: World, home: Home, actor: str) -> Fields:
    lines = home.made["quote-sent"].lines.values_list("pk", flat=True)
    told: Fields = {f"answer-{pk}": "accepted" for pk in lines}
    return told | {"do": "sign", "version": 1, "signature": "Cora Lind"}


def _price(world: World, home: Home, actor: str) -> Fields:
    prefix = f"p{home.keys['missing-line'][1]}"
    return {f"{prefix}-version": 1, f"{prefix}-price": "7.00", f"{prefix}-reason": "As agreed"}


def _received(world: World, home: Home, actor: str) -> Fields:
    prefix = f"c{home.keys['payment-announced'][0]}"
    return {f"{prefix}-received": "25.00", f"{prefix}-received_on": "2026-01-02"}


PAID = {"amount": "25.00", "paid_on": "2026-01-02", "reference": "INV", "channel": "bank"}


def _out(world: World, home: Home, actor: str) -> Fields:
    """At a slot where a part of the device sits."""
    return {"slot": "HB1", "kind": "hash_board", "to": "scrap", "condition": "faulty"}


def _found(world: World, home: Home, actor: str) -> Fields:
    kind = home.made["board_type"].pk
    return {"slot": "HB77", "kind": "hash_board", "serial": "1F770001", "type": kind}


def _mix(world: World, home: Home, actor: str) -> Fields:
    """Two devices at the bench become one that works."""
    works, gives = home.units["diagnosing"].pk, home.units["awaiting_parts"].pk
    part = home.made["good_part"].pk
    chosen = {f"to-{works}-FAN1": f"{part}-{gives}-FAN1"}
    return {"unit": [works, gives], "donor": [gives], **chosen}


def _delivery(world: World, home: Home, actor: str) -> Fields:
    kind = home.made["board_type"].pk
    return {"shop": home.shop.pk, "type": kind, "serials": "1F770002", "act": "book"}


def _count(world: World, home: Home, actor: str) -> Fields:
    row = home.keys["part-type"][0]
    counted = {f"n-{row}": 8, f"was-{row}": 9}
    return {"shop": home.shop.pk, "reason": "Stocktaking.", **counted}


def _count_pieces(world: World, home: Home, actor: str) -> Fields:
    kind = home.made["board_type"].pk
    return {"shop": home.shop.pk, "type": kind, "reason": "Stocktaking.", "act": "book"}


def _to_other_shop(world: World, home: Home, actor: str) -> Fields:
    other = world.homes["otto" if home.name == "CORA" else "cora"].shop
    return {"shop": other.pk, "quantity": 1}


POSTS: dict[str, Post] = {
    "billing:invoice-issue": said(version=1),
    "billing:invoice-regenerate": said(version=1),
    "billing:invoice-delete": said(version=1),
    "billing:invoice-void": said(**{"void-reason": "Wrong", "void-redraft": "on"}),
    "billing:line-add": said(version=1, text="Crate", quantity="1", price="2.00"),
    "billing:line-remove": said(version=1),
    "billing:line-price": _price,
    "billing:pay": said(**PAID),
    "billing:payment-enter": said(**{f"enter-{name}": value for name, value in PAID.items()}),
    "billing:credit-settle": said(**{"credit-reason": "Sent back"}),
    "billing:payment-confirm": _received,
    "billing:payment-reject": said(reason="Not there"),
    "billing:payment-reverse": said(reason="Another customer's"),
    "set_language": said(language="en"),
    "accounts:invite": said(email="carla@example.com"),
    "accounts:join": said(name="Jo", password="a longer secret than before", zone="UTC"),
    "accounts:profile": _profile,
    "devices:lookup": said(sn="1H21415090018"),
    "devices:import": _import,
    "logistics:address-new": _address,
    "logistics:address-edit": _address,
    "workorders:counselling-new": said(text="The fan is loud.", subject="Fan"),
    "workorders:message-post": said(text="Here is more."),
    "workorders:queue-assign": lambda world, home, actor: {
        "pick": home.keys["open"][0],
        "to": "me",
    },
    "workorders:view-save": said(name="Mine", query="view=mine"),
    "workorders:counselling-behalf": _intake,
    "workorders:counselling-assign": lambda world, home, actor: {"to": home.agent.pk},
    "workorders:counselling-refer": said(message="These shops can help."),
    "workorders:counselling-convert": said(service_note="Look at the fan."),
    "workorders:counselling-device": said(sn="1H21415090018"),
    "workorders:counselling-warranty": said(decision="covered", reason="Goodwill."),
    "workorders:parcel-new": _parcel,
    "workorders:parcel-match": lambda world, home, actor: {"code": home.keys["pending"][0]},
    "workorders:receive-scan": lambda world, home, actor: {"sn": home.units["expected"].sn},
    "workorders:receive-units": said(all="1"),
    "workorders:receive-missing": said(all="1"),
    "workorders:receive-unexpected": said(sn="1H66660001"),
    "workorders:receive-damage": said(description="The box is wet."),
    "workorders:unit-report": said(version=1, finding="Fan.", work_done="New fan."),
    "workorders:unit-note": said(text="Took it apart."),
    "workorders:unit-step": said(note="Water inside."),
    "workorders:order-view-save": said(name="Late", query="overdue=1"),
    "workorders:order-bulk": lambda world, home, actor: {
        "do": "step",
        "step": "customer_answered",
        "unit": home.units["awaiting_customer"].pk,
    },
    "workorders:order-services": _scope,
    "workorders:order-messages": said(text="They are on their way."),
    "workorders:order-scrapping": lambda world, home, actor: {"unit": home.units["rejected"].pk},
    "workorders:unit-names": _names,
    "workorders:unit-services": lambda world, home, actor: {
        "service": home.units["diagnosing"].services.get().pk
    },
    "workorders:unit-warranty": said(version=1, verdict="out", reason="Water inside."),
    "workorders:unit-consent": said(note="By phone."),
    "workorders:unit-settle": said(note="Refunded."),
    "workorders:return-ship": lambda world, home, actor: {
        "all": "1",
        "carrier": world.carrier.pk,
        "waybill": "SF7777000004",
    },
    "workorders:return-tracking": _correction,
    "workorders:return-remove": said(version=1),
    "workorders:return-moved": _movement,
    "workorders:container-new": said(kind="pallet"),
    "workorders:containers-pack": said(kind="box", per_box="2"),
    "workorders:container-announce": lambda world, home, actor: {
        "shipment": home.keys["coming"][0],
        "kind": "box",
        "count": 2,
    },
    "workorders:shipment-new": _ship,
    "workorders:shipment-assign": lambda world, home, actor: {
        "container": home.keys["box:released"][0],
        "shipment": home.keys["untracked"][1],
    },
    "workorders:shipment-unassign": lambda world, home, actor: {
        "container": home.keys["box:loaded"][0],
    },
    "workorders:container-scan": lambda world, home, actor: {"sn": home.units["ready"].sn},
    "workorders:container-out": lambda world, home, actor: {"unit": home.made["boxed"].pk},
    "workorders:shipment-number": _number,
    "workorders:shipment-dates": _dates,
    "workorders:shipment-remove": said(version=1),
    "workorders:tracking-add": said(kind="picked_up", at="2026-01-02T10:00", place="Shenzhen"),
    "workorders:self-service": lambda world, home, actor: {
        "code": world.homes["otto" if actor in ("otto", "olga") else "cora"].keys["draft"][0]
    },
    "workorders:repair-save": _way,
    "workorders:repair-submit": _way,
    "workorders:unit-add": _device,
    "workorders:unit-edit": _device,
    "workorders:units-paste": lambda world, home, actor: {
        "sns": "1H77770002\n1H77770003",
        "add": "1",
        "take": "unknown",
        "model": world.model.pk,
        "device_type": "machine",
    },
    "workorders:waybill-add": _waybill,
    "workorders:waybill-correct": _waybill,
    "workorders:return-correct": _way_back,
    "workorders:repair-cancel": said(note="Bought a new one."),
    "parts:diagnose": lambda world, home, actor: {
        "slot": "HB1",
        "kind": "hash_board",
        "condition": "faulty",
        "failures": [home.made["failure"].pk],
    },
    "parts:register": _found,
    "parts:fit": lambda world, home, actor: {
        **_out(world, home, actor),
        "pick": f"part-{home.made['spare'].pk}",
    },
    "parts:take-out": _out,
    "parts:reserve": lambda world, home, actor: {
        "type": home.made["fan_type"].pk,
        "quantity": 1,
    },
    "parts:stress-test": said(started_at="2026-01-02T10:00", minutes=120, result="passed"),
    "parts:consolidate": _mix,
    "parts:consolidate-pick": _mix,
    "parts:delivery": _delivery,
    "parts:count": _count,
    "parts:count-pieces": _count_pieces,
    "parts:type-move": _to_other_shop,
    "parts:type-low": said(version=1, low_at=3),
    "parts:part-move": _to_other_shop,
    "parts:part-scrap": said(reason="Bent."),
    "scopes:request-new": _request,
    "scopes:request-edit": _asked_scope,
    "scopes:agreement-new": _agreement,
    "scopes:agreement-version": lambda world, home, actor: {
        "version": 1,
        "ends_on": "2999-12-31",
        "files": _paper(),
    },
    "scopes:agreement-end": lambda world, home, actor: {
        "version": 1,
        "ended_on": str(warranty_day()),
        "end_reason": "Unpaid.",
    },
    "billing:quote-new": said(all="1"),
    "billing:quote-line": said(
        version=1, do="set", all="1", text="Freight", quantity=1, price="9.00"
    ),
    "billing:quote-prices": _quote_prices,
    "billing:quote-details": said(version=1, valid_until="2999-12-31", note="Please decide."),
    "billing:quote-withdraw": said(note="A mistake."),
    "billing:quote-answer": _quote_answer,
}


def post_of(name: str, world: World, home: Home, actor: str) -> Fields:
    """Empty where the address asks for nothing."""
    known = POSTS.get(name)
    return known(world, home, actor.split(" ", 1)[0]) if known else {}


# What a browser sends with a form that nobody filled in: how many rows it shows.
ROWS = {
    "scopes:request-new": ["miners"],
    "scopes:request-edit": ["miners", "fees"],
}


def blank_of(name: str) -> Fields:
    counts = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 0}
    return {f"{of}-{key}": n for of in ROWS.get(name, []) for key, n in counts.items()}
