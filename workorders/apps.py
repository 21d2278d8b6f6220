from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkordersConfig(AppConfig):
    name = "workorders"
    verbose_name = _("work orders")

    def ready(self) -> None:
        from attachments.models import takes_files
        from workorders import guards, panels, sentences, subscribers  # noqa: F401
        from workorders.models import Message, UnitNote

        takes_files(Message)
        takes_files(UnitNote)
        guards.register()
        sentences.register()
        panels.register()
