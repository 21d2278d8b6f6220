"""People's own pages: colleagues, invitations, profile; and the language switch."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.utils import perform_login
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services
from accounts.access import PUBLIC, UserRequest, access
from accounts.forms import InviteForm, JoinForm, ProfileForm, page_language
from accounts.models import LANGUAGES, Customer, Invitation, User
from accounts.roles import EVERYONE, Role
from core import limits

PER_PAGE = 50
INVITATIONS, INVITATIONS_PER = 20, 3600  # of one person an hour; an invitation is a mail


def see_other(name: str) -> HttpResponse:
    return HttpResponseRedirect(reverse(name), status=303)


@require_safe
@access(Role.CUSTOMER)
def people(request: UserRequest) -> HttpResponse:
    """Colleagues and open invitations; admins read everybody's."""
    return _people_page(request, InviteForm())


def _people_page(request: UserRequest, form: InviteForm, status: int = 200) -> HttpResponse:
    user = request.user
    colleagues = User.objects.visible_to(user).filter(role=Role.CUSTOMER, is_active=True)
    pages = Paginator(colleagues.select_related("customer"), PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    invitations = Invitation.objects.visible_to(user).open().select_related("invited_by")
    context = {
        "page": page,
        "previous": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next": f"?page={page.next_page_number()}" if page.has_next() else "",
        "invitations": invitations[:PER_PAGE],
        "customer": user.customer,
        "is_company": bool(user.customer and user.customer.kind == Customer.Kind.COMPANY),
        "form": form,
    }
    return render(request, "accounts/people.html", context, status=status)


@require_POST
@access(Role.CUSTOMER)
def invite(request: UserRequest) -> HttpResponse:
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _people_page(request, form, status=422)
    customer = get_object_or_404(Customer.objects.visible_to(request.user))
    limits.check("invite", request.user.pk, limit=INVITATIONS, per=INVITATIONS_PER)
    email = form.cleaned_data["email"]
    services.invite_colleague(customer, actor=request.user, email=email)
    messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": email})
    return see_other("accounts:people")


@require_POST
@access(Role.CUSTOMER)
def invitation_withdraw(request: UserRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.visible_to(request.user), pk=pk)
    services.withdraw_invitation(invitation, actor=request.user)
    messages.success(request, _("The invitation is withdrawn; its link is dead."))
    return see_other("accounts:people")


@require_http_methods(["GET", "HEAD", "POST"])
@access(Role.CUSTOMER)
def remove(request: UserRequest, pk: int) -> HttpResponse:
    """GET asks, POST removes."""
    colleagues = User.objects.visible_to(request.user).filter(role=Role.CUSTOMER, is_active=True)
    colleague = get_object_or_404(colleagues, pk=pk)
    if request.method != "POST":
        return render(request, "accounts/remove.html", {"colleague": colleague})
    services.remove_colleague(colleague, actor=request.user)
    messages.success(request, _("%(name)s cannot sign in any more.") % {"name": colleague})
    return see_other("accounts:people")


@require_http_methods(["GET", "HEAD", "POST"])
@access(*EVERYONE)
def profile(request: UserRequest) -> HttpResponse:
    user = request.user
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        services.edit_profile(
            user,
            name=form.cleaned_data["name"],
            language=form.cleaned_data["language"],
            zone=form.cleaned_data["timezone"],
        )
        with translation.override(user.language):
            messages.success(request, _("Saved."))
        return see_other("accounts:profile")
    return render(
        request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200
    )


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@access(PUBLIC)
def join(request: HttpRequest, token: str) -> HttpResponse:
    """The page of an invitation's link. Every link that opens nothing gets the same answer."""
    invitation = Invitation.objects.by_token(token)
    if invitation is None:
        return render(request, "accounts/join_closed.html", status=410)
    if request.user.is_authenticated:
        return _join_as(request, invitation, request.user)
    if services.has_login(invitation.email):
        return render(request, "accounts/join_sign_in.html", {"invitation": invitation})
    return _join_new(request, invitation)


def _join_as(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    if request.method == "POST":
        services.join_customer(invitation, actor=user)
        return see_other("home")
    return render(request, "accounts/join_signed_in.html", {"invitation": invitation})


def _join_new(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = JoinForm(request.POST or None, email=invitation.email)
    if not (request.method == "POST" and form.is_valid()):
        context: dict[str, Any] = {"form": form, "invitation": invitation}
        return render(request, "accounts/join.html", context, status=422 if form.is_bound else 200)
    user = services.accept_invitation(
        invitation,
        name=form.cleaned_data["name"],
        password=form.cleaned_data["password"],
        language=page_language(),
        zone=form.cleaned_data["zone"],
    )
    return cast(HttpResponse, perform_login(request, user, redirect_url=reverse("home")))


@require_POST
@access(PUBLIC)
def set_language(request: HttpRequest) -> HttpResponse:
    """Django's language switch; whoever is signed in keeps the choice, for mails too."""
    code = request.POST.get("language", "")
    if request.user.is_authenticated and code in dict(LANGUAGES):
        services.speak(request.user, code)
    return i18n.set_language(request)
