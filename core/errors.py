"""Pages for what went wrong before a view could speak."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was not ours or is too old; what was typed is still in the browser."""
    return render(request, "csrf.html", {"reason": reason}, status=403)
