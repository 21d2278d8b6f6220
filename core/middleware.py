"""Answers for refusals, and headers that every response carries."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_fsm import ConcurrentTransition

from core.limits import Limited, too_many
from core.workflow import Refused, Stale

GetResponse = Callable[[HttpRequest], HttpResponse]


class Hardening:
    """Private pages are never stored by caches; every answer says where it may be embedded."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "no-store")
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
        return response


class Refusals:
    """`Refused` and a stale row become the page with its reasons, status 409, never a 500."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Limited):
            return too_many(request, error.seconds)
        if isinstance(error, Refused):
            reasons = error.reasons
        elif isinstance(error, Stale | ConcurrentTransition):
            reasons = Stale(None).args  # type: ignore[arg-type]
        else:
            return None
        if "HX-Request" not in request.headers:
            return render(request, "409.html", {"reasons": reasons}, status=409)
        # A whole page must not land in a corner of another one: the reasons come as a toast.
        response = render(request, "components/refusal.html", {"reasons": reasons}, status=409)
        response["HX-Reswap"] = "none"
        return response
