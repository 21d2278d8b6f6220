"""Quotes: what a repair costs that no warranty covers, asked before it is done (D9)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from accounts.roles import WORKSHOP, Role
from core.workflow import Guard, WorkflowQuerySet, by
from devices.models import warranty_day
from parts.models import PartType
from workorders.models import RepairOrder, Service, Unit

SELLERS = by(Role.SHOP_MANAGER, Role.AGENT)


class QuoteQuerySet(WorkflowQuerySet["Quote"]):
    def visible_to(self, user: Any) -> QuoteQuerySet:
        """Those of the orders one sees; customers see what was sent to them, never a draft."""
        if user.role == Role.CUSTOMER:
            if not user.customer_id:
                return self.none()
            return self.filter(order__customer_id=user.customer_id, sent_at__isnull=False)
        if user.role in WORKSHOP | {Role.AGENT, Role.ADMIN}:
            return self.filter(order__in=RepairOrder.objects.visible_to(user))
        return self.none()

    def overdue(self, day: date) -> QuoteQuerySet:
        return self.filter(state=Quote.State.SENT, valid_until__lt=day)


def _lines(**claim: Any) -> Exists:
    return Exists(QuoteLine.objects.filter(quote=OuterRef("pk"), **claim))


def _bare_units() -> Exists:
    return Exists(QuoteUnit.objects.without_lines().filter(quote=OuterRef("pk")))


has_lines = Guard(
    lambda q: q.lines.exists(),
    _("There is nothing on the quote yet."),
    rows=lambda: Q(_lines()),
)
every_unit_has_lines = Guard(
    lambda q: not q.units.without_lines().exists(),
    _("A device of the quote has no line. Add one, or take the device off."),
    rows=lambda: ~Q(_bare_units()),
)
is_priced = Guard(
    lambda q: not q.lines.filter(price=None).exists(),
    _("A line has no price yet."),
    rows=lambda: ~Q(_lines(price=None)),
)
still_valid = Guard(
    lambda q: q.valid_until >= warranty_day(),
    _("The last day of the quote has passed."),
    rows=lambda: Q(valid_until__gte=warranty_day()),
)
is_over = Guard(lambda q: q.valid_until < warranty_day(), _("The quote can still be answered."))
all_answered = Guard(
    lambda q: not q.lines.filter(answer=QuoteLine.Answer.OPEN).exists(),
    _("Accept or decline every line first."),
)
something_accepted = Guard(
    lambda q: q.lines.filter(answer=QuoteLine.Answer.ACCEPTED).exists(),
    _("No line is accepted."),
)
nothing_accepted = Guard(
    lambda q: not q.lines.filter(answer=QuoteLine.Answer.ACCEPTED).exists(),
    _("A line is accepted."),
)


class Quote(ConcurrentTransitionMixin, models.Model):
    """One offer about units of one order; every answer is final."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("quote", "Draft")
        SENT = "sent", pgettext_lazy("quote", "Waiting for an answer")
        ACCEPTED = "accepted", pgettext_lazy("quote", "Accepted")
        DECLINED = "declined", pgettext_lazy("quote", "Declined")
        EXPIRED = "expired", pgettext_lazy("quote", "Expired")
        WITHDRAWN = "withdrawn", pgettext_lazy("quote", "Withdrawn")

    OPEN = ("draft", "sent")

    state = FSMField(
        _("state"), choices=State.choices, default=State.DRAFT, protected=True, editable=False
    )
    order = models.ForeignKey(
        RepairOrder, on_delete=models.PROTECT, related_name="+", verbose_name=_("repair order")
    )
    number = models.PositiveIntegerField(_("number"))
    currency = models.CharField(_("currency"), max_length=3)
    valid_until = models.DateField(_("valid until"))
    note = models.TextField(_("note to the customer"), blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("written by"),
    )
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    signature = models.CharField(_("signed as"), max_length=120, blank=True)
    reminders = models.PositiveSmallIntegerField(default=0, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = QuoteQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["valid_until"], name="quote_waiting", condition=Q(state="sent")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="quote_number_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["draft", "sent", "accepted", "declined", "expired", "withdrawn"]
                ),
                name="quote_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "declined"])
                | Q(signature__gt="", answered_at__isnull=False, answered_by__isnull=False),
                name="quote_answer_is_signed",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """What people call it: the order's code and the number of the quote on it."""
        return f"{self.order.code}-Q{self.number}"

    @property
    def total(self) -> Decimal:
        """Everything on it, accepted or not; without tax."""
        return self.lines.total()

    @transition(
        state,
        source=State.DRAFT,
        target=State.SENT,
        conditions=[has_lines, every_unit_has_lines, is_priced, still_valid],
        permission=SELLERS,
        custom={"label": _("Send to the customer"), "stamp": "sent_at"},
    )
    def send(self) -> None: ...

    @transition(
        state,
        source=State.SENT,
        target=State.ACCEPTED,
        conditions=[still_valid, all_answered, something_accepted],
        permission=by(Role.CUSTOMER),
        custom={"label": _("Accept"), "stamp": "answered_at"},
    )
    def accept(self, signature: str = "", signed_by: Any = None) -> None:
        """At least one line is wanted; declined ones beside it stay declined."""
        self.signature, self.answered_by = signature, signed_by

    @transition(
        state,
        source=State.SENT,
        target=State.DECLINED,
        conditions=[still_valid, all_answered, nothing_accepted],
        permission=by(Role.CUSTOMER),
        custom={"label": _("Decline"), "stamp": "answered_at", "danger": True},
    )
    def decline(self, signature: str = "", signed_by: Any = None) -> None:
        self.signature, self.answered_by = signature, signed_by

    @transition(
        state,
        source=State.SENT,
        target=State.EXPIRED,
        conditions=[is_over],
        custom={"label": _("Expire"), "derived": True},
    )
    def expire(self) -> None: ...

    @transition(
        state,
        source=[State.DRAFT, State.SENT],
        target=State.WITHDRAWN,
        permission=SELLERS,
        custom={"label": _("Withdraw"), "danger": True},
    )
    def withdraw(self) -> None: ...


