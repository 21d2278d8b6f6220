"""Who may write about goods: workshops, and customer service beside them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import PermissionDenied

from accounts.roles import WORKSHOP, Role

DESK = WORKSHOP | {Role.AGENT}


def require(actor: Any, roles: Collection[str | None]) -> None:
    """Raise PermissionDenied unless the actor has one of the roles."""
    if getattr(actor, "role", None) not in roles:
        raise PermissionDenied
