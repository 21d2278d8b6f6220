"""Where money goes to, and the one currency of an order."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models.prices import PriceList, currency_code, percentage
from workorders.models import RepairOrder


class PaymentAccountQuerySet(models.QuerySet["PaymentAccount"]):
    def for_currency(self, currency: str) -> PaymentAccount | None:
        """The account that customers are told for this currency; the oldest active one."""
        return self.filter(currency=currency, active=True).order_by("pk").first()


class PaymentAccount(models.Model):
    """The after-sales payment account of a currency, shown wherever money is due (R97)."""

    currency = models.CharField(_("currency"), max_length=3, validators=[currency_code])
    holder = models.CharField(_("account holder"), max_length=160)
    bank = models.CharField(_("bank with branch"), max_length=160)
    number = models.CharField(_("account number or IBAN"), max_length=40)
    bic = models.CharField(_("BIC (SWIFT)"), max_length=11, blank=True)
    note = models.CharField(_("note for the payer"), max_length=240, blank=True)
    active = models.BooleanField(_("active"), default=True)

    objects = PaymentAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment account")
        verbose_name_plural = _("payment accounts")
        ordering = ["currency", "pk"]

    def __str__(self) -> str:
        return f"{self.currency} · {self.bank} · {self.number}"


class OrderAccountQuerySet(models.QuerySet["OrderAccount"]):
    def visible_to(self, user: Any) -> OrderAccountQuerySet:
        return self.filter(order__in=RepairOrder.objects.visible_to(user))


class OrderAccount(models.Model):
    """Price list, currency and tax of one order, frozen when the first amount was needed.

    One currency per order: whatever the price list says later, quotes and invoices of the order
    stay comparable.
    """

    order = models.OneToOneField(
        RepairOrder, on_delete=models.PROTECT, related_name="+", verbose_name=_("repair order")
    )
    price_list = models.ForeignKey(
        PriceList, on_delete=models.PROTECT, related_name="+", verbose_name=_("price list")
    )
    currency = models.CharField(_("currency"), max_length=3)
    tax_percent = models.DecimalField(
        _("tax in per cent"), max_digits=5, decimal_places=2, validators=percentage
    )
    tax_label = models.CharField(_("name of the tax"), max_length=40, blank=True)
    frozen_at = models.DateTimeField(_("frozen"), default=timezone.now)

    objects = OrderAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account of an order")
        verbose_name_plural = _("accounts of orders")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.order} · {self.currency}"
