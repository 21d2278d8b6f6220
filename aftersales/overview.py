"""The home of administrators, finance and sales: what there is and whether it runs."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Role
from aftersales.tasks import HEARTBEAT
from core import words
from core.workflow import Text
from devices.models import Device
from jobs.models import Job
from notifications.models import Mail
from repairshops.models import RepairShop
from workorders.models import Counselling, RepairOrder


@dataclass(frozen=True)
class Tile:
    """A number that leads somewhere."""

    label: Text
    value: str
    icon: str
    url: str = ""
    tone: str = "gray"


def overview(user: User) -> list[list[Tile]]:
    """Two rows of figures: the work, and whether the house runs. For administrators only."""
    return [_work(), _house()] if user.role == Role.ADMIN else []


def _work() -> list[Tile]:
    enquiries = Counselling.objects.aggregate(
        open=Count("pk", filter=~Q(state=Counselling.State.FINISHED)),
        unanswered=Count("pk", filter=Q(needs_answer=True)),
    )
    closed = [RepairOrder.State.COMPLETED, RepairOrder.State.CANCELLED]
    orders = RepairOrder.objects.exclude(state__in=closed).count()
    queue = reverse("workorders:queue")
    return [
        Tile(_("Open enquiries"), str(enquiries["open"]), "chat", queue),
        Tile(_("Waiting for an answer"), str(enquiries["unanswered"]), "clock", queue, "amber"),
        Tile(_("Open repair orders"), str(orders), "wrench", reverse("workorders:order-list")),
        Tile(_("Devices"), str(Device.objects.count()), "tag", reverse("devices:device-list")),
    ]


def _house() -> list[Tile]:
    dead = Mail.objects.filter(state=Mail.State.DEAD).count()
    failed = Job.objects.filter(state=Job.State.FAILED).count()
    shops = RepairShop.objects.count()
    outbox = reverse("admin:notifications_mail_changelist") + "?state__exact=dead"
    return [
        Tile(_("Repair shops"), str(shops), "house", reverse("repairshops:shop-list")),
        Tile(_("Mails given up"), str(dead), "alert", outbox, "red" if dead else "green"),
        Tile(
            _("Failed jobs"),
            str(failed),
            "fail",
            reverse("jobs:job-list"),
            "red" if failed else "green",
        ),
        _worker(),
    ]


def _worker() -> Tile:
    seen = cache.get(HEARTBEAT)
    at = parse_datetime(seen) if seen else None
    text = words.write_moment(at, timezone.now()) if at else str(_("Not seen"))
    return Tile(_("Worker last seen"), text, "ok" if at else "alert", tone="green" if at else "red")
