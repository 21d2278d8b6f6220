"""What a workshop finds broken."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Fault(models.TextChoices):
    HASH_BOARD = "hash_board", _("Hash board")
    REGULATOR = "regulator", _("Regulator")
    EEPROM = "eeprom", _("EEPROM")
    CONTROL_BOARD = "control_board", _("Control board")
    FAN = "fan", _("Fan")
    PSU = "psu", _("Power supply")
    CABLE = "cable", _("Cable")
    NONE_FOUND = "none_found", _("No fault found")
