from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartsConfig(AppConfig):
    name = "parts"
    verbose_name = _("spare parts")

    def ready(self) -> None:
        from attachments.models import takes_files
        from parts import panels, sentences, subscribers  # noqa: F401 - hears events from now on
        from parts.models import StressTest

        takes_files(StressTest)
        sentences.register()
        panels.register()
