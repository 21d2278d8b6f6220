"""People and customers in Django admin: roles, closing a login, a lost second factor."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import admin as account_admin  # noqa: F401 - registers, see below
from allauth.account.decorators import secure_admin_login
from allauth.account.forms import ResetPasswordForm
from allauth.account.models import EmailAddress
from allauth.mfa import admin as mfa_admin  # noqa: F401 - registers, see below
from allauth.mfa.models import Authenticator
from allauth.usersessions import admin as usersessions_admin  # noqa: F401 - registers, see below
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth import admin as auth_admin  # noqa: F401 - registers Group, see below
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import services
from accounts.models import Customer, User
from accounts.roles import STAFF, Role

# One door: the portal's sign-in with its limits and its second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister(Group)  # roles are one field of a person; groups would be a second truth
# What opens a login is its owner's business: an administrator closes logins and resets factors.
admin.site.unregister([EmailAddress, Authenticator, UserSession])

STAFF_CHOICES = [(role.value, role.label) for role in Role if role in STAFF]


class NothingIsDeleted(admin.ModelAdmin[Any]):
    """History names people and customers for ever; they are closed, not deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class StaffForm(forms.ModelForm[User]):
    """A new login of the staff (customers sign up or are invited); a mail asks for the password."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=STAFF_CHOICES)

    class Meta:
        model = User
        fields = ["email", "name", "role", "language", "timezone"]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


@admin.register(User)
class UserAdmin(NothingIsDeleted):
    list_display = ["name", "email", "role", "customer", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    list_select_related = ["customer"]
    search_fields = ["name", "email", "customer__name"]
    raw_id_fields = ["customer"]
    fields = [
        "email",
        "name",
        "role",
        "is_active",
        "customer",
        "language",
        "timezone",
        "last_login",
    ]
    readonly_fields = ["email", "customer", "last_login"]
    actions = ["reset_second_factor"]

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            return StaffForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return StaffForm.Meta.fields if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Nobody takes the keys from themselves; a customer stays a customer."""
        if obj is None:
            return []
        fixed = [*self.readonly_fields]
        if obj.pk == request.user.pk:
            fixed += ["role", "is_active"]
        elif obj.role == Role.CUSTOMER:
            fixed += ["role"]
        return fixed

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role":
            kwargs["choices"] = STAFF_CHOICES
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        actor = cast(User, request.user)
        if not change:
            self._create(request, obj, actor)
            return
        role, active = obj.role, obj.is_active
        before = User.objects.get(pk=obj.pk)
        obj.role, obj.is_active = before.role, before.is_active
        super().save_model(request, obj, form, change)
        services.change_role(obj, role, actor=actor)
        services.set_active(obj, active=active, actor=actor)

    def _create(self, request: HttpRequest, obj: User, actor: User) -> None:
        made = services.create_staff(
            actor=actor,
            email=obj.email,
            name=obj.name,
            role=obj.role,
            language=obj.language,
            timezone=obj.timezone,
        )
        obj.pk = made.pk
        ask = ResetPasswordForm({"email": made.email})
        if ask.is_valid():
            ask.save(request)
        self.message_user(
            request,
            _("A mail with the link to set a password goes to %(email)s.") % {"email": made.email},
        )

    @admin.action(description=gettext_lazy("Reset the second factor"), permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, queryset: models.QuerySet[User]) -> None:
        """For a lost telephone: they enrol anew at the next sign-in."""
        for user in queryset:
            services.reset_second_factor(user, actor=cast(User, request.user))
        count = len(queryset)
        self.message_user(
            request,
            ngettext(
                "The second factor of %(count)d person is forgotten; their sessions are closed.",
                "The second factors of %(count)d people are forgotten; their sessions are closed.",
                count,
            )
            % {"count": count},
            messages.SUCCESS,
        )


@admin.register(Customer)
class CustomerAdmin(NothingIsDeleted):
    list_display = ["name", "kind", "email", "country", "created_at"]
    list_filter = ["kind", "country"]
    search_fields = ["name", "email"]
    readonly_fields = ["created_at"]
