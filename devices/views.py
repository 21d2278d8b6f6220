"""Warranty look-up, the registry, and its import."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.roles import EVERYONE, STAFF, Role
from core.csvout import csv_response
from core.limits import get_or_miss, hit, too_many
from devices import lookup as lookups
from devices.forms import ImportForm, LookupForm
from devices.imports.rows import COLUMNS, MAX_ROWS
from devices.imports.work import KIND
from devices.models import Device, normalise_sn
from devices.registry import page_of
from jobs import services as jobs
from jobs.models import Job
from jobs.once import once

REGISTRY_ROLES = (Role.CUSTOMER, Role.AGENT, Role.ENGINEER, Role.SHOP_MANAGER, Role.ADMIN)
TEMPLATE_ROWS = [
    ["1H21415090018", "VolcMiner D1 Mini Pre", "2026-03-07", "2027-03-07", "", "buyer@example.com"],
    ["1H21415090019", "VolcMiner D1 Mini Pre", "2026-03-07", "", "12", ""],
]


@require_http_methods(["GET", "HEAD", "POST"])
@access(*EVERYONE)
def lookup(request: UserRequest) -> HttpResponse:
    """Initiate work order: the answer to the last look-up, and a field for the next (R6-R10)."""
    if request.method == "POST":
        return _look_up(request)
    result = lookups.recall(request.session, request.user)
    form = LookupForm(initial={"sn": result.typed if result else ""})
    return render(request, "devices/lookup.html", {"form": form, "result": result, **_help()})


def _look_up(request: UserRequest) -> HttpResponse:
    """At most 20 a minute for one person, then 429; the SN goes by the session (E11, S11)."""
    if seconds := hit("lookup", request.user.pk, limit=lookups.LIMIT, per=lookups.PER):
        return too_many(request, seconds)
    form = LookupForm(request.POST)
    if not form.is_valid():
        lookups.forget(request.session)
        return render(request, "devices/lookup.html", {"form": form, **_help()}, status=422)
    lookups.remember(request.session, form.cleaned_data["sn"])
    return _see("devices:lookup")


def _see(name: str, *args: str) -> HttpResponse:
    return HttpResponseRedirect(reverse(name, args=args), status=303)


def _help() -> dict[str, str]:
    return {
        "support_email": settings.SUPPORT_EMAIL,
        "support_phone": settings.SUPPORT_PHONE,
        "brand": settings.BRAND_NAME,
    }


@require_safe
@access(*REGISTRY_ROLES)
def device_list(request: UserRequest) -> HttpResponse:
    """My devices for customers, the registry for staff."""
    q = request.GET.get("q", "")[: lookups.LONGEST]
    visible = Device.objects.visible_to(request.user)
    page = page_of(visible, q=q, after=request.GET.get("after", ""))
    context = {"page": page, "q": q, "staff": request.user.role in STAFF, "role": request.user.role}
    return render(request, "devices/device_list.html", context)


@require_safe
@access(*REGISTRY_ROLES)
def device(request: UserRequest, sn: str) -> HttpResponse:
    """One device: warranty, whose it is (staff only), its orders and its history (D4)."""
    visible = Device.objects.visible_to(request.user)
    known = visible.select_related("model__brand", "customer", "replaced_by")
    shown = get_or_miss(known, request, sn=normalise_sn(sn))
    staff = request.user.role in STAFF
    context = {
        "device": shown,
        "verdict": shown.verdict(),
        "staff": staff,
        "crumbs": [
            (reverse("devices:device-list"), _("Devices") if staff else _("My devices")),
            ("", shown.sn),
        ],
    }
    return render(request, "devices/device.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.ADMIN)
@once
def device_import(request: UserRequest) -> HttpResponse:
    """Hand in a file: to be checked only, or to be imported; the work is a job."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        check = request.POST.get("action") != "import"
        parameters = {
            "check": check,
            "keep": form.cleaned_data["keep"],
            "name": form.cleaned_data["file"].name,
        }
        job = jobs.run(
            KIND, actor=request.user, parameters=parameters, source=form.cleaned_data["file"]
        )
        return _see("jobs:job", job.token)
    context = {"form": form, "columns": COLUMNS, "most": MAX_ROWS}
    return render(
        request, "devices/import.html", context, status=422 if request.method == "POST" else 200
    )


@require_POST
@access(Role.ADMIN)
@once
def import_again(request: UserRequest, token: str) -> HttpResponse:
    """Import the file of an earlier job, usually one that only checked it."""
    checked = get_object_or_404(
        Job.objects.visible_to(request.user).exclude(source=""), token=token, kind=KIND
    )
    keep = "all" if request.POST.get("keep") == "all" else "good"
    parameters = {**checked.parameters, "check": False, "keep": keep}
    job = jobs.run(KIND, actor=request.user, parameters=parameters, source=checked.source)
    return _see("jobs:job", job.token)


@require_safe
@access(Role.ADMIN)
def import_template(request: UserRequest) -> StreamingHttpResponse:
    """A file to fill in, with two rows as examples."""
    return csv_response("devices-template.csv", list(COLUMNS), TEMPLATE_ROWS)
