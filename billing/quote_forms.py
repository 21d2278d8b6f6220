"""Forms of quotes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.models import Quote
from billing.services.quote_lines import MOST_MONEY, MOST_PIECES, Wanted
from core.choices import Known, KnownChoiceField
from parts.models import PartType
from workorders.models import Service

SERVICES = Known("services", lambda: Service.objects.filter(active=True))
PART_TYPES = Known("part-types", lambda: PartType.objects.active())


def price_field(**options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        min_value=Decimal(0),
        max_value=MOST_MONEY,
        max_digits=12,
        decimal_places=2,
        required=False,
        widget=forms.NumberInput({"step": "0.01", "inputmode": "decimal"}),
        **options,
    )


def quantity_field(**options: Any) -> forms.IntegerField:
    return forms.IntegerField(min_value=1, max_value=MOST_PIECES, **options)


class LineForm(forms.Form):
    """One thing for the picked devices, or for all of them."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    service = KnownChoiceField(
        SERVICES, label=_("Service"), empty_label=_("No service"), required=False
    )
    part_type = KnownChoiceField(
        PART_TYPES, label=_("Part"), empty_label=_("No part"), required=False
    )
    text = forms.CharField(
        label=_("Or in free words"),
        max_length=160,
        required=False,
        widget=forms.TextInput({"dir": "auto"}),
    )
    quantity = quantity_field(label=_("Quantity"), initial=1)
    price = price_field(
        label=_("Price per piece"), help_text=_("Empty: as the price list says, by model.")
    )

    @property
    def wanted(self) -> Wanted:
        told = self.cleaned_data
        return Wanted(
            told["service"], told["part_type"], told["text"], told["quantity"], told["price"]
        )


class DetailsForm(forms.Form):
    """Until when, and words to the customer."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    valid_until = forms.DateField(
        label=_("Valid until"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    note = forms.CharField(
        label=_("Note to the customer"),
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 4, "dir": "auto"}),
    )

    @classmethod
    def of(cls, quote: Quote) -> DetailsForm:
        return cls(
            initial={
                "version": quote.version,
                "valid_until": quote.valid_until,
                "note": quote.note,
            }
        )


class PricesForm(forms.Form):
    """Quantity and price of groups of equal lines: `quantity-<pk>` and `price-<pk>`."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, pks: list[int], **options: Any) -> None:
        super().__init__(data, **options)
        self.pks = pks
        for pk in pks:
            self.fields[f"quantity-{pk}"] = quantity_field(label=_("Quantity"))
            self.fields[f"price-{pk}"] = price_field(label=_("Price per piece"))

    @property
    def changes(self) -> dict[int, tuple[int, Decimal | None]]:
        told = self.cleaned_data
        return {pk: (told[f"quantity-{pk}"], told[f"price-{pk}"]) for pk in self.pks}


class WithdrawForm(forms.Form):
    note = forms.CharField(label=_("Why"), max_length=300, required=False)
