"""Who may open a view: the one decorator, and the request type behind it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.roles import Role

PUBLIC = "public"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
View = Callable[..., Any]


class UserRequest(HttpRequest):
    """A request that passed @access: somebody is signed in."""

    user: User


def access(*roles: str, restricted: bool = False) -> Callable[[View], View]:
    """Open the view to these roles; the only source of view permission (rule 17).

    Anonymous visitors go to the sign-in page. Admins read every role's pages (GET), unless the
    view is `restricted`. PUBLIC opens it to everybody and is written out.
    """
    allowed = frozenset(roles)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if PUBLIC not in allowed:
                user = request.user
                if not user.is_authenticated:
                    return sign_in_first(request)
                role = user.role
                reads_all = role == Role.ADMIN and request.method in SAFE and not restricted
                if role not in allowed and not reads_all:
                    raise PermissionDenied
            return cast(HttpResponse, view(request, *args, **kwargs))

        guarded.access = allowed  # type: ignore[attr-defined]
        guarded.restricted = restricted  # type: ignore[attr-defined]
        return guarded

    return decorate


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back; a partial asks the browser to load the whole page instead."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=401)
        response["HX-Refresh"] = "true"
        return response
    back = (
        request.get_full_path() if request.method in SAFE else request.META.get("HTTP_REFERER", "/")
    )
    return redirect_to_login(back)
