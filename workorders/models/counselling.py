"""Counselling orders: a customer asks, customer service answers, solves or converts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from accounts.models import Customer
from accounts.roles import Role
from core.workflow import Guard, WorkflowQuerySet, by
from devices.models import Device, Verdict
from workorders.models.thread import Thread

NUMBER_BASE = 10_000


class Channel(models.TextChoices):
    """How the enquiry reached us (R83)."""

    PORTAL = "portal", _("Portal")
    PHONE = "phone", _("Phone")
    WECHAT = "wechat", _("WeChat")
    EMAIL = "email", _("E-mail")
    SALES = "sales", _("Sales contact")


class Outcome(models.TextChoices):
    SOLVED = "solved", _("Solved")
    REPAIR = "repair", _("Repair needed")
    THIRD_PARTY = "third_party", _("Referred to a third party")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class RequestKind(models.TextChoices):
    """What the customer asks for, as taken at intake (R84)."""

    REPAIR = "repair", _("Repair")
    REPLACEMENT = "replacement", _("Replacement")
    CONSULTATION = "consultation", _("Consultation")


class CounsellingQuerySet(WorkflowQuerySet["Counselling"]):
    def visible_to(self, user: Any) -> CounsellingQuerySet:
        """The customer's own (colleagues included); agents and admins all (D8)."""
        match user.role:
            case Role.CUSTOMER if user.customer_id:
                return self.filter(customer_id=user.customer_id)
            case Role.AGENT | Role.ADMIN:
                return self
        return self.none()

    def numbered(self, number: int) -> CounsellingQuerySet:
        """By the enquiry number people hold in their hands."""
        return self.filter(pk=number - NUMBER_BASE)

    def for_queue(self) -> CounsellingQuerySet:
        """What an agent has to look at: not finished, or finished and written to again (E5)."""
        return self.filter(~Q(state=Counselling.State.FINISHED) | Q(needs_answer=True))

    def first_replied_since(self, at: datetime) -> CounsellingQuerySet:
        """Those that a person first answered since then, newest answer first (R85)."""
        return self.filter(first_replied_at__gte=at).order_by("-first_replied_at")

    def most_urgent_first(self) -> CounsellingQuerySet:
        """Unanswered first, then by due time, then by age."""
        return self.order_by("-needs_answer", F("due_at").asc(nulls_last=True), "pk")


answered_before = Guard(
    lambda c: c.first_replied_at is not None,
    _("Answer the customer before you close the enquiry."),
    rows=lambda: Q(first_replied_at__isnull=False),
)
device_known = Guard(
    lambda c: bool(c.sn) or c.several,
    _("Enter the serial number of the device first."),
    rows=lambda: ~Q(sn="") | Q(several=True),
)
worth_a_repair = Guard(
    lambda c: c.verdict != Verdict.OUT or c.paid_repair,
    _("The device is out of warranty and its brand refers such repairs to third parties."),
    rows=lambda: ~Q(verdict=Verdict.OUT) | Q(paid_repair=True),
)


