"""Writing into a conversation; what a message means for the enquiry it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Role
from attachments.models import Attachment
from attachments.services import attach
from history.services import advance, record
from sla import services as sla
from sla.models import ClockKind
from workorders.models import Counselling, Message, RepairOrder, Thread

TEXT_LIMIT = 20_000  # characters


@transaction.atomic
def post_message(
    thread: Thread,
    *,
    actor: User,
    text: str,
    files: Sequence[Attachment] = (),
    internal: bool = False,
) -> Message:
    """Write a message or an internal note; the enquiry follows (R11, R14, R20, E5, E13).

    `files` are the actor's own stored files, not attached yet. Raises PermissionDenied for who may
    not write here and ValidationError for text or files that cannot be sent; then nothing is kept.
    """
    require_writer(thread, actor, internal=internal)
    text = checked(text, files)
    at = timezone.now()
    enquiry = Counselling.objects.select_for_update(of=("self",)).filter(thread=thread).first()
    message = write(thread, actor=actor, text=text, files=files, internal=internal, at=at)
    if enquiry is not None:
        if not internal:
            _follow(enquiry, message, actor=actor, at=at)
        tell(enquiry, message, actor=actor)
    else:
        for order in RepairOrder.objects.filter(thread=thread).order_by("pk")[:1]:
            tell(order, message, actor=actor)
    return message


def require_writer(thread: Thread, actor: User, *, internal: bool) -> None:
    """Customers write into their own threads, customer service into all; notes are its own."""
    if actor.role == Role.AGENT:
        return
    own = actor.role == Role.CUSTOMER and actor.customer_id == thread.customer_id
    if not own or internal:
        raise PermissionDenied("post_message")


def checked(text: str, files: Sequence[Attachment]) -> str:
    """The text as it is kept. Raises ValidationError: nothing to send, too much, or NUL (U11)."""
    text = text.replace("\r\n", "\n").strip()
    if not text and not files:
        raise ValidationError({"text": _("Write a message or attach a file.")})
    if "\x00" in text:
        raise ValidationError({"text": _("The text contains a character that cannot be stored.")})
    if len(text) > TEXT_LIMIT:
        words = _("Write at most %(limit)d characters; this text has %(length)d.")
        raise ValidationError({"text": words % {"limit": TEXT_LIMIT, "length": len(text)}})
    if len(files) > settings.FILES_PER_MESSAGE:
        words = _("Send at most %(limit)d files with one message.")
        raise ValidationError({"files": words % {"limit": settings.FILES_PER_MESSAGE}})
    return text


def write(
    thread: Thread,
    *,
    actor: User,
    text: str,
    files: Sequence[Attachment],
    internal: bool = False,
    at: datetime,
) -> Message:
    """Only the row and its files; what follows from it is the caller's business."""
    message = Message.objects.create(
        thread=thread,
        author=actor,
        author_role=actor.role,
        internal=internal,
        text=text,
        created_at=at,
    )
    attach(files, message, actor=actor)
    return message


def tell(subject: Counselling | RepairOrder, message: Message, *, actor: User) -> None:
    """Into the history, and up to who sends mails."""
    record(
        subject,
        "message_posted",
        actor=actor,
        internal=message.internal,
        at=message.created_at,
        data={"message": message.pk},
    )


def excerpt(message: Message) -> str:
    """The first words, for lists. Never made of an internal note (Z04)."""
    return Truncator(" ".join(message.text.split())).chars(120)


def _follow(enquiry: Counselling, message: Message, *, actor: User, at: datetime) -> None:
    """A public message turns the ball round; a finished enquiry stays finished (E5)."""
    by_service = actor.role != Role.CUSTOMER
    finished = enquiry.state == Counselling.State.FINISHED
    facts: dict[str, Any] = {"last_message_at": at, "excerpt": excerpt(message)}
    if by_service and enquiry.first_replied_at is None:
        facts["first_replied_at"] = at
    if finished:
        facts["needs_answer"] = not by_service
    Counselling.objects.filter(pk=enquiry.pk).update(**facts)
    if not finished:
        advance(enquiry, "answer" if by_service else "customer_wrote", actor=actor, at=at)
    if by_service:
        kinds = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE)
        sla.stop(Counselling, [enquiry.pk], *kinds, at=at)
    elif not finished and enquiry.first_replied_at is not None:
        sla.start(Counselling, [enquiry.pk], ClockKind.NEXT_RESPONSE, at=at)
