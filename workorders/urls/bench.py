"""Addresses of the workshop and of the staff's order lists."""

from django.urls import URLPattern, path

from workorders.services.bench import STEPS
from workorders.views.bench import board, orders, parcels, receiving, returns, units

RECEIVE = "receiving/<str:code>/"
RETURN = "repairs/<str:code>/return/"

urlpatterns: list[URLPattern] = [
    path("bench/", board.bench, name="bench"),
    path("bench/scan/", board.scan, name="scan"),
    path("receiving/", receiving.receiving, name="receiving"),
    path("receiving/parcels/new/", parcels.parcel_new, name="parcel-new"),
    path("receiving/parcels/<int:pk>/", parcels.parcel_page, name="parcel"),
    path("receiving/parcels/<int:pk>/match/", parcels.parcel_match, name="parcel-match"),
    path(RECEIVE, receiving.receive, name="receive"),
    path(f"{RECEIVE}scan/", receiving.receive_scan, name="receive-scan"),
    path(f"{RECEIVE}units/", receiving.receive_units, name="receive-units"),
    path(f"{RECEIVE}missing/", receiving.receive_missing, name="receive-missing"),
    path(f"{RECEIVE}unexpected/", receiving.receive_unexpected, name="receive-unexpected"),
    path(f"{RECEIVE}damage/", receiving.receive_damage, name="receive-damage"),
    path("units/<int:pk>/", units.unit_page, name="unit"),
    path("units/<int:pk>/report/", units.unit_report, name="unit-report"),
    path("units/<int:pk>/notes/", units.unit_note, name="unit-note"),
    *[
        path(f"units/<int:pk>/{step}/", units.unit_step, {"step": step}, name="unit-step")
        for step in STEPS
    ],
    path("repairs/all/", orders.order_list, name="order-list"),
    path("repairs/all.csv", orders.order_export, name="order-export"),
    path(RETURN, returns.return_ship, name="return-ship"),
    path(f"{RETURN}<int:pk>/correct/", returns.return_correct, name="return-tracking"),
    path(f"{RETURN}<int:pk>/remove/", returns.return_remove, name="return-remove"),
    path(f"{RETURN}<int:pk>/moved/", returns.return_moved, name="return-moved"),
    path(f"{RETURN}<int:pk>/unbox/", returns.return_unbox, name="return-unbox"),
]
