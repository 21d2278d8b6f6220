"""People's own pages: colleagues, invitations, profile; and the language switch."""

from __future__ import annotations

from typing import cast

from allauth.account.internal.decorators import unauthenticated_only  # noqa: F401
