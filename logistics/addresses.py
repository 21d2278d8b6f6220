"""The address book of a customer: what may be written there and how."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.roles import Role
from core.workflow import Refused
from history.services import edit, record
from logistics.models import Address

MOST = 200


def _require(actor: Any, customer_id: int) -> None:
    role = getattr(actor, "role", None)
    if role != Role.AGENT and (role != Role.CUSTOMER or actor.customer_id != customer_id):
        raise PermissionDenied("address")


def _lock_book(customer_id: int) -> None:
    """One writer per address book, so that one address is the first."""
    Customer.objects.select_for_update().get(pk=customer_id)


@transaction.atomic
def add_address(customer: Customer, *, actor: Any, parts: dict[str, Any]) -> Address:
    """A new entry; the first one is used first. Raises PermissionDenied, Refused (200 entries)."""
    _require(actor, customer.pk)
    _lock_book(customer.pk)
    others = Address.objects.filter(customer=customer)
    if others.count() >= MOST:
        raise Refused(_("The address book is full. Delete addresses that you no longer need."))
    parts = dict(parts)
    parts["is_default"] = parts.get("is_default", False) or not others.exists()
    if parts["is_default"]:
        others.filter(is_default=True).update(is_default=False)
    address = Address.objects.create(customer=customer, **parts)
    record(address, "added", actor=actor)
    return address


@transaction.atomic
def change_address(address: Address, *, version: int, actor: Any, parts: dict[str, Any]) -> Address:
    """Change an entry; orders that were submitted keep their own copy.

    Raises PermissionDenied, Stale.
    """
    _require(actor, address.customer_id)
    _lock_book(address.customer_id)
    changed = edit(address, version=version, actor=actor, **parts)
    if changed.is_default:
        Address.objects.filter(customer=address.customer_id, is_default=True).exclude(
            pk=changed.pk
        ).update(is_default=False)
    return changed


@transaction.atomic
def remove_address(address: Address, *, actor: Any) -> None:
    """Take an entry out of the book; twice is the same as once. Raises PermissionDenied."""
    _require(actor, address.customer_id)
    _lock_book(address.customer_id)
    fresh = Address.objects.filter(pk=address.pk).first()
    if fresh is None:
        return
    record(fresh, "removed", actor=actor)
    fresh.delete()
