"""Forms of the workshop: report, notes, parcels, damages, returns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from attachments.forms import WithFiles
from attachments.services import IMAGES
from core.choices import KnownChoiceField, LongSelect
from logistics.models import Container, Shipment
from repairshops.models import RepairShop
from workorders.forms.known import CARRIERS
from workorders.models import Fault, RepairOrder, Unit

SNS_PER_PARCEL = 5_000


def add_errors(form: forms.Form, error: ValidationError) -> None:
    """What a service found wrong, beside the fields it names (the form's own, else on top)."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


class ReportForm(forms.Form):
    """What was found and done; `version` tells whether somebody saved in between."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    faults = forms.MultipleChoiceField(
        label=_("Fault"), choices=Fault, required=False, widget=forms.CheckboxSelectMultiple
    )
    finding = forms.CharField(
        label=_("Finding"), required=False, max_length=10_000, widget=forms.Textarea({"rows": 3})
    )
    work_done = forms.CharField(
        label=_("Work done"), required=False, max_length=10_000, widget=forms.Textarea({"rows": 3})
    )

    @classmethod
    def of(cls, unit: Unit) -> ReportForm:
        return cls(
            initial={
                "version": unit.version,
                "faults": unit.faults,
                "finding": unit.finding,
                "work_done": unit.work_done,
            }
        )


class NoteForm(WithFiles):
    kinds = IMAGES

    text = forms.CharField(
        label=_("Note"), required=False, max_length=10_000, widget=forms.Textarea({"rows": 2})
    )
    public = forms.BooleanField(label=_("The customer may read it"), required=False)


class StepForm(forms.Form):
    """A remark with a step; where the step is an exit, its reason, and then it must be given."""

    note = forms.CharField(label=_("Reason"), max_length=2_000, required=False)

    def __init__(self, *args: Any, exit_step: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = exit_step
        self.fields["note"].error_messages["required"] = _("Give the reason first.")


class DamageForm(WithFiles):
    kinds = IMAGES

    sn = forms.CharField(label=_("Serial number"), max_length=40, required=False)
    description = forms.CharField(
        label=_("What is damaged"), max_length=4_000, widget=forms.Textarea({"rows": 2})
    )
    container = forms.ModelChoiceField(
        label=_("Container"),
        queryset=Container.objects.none(),
        required=False,
        empty_label=_("None, or all of them"),
    )

    def __init__(
        self,
        *args: Any,
        order: RepairOrder,
        boxes: Sequence[Container] = (),
        **kwargs: Any,
    ) -> None:
        """`boxes` are those that the page lists anyway; any container of the order may be sent."""
        super().__init__(*args, **kwargs)
        field: Any = self.fields["container"]
        if order.consignment is not None:
            field.queryset = order.consignment.containers.all()
        field.choices = [("", field.empty_label), *((box.pk, box.code) for box in boxes)]


class ParcelForm(WithFiles):
    """A parcel without an order; a shop to choose only for who works in several."""

    kinds = IMAGES

    shop = forms.ModelChoiceField(
        label=_("Repair shop"), empty_label=_("Choose"), queryset=RepairShop.objects.none()
    )
    carrier = KnownChoiceField(
        CARRIERS, label=_("Carrier"), empty_label=_("Choose"), required=False
    )
    waybill = forms.CharField(label=_("Waybill (HWB) number"), max_length=60, required=False)
    code = forms.CharField(
        label=_("Code on the parcel"),
        max_length=20,
        required=False,
        help_text=_("The first visit code, if the customer wrote it on the parcel."),
    )
    sns = forms.CharField(
        label=_("Serial numbers"),
        max_length=200_000,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("One per line; scan one after the other."),
    )
    note = forms.CharField(
        label=_("Note"), max_length=4_000, required=False, widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shops: Any = self.fields["shop"]
        official = RepairShop.objects.filter(kind=RepairShop.Kind.OFFICIAL)
        shops.queryset = official & RepairShop.objects.visible_to(self.actor)
        mine = list(shops.queryset[:2])
        if len(mine) == 1:
            shops.widget = forms.HiddenInput()
            self.initial.setdefault("shop", mine[0].pk)

    def clean_sns(self) -> list[str]:
        sns = [part for part in re.split(r"[\s,;]+", self.cleaned_data["sns"]) if part]
        if len(sns) > SNS_PER_PARCEL:
            raise ValidationError(
                _("At most %(limit)d serial numbers fit on one parcel.") % {"limit": SNS_PER_PARCEL}
            )
        if any(len(sn) > 60 for sn in sns):
            raise ValidationError(_("One of these is too long for a serial number."))
        return sns


class MatchForm(forms.Form):
    code = forms.CharField(label=_("First visit code of the order"), max_length=20)


class ReturnForm(forms.Form):
    """The return: which carrier, which number (once per carrier)."""

    carrier = KnownChoiceField(
        CARRIERS, label=_("Carrier"), empty_label=_("Choose"), widget=LongSelect
    )
    waybill = forms.CharField(label=_("Waybill (HWB) number"), max_length=60)

    def __init__(self, *args: Any, order: RepairOrder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("carrier", preferred_carrier(order))


def preferred_carrier(order: RepairOrder) -> int | None:
    """The one the customer asked for (R27)."""
    if order.consignment is not None and order.consignment.return_carrier_id:
        return int(order.consignment.return_carrier_id)
    return order.return_carrier_id


class CorrectionForm(ReturnForm):
    version = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, shipment: Shipment, order: RepairOrder) -> CorrectionForm:
        return cls(
            order=order,
            prefix=f"s{shipment.pk}",
            initial={
                "version": shipment.version,
                "carrier": shipment.carrier_id,
                "waybill": shipment.waybill,
            },
        )


def moment(label: Any) -> forms.DateTimeField:
    """A date with time in the reader's zone, as the browser's own field writes it."""
    return forms.DateTimeField(
        label=label,
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class MovementForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    picked_up_at = moment(_("Picked up"))
    delivered_at = moment(_("Delivered"))

    @classmethod
    def of(cls, shipment: Shipment) -> MovementForm:
        return cls(
            prefix=f"m{shipment.pk}",
            initial={
                "version": shipment.version,
                "picked_up_at": shipment.picked_up_at,
                "delivered_at": shipment.delivered_at,
            },
        )
