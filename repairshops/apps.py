from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RepairshopsConfig(AppConfig):
    name = "repairshops"
    verbose_name = _("repair shops")

    def ready(self) -> None:
        from repairshops import panels

        panels.register()
