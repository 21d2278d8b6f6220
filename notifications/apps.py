from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("notifications")

    def ready(self) -> None:
        from notifications import billing_subscribers as billing_subscribers
        from notifications import parts_subscribers as parts_subscribers
        from notifications import quote_subscribers as quote_subscribers
        from notifications import subscribers  # noqa: F401 - hears events from now on
