"""Containers: boxes and pallets, in and out."""

from __future__ import annotations

import re
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from accounts.roles import Role
from core.workflow import Guard, WorkflowQuerySet, by
from logistics.models.shipment import Consignment, Direction, Shipment

# The letters I and O are in no reference, so "IN" and "OUT" are read one way only.
CODE = re.compile(r"([0-9A-Z-]{4,20}?)[-/ ]?(IN|OUT)[-/ ]?([0-9]{1,6})")


class ContainerQuerySet(WorkflowQuerySet["Container"]):
    def visible_to(self, user: Any) -> ContainerQuerySet:
        return self.filter(consignment__in=Consignment.objects.visible_to(user))

    def coded(self, text: str) -> ContainerQuerySet:
        """By the code on its label, however a scanner spells it; nothing for anything else."""
        found = CODE.fullmatch(text.strip().upper())
        if found is None:
            return self.none()
        reference, direction, number = found.groups()
        return self.filter(
            consignment__reference=reference, direction=direction.lower(), number=number
        )


not_shipped = Guard(
    lambda box: box.shipment_id is None, _("It is on a shipment."), rows=lambda: Q(shipment=None)
)


class Container(ConcurrentTransitionMixin, models.Model):
    """A box or pallet of one consignment, on at most one shipment (E31)."""

    class State(models.TextChoices):
        ANNOUNCED = "announced", _("Announced")
        ARRIVED = "arrived", _("Arrived")
        UNPACKED = "unpacked", _("Unpacked")
        OPEN = "open", _("Not sealed yet")
        SEALED = "sealed", _("Sealed")
        READY_FOR_BILLING = "ready_for_billing", _("Ready for billing")
        BILLED = "billed", _("Billed")
        RELEASED = "released", _("Released")

    class Kind(models.TextChoices):
        BOX = "box", _("Box")
        PALLET = "pallet", _("Pallet")

    state = FSMField(
        _("state"), choices=State.choices, default=State.OPEN, protected=True, editable=False
    )
    consignment = models.ForeignKey(
        Consignment,
        on_delete=models.PROTECT,
        related_name="containers",
        verbose_name=_("consignment"),
    )
    direction = models.CharField(_("direction"), max_length=3, choices=Direction, editable=False)
    shipment = models.ForeignKey(
        Shipment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="containers",
        verbose_name=_("shipment"),
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Kind, default="box")
    number = models.PositiveIntegerField(_("box number"))
    arrived_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    sealed_at = models.DateTimeField(_("sealed"), null=True, blank=True)

    objects = ContainerQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("container")
        verbose_name_plural = _("containers")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["consignment", "direction", "number"], name="container_number_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "announced",
                        "arrived",
                        "unpacked",
                        "open",
                        "sealed",
                        "ready_for_billing",
                        "billed",
                        "released",
                    ]
                ),
                name="container_state_known",
            ),
            models.CheckConstraint(
                condition=Q(direction="in") | Q(shipment=None) | Q(state="released"),
                name="only_released_containers_go_out",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        """What its label says: the order's code, the way, the number."""
        return f"{self.consignment.reference}-{self.direction.upper()}-{self.number}"

    @transition(
        state,
        source=State.ANNOUNCED,
        target=State.ARRIVED,
        permission=by(Role.ENGINEER, Role.SHOP_MANAGER),
        custom={"label": _("Arrived"), "stamp": "arrived_at"},
    )
    def arrive(self) -> None: ...

    @transition(
        state,
        source=State.ARRIVED,
        target=State.UNPACKED,
        permission=by(Role.ENGINEER, Role.SHOP_MANAGER),
        custom={"label": _("Unpacked")},
    )
    def unpack(self) -> None: ...

    @transition(
        state,
        source=State.OPEN,
        target=State.SEALED,
        permission=by(Role.ENGINEER, Role.SHOP_MANAGER),
        custom={"label": _("Seal"), "stamp": "sealed_at"},
    )
    def seal(self) -> None: ...

    @transition(
        state,
        source=[State.SEALED, State.READY_FOR_BILLING],
        target=State.OPEN,
        conditions=[not_shipped],
        permission=by(Role.ENGINEER, Role.SHOP_MANAGER),
        custom={"label": _("Open again")},
    )
    def reopen(self) -> None: ...

    @transition(
        state,
        source=State.SEALED,
        target=State.READY_FOR_BILLING,
        custom={"label": _("Ready for billing"), "derived": True},
    )
    def request_billing(self) -> None: ...

    @transition(
        state,
        source=State.READY_FOR_BILLING,
        target=State.BILLED,
        custom={"label": _("Bill"), "derived": True},
    )
    def bill(self) -> None: ...

    @transition(
        state,
        source=State.BILLED,
        target=State.READY_FOR_BILLING,
        custom={"label": _("Bill taken back"), "derived": True},
    )
    def unbill(self) -> None: ...

    @transition(
        state,
        source=[State.SEALED, State.BILLED],
        target=State.RELEASED,
        custom={"label": _("Release"), "derived": True},
    )
    def release(self) -> None: ...

    @transition(
        state,
        source=State.RELEASED,
        target=State.BILLED,
        conditions=[not_shipped],
        custom={"label": _("Release taken back"), "derived": True},
    )
    def hold(self) -> None: ...
