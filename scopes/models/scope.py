"""The scope of a repair request: how many of which miners, what is done to them, agreed fees."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.roles import WORKSHOP
from devices.models import ProductModel
from scopes.models.agreement import ServiceAgreement
from workorders.models import Counselling, RepairOrder, Service


class ScopeQuerySet(models.QuerySet["Scope"]):
    def visible_to(self, user: Any) -> ScopeQuerySet:
        """Who sees the enquiry, and the shops that its orders were submitted to (R67)."""
        if user.role in WORKSHOP:
            orders = RepairOrder.objects.visible_to(user).filter(counselling__isnull=False)
            return self.filter(counselling__in=orders.values("counselling"))
        return self.filter(counselling__in=Counselling.objects.visible_to(user))

    def with_agreement(self, day: date) -> ScopeQuerySet:
        """With what the customer's agreement in force says: the one that lasts longest, or None."""
        rows = ServiceAgreement.objects.filter(customer=OuterRef("counselling__customer"))
        active = rows.active_on(day).order_by("-ends_on", "-pk")
        return self.annotate(
            agreement_pk=Subquery(active.values("pk")[:1]),
            agreement_number=Subquery(active.values("number")[:1]),
            agreement_ends_on=Subquery(active.values("ends_on")[:1]),
        )


class Scope(models.Model):
    """What a repair request asks for; documents are attachments of the row."""

    counselling = models.OneToOneField(
        Counselling, on_delete=models.PROTECT, related_name="+", verbose_name=_("enquiry")
    )
    services: Any = models.ManyToManyField(
        Service, related_name="+", blank=True, verbose_name=_("services in scope")
    )
    sns: Any = models.JSONField(_("serial numbers"), default=list, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ScopeQuerySet.as_manager()

    class Meta:
        verbose_name = _("scope of a repair request")
        verbose_name_plural = _("scopes of repair requests")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return str(self.counselling)


class ScopeLine(models.Model):
    """So many miners of one model."""

    scope = models.ForeignKey(Scope, on_delete=models.CASCADE, related_name="lines")
    model = models.ForeignKey(
        ProductModel,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("device model"),
    )
    number = models.PositiveIntegerField(_("number of miners"), validators=[MinValueValidator(1)])

    class Meta:
        verbose_name = _("miners in scope")
        verbose_name_plural = _("miners in scope")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["scope", "model"], name="model_once_per_scope"),
            models.CheckConstraint(condition=Q(number__gte=1), name="scope_line_has_miners"),
        ]

    def __str__(self) -> str:
        return f"{self.number} × {self.model}"


class ScopeFee(models.Model):
    """A fee that was agreed beside the price list; billed once, with the first invoice."""

    scope = models.ForeignKey(Scope, on_delete=models.CASCADE, related_name="fees")
    text = models.CharField(_("what for"), max_length=160)
    amount = models.DecimalField(
        _("amount"), max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("agreed fee")
        verbose_name_plural = _("agreed fees")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="scope_fee_not_negative"),
        ]

    def __str__(self) -> str:
        return self.text
