"""Master data: shops and who works in them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from accounts.models import User
from accounts.roles import WORKSHOP
from repairshops.models import Membership, RepairShop


class MembershipInline(admin.StackedInline[Membership, RepairShop]):
    """Only engineers and shop managers work in a shop."""

    model = Membership
    extra = 0

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(role__in=WORKSHOP).order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(RepairShop)
class RepairShopAdmin(admin.ModelAdmin[RepairShop]):
    """A shop is switched off, not deleted: orders name it."""

    list_display = ["code", "name_en", "name_zh", "kind", "region_en", "active"]
    list_filter = ["kind", "active", "region_en"]
    search_fields = ["code", "name_en", "name_zh", "address_en", "address_zh"]
    formfield_overrides = {
        models.URLField: {"assume_scheme": "https"},
        models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple},
    }
    inlines = [MembershipInline]

    def has_delete_permission(self, request: HttpRequest, obj: RepairShop | None = None) -> bool:
        return False
