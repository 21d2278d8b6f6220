"""The conversation of a counselling order, shared by the repair orders that come of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.roles import Role


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, user: Any) -> ThreadQuerySet:
        """The customer's own; agents and admins all."""
        match user.role:
            case Role.CUSTOMER if user.customer_id:
                return self.filter(customer_id=user.customer_id)
            case Role.AGENT | Role.ADMIN:
                return self
        return self.none()


class Thread(models.Model):
    """Who talks: one customer and customer service."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")

    objects = ThreadQuerySet.as_manager()

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")

    def __str__(self) -> str:
        return f"{self.customer} {self.pk}"


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: Any) -> MessageQuerySet:
        """Messages of visible threads; a customer never gets an internal note (Z04, D10)."""
        rows = self.filter(thread__in=Thread.objects.visible_to(user))
        return rows if user.role in {Role.AGENT, Role.ADMIN} else rows.filter(internal=False)


class Message(models.Model):
    """What one person wrote; up to three files hang on it (R12, E27)."""

    thread = models.ForeignKey(
        Thread, on_delete=models.PROTECT, related_name="messages", verbose_name=_("conversation")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("author"),
    )
    author_role = models.CharField(_("role"), max_length=20, choices=Role)
    internal = models.BooleanField(_("internal note"), default=False)
    text = models.TextField(_("text"), blank=True)
    created_at = models.DateTimeField(_("written at"), default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["pk"]
        indexes = [models.Index(fields=["thread", "id"], name="message_thread")]

    def __str__(self) -> str:
        return self.text[:60]
