"""Service agreements: what a customer of the repair centre has signed, and until when (R67)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.roles import Role
from core.workflow import Text


class ServiceAgreementQuerySet(models.QuerySet["ServiceAgreement"]):
    def visible_to(self, user: Any) -> ServiceAgreementQuerySet:
        """The customer's own; customer service and admins all."""
        match user.role:
            case Role.CUSTOMER if user.customer_id:
                return self.filter(customer_id=user.customer_id)
            case Role.AGENT | Role.ADMIN:
                return self
        return self.none()

    def active_on(self, day: date) -> ServiceAgreementQuerySet:
        """In force on this day; the first and the last day count, the day it was ended does not."""
        within = self.filter(starts_on__lte=day, ends_on__gte=day)
        return within.filter(Q(ended_on=None) | Q(ended_on__gt=day))


class ServiceAgreement(models.Model):
    """One agreement with one customer; its papers are its versions."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    number = models.CharField(
        _("agreement number"),
        max_length=40,
        unique=True,
        error_messages={"unique": _("There is an agreement of this number already.")},
    )
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    ended_on = models.DateField(_("ended early on"), null=True, blank=True)
    end_reason = models.CharField(_("why it was ended"), max_length=300, blank=True)
    expiry_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("recorded"), default=timezone.now)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ServiceAgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("service agreement")
        verbose_name_plural = _("service agreements")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["customer", "ends_on"], name="agreement_customer")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="agreement_ends_after_it_starts",
                violation_error_message=_("The last day lies before the first."),
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | ~Q(end_reason=""),
                name="agreement_ended_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def active_on(self, day: date) -> bool:
        """The same rule as the queryset's, for one row at hand."""
        ended = self.ended_on is not None and self.ended_on <= day
        return self.starts_on <= day <= self.ends_on and not ended

    def standing_on(self, day: date) -> tuple[str, Text]:
        """Tone and word of how it stands on this day."""
        if self.ended_on is not None and self.ended_on <= day:
            return "gray", _("Ended early")
        if day < self.starts_on:
            return "blue", _("Not begun")
        return ("green", _("In force")) if day <= self.ends_on else ("amber", _("Expired"))


class AgreementVersionQuerySet(models.QuerySet["AgreementVersion"]):
    def visible_to(self, user: Any) -> AgreementVersionQuerySet:
        return self.filter(agreement__in=ServiceAgreement.objects.visible_to(user))


class AgreementVersion(models.Model):
    """A paper of an agreement as it was uploaded; never changed (its PDF is an attachment)."""

    agreement = models.ForeignKey(
        ServiceAgreement,
        on_delete=models.PROTECT,
        related_name="versions",
        verbose_name=_("service agreement"),
    )
    number = models.PositiveIntegerField(_("version"))
    ends_on = models.DateField(_("ends on"))
    note = models.CharField(_("what is new"), max_length=300, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), default=timezone.now)

    objects = AgreementVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of an agreement")
        verbose_name_plural = _("versions of agreements")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="agreement_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} v{self.number}"
