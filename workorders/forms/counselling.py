"""Forms of the conversation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from attachments.forms import WithFiles
from workorders import presence
from workorders.services.threads import TEXT_LIMIT


class MessageForm(WithFiles):
    """One message: text, up to three files, or both (R11, R12).

    `MessageForm(request.POST, request.FILES, actor=…, thread=…, internal=False, latest=…)`:
    `internal` is the look of the composer (and the kind of message); `latest` the newest public
    message of customer service that the page shows, so that two agents do not answer unawares.
    """

    text = forms.CharField(
        label=_("Your message"), required=False, max_length=TEXT_LIMIT, strip=True
    )
    note = forms.BooleanField(required=False, widget=forms.HiddenInput)
    latest = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        thread: int,
        internal: bool = False,
        latest: int | None = None,
        **options: Any,
    ) -> None:
        options.setdefault("auto_id", "reply_%s")
        super().__init__(*args, **options)
        self.thread = thread
        self.internal_note = internal or bool(self.data.get("note"))
        self.fields["note"].initial = "1" if self.internal_note else ""
        self.fields["latest"].initial = latest

    @property
    def draft(self) -> str:
        """The key under which the browser keeps what is typed."""
        return f"{'note' if self.internal_note else 'reply'}-{self.thread}"

    @property
    def doing(self) -> str:
        return presence.NOTING if self.internal_note else presence.WRITING

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("text") and not cleaned.get("files"):
            self.add_error("text", _("Write a message or attach a file."))
        return cleaned


class CounsellingForm(WithFiles):
    """What is wrong with the device that was looked up (R11)."""

    text = forms.CharField(
        label=_("What is wrong?"),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
        help_text=_(
            "Say what you see, since when, and what you have tried. A picture of the status page "
            "and the miner's log help most."
        ),
        error_messages={"required": _("Describe what is wrong.")},
    )
    subject = forms.CharField(
        label=_("Subject"),
        max_length=160,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_("In a few words; without it the first line of the description is taken."),
    )

    field_order = ["subject", "text", "files"]
