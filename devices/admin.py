"""Master data: brands, models, and single corrections of the registry."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import User
from devices.models import Brand, Device, ProductModel, normalise_sn
from devices.services import edit_device, register_device


@admin.register(Brand)
class BrandAdmin(admin.ModelAdmin[Brand]):
    list_display = ["name", "out_of_warranty"]
    search_fields = ["name"]


@admin.register(ProductModel)
class ProductModelAdmin(admin.ModelAdmin[ProductModel]):
    list_display = ["name", "brand", "device_type", "active"]
    list_filter = ["brand", "device_type", "active"]
    search_fields = ["name"]


class DeviceForm(forms.ModelForm[Device]):
    class Meta:
        model = Device
        fields = ["sn", "model", "shipped_on", "warranty_until", "customer", "replaced_by"]

    def clean_sn(self) -> str:
        """The stored spelling, before the form looks whether the number is taken."""
        sn = normalise_sn(self.cleaned_data["sn"])
        if not sn:
            raise forms.ValidationError(Device._meta.get_field("sn").error_messages["blank"])
        return sn


@admin.register(Device)
class DeviceAdmin(admin.ModelAdmin[Device]):
    """Every change is written to the device's history; a device with orders cannot be deleted."""

    form = DeviceForm
    list_display = ["sn", "model", "warranty_until", "customer", "imported_at"]
    list_select_related = ["model", "customer"]
    list_filter = ["model"]
    search_fields = ["sn", "customer__name"]
    raw_id_fields = ["customer", "replaced_by"]
    show_full_result_count = False
    change_list_template = "devices/admin_change_list.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Device | None = None) -> list[str]:
        """The serial number is the device: a wrong one is deleted and entered anew."""
        return ["sn"] if obj else []

    def save_model(self, request: HttpRequest, obj: Device, form: Any, change: bool) -> None:
        """Through the services: edits stand in the history with before and after."""
        actor = cast("User", request.user)
        if change:
            edit_device(
                obj, actor=actor, **{name: getattr(obj, name) for name in form.changed_data}
            )
        else:
            register_device(obj, actor=actor)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With a way to the import."""
        context = {"import_url": reverse("devices:import"), **(extra_context or {})}
        return super().changelist_view(request, context)
