"""Forms of repair requests and service agreements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.forms.utils import ErrorDict, ErrorList
from django.utils.translation import gettext_lazy as _

from attachments.forms import WithFiles
from attachments.models import Attachment
from core.choices import Known, KnownChoiceField
from devices.models import ProductModel
from jobs.progress import Unfit
from scopes.models import Scope, ServiceAgreement
from scopes.services.requests import Fee, Wanted, serials
from workorders import serial_lists
from workorders.forms.known import MODELS
from workorders.models import Service
from workorders.services.drafts import MOST_UNITS
from workorders.services.threads import TEXT_LIMIT

SERVICES = Known("services", lambda: Service.objects.filter(active=True))
CURRENCIES = ("USD", "EUR", "CNY", "GBP", "JPY", "HKD", "CAD", "AUD", "SGD", "CHF", "SEK")
PAPERS = frozenset({Attachment.Kind.PDF})
DOCUMENTS = frozenset({Attachment.Kind.PDF, Attachment.Kind.IMAGE, Attachment.Kind.LOG})
MOST_LINES = 30
F = TypeVar("F", bound=forms.Form)


class MinersForm(forms.Form):
    """One row: so many of one model; a row left empty does not count."""

    model = KnownChoiceField(
        MODELS,
        label=_("Device model"),
        empty_label=_("Choose"),
        error_messages={"required": _("Choose the model.")},
    )
    number = forms.IntegerField(
        label=_("Number of miners"),
        min_value=1,
        max_value=MOST_UNITS,
        error_messages={"required": _("Enter how many.")},
    )


class _Rows(BaseFormSet[Any]):
    """Rows without an identity: what was sent counts, and an emptied row is gone."""

    def initial_form_count(self) -> int:
        return 0 if self.is_bound else super().initial_form_count()


class FeeForm(forms.Form):
    """One agreed fee; a row left empty does not count."""

    text = forms.CharField(label=_("What for"), max_length=160, required=False)
    amount = forms.DecimalField(
        label=_("Amount"), min_value=0, max_digits=12, decimal_places=2, required=False
    )
    currency = forms.ChoiceField(
        label=_("Currency"), choices=[(code, code) for code in CURRENCIES], required=False
    )

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        given = told.get("amount") is not None
        if not self.errors and bool(told.get("text")) is not given:
            name = "amount" if told.get("text") else "text"
            word = _("Enter the amount.") if told.get("text") else _("Say what it is for.")
            self.add_error(name, word)
        return told


_MinersRows = formset_factory(
    MinersForm, _Rows, extra=2, max_num=MOST_LINES, absolute_max=MOST_LINES, validate_max=True
)
_FeeRows = formset_factory(
    FeeForm, _Rows, extra=1, max_num=MOST_LINES, absolute_max=MOST_LINES, validate_max=True
)


def _rows(kind: Any, data: Any, prefix: str, initial: Sequence[dict[str, Any]]) -> Any:
    """Unbound with its rows and some empty ones; bound rows come as they were sent."""
    return kind(data, prefix=prefix, initial=initial)


def more(data: Any, prefix: str, by: int = 2) -> Any:
    """The posted rows and some empty ones: how the page grows without a script."""
    grown = data.copy()
    name = f"{prefix}-TOTAL_FORMS"
    text = str(data.get(name, ""))
    total = int(text) if text.isdecimal() and len(text) < 4 else 0
    grown[name] = str(min(total + by, MOST_LINES))
    return grown


def quiet(form: F, *rows: Any) -> F:
    """A bound form that says nothing of what is missing yet: it only grew."""
    form.full_clean()
    form._errors = ErrorDict()  # type: ignore[attr-defined]
    for formset in rows:
        formset.full_clean()
        formset._errors = [ErrorDict() for _row in formset.forms]
        formset._non_form_errors = ErrorList()
        for row in formset.forms:
            row._errors = ErrorDict()
    return form


class _Scoped:
    """What the customer's and the agent's form share: rows of miners and the list of SNs."""

    miners: BaseFormSet[MinersForm]

    def miners_given(self) -> list[tuple[ProductModel, int]]:
        rows = [row.cleaned_data for row in self.miners.forms if row.is_valid()]
        return [(row["model"], row["number"]) for row in rows if row.get("model")]


class SnsField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Serial numbers, if you have them"))
        options.setdefault(
            "help_text",
            _("One per line or a column of a table. They are put on the repair order for you."),
        )
        widget = forms.Textarea({"rows": 5, "class": "sn", "spellcheck": "false"})
        super().__init__(required=False, widget=widget, **options)


def _read_sns(form: Any) -> list[str]:
    """What text and file hold, in one spelling; a file's lines stand in the text from now on."""
    lines = serial_lists.from_text(form.cleaned_data.get("sns", ""))
    if upload := form.cleaned_data.get("sn_file"):
        try:
            lines += serial_lists.from_file(upload)
        except Unfit as unfit:
            form.add_error("sn_file", str(unfit))
    data = form.data.copy()
    data["sns"] = "\n".join(lines)
    form.data = data
    try:
        return serials(lines)
    except ValidationError as error:
        form.add_error("sns", error.message_dict["sns"])
        return []


