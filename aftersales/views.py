"""The roof: a home per role, health, the style page, the search over the whole portal."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import PUBLIC, access
from accounts.roles import EVERYONE, STAFF


@require_safe
@access(*EVERYONE)
def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse("home")


@require_safe
@access(PUBLIC)
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


@require_safe
@access(*STAFF)
def styleguide(request: HttpRequest) -> HttpResponse:
    from core.styleguide import styleguide_context

    return render(request, "styleguide.html", styleguide_context())


@require_safe
@access(*STAFF)
def search(request: HttpRequest) -> HttpResponse:
    return HttpResponse("search")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same page for what is absent and for what is somebody else's."""
    return render(request, "404.html", status=404)
