"""What work on many units asks for, and corrections of one unit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.choices import KnownChoiceField
from devices.models import ProductModel, Verdict
from workorders.forms.known import MODELS
from workorders.models import Service, Unit
from workorders.services import bulk
from workorders.services.steps import EXITS

NEW_BOX, NO_BOX = "new", "none"
ROWS = {"rows": 3, "dir": "auto"}


def _words(label: Any, help_text: Any = "", *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=2_000,
        required=required,
        widget=forms.Textarea(ROWS),
    )


class BulkForm(forms.Form):
    """The questions of one kind of bulk work, no others (R72, R73)."""

    def __init__(
        self,
        *args: Any,
        do: str,
        step: str = "",
        boxes: list[tuple[str, Any]] | None = None,
        targets: list[tuple[str, Any]] | None = None,
        services: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        fields = self.fields
        if do == "step":
            self._ask_for_step(step)
        elif do == "agree":
            question = _("How and when did the customer agree?")
            fields["note"] = _words(question, required=True)
        elif do == "settle":
            fields["note"] = _words(_("What was agreed with the customer?"), required=True)
        elif do == "box":
            fields["container"] = forms.ChoiceField(label=_("Container"), choices=boxes or [])
        elif do == "move":
            fields["target"] = forms.ChoiceField(label=_("Repair order"), choices=targets or [])
        elif do == "scope":
            fields["services"] = forms.ModelMultipleChoiceField(
                services if services is not None else Service.objects.none(),
                label=_("Services in scope"),
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def _ask_for_step(self, step: str) -> None:
        fill = _("Written for all devices where nothing stands yet.")
        words = bulk.WORDS.get(step, ())
        if "finding" in words:
            self.fields["finding"] = _words(_("Finding"), fill)
        if "work_done" in words:
            self.fields["work_done"] = _words(_("Work done"), fill)
        if step in EXITS:
            said = _("Reason, as the customer will read it")
            self.fields["note"] = _words(said, required=True)


class NamesForm(forms.Form):
    """Serial number, model, MAC address and asset tag of one unit (R75)."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    sn = forms.CharField(
        label=_("Serial number"),
        max_length=64,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    model = KnownChoiceField(MODELS, label=_("Device model"), required=False)
    mac = forms.CharField(
        label=_("MAC address"),
        max_length=24,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    asset_tag = forms.CharField(label=_("Asset tag"), max_length=40, required=False)

    @classmethod
    def of(cls, unit: Unit) -> NamesForm:
        names = ("version", "sn", "mac", "asset_tag")
        initial = {name: getattr(unit, name) for name in names} | {"model": unit.model_id}
        return cls(initial=initial, auto_id="names_%s")

    def clean_model(self) -> ProductModel | None:
        model: ProductModel | None = self.cleaned_data["model"]
        return model


class WarrantyForm(forms.Form):
    """The warranty of one unit decided by hand (E10)."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    verdict = forms.ChoiceField(
        label=_("Warranty"),
        choices=[(Verdict.IN, Verdict.IN.label), (Verdict.OUT, Verdict.OUT.label)],
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    @classmethod
    def of(cls, unit: Unit) -> WarrantyForm:
        initial = {"version": unit.version, "verdict": unit.verdict, "reason": unit.verdict_reason}
        return cls(initial=initial, auto_id="warranty_%s")


class SaidForm(forms.Form):
    """One sentence that must be given: how it was agreed."""

    note = _words(_("What was agreed with the customer?"), required=True)
