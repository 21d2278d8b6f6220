"""Forms of the customer's repair order: draft, device, pasted list, corrections."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from core.choices import KnownChoiceField, LongSelect
from devices.models import DeviceType
from logistics.models import Address
from repairshops.models import RepairShop
from workorders.forms.known import CARRIERS, MODELS, OFFICIAL_SHOPS
from workorders.models import RepairOrder, Unit
from workorders.services import orders
from workorders.services.serials import TAKABLE, RowVerdict

NEW_ADDRESS = "new"
CARDS = 6  # addresses that stand side by side; more of them are a list
CODE_INPUT = {
    "autocomplete": "off",
    "autocapitalize": "characters",
    "spellcheck": "false",
    "class": "sn",
}


class ShopField(KnownChoiceField):
    """Maintenance points with region, name of the centre and full postal address (R24)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(OFFICIAL_SHOPS, empty_label=None, widget=forms.RadioSelect, **options)

    def label_from_instance(self, obj: Any) -> SafeString:
        return format_html(
            "[{}] {}<small>{}</small>", obj.region, obj.name, " ".join(obj.address.split())
        )


class CodeForm(forms.Form):
    """A first visit code, in any case."""

    code = forms.CharField(
        label=_("First visit code"),
        max_length=40,
        error_messages={
            "required": _("Enter the first visit code."),
            "max_length": _("A first visit code is not that long."),
        },
        widget=forms.TextInput(CODE_INPUT),
    )

    def clean_code(self) -> str:
        code = cast("str", self.cleaned_data["code"]).replace("\x00", "")
        return "".join(code.split()).upper()


