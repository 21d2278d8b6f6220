"""The look-up and the import, as forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from devices.lookup import LONGEST, printable
from devices.models import normalise_sn


class LookupForm(forms.Form):
    """One serial number, in any spelling."""

    sn = forms.CharField(
        label=_("Device serial number (SN)"),
        max_length=LONGEST,
        help_text=_("It stands on the label next to the power socket."),
        error_messages={
            "required": _("Type the serial number of the device."),
            "max_length": _("A serial number is not that long. Type one serial number."),
        },
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "placeholder": "1H21415090018",
            }
        ),
    )

    def clean_sn(self) -> str:
        typed = printable(self.cleaned_data["sn"])
        if not normalise_sn(typed):
            raise forms.ValidationError(_("A serial number has letters and digits."))
        return typed


class ImportForm(forms.Form):
    """A file of devices, and what to do with its good rows when others are bad."""

    file = forms.FileField(
        label=_("File with devices"),
        help_text=_("CSV or Excel (.xlsx), at most 20 MB."),
        error_messages={"empty": _("The file is empty."), "required": _("Choose a file.")},
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    keep = forms.ChoiceField(
        label=_("When some rows have problems"),
        choices=[
            ("good", _("Import the good rows and report the others")),
            ("all", _("Import nothing until all rows are good")),
        ],
        initial="good",
        widget=forms.RadioSelect,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.UPLOAD_LIMIT:
            raise forms.ValidationError(_("The file is larger than 20 MB. Import it in parts."))
        return file
