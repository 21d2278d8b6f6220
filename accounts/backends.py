"""How a request learns who is signed in."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """The library's, with the customer in the same query: every page of a customer names it."""

    def get_user(self, user_id: Any) -> User | None:
        person = User.objects.select_related("customer").filter(pk=user_id).order_by().first()
        return person if person and self.user_can_authenticate(person) else None
