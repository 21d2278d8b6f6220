"""Forms of the address book."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import phonenumbers
from babel import Locale
from django import forms
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

from core.choices import LongSelect
from logistics.models import Address

PARTS = ("recipient", "phone", "country", "region", "city", "street", "postcode", "is_default")

NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ"})  # unions, pseudo and unknown places
NO_NUMBER = _("This is not a telephone number. Start with + and the country code.")


@lru_cache(maxsize=8)
def countries(language: str) -> list[tuple[str, str]]:
    """Countries and regions in the reader's language, in its order of names."""
    territories = Locale.parse(to_locale(language)).territories
    named = [
        (code, name)
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES
    ]
    return sorted(named, key=lambda pair: pair[1].casefold())


def country_choices() -> list[tuple[str, str]]:
    return [("", ""), *countries(get_language() or "en")]


class AddressForm(forms.ModelForm):  # type: ignore[type-arg]
    """One entry of the address book. `version` tells whether a colleague saved in between."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    country = forms.ChoiceField(
        label=_("Country or region"),
        choices=country_choices,
        widget=LongSelect,
        error_messages={"required": _("Choose the country or region.")},
    )

    class Meta:
        model = Address
        fields = PARTS
        labels = {"is_default": _("Use this address first")}
        help_texts = {"phone": _("With country code, for the carrier.")}
        error_messages = {
            "recipient": {"required": _("Enter who receives the parcel.")},
            "phone": {"required": _("Enter a telephone number for the carrier.")},
            "city": {"required": _("Enter the city.")},
            "street": {"required": _("Enter street and number.")},
        }
        widgets = {
            "recipient": forms.TextInput({"autocomplete": "name"}),
            "phone": forms.TextInput({"autocomplete": "tel", "type": "tel"}),
            "region": forms.TextInput({"autocomplete": "address-level1"}),
            "city": forms.TextInput({"autocomplete": "address-level2"}),
            "street": forms.TextInput({"autocomplete": "street-address"}),
            "postcode": forms.TextInput({"autocomplete": "postal-code"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["version"] = self.instance.version

    def clean(self) -> dict[str, Any]:
        """The number in its international spelling; one that cannot be dialled is an error."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        typed, country = cleaned.get("phone", ""), cleaned.get("country") or None
        if typed:
            try:
                number = phonenumbers.parse(typed, country)
            except phonenumbers.NumberParseException:
                number = None
            if number is None or not phonenumbers.is_possible_number(number):
                self.add_error("phone", NO_NUMBER)
            else:
                style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
                cleaned["phone"] = phonenumbers.format_number(number, style)
        return cleaned

    @property
    def parts(self) -> dict[str, Any]:
        """What was typed, for the service."""
        return {name: self.cleaned_data[name] for name in PARTS if name in self.cleaned_data}
