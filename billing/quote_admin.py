"""Quotes in Django admin: a reading room; they are written and answered on their pages."""

from __future__ import annotations

from django.contrib import admin

from billing.models import Quote, QuoteLine
from logistics.admin import ReadingRoom


@admin.register(Quote)
class QuoteAdmin(ReadingRoom):
    list_display = ["__str__", "state", "currency", "valid_until", "written_by", "sent_at"]
    list_select_related = ["order", "written_by"]
    list_filter = ["state"]
    search_fields = ["order__code", "order__customer__name"]


@admin.register(QuoteLine)
class QuoteLineAdmin(ReadingRoom):
    list_display = ["quote", "unit", "kind", "quantity", "price", "answer"]
    list_select_related = ["quote__order", "unit"]
    search_fields = ["quote__order__code", "unit__sn"]
