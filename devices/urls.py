from django.urls import URLPattern, URLResolver, path

from devices import views

app_name = "devices"
urlpatterns: list[URLPattern | URLResolver] = [
    path("warranty/", views.lookup, name="lookup"),
    path("devices/", views.device_list, name="device-list"),
    path("devices/import/", views.device_import, name="import"),
    path("devices/import/template.csv", views.import_template, name="import-template"),
    path("devices/import/<str:token>/", views.import_again, name="import-again"),
    path("devices/<str:sn>/", views.device, name="device"),
]
