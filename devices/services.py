"""Single changes of the registry; thousands at once come by import (devices.imports)."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import User
from devices.models import Device
from history.services import record

EDITABLE = frozenset({"model", "shipped_on", "warranty_until", "customer", "replaced_by"})


@transaction.atomic
def register_device(device: Device, *, actor: User) -> Device:
    """Enter one device into the registry. Raises IntegrityError when its SN is taken."""
    device.save()
    record(device, "registered", actor=actor)
    return device


@transaction.atomic
def edit_device(device: Device, *, actor: User, **changes: Any) -> Device:
    """Change fields of a device; a new end of warranty is told to its customer's timeline, too.

    Nothing is written where nothing differs. Raises TypeError for a field that is no business of
    this service (the serial number is the device).
    """
    if unknown := changes.keys() - EDITABLE:
        raise TypeError(f"not editable: {', '.join(sorted(unknown))}")
    fresh = Device.objects.select_for_update(of=("self",)).get(pk=device.pk)
    before = {
        name: getattr(fresh, name)
        for name, value in changes.items()
        if getattr(fresh, name) != value
    }
    if not before:
        return fresh
    for name in before:
        setattr(fresh, name, changes[name])
    fresh.save(update_fields=list(before))
    if "warranty_until" in before:
        data = {"before": str(before["warranty_until"]), "after": str(fresh.warranty_until)}
        record(fresh, "warranty_changed", actor=actor, data=data)
    others = {name: value for name, value in before.items() if name != "warranty_until"}
    if others:
        changed = {
            "before": {name: str(value or "") for name, value in others.items()},
            "after": {name: str(getattr(fresh, name) or "") for name in others},
        }
        record(fresh, "edited", actor=actor, internal=True, data=changed)
    return fresh
