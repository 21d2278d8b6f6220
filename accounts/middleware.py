"""Who is here: language, time zone, how long a session lasts, second factor."""

from __future__ import annotations

import time
import zoneinfo
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils import timezone, translation

from accounts import second_factor
from accounts.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]

SIGNED_IN, SEEN = "signed_in_at", "seen_at"
TOUCH_SECONDS = 60  # how exact `seen_at` is: a session is written once a minute, not per request


class Person:
    """Language and time zone of whoever is signed in; staff sessions end when idle or old.

    What a page asks by itself (settings.POLLING_VIEWS, by htmx) does not keep a session alive.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and expired(request):
            logout(request)
        if not request.user.is_authenticated:
            return self.get_response(request)
        user = request.user
        translation.activate(user.language)
        request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(zone_of(user)):
            response = self.get_response(request)
        if request.user.is_authenticated and not polls(request):
            touch(request)
        return response


def zone_of(user: User) -> zoneinfo.ZoneInfo:
    """The person's zone; UTC for one this machine does not know."""
    try:
        return zoneinfo.ZoneInfo(user.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


def expired(request: HttpRequest) -> bool:
    """Staff: idle for 30 minutes, or signed in 12 hours ago. Customers: the cookie's 14 days."""
    if not cast(User, request.user).is_portal_staff:
        return False
    now = time.time()
    since = now - request.session.get(SIGNED_IN, 0)
    idle = now - request.session.get(SEEN, 0)
    return bool(since > settings.STAFF_SESSION_SECONDS or idle > settings.STAFF_IDLE_SECONDS)


def polls(request: HttpRequest) -> bool:
    match = request.resolver_match
    asked_by_page = request.method == "GET" and bool(request.headers.get("HX-Request"))
    return asked_by_page and match is not None and match.view_name in settings.POLLING_VIEWS


def touch(request: HttpRequest) -> None:
    now = time.time()
    if cast(User, request.user).is_portal_staff and (
        now - request.session.get(SEEN, 0) > TOUCH_SECONDS
    ):
        request.session[SEEN] = now


class SecondFactor:
    """Staff reach nothing but the pages for proving or enrolling until they have a second factor.

    Everything is covered by default: pages, partials, files, Django admin, addresses unknown to
    us; the exceptions are listed by name in second_factor.py.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not second_factor.missing(request):
            return self.get_response(request)
        target, pages = second_factor.way_out(request)
        if _name_of(request.path_info) in pages:
            return self.get_response(request)
        if request.headers.get("HX-Request"):
            response = HttpResponse(status=401)
            response["HX-Redirect"] = target
            return response
        return redirect(target)


def _name_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""
