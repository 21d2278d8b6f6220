"""Carriers are master data; everything that travels is a reading room."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from logistics.models import (
    Address,
    Carrier,
    Consignment,
    Container,
    Damage,
    Parcel,
    Shipment,
    TrackingEvent,
)


class ReadingRoom(admin.ModelAdmin[Any]):
    """To look things up: nothing is added, changed or deleted here, least of all a state."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Carrier)
class CarrierAdmin(admin.ModelAdmin[Carrier]):
    """`{number}` in the tracking page is the waybill; the pattern is a regular expression."""

    list_display = ["name_en", "name_zh", "code", "active"]
    list_filter = ["active"]
    search_fields = ["name_en", "name_zh", "code"]

    def has_delete_permission(self, request: HttpRequest, obj: Carrier | None = None) -> bool:
        """Shipments name it for ever; one that is not used any more is switched off."""
        return False


@admin.register(Address)
class AddressAdmin(ReadingRoom):
    list_display = ["recipient", "city", "country", "customer", "is_default"]
    list_select_related = ["customer"]
    search_fields = ["recipient", "city", "customer__name"]


@admin.register(Consignment)
class ConsignmentAdmin(ReadingRoom):
    list_display = ["reference", "customer", "shop", "return_carrier"]
    list_select_related = ["customer", "shop", "return_carrier"]
    search_fields = ["reference", "customer__name"]


class Stage(admin.SimpleListFilter):
    """A computed column has no choices of its own, so Django would list its raw values."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Shipment.Status.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(status=self.value()) if self.value() else queryset


@admin.register(Shipment)
class ShipmentAdmin(ReadingRoom):
    list_display = ["waybill", "carrier", "direction", "stage", "consignment", "delivered_at"]
    list_select_related = ["carrier", "consignment"]
    list_filter = ["direction", Stage, "carrier"]
    search_fields = ["waybill", "consignment__reference"]

    @admin.display(description=_("status"), ordering="status")
    def stage(self, shipment: Shipment) -> str:
        return str(Shipment.Status(shipment.status).label)


@admin.register(Container)
class ContainerAdmin(ReadingRoom):
    list_display = ["consignment", "number", "kind", "direction", "state", "shipment"]
    list_select_related = ["consignment", "shipment"]
    list_filter = ["direction", "state"]
    search_fields = ["consignment__reference", "shipment__waybill"]


@admin.register(TrackingEvent)
class TrackingEventAdmin(ReadingRoom):
    """Messages about waybills that nobody gave stand here too."""

    list_display = ["waybill", "carrier", "kind", "at", "source", "shipment"]
    list_select_related = ["carrier", "shipment__carrier"]
    list_filter = ["kind", "source", "carrier"]
    search_fields = ["waybill", "external_id"]


@admin.register(Damage)
class DamageAdmin(ReadingRoom):
    list_display = ["consignment", "sn", "description", "recorded_by", "recorded_at"]
    list_select_related = ["consignment", "recorded_by"]
    search_fields = ["consignment__reference", "sn", "description"]


@admin.register(Parcel)
class ParcelAdmin(ReadingRoom):
    list_display = ["__str__", "shop", "carrier", "code", "consignment", "received_at"]
    list_select_related = ["shop", "carrier", "consignment"]
    list_filter = ["shop"]
    search_fields = ["waybill", "code", "consignment__reference"]
