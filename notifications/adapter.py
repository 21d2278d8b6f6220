"""allauth's mails go through the outbox like every other; staff never read their bodies."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.utils import translation

from accounts.models import User
from notifications.services import Recipient, post_private


def on_site(value: Any) -> Any:
    """An address in a mail stands on SITE_URL, whatever Host the request came with (S07)."""
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        parts = urlsplit(value)
        return settings.SITE_URL + urlunsplit(("", "", parts.path, parts.query, parts.fragment))
    return value


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth brings no types
    """Sign-up, sign-in and mails of the sign-in library."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Into the outbox, in the language of the person, else of the page."""
        user = context.get("user") or User.objects.filter(email=email.lower()).first()
        language = user.language if isinstance(user, User) else translation.get_language() or "en"
        to = Recipient(email, str(user or email), language, user_id=getattr(user, "pk", None))
        words = {name: on_site(value) for name, value in context.items()}
        ours = {"email": email, "site": settings.SITE_URL, "brand": settings.BRAND_NAME}
        with translation.override(language):
            message = self.render_mail(template_prefix, email, {**ours, **words})
        event = template_prefix.rsplit("/", 1)[-1]
        post_private(event, f"{event}:{uuid.uuid4()}", to, message.subject, str(message.body))

    def format_email_subject(self, subject: str) -> str:
        return subject
