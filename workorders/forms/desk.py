"""Forms of customer service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from attachments.forms import WithFiles
from core.choices import KnownChoiceField
from devices.models import ProductModel, normalise_sn, warranty_day
from workorders.forms.known import OFFICIAL_SHOPS, shops_serving
from workorders.models import Channel, RequestKind
from workorders.services.intake import Intake, Override

INTAKE_CHANNELS = [choice for choice in Channel.choices if choice[0] != Channel.PORTAL]
CODE_HINT = _("{code} becomes the first visit code.")


class SaveViewForm(forms.Form):
    """A name for the filters as they stand."""

    name = forms.CharField(label=_("Name of the view"), max_length=60)


class ConvertForm(forms.Form):
    """What goes with a conversion; everything may stay empty (R16, E2)."""

    shop = KnownChoiceField(
        OFFICIAL_SHOPS,
        label=_("Suggested repair shop"),
        required=False,
        empty_label=_("The customer chooses"),
    )
    message = forms.CharField(
        label=_("Message to the customer"),
        required=False,
        max_length=5000,
        help_text=CODE_HINT,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )
    service_note = forms.CharField(
        label=_("Note for the engineer"),
        required=False,
        max_length=5000,
        help_text=_("The repair shop reads it, the customer does not."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

    def __init__(self, *args: Any, model: ProductModel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["shop"]
        field.offer(shops_serving(model))


class ReferForm(forms.Form):
    """The last words of an enquiry that a third party will repair (R8, R9)."""

    message = forms.CharField(
        label=_("Message to the customer"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )


class DeviceForm(forms.Form):
    """The serial number of the device an enquiry is about."""

    sn = forms.CharField(label=_("Serial number"), max_length=64)
    model_name = forms.CharField(
        label=_("Device"),
        max_length=120,
        required=False,
        help_text=_("Only for a serial number that the registry does not know."),
    )

    def clean_sn(self) -> str:
        return clean_sn(self.cleaned_data["sn"])


def clean_sn(text: str) -> str:
    """The one spelling. Raises ValidationError when nothing of it is a serial number."""
    sn = normalise_sn(text)
    if text.strip() and not sn:
        raise ValidationError(_("A serial number has letters and digits."))
    if len(sn) > 40:
        raise ValidationError(_("A serial number has at most 40 letters and digits."))
    return sn


class OverrideForm(forms.Form):
    """A decision against the registry needs a reason (E10)."""

    decision = forms.ChoiceField(label=_("Decision"), choices=Override.choices)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )


class NewCustomerForm(forms.ModelForm[Customer]):
    """A customer who wrote or called and is not in the portal yet; a login is not needed (R83)."""

    class Meta:
        model = Customer
        fields = ("name", "kind", "email", "phone", "language")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("email") and not data.get("phone"):
            raise ValidationError(_("Enter an e-mail address or a phone number."))
        return data

    def clean_email(self) -> str:
        """One customer per address: the enquiry belongs to whoever has it already."""
        email = str(self.cleaned_data["email"])
        if email and (known := customer_by_email(email)):
            raise ValidationError(
                _("This is the address of %(name)s. Search for it above and choose that customer."),
                params={"name": known},
            )
        return email


def customer_by_email(email: str) -> Customer | None:
    """Who can be reached under it: the customer's own address, or a login of theirs."""
    direct = Customer.objects.filter(email__iexact=email).first()
    if direct:
        return direct
    person = User.objects.filter(email__iexact=email, customer__isnull=False)
    login = person.select_related("customer").first()
    return login.customer if login else None


class IntakeForm(WithFiles):
    """What the customer tells (R84)."""

    channel = forms.ChoiceField(label=_("Channel"), choices=INTAKE_CHANNELS)
    request_kind = forms.ChoiceField(label=_("Kind of request"), choices=RequestKind.choices)
    sn = forms.CharField(
        label=_("Serial number"),
        max_length=64,
        required=False,
        help_text=_("It stands on the label. It can be entered later, too."),
    )
    model_name = forms.CharField(
        label=_("Device"),
        max_length=120,
        required=False,
        help_text=_("Only for a serial number that the registry does not know."),
    )
    bought_on = forms.DateField(
        label=_("Bought on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    subject = forms.CharField(
        label=_("Subject"),
        max_length=160,
        required=False,
        help_text=_("Empty: the first words of the description."),
    )
    text = forms.CharField(
        label=_("Description of the problem"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )

    field_order = ("channel", "request_kind", "sn", "model_name", "bought_on", "subject", "text")

    def clean_sn(self) -> str:
        return clean_sn(self.cleaned_data["sn"])

    def clean_bought_on(self) -> Any:
        day = self.cleaned_data["bought_on"]
        if day and day > warranty_day():
            raise ValidationError(_("The day lies in the future."))
        return day

    def intake(self, files: Any) -> Intake:
        data = self.cleaned_data
        names = ("text", "sn", "model_name", "subject", "channel", "request_kind", "bought_on")
        return Intake(**{name: data[name] for name in names}, files=files)
