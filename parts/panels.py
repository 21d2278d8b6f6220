"""What parts show on pages of lower floors: the bench, the order, the customer's pages."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.roles import WORKSHOP, Role
from core.panels import panel
from devices.models import Device
from parts.models import StressTest
from parts.services.custody import replaced_for
from workorders.models import RepairOrder, Unit

INSIDE = WORKSHOP | {Role.AGENT, Role.ADMIN}


def register() -> None:
    panel(Unit, "parts/_unit.html", place="main", order=40)(fill_unit)
    panel(Unit, "parts/_last_test.html", place="actions", order=40)(fill_last_test)
    panel(RepairOrder, "parts/_consolidate_button.html", place="bulk", order=60)(fill_bulk)
    panel(RepairOrder, "parts/_on_order.html", place="main", order=60)(fill_order)
    panel(Device, "parts/_replaced.html", place="main", order=60)(fill_device)


def fill_unit(unit: Unit, user: User) -> dict[str, Any] | None:
    """A frame that loads the index and the stress tests from their own address."""
    here = user.role in INSIDE and unit.state != Unit.State.EXPECTED
    return {"may_work": user.role in WORKSHOP} if here else None


def fill_last_test(unit: Unit, user: User) -> dict[str, Any] | None:
    """Beside "Test passed": what the last stress test said."""
    if user.role not in INSIDE or unit.state != Unit.State.TESTING:
        return None
    return {"last": StressTest.objects.visible_to(user).filter(unit=unit).order_by("-pk").first()}


def fill_bulk(order: RepairOrder, user: User) -> dict[str, Any] | None:
    """Who works at the bench may consolidate two or three picked devices (R74)."""
    return {"order": order} if user.role in WORKSHOP else None


def fill_order(order: RepairOrder, user: User) -> dict[str, Any] | None:
    """For the customer: which serial number took the place of which; loads itself."""
    worked_on = order.state in ("received", "repaired", "returned", "completed")
    return {} if user.role == Role.CUSTOMER and worked_on else None


def fill_device(device: Device, user: User) -> dict[str, Any] | None:
    if user.role != Role.CUSTOMER:
        return None
    rows = replaced_for(user, sn=device.sn)
    return {"rows": rows, "with_sn": False} if rows else None
