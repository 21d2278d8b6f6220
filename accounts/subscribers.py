"""News from the sign-in library: the session's dates, and what history keeps of second factors."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import password_reset
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.middleware import SEEN, SIGNED_IN
from accounts.models import User
from accounts.second_factor import FACTORS, SHOWN
from history.services import record


@receiver(user_logged_in, dispatch_uid="accounts.stamp_session")
def stamp_session(sender: Any, request: HttpRequest, **_: Any) -> None:
    """From here the staff limits count; a session without these dates is too old."""
    request.session[SIGNED_IN] = request.session[SEEN] = time.time()


@receiver(password_reset, dispatch_uid="accounts.reset_confirms")
def reset_confirms(sender: Any, user: Any, **_: Any) -> None:
    """Whoever opened the link of a reset reads that mailbox: a second mail would ask the same."""
    addresses = EmailAddress.objects.filter(user=user)
    if len(addresses) == 1 and addresses[0].email == user.email:
        addresses.update(verified=True)


@receiver(authenticator_added, dispatch_uid="accounts.factor_added")
def factor_added(sender: Any, request: HttpRequest, user: Any, **details: Any) -> None:
    """Whoever enrols has just shown the factor."""
    if getattr(details.get("authenticator"), "type", "") in FACTORS:
        request.session[SHOWN] = True
    _record(user, "second_factor_added", details)


@receiver(authenticator_removed, dispatch_uid="accounts.factor_removed")
def factor_removed(sender: Any, request: HttpRequest, user: Any, **details: Any) -> None:
    if not Authenticator.objects.filter(user=user, type__in=FACTORS).exists():
        request.session[SHOWN] = False
    _record(user, "second_factor_removed", details)


def _record(user: Any, verb: str, details: dict[str, Any]) -> None:
    """`user` may be the request's lazy one; history wants the row itself."""
    person = User.objects.get(pk=user.pk)
    kind = str(getattr(details.get("authenticator"), "type", ""))
    record(person, verb, actor=person, data={"kind": kind})