class QuoteUnitQuerySet(models.QuerySet["QuoteUnit"]):
    def visible_to(self, user: Any) -> QuoteUnitQuerySet:
        return self.filter(quote__in=Quote.objects.visible_to(user))

    def waiting(self) -> QuoteUnitQuerySet:
        """On a quote that the customer has and did not answer yet."""
        return self.filter(open=True, quote__state=Quote.State.SENT)

    def without_lines(self) -> QuoteUnitQuerySet:
        lines = QuoteLine.objects.filter(quote=OuterRef("quote"), unit=OuterRef("unit"))
        return self.filter(~Exists(lines))

    def all_declined(self) -> QuoteUnitQuerySet:
        """Those of which nothing was accepted."""
        accepted = QuoteLine.objects.filter(
            quote=OuterRef("quote"), unit=OuterRef("unit"), answer=QuoteLine.Answer.ACCEPTED
        )
        return self.filter(~Exists(accepted))


class QuoteUnit(models.Model):
    """A device of the quote, and what becomes of it when nothing of it is accepted."""

    class Wish(models.TextChoices):
        BACK = "back", _("Send it back unrepaired")
        SCRAP = "scrap", _("Scrap it")

    quote = models.ForeignKey(
        Quote, on_delete=models.CASCADE, related_name="units", verbose_name=_("quote")
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("device")
    )
    open = models.BooleanField(default=True, editable=False)
    wish = models.CharField(
        _("if declined"), max_length=5, choices=Wish, default=Wish.BACK, blank=True
    )

    objects = QuoteUnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("device of a quote")
        verbose_name_plural = _("devices of quotes")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["quote", "unit"], name="unit_once_per_quote"),
            models.UniqueConstraint(
                fields=["unit"],
                condition=Q(open=True),
                name="unit_on_one_open_quote",
                violation_error_message=_("A device is on another open quote already."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.unit)


class QuoteLineQuerySet(models.QuerySet["QuoteLine"]):
    def visible_to(self, user: Any) -> QuoteLineQuerySet:
        return self.filter(quote__in=Quote.objects.visible_to(user))

    def total(self) -> Decimal:
        """Price by quantity of all lines that have a price; one query."""
        amount = F("price") * F("quantity")
        found = self.order_by().aggregate(
            sum=Sum(amount, output_field=models.DecimalField(max_digits=14, decimal_places=2))
        )["sum"]
        return Decimal(found or 0).quantize(Decimal("0.01"))


class QuoteLine(models.Model):
    """One thing done to one device, for a price: a service, a part, or free words."""

    class Kind(models.TextChoices):
        SERVICE = "service", _("Service")
        PART = "part", _("Part")
        TEXT = "text", _("Other")

    class Answer(models.TextChoices):
        OPEN = "", pgettext_lazy("quote line", "Not answered")
        ACCEPTED = "accepted", pgettext_lazy("quote line", "Accepted")
        DECLINED = "declined", pgettext_lazy("quote line", "Declined")

    quote = models.ForeignKey(
        Quote, on_delete=models.CASCADE, related_name="lines", verbose_name=_("quote")
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("device")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    service = models.ForeignKey(
        Service,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("service"),
    )
    part_type = models.ForeignKey(
        PartType,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("part"),
    )
    text = models.CharField(_("what for"), max_length=160, blank=True)
    quantity = models.PositiveSmallIntegerField(
        _("quantity"), default=1, validators=[MinValueValidator(1)]
    )
    price = models.DecimalField(
        _("price per piece"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    answer = models.CharField(
        _("answer"), max_length=8, choices=Answer, default=Answer.OPEN, blank=True
    )

    objects = QuoteLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a quote")
        verbose_name_plural = _("lines of quotes")
        ordering = ["pk"]
        indexes = [models.Index(fields=["unit"], name="quote_line_unit")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="service", service__isnull=False, part_type=None)
                | Q(kind="part", part_type__isnull=False, service=None)
                | Q(kind="text", service=None, part_type=None, text__gt=""),
                name="quote_line_names_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(price=None) | Q(price__gte=0), name="quote_line_price_not_negative"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="quote_line_has_pieces"),
            models.UniqueConstraint(
                fields=["quote", "unit", "service"],
                condition=Q(kind="service"),
                name="service_once_per_quoted_unit",
            ),
            models.UniqueConstraint(
                fields=["quote", "unit", "part_type"],
                condition=Q(kind="part"),
                name="part_once_per_quoted_unit",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """In the reader's language where the catalogue knows it; free words stay as written."""
        if self.service is not None:
            return str(self.service)
        return str(self.part_type) if self.part_type is not None else self.text

    @property
    def amount(self) -> Decimal | None:
        return None if self.price is None else self.price * self.quantity
