"""Work orders in Django admin: a reading room with one key, cancelling with a note."""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from core.workflow import Refused
from logistics.admin import ReadingRoom
from workorders.models import (
    Counselling,
    Message,
    RepairOrder,
    Service,
    Unit,
    UnitNote,
    UnitService,
)
from workorders.services import orders


class WithNote(ActionForm):
    note = forms.CharField(label=_("Note"), max_length=500, required=False)


@admin.register(Counselling)
class CounsellingAdmin(ReadingRoom):
    list_display = [
        "enquiry_number",
        "subject",
        "customer",
        "state",
        "outcome",
        "assignee",
        "opened_at",
    ]
    list_select_related = ["customer", "assignee"]
    list_filter = ["state", "outcome", "channel"]
    search_fields = ["sn", "code", "subject", "customer__name"]

    @admin.display(description=_("enquiry number"), ordering="pk")
    def enquiry_number(self, counselling: Counselling) -> int:
        return counselling.number


@admin.register(RepairOrder)
class RepairOrderAdmin(ReadingRoom):
    """The state is never edited; cancelling goes the way every step goes and needs a note."""

    list_display = ["code", "customer", "shop", "state", "unit_count", "sent_count", "opened_at"]
    list_select_related = ["customer", "shop"]
    list_filter = ["state", "shop"]
    search_fields = ["code", "customer__name", "waybill"]
    actions = ["cancel_with_a_note"]
    action_form = WithNote

    @admin.action(description=_("Cancel, with the note as the reason"))
    def cancel_with_a_note(self, request: HttpRequest, chosen: QuerySet[RepairOrder]) -> None:
        note = request.POST.get("note", "").replace("\x00", "").strip()[:500]
        if not note:
            self.message_user(request, _now("Write a note first."), messages.ERROR)
            return
        cancelled = 0
        for order in chosen:
            try:
                orders.cancel_order(order, actor=cast("User", request.user), note=note)
            except Refused as refusal:
                said = _now("%(code)s stays: %(reasons)s")
                reasons = " ".join(str(reason) for reason in refusal.reasons)
                values = {"code": order.code, "reasons": reasons}
                self.message_user(request, said % values, messages.WARNING)
            else:
                cancelled += 1
        if cancelled:
            said = ngettext("%(n)d order is cancelled.", "%(n)d orders are cancelled.", cancelled)
            self.message_user(request, said % {"n": cancelled}, messages.SUCCESS)


@admin.register(Unit)
class UnitAdmin(ReadingRoom):
    list_display = ["sn", "order", "state", "model", "verdict", "engineer", "received_at"]
    list_select_related = ["order", "model", "engineer"]
    list_filter = ["state", "verdict"]
    search_fields = ["sn", "order__code"]


@admin.register(Service)
class ServiceAdmin(admin.ModelAdmin[Service]):
    """The catalogue; what is in use stays, an old service is switched off."""

    list_display = ["code", "name_en", "name_zh", "position", "active"]
    list_filter = ["active"]
    search_fields = ["code", "name_en", "name_zh"]

    def has_delete_permission(self, request: HttpRequest, obj: Service | None = None) -> bool:
        return False


@admin.register(UnitService)
class UnitServiceAdmin(ReadingRoom):
    list_display = ["unit", "service", "done_at", "done_by"]
    list_select_related = ["unit", "service", "done_by"]
    list_filter = ["service"]
    search_fields = ["unit__sn"]


@admin.register(Message)
class MessageAdmin(ReadingRoom):
    list_display = ["thread", "author", "author_role", "internal", "text", "created_at"]
    list_select_related = ["thread__customer", "author"]
    list_filter = ["internal", "author_role"]
    search_fields = ["text", "thread__customer__name"]


@admin.register(UnitNote)
class UnitNoteAdmin(ReadingRoom):
    list_display = ["unit", "author", "public", "text", "created_at"]
    list_select_related = ["unit", "author"]
    list_filter = ["public"]
    search_fields = ["unit__sn", "text"]
