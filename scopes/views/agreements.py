"""Service agreements: customer service keeps them, customers read their own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import UserRequest, access
from accounts.models import Customer
from accounts.roles import Role
from attachments.models import Attachment
from attachments.uploads import files_first
from core.workflow import Refused, Stale
from jobs.once import once
from scopes.forms import AgreementForm, EndForm, VersionForm
from scopes.models import AgreementVersion, ServiceAgreement
from scopes.services import agreements as services
from workorders.views.answers import see_other
from workorders.views.bench.parts import asked, files_of, number, page_by_key

FOUND = 12
SHOWN = 30  # agreements on a page of the list
STANDINGS = (
    ("", gettext_lazy("All agreements")),
    ("active", gettext_lazy("In force")),
    ("soon", gettext_lazy("Running out within 30 days")),
)


@require_safe
@access(Role.CUSTOMER, Role.AGENT)
def agreement_list(request: UserRequest) -> HttpResponse:
    rows = ServiceAgreement.objects.visible_to(request.user).select_related("customer")
    text, chosen, today = asked(request), request.GET.get("standing", ""), services.today()
    if text:
        rows = rows.filter(Q(number__icontains=text) | Q(customer__name__icontains=text))
    if chosen in ("active", "soon"):
        rows = rows.active_on(today)
    if chosen == "soon":
        rows = rows.filter(ends_on__lte=today + services.TOLD_BEFORE)
    page = page_by_key(request, rows, newest=True, size=SHOWN)
    context = {
        "page": page,
        "rows": [(row, *row.standing_on(today)) for row in page.rows],
        "standings": STANDINGS,
        "chosen": chosen,
        "q": text,
        "staff": request.user.role != Role.CUSTOMER,
        "may_act": request.user.role == Role.AGENT,
    }
    return render(request, "scopes/agreement_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.AGENT)
@files_first
@once
def agreement_new(request: UserRequest) -> HttpResponse:
    """Find the customer, then take down the agreement with its paper; one page."""
    sent = request.POST if request.method == "POST" else request.GET
    customer = _chosen(request, sent.get("customer", ""))
    if request.method != "POST" or customer is None:
        return _new_page(request, customer, AgreementForm(actor=request.user))
    form = AgreementForm(request.POST, request.FILES, actor=request.user)
    if not form.is_valid():
        return _new_page(request, customer, form, status=422)
    told = {name: form.cleaned_data[name] for name in form.field_order}
    try:
        agreement = services.record_agreement(customer, actor=request.user, **told)
    except ValidationError as error:
        form.add_error(None, error)
        return _new_page(request, customer, form, status=422)
    messages.success(request, _("Agreement %(number)s is recorded.") % {"number": agreement.number})
    return see_other(reverse("scopes:agreement", args=[agreement.pk]))


def _chosen(request: UserRequest, given: str) -> Customer | None:
    pk = number(given)
    if pk is None:
        return None
    return Customer.objects.visible_to(request.user).filter(pk=pk).first()


def _found(request: UserRequest, text: str) -> list[Customer]:
    if len(text) < 2:
        return []
    claim = Q(name__icontains=text) | Q(email__icontains=text) | Q(people__email__icontains=text)
    rows = Customer.objects.visible_to(request.user).filter(claim)
    return list(rows.distinct().order_by("name", "pk")[:FOUND])


def _new_page(
    request: UserRequest, customer: Customer | None, form: AgreementForm, status: int = 200
) -> HttpResponse:
    text = asked(request, "find")
    context = {
        "customer": customer,
        "form": form,
        "text": text,
        "found": [] if customer else _found(request, text),
        "may_act": request.user.role == Role.AGENT,
    }
    return render(request, "scopes/agreement_new.html", context, status=status)


# ------------------------------------------------------------------ one agreement
def _agreement(request: UserRequest, pk: int) -> ServiceAgreement:
    rows = ServiceAgreement.objects.visible_to(request.user).select_related("customer")
    return get_object_or_404(rows, pk=pk)


@require_safe
@access(Role.CUSTOMER, Role.AGENT)
def agreement(request: UserRequest, pk: int) -> HttpResponse:
    return _page(request, _agreement(request, pk))


def _page(
    request: HttpRequest, agreement: ServiceAgreement, status: int = 200, **given: Form
) -> HttpResponse:
    papers = list(agreement.versions.select_related("uploaded_by"))
    files = files_of(AgreementVersion, [paper.pk for paper in papers])
    user: Any = request.user
    tone, word = agreement.standing_on(services.today())
    context = {
        "agreement": agreement,
        "papers": [(paper, _first(files.get(paper.pk))) for paper in papers],
        "tone": tone,
        "word": word,
        "may_act": user.role == Role.AGENT and agreement.ended_on is None,
        "staff": user.role != Role.CUSTOMER,
        "version_form": given.get("version_form") or VersionForm.of(agreement, actor=user),
        "end_form": given.get("end_form") or EndForm(initial=_end_initial(agreement)),
    }
    return render(request, "scopes/agreement.html", context, status=status)


def _first(files: list[Attachment] | None) -> Attachment | None:
    return files[0] if files else None


def _end_initial(agreement: ServiceAgreement) -> dict[str, Any]:
    return {"version": agreement.version, "ended_on": services.today()}


@require_POST
@access(Role.AGENT)
@files_first
@once
def version_add(request: UserRequest, pk: int) -> HttpResponse:
    found = _agreement(request, pk)
    form = VersionForm(request.POST, request.FILES, actor=request.user)
    if not form.is_valid():
        return _page(request, found, status=422, version_form=form)
    told = {name: form.cleaned_data[name] for name in ("version", "ends_on", "note", "files")}
    try:
        paper = services.add_version(found, actor=request.user, **told)
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, found, status=422, version_form=form)
    except (Stale, Refused) as refusal:
        form.add_error(None, _words(refusal))
        return _page(request, _agreement(request, pk), status=409, version_form=form)
    messages.success(request, _("Version %(number)d is uploaded.") % {"number": paper.number})
    return see_other(reverse("scopes:agreement", args=[pk]))


@require_POST
@access(Role.AGENT)
@once
def agreement_end(request: UserRequest, pk: int) -> HttpResponse:
    found = _agreement(request, pk)
    form = EndForm(request.POST)
    if not form.is_valid():
        return _page(request, found, status=422, end_form=form)
    told = form.cleaned_data
    try:
        services.end_early(
            found,
            version=told["version"],
            actor=request.user,
            on=told["ended_on"],
            reason=told["end_reason"],
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, found, status=422, end_form=form)
    except (Stale, Refused) as refusal:
        form.add_error(None, _words(refusal))
        return _page(request, _agreement(request, pk), status=409, end_form=form)
    messages.success(request, _("The agreement is ended."))
    return see_other(reverse("scopes:agreement", args=[pk]))


def _words(refusal: Stale | Refused) -> list[str]:
    reasons = refusal.reasons if isinstance(refusal, Refused) else refusal.args
    return [str(reason) for reason in reasons]
