from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("billing")

    def ready(self) -> None:
        from attachments.models import takes_files
        from billing import guards, panels, quote_panels, quote_sentences, sentences
        from billing import subscribers as subscribers
        from billing.models import Payment

        guards.register()
        panels.register()
        quote_panels.register()
        quote_sentences.register()
        sentences.register()
        takes_files(Payment)
