"""Forms of the stock and of the parts of a device."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from attachments.forms import WithFiles
from attachments.models import Attachment
from devices.imports.tables import encoding_of
from devices.models import normalise_sn
from jobs.progress import Unfit
from parts.models import Condition, FailureType, Part, PartKind, PartType, Place, Stock, StressTest
from parts.services.diagnosis import Finding, Run
from parts.services.fitting import Leaving
from repairshops.models import RepairShop
from workorders.models import RepairOrder

SCAN = {"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}
PICKED = 60  # pieces that a list offers; more are found by their serial number
CONDITIONS = [(c.value, c.label) for c in (Condition.GOOD, Condition.FAULTY, Condition.UNKNOWN)]
WAYS_OUT = [
    (Place.STOCK.value, _("Keep in the shop")),
    (Place.SCRAP.value, _("Scrap")),
    (Place.CUSTOMER.value, _("Back to the customer")),
]


def _reason(label: Any = None, *, required: bool = False) -> forms.CharField:
    return forms.CharField(label=label or _("Remark"), max_length=300, required=required)


def _scan(label: Any, *, required: bool = False, attrs: dict[str, str] | None = None) -> Any:
    """A field that a scanner writes into."""
    widget = forms.TextInput({**SCAN, **(attrs or {})})
    return forms.CharField(label=label, max_length=60, required=required, widget=widget)


def _one_of(label: Any, types: list[PartType], *, required: bool) -> forms.TypedChoiceField:
    """One of the types that were asked for already; no field asks the database again."""
    known = {str(kind.pk): kind for kind in types}
    field = forms.TypedChoiceField(
        label=label,
        required=required,
        choices=[("", "–"), *[(str(kind.pk), str(kind)) for kind in types]],
        coerce=known.get,
        empty_value=None,
    )
    if len(types) == 1:
        field.widget = forms.HiddenInput()
    return field


# ------------------------------------------------------------------ at one slot of a device
class SlotForm(forms.Form):
    """Every form about a slot says which one, and of which kind."""

    slot = forms.CharField(max_length=20, widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=PartKind, widget=forms.HiddenInput)


class FreeSlotForm(forms.Form):
    """Another slot, where the model's are not known or the device has one more."""

    slot = forms.CharField(label=_("Slot"), max_length=20)
    kind = forms.ChoiceField(label=_("Kind"), choices=PartKind)


