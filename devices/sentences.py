"""How the timeline of a device reads."""

from django.utils.translation import gettext_lazy as _

from devices.models import Device
from history.sentences import say


def teach() -> None:
    """Called in `ready()`."""
    say(Device, "registered", _("Entered into the registry"), icon="plus", tone="blue")
    say(
        Device,
        "warranty_changed",
        _("End of warranty changed from %(before)s to %(after)s"),
        icon="shield",
        tone="amber",
    )
    say(Device, "edited", _("Registry entry changed"), icon="edit", tone="gray", public=False)
    say(Device, "imported", _("Changed by an import"), icon="upload", tone="gray", public=False)