class DraftForm(forms.Form):
    """How the parcel travels and where it goes back to. A draft may leave any of it open."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    shop = ShopField(
        label=_("Maintenance point"),
        error_messages={"required": _("Choose the repair shop.")},
    )
    carrier = KnownChoiceField(
        CARRIERS,
        label=_("Logistics company"),
        empty_label=_("Choose"),
        widget=LongSelect,
        error_messages={"required": _("Choose the company that carries your parcel.")},
    )
    waybill = forms.CharField(
        label=_("Waybill (HWB) number"),
        max_length=60,
        help_text=_("It stands on the receipt of the logistics company."),
        error_messages={"required": _("Enter the waybill number.")},
        widget=forms.TextInput(CODE_INPUT),
    )
    return_to = forms.ChoiceField(
        label=_("Return address"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose where the devices go back to."),
            "invalid_choice": _("This address is no longer in your address book."),
        },
    )
    return_carrier = KnownChoiceField(
        CARRIERS,
        label=_("Preferred return carrier"),
        empty_label=_("Choose"),
        widget=LongSelect,
        error_messages={"required": _("Choose the company for the way back.")},
    )
    use_required_attribute = False
    NEEDED = ("shop", "carrier", "waybill", "return_to", "return_carrier")

    def __init__(
        self,
        data: Any = None,
        *,
        customer: Customer,
        order: RepairOrder | None = None,
        complete: bool = False,
        query: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self.addresses = {str(row.pk): row for row in Address.objects.filter(customer=customer)}
        self._offer_addresses()
        self.complete = complete
        if order is not None:
            self.initial = draft_values(order, self.addresses)
            if query and query.get("return_to") == NEW_ADDRESS:
                self.initial["return_to"] = NEW_ADDRESS

    def _offer_addresses(self) -> None:
        """Few are cards side by side; many are one list that can be typed into."""
        field, rows = cast("Any", self.fields["return_to"]), self.addresses.items()
        new = (NEW_ADDRESS, _("New address"))
        if self.many_addresses:
            field.widget = LongSelect()
            lines = ((pk, ", ".join(address_words(row))) for pk, row in rows)
            field.choices = [("", _("Choose")), *lines, new]
        else:
            field.choices = [*((pk, address_label(row)) for pk, row in rows), new]

    @property
    def many_addresses(self) -> bool:
        return len(self.addresses) > CARDS

    def full_clean(self) -> None:
        """Everything is needed in the end; a draft may still leave it open."""
        for name in self.NEEDED:
            self.fields[name].required = self.complete
        super().full_clean()
        for name in self.NEEDED:
            self.fields[name].required = True

    @property
    def wants_new_address(self) -> bool:
        return bool(self["return_to"].value() == NEW_ADDRESS)

    def shipping(self, new_address: dict[str, Any] | None = None) -> orders.Shipping:
        told = self.cleaned_data
        return orders.Shipping(
            carrier=told["carrier"],
            waybill=told["waybill"],
            return_to=self.addresses.get(told["return_to"]),
            return_carrier=told["return_carrier"],
            shop=told["shop"],
            new_address=new_address,
        )


def address_words(address: Address) -> tuple[str, str, str]:
    """Who, street, place."""
    place = " ".join(part for part in (address.postcode, address.city, address.country) if part)
    return address.recipient, address.street, place


def address_label(address: Address) -> SafeString:
    return format_html("{}<small>{}, {}</small>", *address_words(address))


def draft_values(order: RepairOrder, addresses: dict[str, Address]) -> dict[str, Any]:
    """What the form shows first; a new draft proposes the address that is used first."""
    proposed = next((pk for pk, row in addresses.items() if row.is_default), "")
    if not addresses:
        proposed = NEW_ADDRESS
    return {
        "version": order.version,
        "shop": order.shop_id,
        "carrier": order.carrier_id,
        "waybill": order.waybill,
        "return_to": str(order.return_to_id or "") or proposed,
        "return_carrier": order.return_carrier_id,
    }


class DeviceForm(forms.Form):
    """One device of the parcel (R23)."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    sn = forms.CharField(
        label=_("Device SN"),
        max_length=80,
        help_text=_("As on the label; blanks, dashes and lower case do not matter."),
        error_messages={
            "required": _("Enter the serial number."),
            "max_length": _("A serial number is not that long. Enter one serial number."),
        },
        widget=forms.TextInput(CODE_INPUT),
    )
    device_type = forms.ChoiceField(
        label=_("Device type"),
        choices=DeviceType,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the device type.")},
    )
    model = KnownChoiceField(
        MODELS,
        label=_("Device model"),
        empty_label=_("Choose"),
        error_messages={"required": _("Choose the device model.")},
    )
    shop = ShopField(
        label=_("Maintenance point"),
        error_messages={"required": _("Choose the repair shop.")},
    )
    remark = forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=500,
        help_text=_("What is wrong with this device."),
        error_messages={"max_length": _("The remark has more than 500 characters.")},
        widget=forms.Textarea({"rows": 2}),
    )
    accepted = forms.BooleanField(
        label=_("Send it anyway. I know that it is not covered, or not known."), required=False
    )
    split = forms.BooleanField(
        label=_("Open a second repair order for this shop. Its parcel travels alone."),
        required=False,
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        # The two confirmations are asked only when there is a reason.
        self.asks: set[str] = {name for name in ("accepted", "split") if self.data.get(name)}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        shop, model = cleaned.get("shop"), cleaned.get("model")
        if shop and model and not RepairShop.objects.serving(model).filter(pk=shop.pk).exists():
            self.add_error("shop", _("This shop does not repair this model. Choose another one."))
        return cleaned

    @property
    def device(self) -> orders.Device:
        told = self.cleaned_data
        return orders.Device(
            sn=told["sn"],
            model=told["model"],
            device_type=told["device_type"],
            remark=told["remark"],
            accepted=told["accepted"],
        )

    @classmethod
    def of(cls, unit: Unit) -> DeviceForm:
        return cls(
            initial={
                "version": unit.version,
                "sn": unit.sn,
                "device_type": unit.device_type,
                "model": unit.model_id,
                "shop": unit.order.shop_id,
                "remark": unit.remark,
            }
        )

    def refuse(self, error: ValidationError) -> None:
        """What the service found, beside its field; what a tick can answer is asked."""
        for name, errors in error.error_dict.items():
            self.add_error(name, errors)
            if name in ("accepted", "split"):
                self.asks.add(name)


class PasteForm(forms.Form):
    """Many serial numbers at once, typed, pasted or from a file (D3)."""

    sns = forms.CharField(
        label=_("Serial numbers"),
        required=False,
        help_text=_("One per line. Commas, semicolons and tabs separate as well."),
        widget=forms.Textarea({"rows": 10, "class": "sn", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        help_text=_("CSV, Excel (.xlsx) or text, at most 5,000 rows."),
        error_messages={"empty": _("The file is empty.")},
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    model = KnownChoiceField(
        MODELS,
        label=_("Device model of unknown serial numbers"),
        empty_label=_("Choose"),
        required=False,
    )
    device_type = forms.ChoiceField(
        label=_("Device type of unknown serial numbers"),
        choices=DeviceType,
        required=False,
        initial=DeviceType.MACHINE,
    )
    take = forms.MultipleChoiceField(
        label=_("Which ones to add"),
        choices=[(str(verdict), verdict.label) for verdict in TAKABLE],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if RowVerdict.UNKNOWN in cleaned.get("take", ()) and not cleaned.get("model"):
            self.add_error("model", _("Choose the model of the devices that we do not know."))
        return cleaned


class WaybillForm(forms.Form):
    """Carrier and number of one parcel."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    carrier = KnownChoiceField(
        CARRIERS,
        label=_("Logistics company"),
        empty_label=_("Choose"),
        widget=LongSelect,
        error_messages={"required": _("Choose the company that carries your parcel.")},
    )
    waybill = forms.CharField(
        label=_("Waybill (HWB) number"),
        max_length=60,
        error_messages={"required": _("Enter the waybill number.")},
        widget=forms.TextInput(CODE_INPUT),
    )


class ReturnForm(forms.Form):
    """The way back, until receipt."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    return_to = forms.ModelChoiceField(
        Address.objects.none(),
        label=_("Return address"),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose where the devices go back to.")},
    )
    return_carrier = KnownChoiceField(
        CARRIERS,
        label=_("Preferred return carrier"),
        empty_label=_("Choose"),
        widget=LongSelect,
        error_messages={"required": _("Choose the company for the way back.")},
    )

    def __init__(self, data: Any = None, *, order: RepairOrder) -> None:
        super().__init__(
            data,
            initial={
                "version": order.version,
                "return_to": order.return_to_id,
                "return_carrier": order.return_carrier_id,
            },
        )
        addresses = cast("Any", self.fields["return_to"])
        addresses.queryset = Address.objects.filter(customer=order.customer_id)
        addresses.label_from_instance = address_label


class CancelForm(forms.Form):
    note = forms.CharField(
        label=_("Why (we learn from it)"),
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
    )
