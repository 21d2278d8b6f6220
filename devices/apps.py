from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DevicesConfig(AppConfig):
    name = "devices"
    verbose_name = _("devices and warranty")

    def ready(self) -> None:
        """Teach the timeline our verbs, the worker our import, the job page its next step."""
        from devices import panels, sentences
        from devices.imports import work  # noqa: F401 - registers the kind

        sentences.teach()
        panels.register()
