"""People, the customers they belong to, and invitations between colleagues."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.signing import BadSignature, Signer
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles import STAFF, Role

LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
INVITATION_SIGNER = Signer(sep=".", salt="accounts.invitation")


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user: Any) -> CustomerQuerySet:
        """Customers see their own company; staff who talk to customers see all (D8)."""
        match user.role:
            case Role.CUSTOMER if user.customer_id:
                return self.filter(pk=user.customer_id)
            case Role.AGENT | Role.ADMIN | Role.FINANCE | Role.SALES:
                return self
        return self.none()


class Customer(models.Model):
    """A person or a company; every order belongs to one, with any number of logins."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANY = "company", _("Company")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=200, db_index=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    country = models.CharField(_("country or region"), max_length=2, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, default="en")
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Logins by e-mail; there are no user names."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, role=Role.ADMIN, **fields)


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: Any) -> UserQuerySet:
        """Colleagues of one's own company; agents and admins see everybody."""
        match user.role:
            case Role.CUSTOMER if user.customer_id:
                return self.filter(customer_id=user.customer_id)
            case Role.AGENT | Role.ADMIN:
                return self
        return self.filter(pk=user.pk)

    def agents(self) -> UserQuerySet:
        """Everybody who can look after an enquiry, by name."""
        return self.filter(role=Role.AGENT, is_active=True).order_by("name", "pk")


class User(AbstractUser):
    """A login. One role each; a customer's login belongs to one Customer."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.CUSTOMER)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("customer"),
    )
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, default="en")
    timezone = models.CharField(_("time zone"), max_length=60, default="UTC")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager.from_queryset(UserQuerySet)()  # type: ignore[misc, assignment]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role="customer") | models.Q(customer__isnull=True),
                name="staff_belongs_to_no_customer",
                violation_error_message=_("Only customers belong to a customer."),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @property
    def is_portal_staff(self) -> bool:
        """Everybody who is not a customer; they need a second factor."""
        return self.role in STAFF

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Django admin is open to the admin role and to nobody else."""
        self.email = self.email.lower()
        self.is_staff = self.is_superuser = self.role == Role.ADMIN
        super().save(*args, **kwargs)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: Any) -> InvitationQuerySet:
        """Those of one's own company; admins read all."""
        match user.role:
            case Role.CUSTOMER if user.customer_id:
                return self.filter(customer_id=user.customer_id)
            case Role.ADMIN:
                return self
        return self.none()

    def open(self) -> InvitationQuerySet:
        """Neither accepted, withdrawn nor expired (S06: seven days)."""
        return self.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now())

    def by_token(self, token: str) -> Invitation | None:
        """The open invitation that the link belongs to; None for every other link, equally."""
        try:
            pk = INVITATION_SIGNER.unsign(token)
        except BadSignature:
            return None
        return self.open().select_related("customer", "invited_by").filter(pk=pk).first()


class Invitation(models.Model):
    """A colleague asked to join a company.

    The link's token is the signed primary key (256 bits of HMAC), so no secret is stored; the row
    decides whether it still opens anything: once, for seven days, until withdrawn.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("invited at"), default=timezone.now)
    expires_at = models.DateTimeField(_("valid until"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.email

    @property
    def join_path(self) -> str:
        """The page of the link; whoever knows it may join, so it goes into the mail only."""
        return reverse("accounts:join", args=[self.token])

    @property
    def token(self) -> str:
        return INVITATION_SIGNER.sign(str(self.pk))

    @property
    def is_open(self) -> bool:
        return not self.accepted_at and not self.withdrawn_at and self.expires_at > timezone.now()
