"""What every page's shell needs: navigation, account, theme."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    return {"nav": [], "me": user, "role": getattr(user, "role", ""), "demo": settings.DEMO}
