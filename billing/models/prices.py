"""Price lists: what a service or a spare part costs whom."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import STAFF
from devices.models import ProductModel
from parts.models import PartType
from workorders.models import Service

currency_code = RegexValidator(r"^[A-Z]{3}\Z", _("Enter a currency code such as EUR."))
country_codes = RegexValidator(
    r"^([A-Z]{2}(, ?[A-Z]{2})*)?\Z", _("Enter country codes such as DE, FR.")
)
not_negative = MinValueValidator(Decimal(0))
percentage = [not_negative, MaxValueValidator(Decimal(100))]


class PriceListQuerySet(models.QuerySet["PriceList"]):
    def visible_to(self, user: Any) -> PriceListQuerySet:
        """Staff read all of them; customers see prices in quotes and invoices only."""
        return self if user.role in STAFF else self.none()


class PriceList(models.Model):
    """Prices in one currency for the countries it names; the default one serves all others."""

    code = models.SlugField(_("short code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3, validators=[currency_code])
    countries = models.CharField(
        _("countries it serves"),
        max_length=400,
        blank=True,
        validators=[country_codes],
        help_text=_("Codes with commas between them, such as DE, FR."),
    )
    days_to_pay = models.PositiveSmallIntegerField(_("days to pay"), default=14)
    is_default = models.BooleanField(_("serves all other countries"), default=False)
    active = models.BooleanField(_("active"), default=True)

    objects = PriceListQuerySet.as_manager()

    class Meta:
        verbose_name = _("price list")
        verbose_name_plural = _("price lists")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True, active=True),
                name="one_default_price_list",
                violation_error_message=_("Another price list serves all other countries."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.currency})"

    @property
    def serves(self) -> frozenset[str]:
        return frozenset(code.strip() for code in self.countries.split(",") if code.strip())


class Price(models.Model):
    """What one service or one spare part of a type costs, net; a price for a model goes first."""

    price_list = models.ForeignKey(
        PriceList, on_delete=models.CASCADE, related_name="prices", verbose_name=_("price list")
    )
    service = models.ForeignKey(
        Service,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("service"),
    )
    part_type = models.ForeignKey(
        PartType,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("part type"),
    )
    model = models.ForeignKey(
        ProductModel,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only for this model"),
    )
    amount = models.DecimalField(
        _("net price"), max_digits=12, decimal_places=2, validators=[not_negative]
    )

    class PriceQuerySet(models.QuerySet["Price"]):
        def visible_to(self, user: Any) -> models.QuerySet[Price]:
            return self if user.role in STAFF else self.none()

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["service__position", "service", "part_type", "model", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(service__isnull=True, part_type__isnull=False)
                | Q(service__isnull=False, part_type__isnull=True),
                name="price_of_one_thing",
                violation_error_message=_("Choose either a service or a part type."),
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_not_negative"),
            *(
                models.UniqueConstraint(
                    fields=["price_list", thing, *more],
                    condition=Q(**{f"{thing}__isnull": False, "model__isnull": not more}),
                    name=f"one_price_{thing}{'_model' if more else ''}",
                    violation_error_message=_("There is a price for this already."),
                )
                for thing in ("service", "part_type")
                for more in ([], ["model"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service or self.part_type}: {self.amount}"


class TaxRate(models.Model):
    """Tax that an invoice of this list adds for customers of a country; without a row: none."""

    price_list = models.ForeignKey(
        PriceList, on_delete=models.CASCADE, related_name="tax_rates", verbose_name=_("price list")
    )
    country = models.CharField(_("country or region"), max_length=2)
    percent = models.DecimalField(
        _("tax in per cent"), max_digits=5, decimal_places=2, validators=percentage
    )
    label = models.CharField(_("name of the tax"), max_length=40)

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        ordering = ["country"]
        constraints = [
            models.UniqueConstraint(
                fields=["price_list", "country"],
                name="one_tax_rate_per_country",
                violation_error_message=_("There is a tax rate for this country already."),
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="tax_is_a_percentage"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country}: {self.label} {self.percent} %"
