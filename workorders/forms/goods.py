"""Forms of goods: shipping, tracking, containers at the door, labels."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.choices import KnownChoiceField, LongSelect
from logistics.models import Container, Direction, TrackingEvent
from logistics.shipping import MOST_AT_ONCE
from workorders.forms.bench import moment, preferred_carrier
from workorders.forms.known import CARRIERS
from workorders.models import RepairOrder

MOST_LABELS = 240


class ShipForm(forms.Form):
    """A new shipment: with its number, or prepared until the carrier gives one."""

    carrier = KnownChoiceField(CARRIERS, label=_("Carrier"), required=False, widget=LongSelect)
    waybill = forms.CharField(
        label=_("Waybill (HWB) number"),
        max_length=60,
        required=False,
        help_text=_("Leave it empty to prepare the shipment; it counts once it has its number."),
    )

    def __init__(self, *args: Any, order: RepairOrder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("carrier", preferred_carrier(order))


class ContainersForm(forms.Form):
    """Further boxes or pallets of a parcel."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Container.Kind.choices)
    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST_AT_ONCE, initial=1)


class PackForm(forms.Form):
    """Everything that is finished, into containers of one size."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Container.Kind.choices)
    per_box = forms.IntegerField(
        label=_("Devices in each"), min_value=1, max_value=1000, initial=100
    )


class EventForm(forms.Form):
    """What the carrier said, typed by hand."""

    kind = forms.ChoiceField(label=_("What happened"), choices=TrackingEvent.Kind.choices)
    at = moment(_("When"))
    place = forms.CharField(label=_("Place"), max_length=120, required=False)
    text = forms.CharField(label=_("Note"), max_length=500, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"].required = True
        self.initial.setdefault("at", timezone.now())


class LabelForm(forms.Form):
    """Which labels, on which paper. Sent by GET: an address that can be printed again."""

    SIZES = (
        ("sheet", _("A4 sheet, 3 × 8 labels of 70 × 37 mm")),
        ("parcel", _("Thermal, 100 × 150 mm")),
        ("small", _("Thermal, 50 × 30 mm")),
    )
    BOXES = (
        ("ticked", _("The ticked containers")),
        ("out", _("All containers going out")),
        ("in", _("All containers coming in")),
    )
    UNITS = (
        ("", _("No devices")),
        ("all", _("All devices of the order")),
        ("here", _("Devices that are at the repair shop")),
        ("boxed", _("Devices in these containers")),
        ("sns", _("The serial numbers below")),
    )
    size = forms.ChoiceField(
        label=_("Paper"), choices=SIZES, initial="sheet", widget=forms.RadioSelect
    )
    boxes = forms.ChoiceField(label=_("Containers"), choices=BOXES, required=False)
    containers = forms.ModelMultipleChoiceField(Container.objects.none(), required=False)
    units = forms.ChoiceField(label=_("Devices"), choices=UNITS, required=False)
    sns = forms.CharField(
        label=_("Serial numbers"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("Scan one after the other; their labels are printed in this order."),
    )

    def __init__(self, *args: Any, mine: QuerySet[Container], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["containers"]
        self.mine = chosen.queryset = mine

    def chosen(self) -> QuerySet[Container]:
        """The containers that were asked for, by key."""
        way: str = self.cleaned_data["boxes"]
        rows: QuerySet[Container] = self.cleaned_data["containers"]
        if way in Direction.values:
            rows = self.mine.filter(direction=way)
        return rows.order_by("pk")

    def clean_sns(self) -> list[str]:
        sns = [part for part in re.split(r"[\s,;]+", self.cleaned_data["sns"]) if part]
        if len(sns) > MOST_LABELS:
            raise ValidationError(_("At most %(most)d labels at once.") % {"most": MOST_LABELS})
        return sns

    def clean(self) -> dict[str, Any]:
        known: dict[str, Any] = super().clean() or {}
        if self.errors:
            return known
        if not (known["containers"] or known["boxes"] in Direction.values or known["units"]):
            raise ValidationError(_("Choose containers or devices."))
        return known
