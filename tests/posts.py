"""What an honest person would send to an address: the posts of the access matrix succeed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from repairshops.models import RepairShop
from tests.world import Home, World

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


def _parcel(world: World, home: Home, actor: str) -> Fields:
    shop = RepairShop.objects.filter(memberships__user=world.people[actor]).first() if (
        actor in world.people
    ) else None  # fmt: skip
    return {"shop": (shop or home.shop).pk, "waybill": "SF7777000003", "note": "No paper inside."}


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


POSTS: dict[str, Post] = {
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
    "workorders:return-ship": lambda world, home, actor: {
        "all": "1",
        "carrier": world.carrier.pk,
        "waybill": "SF7777000004",
    },
    "workorders:return-tracking": _correction,
    "workorders:return-remove": said(version=1),
    "workorders:return-moved": _movement,
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
}


def post_of(name: str, world: World, home: Home, actor: str) -> Fields:
    """Empty where the address asks for nothing."""
    known = POSTS.get(name)
    return known(world, home, actor.split(" ", 1)[0]) if known else {}
