"""allauth's forms for six digits, for thumbs: a numeric keyboard, our label, no placeholder."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base import forms as allauth
from allauth.mfa.totp import forms as totp
from django import forms
from django.utils.translation import pgettext_lazy

from accounts.forms import calm


def for_digits(form: forms.Form) -> None:
    calm(form, code=pgettext_lazy("second factor", "Code"))
    form.fields["code"].widget.attrs |= {"inputmode": "numeric", "autofocus": True}


class AuthenticateForm(allauth.AuthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for_digits(self)


class ReauthenticateForm(allauth.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for_digits(self)


class ActivateTOTPForm(totp.ActivateTOTPForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for_digits(self)
