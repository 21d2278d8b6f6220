"""Service agreements and scopes in Django admin: to look things up, and to mend a typing error."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from logistics.admin import ReadingRoom
from scopes.models import AgreementVersion, Scope, ServiceAgreement


@admin.register(ServiceAgreement)
class ServiceAgreementAdmin(admin.ModelAdmin[ServiceAgreement]):
    """Its papers come on the page of customer service; whose it is never changes."""

    list_display = ["number", "customer", "starts_on", "ends_on", "ended_on"]
    list_select_related = ["customer"]
    search_fields = ["number", "customer__name"]
    date_hierarchy = "ends_on"
    fields = ["customer", "number", "starts_on", "ends_on", "ended_on", "end_reason"]
    raw_id_fields = ["customer"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: ServiceAgreement | None = None
    ) -> list[str]:
        return ["customer"] if obj else []

    def save_model(
        self, request: HttpRequest, obj: ServiceAgreement, form: Any, change: bool
    ) -> None:
        """Whoever has the page open elsewhere is told that it changed."""
        obj.version += change
        if "ends_on" in form.changed_data:
            obj.expiry_told_at = None
        super().save_model(request, obj, form, change)

    def has_delete_permission(
        self, request: HttpRequest, obj: ServiceAgreement | None = None
    ) -> bool:
        """Orders were approved under it."""
        return False


@admin.register(AgreementVersion)
class AgreementVersionAdmin(ReadingRoom):
    list_display = ["agreement", "number", "ends_on", "uploaded_by", "uploaded_at"]
    list_select_related = ["agreement", "uploaded_by"]
    search_fields = ["agreement__number"]


@admin.register(Scope)
class ScopeAdmin(ReadingRoom):
    list_display = ["counselling"]
    list_select_related = ["counselling"]
    search_fields = ["counselling__subject", "counselling__customer__name"]
