"""Where one's long work is, and what it left."""

from __future__ import annotations

from pathlib import PurePath
from typing import cast

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from accounts.roles import EVERYONE
from jobs.kinds import label_of
from jobs.models import Job
from jobs.pages import job_context

LISTED = 50


@require_safe
@access(*EVERYONE)
def job_list(request: UserRequest) -> HttpResponse:
    """The newest long work that one may see; older work is found by its own address."""
    jobs = list(Job.objects.visible_to(request.user).select_related("started_by")[:LISTED])
    rows = [(job, label_of(job.kind)) for job in jobs]
    return render(request, "jobs/job_list.html", {"rows": rows, "listed": LISTED})


@require_safe
@access(*EVERYONE)
def job(request: UserRequest, token: str) -> HttpResponse:
    """One job; asked by htmx, only the part that moves."""
    seen = get_object_or_404(Job.objects.visible_to(request.user), token=token)
    context = {"job": seen, **job_context(seen)}
    if request.headers.get("HX-Request"):
        response = render(request, "jobs/_progress.html", context)
    else:
        response = render(request, "jobs/job.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
@access(*EVERYONE)
def job_result(request: UserRequest, token: str) -> FileResponse:
    """The file that the job left, as a download. 404 while there is none."""
    seen = get_object_or_404(Job.objects.visible_to(request.user), token=token)
    if not seen.result:
        raise Http404
    name = f"{seen.kind.replace('.', '-')}-{PurePath(cast('str', seen.result.name)).name}"
    response = FileResponse(seen.result.open("rb"), as_attachment=True, filename=name)
    response["X-Content-Type-Options"] = "nosniff"
    return response
