from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LogisticsConfig(AppConfig):
    name = "logistics"
    verbose_name = _("logistics")

    def ready(self) -> None:
        from attachments.models import takes_files
        from logistics.models import Damage, Parcel

        takes_files(Damage)
        takes_files(Parcel)
