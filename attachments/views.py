"""Files by their token; each request asks again whether this person may have it (Z05-Z07)."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from accounts.roles import EVERYONE
from attachments import reading, serving
from attachments.models import Attachment


def _visible(request: UserRequest, token: str) -> Attachment:
    return get_object_or_404(Attachment.objects.visible_to(request.user), token=token)


@require_safe
@access(*EVERYONE)
def file(request: UserRequest, token: str, name: str) -> HttpResponseBase:
    """The bytes. The name in the address is for people; the token alone counts."""
    return serving.send(request, _visible(request, token))


@require_safe
@access(*EVERYONE)
def thumb(request: UserRequest, token: str) -> HttpResponseBase:
    """The small picture, 320 pixels at most."""
    found = _visible(request, token)
    if not found.thumbnail:
        raise Http404
    return serving.send_thumbnail(request, found)


@require_safe
@access(*EVERYONE)
def preview(request: UserRequest, token: str) -> HttpResponse:
    """The first lines of a miner's log as a page."""
    found = _visible(request, token)
    if not found.readable:
        raise Http404
    context = {"file": found, "preview": reading.preview(found)}
    return render(request, "attachments/preview.html", context)
