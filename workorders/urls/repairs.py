"""Repair orders as their customers use them."""

from django.urls import path, register_converter

from workorders.views import my_orders, repair_devices, repair_parcels, repairs


class CodeConverter:
    """A first visit code in any case; "all" is a list of the staff, never a code."""

    regex = r"(?!all/)[^/]+"

    def to_python(self, value: str) -> str:
        return value.strip().upper()

    def to_url(self, value: str) -> str:
        return value


register_converter(CodeConverter, "code")

urlpatterns = [
    path("orders/", my_orders.my_orders, name="my-orders"),
    path("repairs/", repairs.self_service, name="self-service"),
    path("repairs/<code:code>/", repairs.repair, name="repair"),
    path("repairs/<code:code>/draft/", repairs.repair_draft, name="repair-draft"),
    path("repairs/<code:code>/save/", repairs.repair_save, name="repair-save"),
    path("repairs/<code:code>/submit/", repairs.repair_submit, name="repair-submit"),
    path("repairs/<code:code>/cancel/", repairs.repair_cancel, name="repair-cancel"),
    path("repairs/<code:code>/complete/", repairs.repair_complete, name="repair-complete"),
    path("repairs/<code:code>/devices/add/", repair_devices.unit_add, name="unit-add"),
    path("repairs/<code:code>/devices/paste/", repair_devices.units_paste, name="units-paste"),
    path("repairs/<code:code>/devices/<int:pk>/", repair_devices.unit_edit, name="unit-edit"),
    path(
        "repairs/<code:code>/devices/<int:pk>/delete/",
        repair_devices.unit_delete,
        name="unit-delete",
    ),
    path("repairs/<code:code>/packing-slip/", repair_parcels.packing_slip, name="packing-slip"),
    path("repairs/<code:code>/waybills/add/", repair_parcels.waybill_add, name="waybill-add"),
    path(
        "repairs/<code:code>/waybills/<int:pk>/",
        repair_parcels.waybill_correct,
        name="waybill-correct",
    ),
    path("repairs/<code:code>/way-back/", repair_parcels.return_correct, name="return-correct"),
]
