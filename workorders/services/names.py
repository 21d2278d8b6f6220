"""What a unit is called and what its warranty is, corrected by hand with a trace (R75, E10)."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.roles import WORKSHOP, Role
from core.workflow import Refused, Stale
from devices.models import Device, ProductModel, Verdict, normalise_sn
from history.services import edit
from workorders.models import Unit
from workorders.services.drafts import lock
from workorders.services.serials import judged_at

SHORTEST, LONGEST = 4, 40  # letters of a serial number
ON_THE_LIST = _("This serial number is on the list already.")
ELSEWHERE = _("This serial number is in an open repair order.")


def normalise_mac(text: str) -> str:
    """The one spelling of a MAC address: six pairs in upper case, with colons; empty is none.

    Raises ValidationError on `mac`.
    """
    bare = re.sub(r"[\s:.\-]", "", text).upper()
    if not bare:
        return ""
    if not re.fullmatch(r"[0-9A-F]{12}", bare):
        raise ValidationError({"mac": _("A MAC address has twelve digits or letters from A to F.")})
    return ":".join(bare[at : at + 2] for at in range(0, 12, 2))


@transaction.atomic
def edit_names(
    unit: Unit,
    *,
    version: int,
    actor: Any,
    sn: str,
    model: ProductModel | None,
    mac: str,
    asset_tag: str,
) -> Unit:
    """Correct serial number, model, MAC address and asset tag; the history keeps both spellings.

    Another serial number is another device: what the registry says of it counts then, warranty
    included, unless somebody decided that by hand. Raises PermissionDenied, Refused once it is
    final, Stale, ValidationError by field (also when the number stands in an open order).
    """
    if getattr(actor, "role", None) not in WORKSHOP | {Role.AGENT}:
        raise PermissionDenied("names")
    serial, address = _serial(sn), normalise_mac(mac)
    order = lock(unit.order)
    fresh: Unit = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    if fresh.version != version:
        raise Stale(fresh)
    if fresh.state in Unit.FINAL or fresh.order_id != order.pk:
        raise Refused(_("The device is not here."))
    changes: dict[str, Any] = {"sn": serial, "mac": address, "asset_tag": asset_tag.strip()}
    if serial == fresh.sn:
        changes["model"] = model
    else:
        _require_free(fresh, serial)
        changes |= _registered(fresh, serial, model)
    try:
        with transaction.atomic():
            return edit(fresh, version=version, actor=actor, verb="names_edited", **changes)
    except IntegrityError as clash:  # somebody took the number between the look and the write
        raise ValidationError({"sn": ELSEWHERE}) from clash


def _serial(text: str) -> str:
    serial = normalise_sn(text)
    if not SHORTEST <= len(serial) <= LONGEST:
        raise ValidationError({"sn": _("This does not look like a serial number.")})
    return serial


def _require_free(unit: Unit, sn: str) -> None:
    others = Unit.objects.exclude(pk=unit.pk).filter(sn=sn)
    if others.filter(order=unit.order_id).exclude(state=Unit.State.CANCELLED).exists():
        raise ValidationError({"sn": ON_THE_LIST})
    if unit.holds_sn and others.filter(holds_sn=True).exists():
        raise ValidationError({"sn": ELSEWHERE})


def _registered(unit: Unit, sn: str, model: ProductModel | None) -> dict[str, Any]:
    """What the registry says of the new number, as of the day the case was opened (E10)."""
    device = Device.objects.filter(sn=sn).select_related("model").first()
    facts: dict[str, Any] = {"device": device, "model": device.model if device else model}
    if device is not None:
        facts["device_type"] = device.model.device_type
    if not unit.verdict_reason:
        facts["verdict"] = device.verdict(judged_at(unit.order)) if device else Verdict.UNKNOWN
        facts["warranty_until"] = device.warranty_until if device else None
    return facts


@transaction.atomic
def decide_warranty(unit: Unit, *, version: int, actor: Any, verdict: str, reason: str) -> Unit:
    """Set the warranty of one unit against the registry, with the reason that everybody reads.

    Customer service and the shop's manager decide; not any more once the device is in a sealed
    box, because its bill is written from that. Raises PermissionDenied, Refused, Stale,
    ValidationError by field.
    """
    if getattr(actor, "role", None) not in {Role.AGENT, Role.SHOP_MANAGER}:
        raise PermissionDenied("warranty")
    if verdict not in Verdict.values:
        raise ValidationError({"verdict": _("Choose whether the warranty covers it.")})
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason.")})
    lock(unit.order)
    rows = Unit.objects.select_for_update(of=("self",)).select_related("outbound_container")
    fresh: Unit = rows.get(pk=unit.pk)
    box = fresh.outbound_container
    if fresh.state in Unit.FINAL or (box is not None and box.state != box.State.OPEN):
        raise Refused(_("It is final or in a sealed box; the warranty stays as it is."))
    return edit(
        fresh,
        version=version,
        actor=actor,
        verb="warranty_decided",
        verdict=verdict,
        verdict_reason=reason.strip(),
    )
