"""Forms of finance, and the one that announces a payment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from attachments.forms import WithFiles
from attachments.models import Attachment
from billing.models import Payment
from billing.services.sums import MOST, billing_day

CENT = Decimal("0.01")


def amount_field(label: Any, *, least: Decimal | None = CENT) -> forms.DecimalField:
    widget = forms.NumberInput({"step": "0.01", "inputmode": "decimal"})
    return forms.DecimalField(
        label=label, min_value=least, max_value=MOST, max_digits=12, decimal_places=2, widget=widget
    )


def day_field(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


class VersionForm(forms.Form):
    """Which state of the draft was looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class LineForm(VersionForm):
    text = forms.CharField(label=_("Text"), max_length=200)
    quantity = forms.DecimalField(
        label=_("Quantity"), min_value=CENT, max_value=Decimal(99_999), decimal_places=2, initial=1
    )
    price = amount_field(_("Price"), least=-MOST)
    note = forms.CharField(label=_("Note"), max_length=240, required=False)


class PriceForm(VersionForm):
    """What a line without price costs, and why."""

    price = amount_field(_("Price"), least=Decimal(0))
    reason = forms.CharField(label=_("Reason"), max_length=240)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=240)


class VoidForm(ReasonForm):
    redraft = forms.BooleanField(
        label=_("Write a new draft that names this invoice"), required=False, initial=True
    )


class AnnounceForm(WithFiles):
    """What the customer paid; a proof helps finance to find it."""

    kinds = frozenset({Attachment.Kind.IMAGE, Attachment.Kind.PDF})

    amount = amount_field(_("Amount you paid"))
    paid_on = day_field(_("Paid on"))
    reference = forms.CharField(label=_("Reference on the transfer"), max_length=80, required=False)
    channel = forms.ChoiceField(label=_("Paid by"), choices=Payment.Channel)
    note = forms.CharField(label=_("Note"), max_length=240, required=False)


class ConfirmForm(forms.Form):
    """What really stands on the account statement."""

    received = amount_field(_("Amount received"))
    received_on = day_field(_("Received on"))

    @classmethod
    def of(cls, payment: Payment) -> ConfirmForm:
        on = min(payment.paid_on, billing_day())
        return cls(prefix=f"c{payment.pk}", initial={"received": payment.amount, "received_on": on})


class EnterForm(forms.Form):
    amount = amount_field(_("Amount received"))
    paid_on = day_field(_("Received on"))
    reference = forms.CharField(label=_("Reference on the transfer"), max_length=80, required=False)
    channel = forms.ChoiceField(label=_("Paid by"), choices=Payment.Channel)
    note = forms.CharField(label=_("Note"), max_length=240, required=False)
