"""Words of Django admin that its own Chinese does not know yet; ours are looked up first."""

from django.utils.translation import gettext_noop

MISSING = (
    gettext_noop("Model name"),
    gettext_noop("Add link"),
    gettext_noop("Change or view list link"),
)
