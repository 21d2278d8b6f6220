"""What the style page shows: every component with sample data, rendered from the same partials."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.templatetags import ui
from core.workflow import Text

# Template under templates/styleguide → the name of the part.
PARTS: dict[str, Text] = {
    "marks": _("Marks"),
    "facts": _("Facts"),
    "lists": _("Lists"),
    "talk": _("Conversation"),
    "forms": _("Forms"),
    "bench": _("Workshop"),
    "states": _("Empty, failed, loading, done"),
    "more": _("On few pages"),
}
TONES = ("gray", "blue", "violet", "teal", "green", "amber", "red")


class SampleForm(forms.Form):
    """One field of each kind."""

    sn = forms.CharField(label=_("Device SN"), help_text=_("13 characters, on the white label."))
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput)
    carrier = forms.ChoiceField(
        label=_("Carrier"), choices=[("dhl", "DHL Express"), ("sf", "SF Express 顺丰速运")]
    )
    sent_on = forms.DateField(
        label=_("Date sent"), widget=forms.DateInput(attrs={"type": "date"}), required=False
    )
    kind = forms.ChoiceField(
        label=_("Device type"),
        widget=forms.RadioSelect,
        choices=[("machine", _("Complete machine")), ("board", _("Hash board"))],
    )
    label_photo = forms.FileField(label=_("Photo of the label"), required=False)
    remark = forms.CharField(label=_("What is wrong"), widget=forms.Textarea, required=False)
    on_carton = forms.BooleanField(label=_("The code is on every carton"))


@dataclass
class Sample:
    """A thing with a state, as far as a badge looks at it."""

    kind: str
    state: str
    state_label: str = field(init=False)

    def __post_init__(self) -> None:
        self.state_label = self.state.replace("_", " ").capitalize()

    @property
    def _meta(self) -> SimpleNamespace:
        return SimpleNamespace(model_name=self.kind)


def _countdowns(now: dt.datetime) -> list[dict[str, Any]]:
    start = now - dt.timedelta(hours=2)
    hours = (12, 2, 0.08, -0.4)
    chips: list[dict[str, Any]] = [
        {"due": now + dt.timedelta(hours=h), "started": start} for h in hours
    ]
    chips[1]["started"] = now - dt.timedelta(hours=10)
    return [
        *chips,
        {"due": now, "paused": True},
        {"due": now, "met": dt.timedelta(hours=1, minutes=50)},
    ]


def _places() -> dict[str, Any]:
    """What leads somewhere: crumbs, tabs, filters, pages, lists."""
    return {
        "crumbs": [("#", _("My work orders")), ("", "10482")],
        "tabs": [
            {"url": "#", "label": _("My open"), "count": 12, "current": True},
            {"url": "#", "label": _("Unassigned"), "count": 7},
        ],
        "chips": [{"label": _("Repair: In repair"), "url": "#"}],
        "rows": [
            {
                "url": "#",
                "title": "Fans spin without force",
                "detail": "10482 · D1 Mini Pre",
                "badge": ui.badge("blue", _("Reply for you"), "chat"),
                "current": True,
            },
            {"url": "#", "title": _("Submit the repair order"), "detail": "E7K4P2QX"},
        ],
    }


def _facts(now: dt.datetime) -> dict[str, Any]:
    """What tells something: figures, steps, news, messages."""
    return {
        "stats": [
            {"label": _("Overdue"), "value": 1, "tone": "red", "icon": "alert", "url": "#"},
            {"label": _("My open"), "value": 12, "tone": "blue", "icon": "chat", "url": "#"},
            {"label": _("First reply"), "value": "3 h 12", "tone": "green", "icon": "gauge"},
        ],
        "facts": [(_("Carrier"), "DHL Express"), (_("Tracking"), ui.sn("7712004593"))],
        "sums": [(_("Repair, 3 devices"), _("Warranty")), (_("Return shipping"), _("Free"))],
        "total": (_("To pay"), ui.money(0, "USD")),
        "steps": [
            {"label": _("Submitted"), "detail": "12 Nov", "done": True},
            {"label": _("Received"), "detail": "17 Nov", "current": True},
            {"label": _("Returned")},
        ],
        "entries": [
            {
                "title": _("Received and unpacked"),
                "text": _("3 devices, seals whole."),
                "at": now,
                "tone": "blue",
                "icon": "box",
            },
            {"title": _("Repair order submitted"), "at": now, "tone": "gray", "icon": "pen"},
        ],
        "files": [
            {"url": "#", "name": "fan-front.jpg", "size": 1_800_000, "kind": "image"},
            {"url": "#", "name": "boot.log", "size": 42_000, "kind": "file"},
        ],
        "reasons": [_("Assign an engineer first.")],
    }


def styleguide_context(part: str = "") -> dict[str, Any]:
    """Everything templates/styleguide.html needs for one part, or for the list of parts; no query.

    Raises KeyError for a part that there is none of.
    """
    now = timezone.now()
    return {
        "part": f"styleguide/{part}.html" if part else "",
        "part_name": PARTS[part] if part else "",
        "parts": [(name, label, name == part) for name, label in PARTS.items()],
        "now": now,
        "tones": TONES,
        "samples": [Sample(kind, state) for kind in ui.SHAPES for state in ui.SHAPES[kind]],
        "countdowns": _countdowns(now),
        "form": SampleForm(),
        "broken_form": SampleForm({"sn": "", "kind": "board", "carrier": "sf"}),
        **_places(),
        **_facts(now),
    }
