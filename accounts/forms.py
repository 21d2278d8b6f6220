"""Forms of the door (allauth's, with our fields and words) and of people's own pages."""

from __future__ import annotations

import zoneinfo
from functools import lru_cache
from typing import Any, cast

from allauth.account import forms as allauth
from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.botcheck import BotCheck
from accounts.models import LANGUAGES, Customer, User
from accounts.roles import Role

LONGEST_PASSWORD = 256


# One time zone per region that people live in; the profile offers these and the person's own.
ZONES = (
    ("Africa", "Abidjan Addis_Ababa Algiers Cairo Casablanca Johannesburg Lagos Nairobi"),
    (
        "America",
        "Anchorage Argentina/Buenos_Aires Asuncion Bogota Caracas Chicago Denver Guatemala Halifax"
        " Lima Los_Angeles Mexico_City Montevideo New_York Panama Phoenix Santiago Sao_Paulo"
        " St_Johns Toronto",
    ),
    (
        "Asia",
        "Almaty Baghdad Baku Bangkok Colombo Dhaka Dubai Ho_Chi_Minh Hong_Kong Jakarta Jerusalem"
        " Kabul Karachi Kathmandu Kolkata Kuala_Lumpur Manila Novosibirsk Riyadh Seoul Shanghai"
        " Singapore Taipei Tashkent Tbilisi Tehran Tokyo Ulaanbaatar Vladivostok Yangon"
        " Yekaterinburg",
    ),
    ("Atlantic", "Azores Reykjavik"),
    ("Australia", "Adelaide Brisbane Darwin Perth Sydney"),
    (
        "Europe",
        "Amsterdam Athens Berlin Helsinki Istanbul Kyiv Lisbon London Madrid Moscow Oslo Paris Rome"
        " Stockholm Warsaw",
    ),
    ("Pacific", "Auckland Honolulu"),
)


def zones(own: str = "") -> list[tuple[str, str]]:
    """UTC first, then by name; `own` is among them whatever it is."""
    names = {f"{place}/{city}" for place, cities in ZONES for city in cities.split()}
    names |= {own} - {"", "UTC"}
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in sorted(names))]


@lru_cache
def _zones_of_the_world() -> frozenset[str]:
    """Every zone that a person can live in."""
    return frozenset(
        name
        for name in zoneinfo.available_timezones()
        if "/" in name and not name.startswith(("Etc/", "posix"))
    )


def known_zone(name: str) -> str:
    """What a browser says about itself, if it is a zone at all."""
    return name if name in _zones_of_the_world() else "UTC"


def page_language() -> str:
    """The language that the page is shown in, as one of ours."""
    code = get_language() or "en"
    return code if code in dict(LANGUAGES) else "en"


def calm(form: forms.Form, **labels: Any) -> None:
    """Our labels instead of allauth's, no placeholders (a label that vanishes is no label)."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        if isinstance(field.widget, forms.PasswordInput):
            field.widget.attrs["maxlength"] = LONGEST_PASSWORD
            field.validators.append(MaxLengthValidator(LONGEST_PASSWORD))
            field.help_text = _("At least 12 characters.") if _is_new(field) else ""
        if name in labels:
            field.label = labels[name]


def _is_new(field: forms.Field) -> bool:
    return field.widget.attrs.get("autocomplete") == "new-password" and bool(field.help_text)


class ZoneMixin(forms.Form):
    """A hidden field that the page's script fills with the browser's time zone."""

    zone = forms.CharField(
        required=False, max_length=60, widget=forms.HiddenInput(attrs={"data-time-zone": ""})
    )

    def clean_zone(self) -> str:
        return known_zone(self.cleaned_data["zone"])


class LoginForm(BotCheck, allauth.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calm(
            self,
            login=_("E-mail"),
            password=_("Password"),
            remember=_("Stay signed in on this device"),
        )
        self.fields["login"].widget.attrs["autocomplete"] = "username"

    def demo_people(self) -> list[User]:
        """On the demo: everybody a newcomer can be, the roles in the order of the work."""
        if not settings.DEMO or not settings.DEMO_PASSWORD:
            return []
        people = User.objects.filter(is_active=True, email__endswith=settings.DEMO_MAIL_DOMAIN)
        order = list(Role)
        return sorted(
            people.select_related("customer"),
            key=lambda user: (order.index(Role(user.role)), user.pk),
        )

    @property
    def demo_password(self) -> str:
        return str(settings.DEMO_PASSWORD)


class SignupForm(BotCheck, ZoneMixin, allauth.SignupForm):  # type: ignore[misc]
    """A person or a company; makes the login and its Customer in one transaction."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    kind = forms.ChoiceField(
        label=_("You order as"),
        choices=Customer.Kind.choices,
        initial=Customer.Kind.PERSON,
        widget=forms.RadioSelect,
    )
    company = forms.CharField(
        label=_("Company name"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    field_order = ["name", "email", "kind", "company", "password1", "password2", "zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calm(self, email=_("E-mail"), password1=_("Password"), password2=_("Password again"))

    def clean(self) -> Any:
        cleaned = super().clean()
        company = self.cleaned_data.get("company", "").strip()
        if self.cleaned_data.get("kind") == Customer.Kind.COMPANY and not company:
            self.add_error("company", _("Enter the name of the company."))
        return cleaned

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            # The work that a new account costs, so that the time does not tell them apart (S04).
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)

    @transaction.atomic
    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        return user

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        data = self.cleaned_data
        is_company = data["kind"] == Customer.Kind.COMPANY
        services.set_up_customer(
            user,
            name=data["name"],
            company=data["company"] if is_company else "",
            language=page_language(),
            zone=data["zone"],
        )


class ResetPasswordForm(BotCheck, allauth.ResetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calm(self, email=_("E-mail"))


class ResetPasswordKeyForm(allauth.ResetPasswordKeyForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calm(self, password1=_("New password"), password2=_("New password again"))


class ChangePasswordForm(allauth.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calm(
            self,
            oldpassword=_("Current password"),
            password1=_("New password"),
            password2=_("New password again"),
        )


class SetPasswordForm(allauth.SetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calm(self, password1=_("Password"), password2=_("Password again"))


class ReauthenticateForm(allauth.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calm(self, password=_("Password"))


class AddEmailForm(allauth.AddEmailForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calm(self, email=_("New e-mail"))
        self.fields["email"].help_text = _("It counts once you open the link that we send to it.")


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail of your colleague"),
        max_length=254,
        help_text=_("They get a mail with a link that is valid for seven days."),
        widget=forms.EmailInput({"autocomplete": "off"}),
    )


class JoinForm(ZoneMixin):
    """What an invited person still has to say; the address is known from the invitation."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        help_text=_("At least 12 characters."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if password := cleaned.get("password"):
            person = User(email=self.email, name=cleaned.get("name", ""))
            try:
                get_adapter().clean_password(password, user=person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned


class ProfileForm(forms.ModelForm[User]):
    timezone = forms.ChoiceField(
        label=_("Time zone"), widget=forms.Select(attrs={"translate": "no"})
    )

    class Meta:
        model = User
        fields = ["name", "language", "timezone"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        cast("Any", self.fields["timezone"]).choices = zones(self.instance.timezone)
