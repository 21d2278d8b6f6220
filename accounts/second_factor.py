"""The second factor: who needs one, whether this session has shown one, what allauth may do."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any, cast

import segno
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import User

# Set to True by enrolling in this session, to False by giving up the last factor in it.
SHOWN = "second_factor_shown"

SALT = "accounts.second_factor"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

ALWAYS = frozenset({"account_login", "account_logout", "set_language", "admin:logout", "healthz"})
# A session that has shown the password only may prove the factor, never add or drop one.
TO_PROVE = ALWAYS | {"mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_authenticate"}
TO_ENROL = ALWAYS | {
    "account_reauthenticate",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_index",
}


def required(user: Any) -> bool:
    """Staff, unless the configuration relaxes it (the demo does, and says so)."""
    return bool(settings.SECOND_FACTOR_FOR_STAFF and user.is_authenticated and user.is_portal_staff)


def shown(request: HttpRequest) -> bool:
    """This session was opened or confirmed with a second factor. Asks no database."""
    said = request.session.get(SHOWN)
    if said is not None:
        return bool(said)
    records = get_authentication_records(request, cast(User, request.user))
    return any(record.get("method") == "mfa" for record in records)


def missing(request: HttpRequest) -> bool:
    return required(request.user) and not shown(request)


def way_out(request: HttpRequest) -> tuple[str, frozenset[str]]:
    """Where a session without its factor is sent, and by name what it may open meanwhile."""
    if not is_mfa_enabled(cast(User, request.user), list(FACTORS)):
        return reverse("mfa_index"), TO_ENROL
    back = request.get_full_path() if request.method == "GET" else "/"
    return f"{reverse('mfa_reauthenticate')}?{urlencode({'next': back})}", TO_PROVE


def _vault() -> MultiFernet:
    """Locks with SECRET_KEY and opens with its predecessors, too."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [salted_hmac(SALT, "", secret, algorithm="sha256").digest() for secret in secrets]
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in keys])


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth's second factor in the words and colours of the house."""

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Staff keep at least one app or key."""
        if not required(authenticator.user):
            return True
        others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS)
        return bool(others.exclude(pk=authenticator.pk).exists())

    def encrypt(self, text: str) -> str:
        """Secrets of apps and recovery codes are no use to whoever reads a backup alone."""
        return _vault().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _vault().decrypt(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> str:
        """An SVG that stands in the page itself: our policy forbids images from data: addresses."""
        code = segno.make(url, error="m")
        return str(
            code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr")
        )

    def generate_authenticator_name(self, user: Any, type: str) -> str:
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Key %(number)d") % {"number": count + 1}

    def _get_site_name(self) -> str:
        return str(settings.BRAND_NAME)