class RequestForm(_Scoped, WithFiles):
    """A new repair request, as the customer fills it in (R67)."""

    kinds = DOCUMENTS

    subject = forms.CharField(
        label=_("Subject"),
        max_length=160,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    text = forms.CharField(
        label=_("What is wrong, and what do you expect?"),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
        error_messages={"required": _("Describe what is wrong.")},
    )
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(),
        label=_("Services"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    sns = SnsField()
    sn_file = forms.FileField(
        label=_("Or a file with serial numbers"),
        required=False,
        help_text=_("CSV, Excel (.xlsx) or text, at most 5,000 rows."),
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt,.xlsx"}),
    )

    field_order = ["subject", "text", "services", "sns", "sn_file", "files"]

    def __init__(self, data: Any = None, files: Any = None, *, actor: Any) -> None:
        super().__init__(data, files, actor=actor)
        chosen: Any = self.fields["services"]
        chosen.queryset = Service.objects.filter(active=True)
        self.miners = _rows(_MinersRows, data, "miners", [])

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.miners.is_valid():
            raise ValidationError(_("Look at the rows of miners below."))
        if not self.miners_given():
            raise ValidationError(_("Name at least one model and how many of it."))
        told["serials"] = _read_sns(self)
        return told

    @property
    def wanted(self) -> Wanted:
        told = self.cleaned_data
        return Wanted(self.miners_given(), list(told["services"]), sns=told["serials"])


class ScopeForm(_Scoped, forms.Form):
    """The scope as customer service agrees it; version 0 adds the first one."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(),
        label=_("Services"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    sns = SnsField(label=_("Serial numbers"))

    def __init__(self, data: Any = None, *, scope: Scope | None) -> None:
        super().__init__(data, initial=self._known(scope))
        chosen: Any = self.fields["services"]
        chosen.queryset = Service.objects.filter(active=True)
        lines = list(scope.lines.all()) if scope and data is None else []
        fees = list(scope.fees.all()) if scope and data is None else []
        self.miners = _rows(
            _MinersRows,
            data,
            "miners",
            [{"model": line.model_id, "number": line.number} for line in lines],
        )
        self.fees = _rows(
            _FeeRows,
            data,
            "fees",
            [{"text": f.text, "amount": f.amount, "currency": f.currency} for f in fees],
        )

    @staticmethod
    def _known(scope: Scope | None) -> dict[str, Any]:
        if scope is None:
            return {"version": 0}
        services = list(scope.services.values_list("pk", flat=True))
        return {
            "version": scope.version,
            "services": services,
            "sns": "\n".join(scope.sns),
        }

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        rows_fit = [self.miners.is_valid(), self.fees.is_valid()]
        if not all(rows_fit):
            raise ValidationError(_("Look at the rows of miners and fees below."))
        if not self.miners_given():
            raise ValidationError(_("Name at least one model and how many of it."))
        told["serials"] = _read_sns(self)
        return told

    @property
    def wanted(self) -> Wanted:
        told = self.cleaned_data
        rows = [row.cleaned_data for row in self.fees.forms]
        fees = [
            Fee(row["text"], row["amount"], row.get("currency") or CURRENCIES[0])
            for row in rows
            if row.get("text")
        ]
        return Wanted(self.miners_given(), list(told["services"]), fees, told["serials"])


# ------------------------------------------------------------------ agreements
def _day(**options: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"), **options)


class AgreementForm(WithFiles):
    """A signed agreement with its paper."""

    kinds = PAPERS

    number = forms.CharField(label=_("Agreement number"), max_length=40)
    starts_on = _day(label=_("Starts on"))
    ends_on = _day(label=_("Last day"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    field_order = ["number", "starts_on", "ends_on", "note", "files"]


class VersionForm(WithFiles):
    """The next paper of an agreement."""

    kinds = PAPERS

    version = forms.IntegerField(widget=forms.HiddenInput)
    ends_on = _day(label=_("Last day"))
    note = forms.CharField(label=_("What is new"), max_length=300, required=False)

    @classmethod
    def of(cls, agreement: ServiceAgreement, *, actor: Any) -> VersionForm:
        initial = {"version": agreement.version, "ends_on": agreement.ends_on}
        return cls(actor=actor, initial=initial)


class EndForm(forms.Form):
    """An agreement that ends before its last day."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    ended_on = _day(label=_("No longer in force from"))
    end_reason = forms.CharField(label=_("Reason"), max_length=300)