class DiagnosisForm(SlotForm):
    condition = forms.ChoiceField(
        label=_("Condition"), choices=CONDITIONS, widget=forms.RadioSelect, required=False
    )
    missing = forms.BooleanField(label=_("The part is missing"), required=False)
    failures = forms.ModelMultipleChoiceField(
        FailureType.objects.none(),
        label=_("Failure types"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    other = forms.CharField(label=_("Other, in words"), max_length=300, required=False)
    note = forms.CharField(
        label=_("Internal note"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )

    def __init__(self, *args: Any, kind: str, **options: Any) -> None:
        super().__init__(*args, **options)
        kinds: Any = self.fields["failures"]
        kinds.queryset = FailureType.objects.filter(kind=kind, active=True)

    def finding(self) -> Finding:
        said = self.cleaned_data
        return Finding(
            kind=said["kind"],
            condition=said["condition"] or Condition.UNKNOWN,
            missing=said["missing"],
            failures=list(said["failures"]),
            other=said["other"],
            note=said["note"],
        )


class OldPartForm(SlotForm):
    """The part that comes out: where it goes, and what it is when nobody had written it down."""

    to = forms.ChoiceField(label=_("The old part"), choices=WAYS_OUT, widget=forms.RadioSelect)
    condition = forms.ChoiceField(
        label=_("Condition of the old part"),
        choices=CONDITIONS,
        initial=Condition.FAULTY,
        widget=forms.RadioSelect,
    )
    old_serial = _scan(_("Serial number of the old part"))
    reason = _reason()

    def __init__(self, *args: Any, types: list[PartType], **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("to", Place.STOCK)
        self.fields["old_type"] = _one_of(_("Type of the old part"), types, required=False)
        self.only = types[0] if len(types) == 1 else None
        self.initial.setdefault("old_type", self.only.pk if self.only else "")

    def leaving(self) -> Leaving:
        said = self.cleaned_data
        return Leaving(
            to=said["to"],
            condition=said["condition"],
            kind=said["kind"],
            serial=said["old_serial"],
            type=said["old_type"] or self.only,
            reason=said["reason"],
        )


class NewPartForm(SlotForm):
    """The part that goes in: scanned, or picked from what the shop has."""

    serial = _scan(_("Scan the new part"), attrs={"enterkeyhint": "go", "data-scan": ""})
    pick = forms.ChoiceField(label=_("or pick from stock"), required=False)

    def __init__(
        self, *args: Any, order: RepairOrder, types: list[PartType], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.order, self.types = order, types
        self.chosen: Part | PartType | None = None
        pick: Any = self.fields["pick"]
        gone = _("This part is not in stock any more. Pick another one.")
        pick.error_messages["invalid_choice"] = gone
        pick.choices = [("", _("Nothing picked")), *self._offers()]

    def _offers(self) -> list[tuple[str, str]]:
        """Two queries: pieces by serial number, and what has none by its number."""
        keys = [kind.pk for kind in self.types]
        bulk = Stock.objects.filter(
            shop=self.order.shop_id, type__in=keys, type__serialised=False, quantity__gt=0
        ).select_related("type")
        offers = [
            (f"type-{row.type_id}", f"{row.type} ({row.free} / {row.quantity})") for row in bulk
        ]
        pieces = Part.objects.in_stock().filter(
            shop=self.order.shop_id, type__in=keys, type__serialised=True
        )
        found = pieces.select_related("type").order_by("type", "serial")[:PICKED]
        offers += [(f"part-{part.pk}", f"{part.serial} · {part.type}") for part in found]
        return offers

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        number, picked = normalise_sn(said.get("serial") or ""), said.get("pick") or ""
        if number:
            self.chosen = self._scanned(number)
        elif picked:
            name, _dash, key = picked.partition("-")
            rows: Any = PartType.objects if name == "type" else Part.objects
            self.chosen = rows.filter(pk=int(key)).first()
        if self.chosen is None and "serial" not in self.errors:
            raise ValidationError({"serial": _("Scan the new part or pick one from stock.")})
        return said

    def _scanned(self, number: str) -> Part | None:
        here = Part.objects.filter(shop=self.order.shop_id, serial=number)
        found = here.select_related("type").order_by("pk").first()
        if found is None:
            said = _("No part with this serial number lies in this shop.")
            raise ValidationError({"serial": said})
        if found.type not in self.types:
            said = _("“%(type)s” does not fit this slot.")
            raise ValidationError({"serial": said % {"type": found.type}})
        return found


class FoundForm(SlotForm):
    """What sits in the slot as it came: its serial number, for the record."""

    serial = _scan(_("Serial number of the part inside"), required=True)

    def __init__(self, *args: Any, types: list[PartType], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["type"] = _one_of(_("Type"), types, required=True)
        self.initial.setdefault("type", types[0].pk if len(types) == 1 else "")


class ReserveForm(forms.Form):
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=1000, initial=1)

    field_order = ("type", "quantity")

    def __init__(self, *args: Any, types: list[PartType], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["type"] = _one_of(_("Part"), types, required=True)


class StressForm(WithFiles):
    kinds = frozenset({Attachment.Kind.LOG, Attachment.Kind.ARCHIVE})

    started_at = forms.DateTimeField(
        label=_("Started"),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=100_000, initial=120)
    hash_rate = forms.CharField(
        label=_("Hash rate"), max_length=40, required=False, help_text=_("With its unit.")
    )
    temperature = forms.DecimalField(
        label=_("Highest temperature in °C"),
        required=False,
        max_digits=5,
        decimal_places=1,
        min_value=-60,
        max_value=500,
    )
    result = forms.ChoiceField(
        label=_("Result"), choices=StressTest.Result, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("Note"), max_length=2_000, required=False, widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("started_at", timezone.localtime().replace(second=0, microsecond=0))

    def run(self) -> Run:
        names = ("started_at", "minutes", "result", "hash_rate", "temperature", "note")
        return Run(**{name: self.cleaned_data[name] for name in names})


# ------------------------------------------------------------------ the stock
def shops_for(user: Any) -> Any:
    """The maintenance points whose stock this person manages."""
    official = RepairShop.objects.filter(kind=RepairShop.Kind.OFFICIAL)
    return official & RepairShop.objects.visible_to(user)


class OfShop(forms.Form):
    """A shop to choose only for who works in several."""

    shop = forms.ModelChoiceField(RepairShop.objects.none(), label=_("Repair shop"))

    def __init__(self, *args: Any, actor: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        shops: Any = self.fields["shop"]
        shops.queryset = shops_for(actor)
        mine = list(shops.queryset[:2])
        self.initial.setdefault("shop", mine[0].pk if mine else None)
        if len(mine) == 1:
            shops.widget = forms.HiddenInput()


class DeliveryForm(OfShop):
    type = forms.ModelChoiceField(
        PartType.objects.active(), label=_("Type of all rows"), required=False
    )
    quantity = forms.IntegerField(
        label=_("Quantity"),
        required=False,
        min_value=1,
        max_value=100_000,
        help_text=_("For types without serial numbers."),
    )
    serials = forms.CharField(
        label=_("Serial numbers"),
        required=False,
        max_length=400_000,
        widget=forms.Textarea({"rows": 8, **SCAN}),
        help_text=_("One per row; scan or paste. With several types: type code, serial number."),
    )
    file = forms.FileField(
        label=_("or a CSV file"),
        required=False,
        help_text=_("Columns: type, serial."),
        widget=forms.FileInput({"accept": ".csv,text/csv,text/plain"}),
    )
    note = _reason(_("Delivery note"))

    def clean_file(self) -> str:
        """The text of the file: UTF-8, UTF-16 with its mark, or GBK as Chinese Excel writes it."""
        upload = self.cleaned_data["file"]
        if upload is None:
            return ""
        if upload.size > 1_000_000:
            raise ValidationError(_("This file is too large for a list of serial numbers."))
        with NamedTemporaryFile() as kept:
            kept.write(upload.read())
            kept.flush()
            try:
                return Path(kept.name).read_text(encoding_of(Path(kept.name)))
            except Unfit as fault:
                raise ValidationError(_("This is not a CSV file.")) from fault

    def rows_text(self) -> str:
        said = self.cleaned_data
        return "\n".join(filter(None, [said["serials"], said["file"]]))


class CountForm(OfShop):
    reason = _reason(_("Reason"), required=False)


class PieceCountForm(OfShop):
    type = forms.ModelChoiceField(PartType.objects.filter(serialised=True), label=_("Type"))
    serials = forms.CharField(
        label=_("Serial numbers that are there"),
        required=False,
        max_length=400_000,
        widget=forms.Textarea({"rows": 8, **SCAN}),
        help_text=_("Scan one after the other; what is not scanned counts as gone."),
    )
    reason = _reason(_("Reason"))


class MoveForm(forms.Form):
    """Into another maintenance point's stock."""

    shop = forms.ModelChoiceField(RepairShop.objects.none(), label=_("To repair shop"))
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=100_000, initial=1)
    reason = _reason()

    def __init__(self, *args: Any, away_from: RepairShop, single: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        shops: Any = self.fields["shop"]
        shops.queryset = RepairShop.objects.official().exclude(pk=away_from.pk)
        if single:
            del self.fields["quantity"]


class ReasonForm(forms.Form):
    reason = _reason(_("Reason"), required=True)


class LowForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    low_at = forms.IntegerField(label=_("Low at"), required=False, min_value=0, max_value=100_000)
