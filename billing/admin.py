"""Price lists and accounts are master data; invoices and payments are a reading room."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from billing import quote_admin as quote_admin
from billing.models import (
    Booking,
    Invoice,
    InvoiceLine,
    OrderAccount,
    Payment,
    PaymentAccount,
    Price,
    PriceList,
    TaxRate,
)
from history.services import record
from logistics.admin import ReadingRoom


class Kept(admin.ModelAdmin[Any]):
    """Master data that invoices name for ever: switched off, not deleted; every change is kept."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = _words(type(obj).objects.get(pk=obj.pk), form.changed_data) if change else {}
        super().save_model(request, obj, form, change)
        data = {"before": before, "after": _words(obj, form.changed_data)}
        record(obj, "edited" if change else "added", actor=request.user, internal=True, data=data)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Prices and taxes are rows of their list: what changed stands in its history."""
        super().save_formset(request, form, formset, change)
        changed = [str(row) for row, _fields in formset.changed_objects]
        data = {
            "changed": changed,
            "added": [str(row) for row in formset.new_objects],
            "deleted": [str(row) for row in formset.deleted_objects],
        }
        if any(data.values()):
            record(form.instance, "prices", actor=request.user, internal=True, data=data)


def _words(row: Any, names: list[str]) -> dict[str, str]:
    return {name: str(getattr(row, name)) for name in names}


class PriceInline(admin.StackedInline[Price, PriceList]):
    model = Price
    extra = 1
    raw_id_fields = ["part_type", "model"]


class TaxInline(admin.StackedInline[TaxRate, PriceList]):
    model = TaxRate
    extra = 1


@admin.register(PriceList)
class PriceListAdmin(Kept):
    list_display = ["name", "code", "currency", "countries", "is_default", "active"]
    list_filter = ["active", "currency"]
    search_fields = ["name", "code"]
    inlines = [PriceInline, TaxInline]


@admin.register(PaymentAccount)
class PaymentAccountAdmin(Kept):
    """What stands on an issued invoice is not rewritten: a new account is a new row."""

    list_display = ["currency", "holder", "bank", "number", "active"]
    list_filter = ["currency", "active"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        used = obj is not None and Invoice.objects.filter(account=obj).exists()
        return ["currency", "holder", "number", "bic"] if used else []


@admin.register(OrderAccount)
class OrderAccountAdmin(ReadingRoom):
    list_display = ["order", "price_list", "currency", "tax_percent", "frozen_at"]
    list_select_related = ["order", "price_list"]
    search_fields = ["order__code"]


class LineInline(admin.StackedInline[InvoiceLine, Invoice]):
    """The first hundred; all of them are in the CSV of the invoice."""

    model = InvoiceLine
    fields = ["text", "sn", "quantity", "price", "amount", "basis", "note"]
    readonly_fields = ["text", "sn", "quantity", "price", "amount", "basis", "note"]
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        match = request.resolver_match
        pk = match.kwargs.get("object_id") if match else None
        first = rows.filter(invoice=pk).order_by("pk").values("pk")[:100]
        return rows.filter(pk__in=list(first.values_list("pk", flat=True)))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Invoice)
class InvoiceAdmin(ReadingRoom):
    list_display = ["__str__", "customer", "state", "currency", "total", "received", "due_on"]
    list_select_related = ["customer", "order", "container"]
    list_filter = ["state", "currency"]
    search_fields = ["number", "order__code", "customer__name"]
    inlines = [LineInline]


@admin.register(Payment)
class PaymentAdmin(ReadingRoom):
    list_display = ["invoice", "amount", "received", "state", "paid_on", "announced_by"]
    list_select_related = ["invoice__order", "invoice__container", "announced_by"]
    list_filter = ["state", "channel"]
    search_fields = ["invoice__number", "reference"]


@admin.register(Booking)
class BookingAdmin(ReadingRoom):
    list_display = ["invoice", "kind", "amount", "reason", "booked_by", "booked_at"]
    list_select_related = ["invoice__order", "invoice__container", "booked_by"]
    list_filter = ["kind"]
    search_fields = ["invoice__number", "reason"]
