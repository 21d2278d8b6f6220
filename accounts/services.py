"""What happens to people: signing up, invitations, leaving, roles and their records."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, Invitation, User
from accounts.roles import Role
from core.workflow import Refused
from history.services import record

INVITATION_DAYS = 7

NO_LONGER_VALID = _("This invitation is no longer valid.")


@transaction.atomic
def set_up_customer(
    user: User, *, name: str, company: str = "", language: str = "en", zone: str = "UTC"
) -> Customer:
    """Give a fresh login its customer: a company when `company` is named, else the person."""
    customer = Customer.objects.create(
        kind=Customer.Kind.COMPANY if company else Customer.Kind.PERSON,
        name=company or name,
        email=user.email,
        language=language,
    )
    user.name, user.language, user.timezone, user.customer = name, language, zone, customer
    user.save()
    record(user, "signed_up", actor=user)
    return customer


@transaction.atomic
def invite_colleague(customer: Customer, *, actor: User, email: str) -> Invitation:
    """Ask somebody to join the company; an open invitation to the same address is replaced.

    Says nothing about whether the address has a login already: its owner learns that from the
    link alone (S04). Raises Refused for a customer who is a person.
    """
    if customer.kind != Customer.Kind.COMPANY:
        raise Refused(_("Only companies have colleagues."))
    now = timezone.now()
    email = email.lower()
    customer.invitations.open().filter(email=email).update(withdrawn_at=now)
    invitation = Invitation.objects.create(
        customer=customer,
        email=email,
        invited_by=actor,
        created_at=now,
        expires_at=now + timedelta(days=INVITATION_DAYS),
    )
    record(invitation, "invited", actor=actor, at=now)
    return invitation


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, actor: User) -> Invitation:
    """The link is dead from now on. Raises Refused when it was used or withdrawn before."""
    invitation = _locked(invitation)
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    record(invitation, "withdrawn", actor=actor, at=invitation.withdrawn_at)
    return invitation


@transaction.atomic
def accept_invitation(
    invitation: Invitation, *, name: str, password: str, language: str, zone: str = "UTC"
) -> User:
    """Make the login of the invited person; their address counts as verified (the link went there).

    Single use. Raises Refused when the invitation is not open any more or the address has a
    login by now.
    """
    invitation = _locked(invitation)
    if User.objects.filter(email=invitation.email).exists():
        raise Refused(_("There is an account with this e-mail address already."))
    user = User.objects.create_user(
        invitation.email,
        password,
        name=name,
        language=language,
        timezone=zone,
        customer=invitation.customer,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    _joined(invitation, user)
    return user


@transaction.atomic
def join_customer(invitation: Invitation, *, actor: User) -> User:
    """A login of no customer yet joins the company that invited its address.

    A login belongs to one customer for good: what a person ordered stays with that person, so
    whoever has a customer already is Refused, and so is any other address than the invited one.
    """
    invitation = _locked(invitation)
    user = User.objects.select_for_update().get(pk=actor.pk)
    if user.role != Role.CUSTOMER or user.customer_id or user.email != invitation.email:
        raise Refused(_("This account cannot join the company."))
    user.customer = invitation.customer
    user.save(update_fields=["customer"])
    _joined(invitation, user)
    return user


def _joined(invitation: Invitation, user: User) -> None:
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    record(invitation, "accepted", actor=user, at=invitation.accepted_at)
    record(user, "joined", actor=user, at=invitation.accepted_at)


def _locked(invitation: Invitation) -> Invitation:
    fresh = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not fresh.is_open:
        raise Refused(NO_LONGER_VALID)
    return fresh


@transaction.atomic
def remove_colleague(user: User, *, actor: User) -> User:
    """Take a login from a company: dead at its next request, kept for the history.

    Raises Refused for oneself, so that somebody is always left.
    """
    if user.pk == actor.pk:
        raise Refused(_("You cannot remove yourself. Ask a colleague to do it."))
    return set_active(user, active=False, actor=actor, verb="removed")


@transaction.atomic
def set_active(user: User, *, active: bool, actor: User, verb: str = "") -> User:
    """Open or close a login. Closing ends all its sessions (S10)."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_active == active:
        return user
    user.is_active = active
    user.save(update_fields=["is_active"])
    record(user, verb or ("enabled" if active else "disabled"), actor=actor)
    if not active:
        end_sessions(user)
    return user


@transaction.atomic
def change_role(user: User, role: str, *, actor: User) -> User:
    """Another role from the next sign-in on; sessions of the old one end at once (S03).

    Raises Refused for somebody who belongs to a customer: staff and customers are never one login.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.role == role:
        return user
    if user.customer_id and role != Role.CUSTOMER:
        raise Refused(_("Somebody who belongs to a customer cannot become staff."))
    before, user.role = user.role, role
    user.save()
    record(user, "role_changed", actor=actor, data={"before": before, "after": role})
    end_sessions(user)
    return user


@transaction.atomic
def create_staff(*, actor: User, email: str, name: str, role: str, **fields: Any) -> User:
    """A login without password; its owner sets one by the link of the password mail."""
    user = User.objects.create_user(email, None, name=name, role=role, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=False, primary=True)
    record(user, "created", actor=actor, data={"role": role})
    return user


@transaction.atomic
def reset_second_factor(user: User, *, actor: User) -> int:
    """Forget app, keys and recovery codes of somebody who lost them; sessions end.

    Returns how many were forgotten.
    """
    count, _rows = Authenticator.objects.filter(user=user).delete()
    if count:
        record(user, "second_factor_reset", actor=actor)
    end_sessions(user)
    return int(count)


def end_sessions(user: User) -> None:
    """Sign a person out everywhere."""
    for session in UserSession.objects.filter(user=user):
        session.end()


@transaction.atomic
def edit_profile(user: User, *, name: str, language: str, zone: str) -> User:
    user.name, user.language, user.timezone = name, language, zone
    user.save(update_fields=["name", "language", "timezone"])
    return user


def speak(user: User, language: str) -> None:
    """Remember the language for pages and mails."""
    User.objects.filter(pk=user.pk).update(language=language)


def has_login(email: str) -> bool:
    return User.objects.filter(email=email.lower()).exists()
