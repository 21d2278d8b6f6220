"""The tabs of one order as staff see it, and work on many of its units."""

from django.urls import URLPattern, path

from workorders.views.bench import corrections, orders
from workorders.views.order import billing, bulk, consent, messages, miners

ORDER = "repairs/<str:code>"

urlpatterns: list[URLPattern] = [
    path("repairs/all/views/", orders.order_view_save, name="order-view-save"),
    path("repairs/all/views/<int:pk>/delete/", orders.order_view_delete, name="order-view-delete"),
    path(f"{ORDER}/miners/", miners.miners, name="order-miners"),
    path(f"{ORDER}/miners.csv", miners.miners_csv, name="order-csv"),
    path(f"{ORDER}/bulk/", bulk.order_bulk, name="order-bulk"),
    path(f"{ORDER}/services/", bulk.order_services, name="order-services"),
    path(f"{ORDER}/billing/", billing.billing, name="order-billing"),
    path(f"{ORDER}/messages/", messages.order_messages, name="order-messages"),
    path(f"{ORDER}/messages/new/", messages.order_news, name="order-news"),
    path(f"{ORDER}/scrapping/", consent.order_scrapping, name="order-scrapping"),
    path("units/<int:pk>/names/", corrections.unit_names, name="unit-names"),
    path("units/<int:pk>/services/", corrections.unit_services, name="unit-services"),
    path("units/<int:pk>/warranty/", corrections.unit_warranty, name="unit-warranty"),
    path("units/<int:pk>/consent/", corrections.unit_consent, name="unit-consent"),
    path("units/<int:pk>/settle/", corrections.unit_settle, name="unit-settle"),
]
