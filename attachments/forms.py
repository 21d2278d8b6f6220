"""Files in a form: at most three, each checked, and kept when another field needs a change."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from attachments.models import Attachment
from attachments.names import ACCEPT
from attachments.services import KIND_WORDS, MESSAGE_KINDS, store


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several uploads; cleans to a list of them, unopened. Refuses more than FILES_PER_MESSAGE."""

    widget = FilesInput

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault("label", _("Files"))
        super().__init__(**options)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        uploads: list[UploadedFile[Any]] = [upload for upload in data or [] if upload]
        if self.required and not uploads:
            raise ValidationError(self.error_messages["required"], code="required")
        return uploads

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "multiple": True, "data-files": True}


class WithFiles(forms.Form):
    """A form with files: `WithFiles(request.POST, request.FILES, actor=request.user)`.

    After `is_valid()` `cleaned_data["files"]` are stored Attachments, ready for a service. Whether
    valid or not, `kept` are those that were taken: the page shows them (`attachments/_kept.html`)
    and sends their tokens again, so that nobody uploads twice because of a typing error elsewhere.
    """

    kinds: Collection[str] = MESSAGE_KINDS

    files = FilesField()  # type: ignore[assignment]

    def __init__(self, *args: Any, actor: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.actor = actor
        self.kept: list[Attachment] = []
        self.accept = ",".join(words for kind, words in ACCEPT.items() if kind in self.kinds)
        self.fields["files"].widget.attrs["accept"] = self.accept

    def is_valid(self) -> bool:
        """Taking a kept file off shows the form again; nothing is sent by that button."""
        return super().is_valid() and not self.data.get("take_off")

    @property
    def files_hint(self) -> str:
        """What may be sent and how large, said beforehand (E27)."""
        words = [str(KIND_WORDS[kind]) for kind in Attachment.Kind.values if kind in self.kinds]
        large = Attachment.Kind.VIDEO in self.kinds
        hint = (
            _("Up to %(files)d files: %(kinds)s. %(limit)d MB each, mp4 %(video)d MB.")
            if large
            else _("Up to %(files)d files: %(kinds)s. %(limit)d MB each.")
        )
        return str(hint) % {
            "files": settings.FILES_PER_MESSAGE,
            "kinds": _(", ").join(words),
            "limit": settings.UPLOAD_LIMIT // settings.MB,
            "video": settings.VIDEO_LIMIT // settings.MB,
        }

    def clean_files(self) -> list[Attachment]:
        self.kept = self._kept_before()
        errors: list[ValidationError] = []
        room = settings.FILES_PER_MESSAGE - len(self.kept)
        uploads: list[UploadedFile[Any]] = self.cleaned_data["files"]
        if len(uploads) > room:
            words = _("Send at most %(limit)d files with one message; leave out %(over)d.")
            values = {"limit": settings.FILES_PER_MESSAGE, "over": len(uploads) - room}
            raise ValidationError(words, code="too_many", params=values)
        for upload in uploads:
            try:
                self.kept.append(store(upload, actor=self.actor, kinds=self.kinds))
            except ValidationError as error:
                errors.append(error)
        if errors:
            raise ValidationError(errors)
        return self.kept

    def _kept_before(self) -> list[Attachment]:
        """Stored by an earlier try of the same person and still free; others are left out."""
        source: Any = self.data
        tokens = source.getlist("kept") if hasattr(source, "getlist") else []
        taken_off = self.data.get("take_off", "")
        free = Attachment.objects.filter(
            token__in=[token for token in tokens if token != taken_off][:10],
            uploaded_by=self.actor,
            object_id=None,
        )
        return list(free.filter(kind__in=self.kinds).order_by("pk")[: settings.FILES_PER_MESSAGE])
