"""Before the body is read: is it too long, and is anybody signed in who may send it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

GetResponse = Callable[[HttpRequest], HttpResponse]
ANONYMOUS_LIMIT = 64 * 1024  # octets: sign-in and sign-up forms are far below


class UploadGate:
    """Refuses by what the header declares, so that nothing is buffered first (U07).

    Stands behind the session and before whatever parses forms. A body without a declared length
    is refused too: it would be read to nowhere.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            return HttpResponse(status=411)
        if limit := exceeded(request):
            return render(request, "413.html", {"limit": limit}, status=413)
        return self.get_response(request)


def exceeded(request: HttpRequest) -> int:
    """The limit that the declared length passes, 0 when it passes none."""
    declared = request.META.get("CONTENT_LENGTH") or "0"
    length = int(declared) if declared.isdigit() else 0
    if length > settings.REQUEST_LIMIT:
        return settings.REQUEST_LIMIT
    multipart = request.content_type == "multipart/form-data"
    if multipart and length > ANONYMOUS_LIMIT and SESSION_KEY not in request.session:
        return ANONYMOUS_LIMIT
    return 0
