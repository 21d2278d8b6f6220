"""The roof of the addresses: each app brings its own."""

from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from accounts.views import set_language
from aftersales import views

admin.site.site_header = admin.site.site_title = _("After-sales")
admin.autodiscover()

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz/", views.healthz, name="healthz"),
    path("manual/", views.manual, name="manual"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("styleguide/<str:part>/", views.styleguide, name="styleguide-part"),
    path("search/", views.search, name="search"),
    path("language/", set_language, name="set_language"),
    path("accounts/", include("allauth.urls")),
    path("people/", include("accounts.urls")),
    path("", include("devices.urls")),
    path("", include("repairshops.urls")),
    path("", include("logistics.urls")),
    path("", include("workorders.urls")),
    path("", include("scopes.urls")),
    path("", include("parts.urls")),
    path("", include("billing.urls")),
    path("files/", include("attachments.urls")),
    path("jobs/", include("jobs.urls")),
    path("clocks/", include("sla.urls")),
    path("mail/", include("notifications.urls")),
    path("admin/", admin.site.urls),
]
handler404 = "aftersales.views.not_found"
handler429 = "core.limits.handler429"
