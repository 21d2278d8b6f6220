"""Slots, failure types and part types are kept here; stock and ledger are only read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _now

from logistics.admin import ReadingRoom
from parts.models import (
    FailureType,
    Movement,
    Part,
    PartDiagnosis,
    PartType,
    Reservation,
    Slot,
    Stock,
    StressTest,
)
from parts.services.ledger import differences


class Kept(admin.ModelAdmin[Any]):
    """What others point to for ever is switched off, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Slot)
class SlotAdmin(admin.ModelAdmin[Slot]):
    """Labels as they stand on the chassis; parts keep the label when a slot is deleted."""

    list_display = ["model", "position", "label", "kind"]
    list_display_links = ["label"]
    list_select_related = ["model"]
    list_filter = ["kind", "model"]
    search_fields = ["label", "model__name"]
    raw_id_fields = ["model"]


@admin.register(FailureType)
class FailureTypeAdmin(Kept):
    list_display = ["name_en", "name_zh", "kind", "active"]
    list_filter = ["kind", "active"]
    search_fields = ["name_en", "name_zh"]


@admin.register(PartType)
class PartTypeAdmin(Kept):
    list_display = ["code", "name_en", "name_zh", "kind", "serialised", "low_at", "active"]
    list_filter = ["kind", "serialised", "active"]
    search_fields = ["code", "name_en", "name_zh"]
    raw_id_fields = ["fits"]

    def get_readonly_fields(self, request: HttpRequest, obj: PartType | None = None) -> list[str]:
        """Parts of the type are counted already: as pieces, or as a number."""
        return ["serialised", "kind"] if obj else []


@admin.register(Part)
class PartAdmin(ReadingRoom):
    list_display = ["serial", "type", "kind", "owner", "condition", "place", "shop", "origin_sn"]
    list_select_related = ["type", "shop"]
    list_filter = ["place", "condition", "owner", "kind", "shop"]
    search_fields = ["serial", "origin_sn", "type__code"]


@admin.register(Stock)
class StockAdmin(ReadingRoom):
    """Says at the top whether the stock agrees with the ledger."""

    list_display = ["shop", "type", "quantity", "reserved", "low_at"]
    list_select_related = ["shop", "type"]
    list_filter = ["shop", "type__kind"]
    search_fields = ["type__code", "type__name_en", "shop__code"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        wrong = differences()
        for one in wrong:
            said = _now("%(shop)s, %(type)s: stock %(stock)d, ledger %(ledger)d, parts %(pieces)s.")
            facts = {"shop": one.shop.code, "type": one.type.code, "stock": one.stock}
            pieces = "–" if one.pieces is None else one.pieces
            text = said % {**facts, "ledger": one.ledger, "pieces": pieces}
            self.message_user(request, text, messages.ERROR)
        if not wrong:
            self.message_user(request, _now("Stock and ledger agree."), messages.SUCCESS)
        return super().changelist_view(request, extra_context)


@admin.register(Movement)
class MovementAdmin(ReadingRoom):
    list_display = ["at", "why", "type", "part", "quantity", "source", "target", "actor"]
    list_select_related = ["type", "part__type", "actor"]
    list_filter = ["why", "source", "target"]
    search_fields = ["part__serial", "type__code", "origin_sn", "order__code"]


@admin.register(Reservation)
class ReservationAdmin(ReadingRoom):
    list_display = ["unit", "type", "quantity", "shop", "made_by", "made_at", "ended_at"]
    list_select_related = ["unit", "type", "shop", "made_by"]
    search_fields = ["unit__sn", "type__code"]


@admin.register(PartDiagnosis)
class PartDiagnosisAdmin(ReadingRoom):
    list_display = ["unit", "slot", "kind", "condition", "missing", "other", "by", "at"]
    list_select_related = ["unit", "by"]
    list_filter = ["kind", "condition", "missing"]
    search_fields = ["unit__sn", "slot", "other"]


@admin.register(StressTest)
class StressTestAdmin(ReadingRoom):
    list_display = ["unit", "started_at", "minutes", "hash_rate", "temperature", "result", "by"]
    list_select_related = ["unit", "by"]
    list_filter = ["result"]
    search_fields = ["unit__sn"]