class Counselling(ConcurrentTransitionMixin, models.Model):
    class State(models.TextChoices):
        OPEN = "open", _("Waiting for customer service")
        ANSWERED = "answered", _("Waiting for customer")
        FINISHED = "finished", _("Finished")

    state = FSMField(
        _("state"), choices=State.choices, default=State.OPEN, protected=True, editable=False
    )
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    thread = models.OneToOneField(
        Thread, on_delete=models.PROTECT, related_name="counselling", verbose_name=_("conversation")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    subject = models.CharField(_("subject"), max_length=160)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.PORTAL)
    request_kind = models.CharField(
        _("kind of request"), max_length=12, choices=RequestKind, blank=True
    )
    bought_on = models.DateField(_("bought on"), null=True, blank=True)
    device = models.ForeignKey(
        Device,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("device"),
    )
    sn = models.CharField(_("serial number"), max_length=40, blank=True)
    model_name = models.CharField(_("device"), max_length=120, blank=True)
    verdict = models.CharField(
        _("warranty"), max_length=8, choices=Verdict, default=Verdict.UNKNOWN
    )
    warranty_until = models.DateField(_("warranty until"), null=True, blank=True)
    paid_repair = models.BooleanField(_("paid repair offered"), default=False)
    several = models.BooleanField(_("about several devices"), default=False, editable=False)
    code = models.CharField(
        _("first visit code"), max_length=12, unique=True, null=True, blank=True, default=None
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("opened by"),
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assignee"),
    )
    needs_answer = models.BooleanField(_("needs an answer"), default=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    due_since = models.DateTimeField(_("clock runs since"), null=True, blank=True)
    excerpt = models.CharField(_("excerpt"), max_length=120, blank=True)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    last_message_at = models.DateTimeField(_("last message"), default=timezone.now)
    first_replied_at = models.DateTimeField(_("first reply"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = CounsellingQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("counselling order")
        verbose_name_plural = _("counselling orders")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["customer", "-id"], name="counselling_customer"),
            models.Index(fields=["sn"], name="counselling_sn"),
            models.Index(
                fields=["-needs_answer", "due_at", "id"],
                name="counselling_queue",
                condition=~Q(state="finished") | Q(needs_answer=True),
            ),
            models.Index(
                fields=["assignee", "due_at"],
                name="counselling_mine",
                condition=~Q(state="finished"),
            ),
            models.Index(
                fields=["first_replied_at"],
                name="counselling_first_reply",
                condition=Q(first_replied_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "answered", "finished"]),
                name="counselling_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="finished", outcome__gt="") | ~Q(state="finished"),
                name="finished_has_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    @property
    def number(self) -> int:
        """The enquiry number (咨询单号)."""
        return NUMBER_BASE + self.pk

    @transition(
        state,
        source=[State.OPEN, State.ANSWERED],
        target=State.ANSWERED,
        custom={"label": _("Answered"), "derived": True},
    )
    def answer(self) -> None:
        """A public reply of customer service: the ball is with the customer."""
        self.needs_answer = False

    @transition(
        state,
        source=[State.OPEN, State.ANSWERED],
        target=State.OPEN,
        custom={"label": _("Customer wrote"), "derived": True},
    )
    def customer_wrote(self) -> None:
        self.needs_answer = True

    @transition(
        state,
        source=[State.OPEN, State.ANSWERED],
        target=State.FINISHED,
        conditions=[answered_before],
        permission=by(Role.AGENT),
        custom={"label": _("Mark as solved"), "stamp": "finished_at"},
    )
    def resolve(self) -> None:
        self.outcome, self.needs_answer = Outcome.SOLVED, False

    @transition(
        state,
        source=[State.OPEN, State.ANSWERED],
        target=State.FINISHED,
        permission=by(Role.AGENT),
        custom={"label": _("Refer to a third party"), "stamp": "finished_at"},
    )
    def refer(self) -> None:
        self.outcome, self.needs_answer = Outcome.THIRD_PARTY, False

    @transition(
        state,
        source=[State.OPEN, State.ANSWERED],
        target=State.FINISHED,
        permission=by(Role.CUSTOMER),
        custom={"label": _("Withdraw enquiry"), "stamp": "finished_at"},
    )
    def withdraw(self) -> None:
        self.outcome, self.needs_answer = Outcome.WITHDRAWN, False

    @transition(
        state,
        source=[State.OPEN, State.ANSWERED],
        target=State.FINISHED,
        conditions=[device_known, worth_a_repair],
        permission=by(Role.AGENT),
        custom={"label": _("Convert to repair order"), "stamp": "finished_at"},
    )
    def convert(self, code: str = "") -> None:
        """Finished with a first visit code; the service opens the draft repair order (R16-R18)."""
        self.outcome, self.needs_answer, self.code = Outcome.REPAIR, False, code


class SavedView(models.Model):
    """A person's own filters of a list, under a name."""

    class Page(models.TextChoices):
        QUEUE = "queue", _("Queue")
        ORDERS = "orders", _("Repair orders")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    page = models.CharField(_("list"), max_length=10, choices=Page, default=Page.QUEUE)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=500)

    class SavedViewQuerySet(models.QuerySet["SavedView"]):
        def visible_to(self, user: Any) -> SavedView.SavedViewQuerySet:
            return self.filter(owner=user)

        def of(self, page: str) -> SavedView.SavedViewQuerySet:
            return self.filter(page=page)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "page", "name"],
                name="view_name_once",
                violation_error_message=_("You have a view of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name
