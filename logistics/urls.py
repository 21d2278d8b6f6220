"""Addresses of the address book."""

from django.urls import path

from logistics import views, webhooks

app_name = "logistics"
urlpatterns = [
    path("webhooks/tracking/<slug:code>/", webhooks.tracking_webhook, name="tracking-webhook"),
    path("addresses/", views.address_list, name="address-list"),
    path("addresses/new/", views.address_new, name="address-new"),
    path("addresses/<int:pk>/", views.address_edit, name="address-edit"),
    path("addresses/<int:pk>/delete/", views.address_delete, name="address-delete"),
]
