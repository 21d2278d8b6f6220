"""The way through the portal, one list per role; the only place that names every app's pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.workflow import Text


@dataclass(frozen=True)
class Item:
    """One entry: `name` is a url name, `query` what stands behind it, `counts` a key of counts."""

    name: str
    icon: str
    label: Text
    query: str = ""
    counts: str = ""

    @property
    def url(self) -> str:
        return reverse(self.name) + self.query


@dataclass(frozen=True)
class Group:
    label: Text
    items: tuple[Item, ...]


_SHOPS = Item("repairshops:shop-list", "house", _("Repair shops"))
_MANUAL = Item("manual", "book", _("After-sales manual"))
_DEVICES = Item("devices:device-list", "tag", _("Devices and warranty"))
_ORDERS = Item("workorders:order-list", "wrench", _("Repair orders"))
_GOODS = (
    Item("workorders:containers", "box", _("Containers")),
    Item("workorders:shipments", "truck", _("Shipments")),
)
_BENCH = (
    Item("workorders:bench", "wrench", _("Bench"), counts="bench"),
    Item("workorders:receiving", "download", _("Receiving")),
    Item("workorders:order-list", "list", _("Repair orders")),
    *_GOODS,
)
_PARTS = Item("parts:stock", "chip", _("Parts stock"))
_QUOTES = Item("billing:quotes", "file", _("Quotes"))
_REQUESTS = Item("scopes:requests", "list", _("Repair requests"))
_INVOICES = Item("billing:invoice-list", "card", _("Invoices"))
_PAYMENTS = Item("billing:payments", "check", _("Payments"))
_PRICES = Item("billing:price-lists", "tag", _("Price lists"))
_AGREEMENTS = Item("scopes:agreements", "book", _("Service agreements"))
_REFERENCE = Group(_("Reference"), (_DEVICES, _SHOPS, _MANUAL))

NAVIGATION: dict[str, tuple[Group, ...]] = {
    Role.CUSTOMER: (
        Group(
            "",
            (
                Item("devices:lookup", "plus", _("Initiate work order")),
                Item("workorders:self-service", "wrench", _("Self-service repair")),
                Item("workorders:my-orders", "list", _("My work orders")),
                _SHOPS,
                _MANUAL,
            ),
        ),
        Group(_("Orders"), (_REQUESTS, _QUOTES, _INVOICES)),
        Group(
            _("Account"),
            (
                Item("devices:device-list", "tag", _("My devices")),
                Item("logistics:address-list", "box", _("Address book")),
                _AGREEMENTS,
                Item("accounts:people", "users", _("Colleagues")),
            ),
        ),
    ),
    Role.AGENT: (
        Group(
            _("Conversations"),
            (
                Item("workorders:queue", "chat", _("Queue"), counts="queue"),
                Item("workorders:counselling-behalf", "plus", _("Open for a customer")),
            ),
        ),
        Group(
            _("Orders"),
            (_REQUESTS, _ORDERS, *_GOODS, _PARTS, _QUOTES, _INVOICES, _PAYMENTS, _AGREEMENTS),
        ),
        _REFERENCE,
    ),
    Role.ENGINEER: (Group(_("Workshop"), (*_BENCH, _PARTS, _QUOTES)), _REFERENCE),
    Role.SHOP_MANAGER: (
        Group(_("Workshop"), (*_BENCH, _PARTS, _QUOTES, _INVOICES, _PRICES)),
        _REFERENCE,
    ),
    Role.FINANCE: (
        Group(
            _("Finance"),
            (
                Item("billing:desk", "gauge", _("Overview")),
                _PAYMENTS,
                _INVOICES,
                _PRICES,
                _SHOPS,
            ),
        ),
    ),
    Role.SALES: (Group("", (Item("home", "gauge", _("Overview")), _PRICES, _SHOPS)),),
    Role.ADMIN: (
        Group(
            _("Administration"),
            (
                Item("home", "gauge", _("Overview")),
                Item("admin:index", "shield", _("Master data and people")),
                Item("devices:import", "upload", _("Import devices")),
                Item("jobs:job-list", "clock", _("Jobs")),
            ),
        ),
        Group(
            _("Reading"),
            (
                Item("workorders:queue", "chat", _("Queue")),
                _ORDERS,
                Item("workorders:bench", "wrench", _("Bench")),
                Item("workorders:receiving", "download", _("Receiving")),
                *_GOODS,
                _PARTS,
                _REQUESTS,
                _QUOTES,
                _INVOICES,
                _PAYMENTS,
                _PRICES,
                _AGREEMENTS,
            ),
        ),
        _REFERENCE,
    ),
}


@lru_cache(maxsize=32)
def _addresses(role: str) -> dict[str, str]:
    """Every entry's address, worked out once per role."""
    found = {}
    for group in NAVIGATION.get(role, ()):
        for item in group.items:
            try:
                found[item.name] = item.url
            except NoReverseMatch:
                continue
    return found


def navigation(role: str, path: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    """What the shell draws; the entry with the longest address that begins `path` is current."""
    addresses = _addresses(role)
    inside = [
        url for url in addresses.values() if path == url or (url != "/" and path.startswith(url))
    ]
    current = max(inside, key=len, default="")
    return [
        {
            "label": group.label,
            "items": [
                {
                    "url": addresses[item.name],
                    "icon": item.icon,
                    "label": item.label,
                    "count": counts.get(item.counts, 0),
                    "hot": bool(item.counts),
                    "current": addresses[item.name] == current,
                }
                for item in group.items
                if item.name in addresses
            ],
        }
        for group in NAVIGATION.get(role, ())
    ]
