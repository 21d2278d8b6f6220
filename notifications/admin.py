"""The reading room of the outbox, with one key: try again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from notifications.models import Mail
from notifications.tasks import relay_mail

SHOWN = [
    "subject_shown",
    "recipient",
    "event",
    "state",
    "attempts",
    "next_try_at",
    "last_error",
    "created_at",
    "sent_at",
    "message_id",
    "body",
]


@admin.register(Mail)
class MailAdmin(admin.ModelAdmin[Mail]):
    list_display = [
        "subject_shown",
        "recipient",
        "event",
        "state",
        "attempts",
        "created_at",
        "sent_at",
    ]
    list_filter = ["state", "event"]
    search_fields = ["recipient", "subject", "message_id"]
    actions = ["try_again"]
    fields = [*SHOWN]
    readonly_fields = SHOWN

    @admin.display(description=_("subject"))
    def subject_shown(self, mail: Mail) -> str:
        return mail.subject

    @admin.display(description=_("text"))
    def body(self, mail: Mail) -> str:
        """Sign-in links and codes are nobody else's business."""
        return str(_("Private: kept from staff.")) if mail.private else mail.text

    @admin.action(description=_("Try again now"))
    def try_again(self, request: HttpRequest, chosen: QuerySet[Mail]) -> None:
        again = chosen.exclude(state=Mail.State.SENT).update(
            state=Mail.State.WAITING, attempts=0, next_try_at=timezone.now()
        )
        relay_mail.delay_on_commit()  # type: ignore[attr-defined]
        words = ngettext("%(n)d mail is tried again.", "%(n)d mails are tried again.", again)
        self.message_user(request, words % {"n": again})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
