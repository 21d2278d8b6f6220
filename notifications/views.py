"""The demo's mailbox: mails that would leave the house are read in the browser instead."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import PUBLIC, access
from notifications.models import Mail

LOOPBACK = {"127.0.0.1", "::1"}
PAGE = 50


def demo_mails(request: HttpRequest) -> QuerySet[Mail]:
    """Every mail, for everybody at this machine: only in the demo, only over loopback."""
    if not settings.DEMO_MAILBOX or request.META.get("REMOTE_ADDR") not in LOOPBACK:
        raise Http404
    return Mail.objects.order_by("-pk")


@require_safe
@access(PUBLIC)
def mailbox(request: HttpRequest) -> HttpResponse:
    """Newest first; ?to= narrows to one address, ?before= goes back in time."""
    mails = demo_mails(request)
    to = request.GET.get("to", "").strip()
    if to:
        mails = mails.filter(recipient__iexact=to)
    before = request.GET.get("before", "")
    if before.isdigit():
        mails = mails.filter(pk__lt=int(before))
    rows = list(mails[: PAGE + 1])
    older = rows[PAGE - 1].pk if len(rows) > PAGE else None
    context = {"mails": rows[:PAGE], "to": to, "older": older}
    return render(request, "notifications/mailbox.html", context)


@require_safe
@access(PUBLIC)
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail as the person would read it; the text part, links clickable."""
    found = get_object_or_404(demo_mails(request), pk=pk)
    crumbs = [("../", _("Demo mailbox")), ("", found.subject)]
    return render(request, "notifications/mail.html", {"mail": found, "crumbs": crumbs})
