"""Addresses of the repair requests and service agreements pages."""

from django.urls import URLPattern, path

from scopes.views import agreements, requests

app_name = "scopes"
urlpatterns: list[URLPattern] = [
    path("requests/", requests.request_list, name="requests"),
    path("requests/new/", requests.request_new, name="request-new"),
    path("requests/<int:number>/", requests.request_page, name="request"),
    path("requests/<int:number>/edit/", requests.request_edit, name="request-edit"),
    path("requests/<int:number>/card/", requests.request_card, name="request-card"),
    path("agreements/", agreements.agreement_list, name="agreements"),
    path("agreements/new/", agreements.agreement_new, name="agreement-new"),
    path("agreements/<int:pk>/", agreements.agreement, name="agreement"),
    path("agreements/<int:pk>/versions/", agreements.version_add, name="agreement-version"),
    path("agreements/<int:pk>/end/", agreements.agreement_end, name="agreement-end"),
]
