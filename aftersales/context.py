"""What every page's shell needs: navigation, account menu, theme, the demo's notice."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import WORKSHOP, Role
from aftersales.navigation import navigation
from workorders.models import Counselling, Unit

COUNT_SECONDS = 20
DENSITY = {
    Role.CUSTOMER: "comfortable",
    Role.ENGINEER: "touch",
    Role.SHOP_MANAGER: "touch",
}


def shell(request: HttpRequest) -> dict[str, Any]:
    """For a page one cached count and words, never a query per entry; a partial counts nothing."""
    theme = request.COOKIES.get("theme", "")
    common: dict[str, Any] = {
        "theme": theme if theme in {"light", "dark"} else "",
        "lang": get_language() or "en",
        "demo": settings.DEMO,
        "demo_note": _demo_note(),
        "brand": settings.BRAND_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "support_phone": settings.SUPPORT_PHONE,
    }
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return common
    return common | {
        "role": user.role,
        "density": DENSITY.get(Role(user.role), "compact"),
        "me": {"name": str(user), "sub": _subtitle(user), "key": user.pk},
        "nav": SimpleLazyObject(lambda: navigation(user.role, request.path, _counts(user))),
        "search_url": reverse("search") if user.is_portal_staff else "",
        "account_menu": _account_menu(user),
    }


def _subtitle(user: User) -> str:
    if user.role == Role.CUSTOMER and user.customer_id:
        return str(user.customer)
    return str(user.get_role_display())


def _account_menu(user: User) -> list[dict[str, Any]]:
    entries = [
        {"url": reverse("accounts:profile"), "icon": "user", "label": _("Profile")},
        {"url": reverse("mfa_index"), "icon": "shield", "label": _("Second factor")},
        {"url": reverse("usersessions_list"), "icon": "globe", "label": _("Signed-in devices")},
    ]
    if settings.DEMO_MAILBOX:
        entries.append(
            {"url": reverse("notifications:mailbox"), "icon": "bell", "label": _("Demo mailbox")}
        )
    return entries


def _demo_note() -> str:
    if not settings.DEMO:
        return ""
    if settings.SECOND_FACTOR_FOR_STAFF:
        return _("Demo: the people and orders are invented.")
    return _("Demo: the people and orders are invented, and staff sign in without a second factor.")


def _counts(user: User) -> dict[str, int]:
    """The one number beside the role's main entry, at most COUNT_SECONDS old."""
    if user.role == Role.AGENT:
        waiting = Counselling.objects.visible_to(user).filter(needs_answer=True)
        return {"queue": _cached("count:queue", waiting)}
    if user.role in WORKSHOP:
        units = Unit.objects.visible_to(user).at_the_bench()
        return {"bench": _cached(f"count:bench:{user.pk}", units)}
    return {}


def _cached(key: str, rows: Any) -> int:
    """A capped count: past 99 nobody reads the number."""
    count = cache.get(key)
    if count is None:
        count = len(rows.order_by().values_list("pk")[:100])
        cache.set(key, count, COUNT_SECONDS)
    return int(count)
