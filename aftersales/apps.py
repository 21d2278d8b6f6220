from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AftersalesConfig(AppConfig):
    name = "aftersales"
    verbose_name = _("portal")

    def ready(self) -> None:
        from aftersales import look  # noqa: F401 - fills the shapes of states
