"""Calendars and service levels are data that admins edit; clocks can only be read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from sla.models import Calendar, CalendarDay, Clock, Policy


class CalendarDays(admin.StackedInline[CalendarDay, Calendar]):
    model = CalendarDay
    extra = 0


@admin.register(Calendar)
class CalendarAdmin(admin.ModelAdmin[Calendar]):
    list_display = ["name", "zone", "weekdays", "opens", "closes", "country"]
    inlines = [CalendarDays]


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin[Policy]):
    list_display = ["kind", "amount", "unit", "warn_percent", "active"]


@admin.register(Clock)
class ClockAdmin(admin.ModelAdmin[Clock]):
    list_display = ["kind", "content_type", "object_id", "started_at", "due_at", "breached_at"]
    list_filter = ["kind"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
