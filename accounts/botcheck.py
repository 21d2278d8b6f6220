"""The bot check at the door (R3): Cloudflare Turnstile, on when its two keys are configured.

Without keys there is no check, no script and no way out to the world. The widget's script comes
from Cloudflare (the policy names it then); its answer is verified here, server to server.
"""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from allauth.core import context
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

VERIFY = "https://challenges.cloudflare.com/turnstile/v0/siteverify"
TIMEOUT = 5  # seconds; signing in waits for this
ANSWER = "cf-turnstile-response"  # the name under which the widget posts its answer

logger = logging.getLogger(__name__)


class Unreachable(Exception):  # noqa: N818 - reads like the rest
    """Nobody could be asked; nothing is known about the visitor."""


def is_on() -> bool:
    return bool(settings.TURNSTILE_SITE_KEY and settings.TURNSTILE_SECRET_KEY)


def verify(answer: str, address: str) -> bool:
    """Ask Cloudflare whether the answer is a person's. Raises Unreachable within TIMEOUT."""
    fields = {"secret": settings.TURNSTILE_SECRET_KEY, "response": answer, "remoteip": address}
    request = Request(VERIFY, data=urlencode(fields).encode())
    try:
        with urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310 - a constant https
            told = json.load(response)
    except (URLError, TimeoutError, OSError, ValueError) as error:
        raise Unreachable from error
    return bool(isinstance(told, dict) and told.get("success") is True)


class BotCheck(forms.Form):
    """Mixin, named before the form it guards: its check runs before any password is looked at.

    When Cloudflare does not answer the form is refused with a sentence of its own: a door that
    opens when the guard is away is no door. Taking the keys out of the configuration opens it.
    """

    @property
    def bot_check(self) -> str:
        """The widget's site key for the template; empty when the check is off."""
        return settings.TURNSTILE_SITE_KEY if is_on() else ""

    def clean(self) -> Any:
        if is_on() and not self.errors:
            self._refuse_bots()
        return super().clean()

    def _refuse_bots(self) -> None:
        answer = str(self.data.get(ANSWER, ""))[:2048]
        try:
            human = bool(answer) and verify(answer, context.request.META.get("REMOTE_ADDR", ""))
        except Unreachable:
            logger.warning("bot check: no answer from Turnstile")
            raise forms.ValidationError(
                _("The check against bots does not answer. Try again in a minute."),
                code="bot_check_unreachable",
            ) from None
        if not human:
            raise forms.ValidationError(
                _("Confirm that you are a person, then try again."), code="bot_check"
            )
