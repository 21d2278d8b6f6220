"""The roof: a home per role, health, the style page, the search over the whole portal."""

from __future__ import annotations

from django.core.cache import cache
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import PUBLIC, UserRequest, access
from accounts.roles import EVERYONE, STAFF, Role
from aftersales.overview import overview
from aftersales.tasks import HEARTBEAT
from core.styleguide import PARTS, styleguide_context
from workorders.search import find

HOMES = {
    Role.CUSTOMER: "devices:lookup",
    Role.AGENT: "workorders:queue",
    Role.ENGINEER: "workorders:bench",
    Role.SHOP_MANAGER: "workorders:bench",
    Role.FINANCE: "billing:desk",
}


@require_safe
@access(*EVERYONE)
def home(request: UserRequest) -> HttpResponse:
    """R1, R2: each role lands where its day begins."""
    if name := HOMES.get(Role(request.user.role)):
        return redirect(name)
    return render(request, "aftersales/overview.html", {"tiles": overview(request.user)})


@require_safe
@access(PUBLIC)
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the database answers; tells when a task last went from the clock to a worker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok", "worker_seen": cache.get(HEARTBEAT)})


@require_safe
@access(*EVERYONE)
def manual(request: UserRequest) -> HttpResponse:
    """R5: how after-sales goes, for customers and those who help them."""
    return render(request, "aftersales/manual.html")


@require_safe
@access(*STAFF)
def styleguide(request: UserRequest, part: str = "") -> HttpResponse:
    """The living style page: every component with its classes, a part at a time."""
    if part and part not in PARTS:
        raise Http404(part)
    return render(request, "styleguide.html", styleguide_context(part))


@require_safe
@access(*STAFF)
def search(request: UserRequest) -> HttpResponse:
    """A serial number, code, enquiry number, waybill or customer; one hit opens at once."""
    text = request.GET.get("q", "").strip()
    hits = find(request.user, text) if text else []
    if len(hits) == 1:
        return redirect(hits[0].url)
    return render(request, "aftersales/search.html", {"text": text, "hits": hits})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same page for what is absent and for what is somebody else's."""
    return render(request, "404.html", status=404)
