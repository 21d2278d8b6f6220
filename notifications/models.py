"""The outbox: every mail is a row first, and leaves the house from here only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class MailQuerySet(models.QuerySet["Mail"]):
    def due(self, now: Any) -> MailQuerySet:
        """What the relay may take: waiting, its time has come, nobody holds the lease."""
        return self.filter(state=Mail.State.WAITING, next_try_at__lte=now)

    def visible_to(self, user: Any) -> MailQuerySet:
        """One's own mails; admins read all but the private ones' bodies."""
        return self if user.role == "admin" else self.filter(recipient=user.email)


class Mail(models.Model):
    """One mail to one person about one event: at least once, never two rows (G3)."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Given up")

    event = models.CharField(_("event"), max_length=60)
    dedupe = models.CharField(max_length=200, unique=True)
    recipient = models.EmailField(_("recipient"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    language = models.CharField(_("language"), max_length=10, default="en")
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    private = models.BooleanField(_("private"), default=False)
    message_id = models.CharField(_("message ID"), max_length=200, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"), default=timezone.now)
    last_error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("outbox")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["next_try_at"], name="mail_due", condition=models.Q(state="waiting")
            ),
            models.Index(fields=["recipient", "-id"], name="mail_recipient"),
        ]

    def __str__(self) -> str:
        return self.subject
