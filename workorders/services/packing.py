"""Packing a whole order: what is finished goes into boxes of one size, all open boxes are sealed.

The same rules and locks as one box at a time (boxing); the number of statements grows with the
boxes, not with the devices in them.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.workflow import Refused
from logistics import shipping
from logistics.models import Container, Direction
from workorders.models import RepairOrder, Unit
from workorders.services import boxing, orders
from workorders.services.receiving import require_workshop

MOST_BOXES = 200  # of one request


@transaction.atomic
def pack_finished(
    order: RepairOrder, *, actor: Any, per_box: int, kind: str = "box"
) -> list[Container]:
    """Every finished device that is in no container, by serial number, into new open containers
    of `per_box` devices each; the last one holds what is left (R64, R73).

    Raises PermissionDenied, Refused (the goods are not with us, nothing to pack, more than
    MOST_BOXES containers), ValidationError (kind).
    """
    require_workshop(actor)
    order = boxing.lock_following(order)
    waiting = Unit.objects.filter(order=order.pk).ready_to_box()
    pks = list(waiting.order_by("sn", "pk").values_list("pk", flat=True))
    if not pks:
        raise Refused(_("Every finished device is in a container already."))
    shares = [pks[start : start + per_box] for start in range(0, len(pks), per_box)]
    if len(shares) > MOST_BOXES:
        raise Refused(
            _("That would be %(count)d containers; at most %(most)d at once.")
            % {"count": len(shares), "most": MOST_BOXES}
        )
    assert order.consignment is not None  # noqa: S101 - lock_following said so
    boxes = []
    for share in shares:
        box = shipping.open_box(order.consignment, actor=actor, kind=kind)
        boxing.put(order, Unit.objects.filter(pk__in=share), box, actor=actor)
        boxes.append(box)
    orders.follow_units(order, actor=actor)
    return boxes


@transaction.atomic
def seal_open(order: RepairOrder, *, actor: Any) -> list[Container]:
    """Close every open outbound container that holds something; each is released, or waits for
    its bill (R78). Raises PermissionDenied, Refused (none)."""
    require_workshop(actor)
    order = boxing.lock_following(order)
    holding = Unit.objects.filter(order=order.pk).order_by().values("outbound_container")
    rows = Container.objects.filter(
        consignment=order.consignment_id,
        direction=Direction.OUT,
        state=Container.State.OPEN,
        pk__in=holding,
    )
    found = list(rows.order_by("pk"))
    if not found:
        raise Refused(_("No open container holds a device."))
    return [boxing.seal(box, actor=actor) for box in found]
