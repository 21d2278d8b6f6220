from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScopesConfig(AppConfig):
    name = "scopes"
    verbose_name = _("repair requests and service agreements")

    def ready(self) -> None:
        from attachments.models import takes_files
        from scopes import guards, panels, sentences, subscribers  # noqa: F401 - hears events
        from scopes.models import AgreementVersion, Scope

        takes_files(Scope)
        takes_files(AgreementVersion)
        guards.register()
        sentences.register()
        panels.register()
