"""What the agent's page of an enquiry shows: the thread, and beside it what decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Exists, OuterRef, Q, Value
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from accounts.access import UserRequest
from accounts.models import User
from accounts.roles import Role
from core.limits import get_or_miss
from core.templatetags.ui import state_badge
from core.workflow import Step, Text, offered_steps
from devices.models import Verdict
from workorders import conversation
from workorders.forms.counselling import MessageForm
from workorders.forms.desk import ConvertForm, DeviceForm, OverrideForm, ReferForm
from workorders.models import Counselling, Message, RepairOrder, Unit
from workorders.models.counselling import NUMBER_BASE
from workorders.views.queue import keep_agents, kept_agents
from workorders.views.queue_rows import status_badge

FormType = TypeVar("FormType", bound=Form)

SHOWN = 6


@dataclass
class Offer:
    """A step as the page offers it: the button's word, and what speaks against it."""

    step: Step
    reasons: tuple[Text, ...]

    @property
    def label(self) -> Text:
        return self.step.label


@dataclass
class Desk:
    """What stands beside the thread, in the order of decisions."""

    request: UserRequest
    counselling: Counselling
    forms: dict[str, Form] = field(default_factory=dict)
    now: datetime = field(default_factory=timezone.now)

    @property
    def may_act(self) -> bool:
        return self.request.user.role == Role.AGENT

    @cached_property
    def offers(self) -> dict[str, Offer]:
        offered = offered_steps(self.counselling, self.request.user)
        return {step.name: Offer(step, reasons) for step, reasons in offered}

    @property
    def finished(self) -> bool:
        return bool(self.counselling.state == Counselling.State.FINISHED)

    @property
    def written_after_finish(self) -> bool:
        return self.finished and self.counselling.needs_answer

    @property
    def status(self) -> SafeString:
        names = ("state", "needs_answer", "outcome", "first_replied_at")
        return status_badge({name: getattr(self.counselling, name) for name in names})

    @property
    def people(self) -> list[User]:
        """The customer's logins; the enquiry's opener first. None for who has no login (R83)."""
        return self._users[0]

    @property
    def agents(self) -> list[tuple[int, str]]:
        """Who can look after it."""
        return self._users[1]

    @cached_property
    def _users(self) -> tuple[list[User], list[tuple[int, str]]]:
        """Logins and agents: one query, whether the agents are kept or not."""
        customer, kept = self.counselling.customer_id, kept_agents()
        people = User.objects.visible_to(self.request.user).filter(customer_id=customer)
        if kept is None:
            both = (people.values("pk")[:SHOWN], User.objects.agents().values("pk"))
            rows = User.objects.visible_to(self.request.user)
            found = list(rows.filter(Q(pk__in=both[0]) | Q(pk__in=both[1])))
            kept = keep_agents((user.pk, user.name) for user in found if user.role == Role.AGENT)
        else:
            found = list(people[:SHOWN])
        logins = [user for user in found if user.customer_id == customer]
        opener = self.counselling.opened_by_id
        return sorted(logins, key=lambda person: person.pk != opener), kept

    @property
    def local_time(self) -> str:
        """What the clock says where the customer is: an agent thinks twice at 03:10."""
        if not self.people:
            return ""
        zone = self.people[0].timezone
        try:
            at = self.now.astimezone(ZoneInfo(zone))
        except (KeyError, ValueError):
            return ""
        return f"{zone.rsplit('/', 1)[-1].replace('_', ' ')} {at:%H:%M}"

    @cached_property
    def enquiries(self) -> list[Counselling]:
        """Other enquiries of this device or this customer, newest first."""
        same = Q(customer=self.counselling.customer_id)
        if self.counselling.sn:
            same |= Q(sn=self.counselling.sn)
        rows = Counselling.objects.visible_to(self.request.user).filter(same)
        return list(rows.exclude(pk=self.counselling.pk).order_by("-pk")[:SHOWN])

    @cached_property
    def orders(self) -> list[RepairOrder]:
        """Of this device or this customer: those that hold the serial number now come first."""
        same = Q(customer=self.counselling.customer_id)
        holds: Any = Value(False, output_field=BooleanField())
        if sn := self.counselling.sn:
            numbered = Unit.objects.visible_to(self.request.user).filter(sn=sn)
            same |= Q(pk__in=numbered.values("order"))
            holds = Exists(numbered.filter(order=OuterRef("pk"), holds_sn=True))
        rows = RepairOrder.objects.visible_to(self.request.user).filter(same)
        rows = rows.annotate(holds=holds).select_related("customer")
        return list(rows.order_by("-holds", "-pk")[: 2 * SHOWN])

    @property
    def own_orders(self) -> list[RepairOrder]:
        return [order for order in self.orders if order.counselling_id == self.counselling.pk]

    @property
    def earlier_orders(self) -> list[RepairOrder]:
        return [order for order in self.orders if order.counselling_id != self.counselling.pk]

    @property
    def holding(self) -> list[RepairOrder]:
        """Open repair orders that hold this serial number, whoever's they are (E11)."""
        return [order for order in self.earlier_orders if getattr(order, "holds", False)]

    @property
    def decided(self) -> bool:
        """Somebody decided against the registry; the thread says who and why (E10)."""
        device = self.counselling.device
        verdict = device.verdict(self.counselling.opened_at) if device else Verdict.UNKNOWN
        return bool(self.counselling.verdict != verdict)

    @property
    def holder(self) -> str:
        """Whom the registry names, when that is somebody else. For the desk only (E11)."""
        device = self.counselling.device
        if device is None or device.customer_id in {None, self.counselling.customer_id}:
            return ""
        return str(device.customer)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The history card: what was before, with this device or this customer."""
        shown = [
            {
                "url": reverse("workorders:repair", args=[order.code]),
                "title": order.code,
                "detail": order.customer,
                "at": order.opened_at,
                "badge": state_badge(order),
            }
            for order in self.earlier_orders[:SHOWN]
        ]
        shown += [
            {
                "url": reverse("workorders:counselling", args=[each.number]),
                "title": each.subject,
                "detail": each.number,
                "at": each.opened_at,
                "badge": state_badge(each),
                "same_device": bool(each.sn) and each.sn == self.counselling.sn,
            }
            for each in self.enquiries
        ]
        return sorted(shown, key=lambda row: row["at"], reverse=True)

    @property
    def stranger(self) -> bool:
        """It is with somebody who is no longer of customer service."""
        return self.counselling.assignee_id not in {None, *(pk for pk, _name in self.agents)}

    # A form that was refused stands where a fresh one would (text kept).
    @property
    def convert_form(self) -> Form:
        return self.forms.get("convert") or convert_form(self.counselling)

    @property
    def refer_form(self) -> Form:
        return self.forms.get("refer") or refer_form(self.counselling)

    @property
    def device_form(self) -> Form:
        given = {"sn": self.counselling.sn}
        if self.counselling.device is None:
            given["model_name"] = self.counselling.model_name
        return self.forms.get("device") or DeviceForm(auto_id="device_%s", initial=given)

    @property
    def warranty_form(self) -> Form:
        return self.forms.get("warranty") or OverrideForm(auto_id="warranty_%s")

    @property
    def drafts(self) -> dict[str, str]:
        """The keys under which the browser keeps what is typed into the steps."""
        return {name: f"{name}-{self.counselling.number}" for name in ("convert", "refer")}


def convert_form(counselling: Counselling, data: Any = None) -> ConvertForm:
    device = counselling.device
    initial = {"message": convert_words(counselling)}
    model = device.model if device else None
    form = ConvertForm(data, model=model, initial=initial, auto_id="convert_%s")
    return in_language_of(counselling, form)


def refer_form(counselling: Counselling, data: Any = None) -> ReferForm:
    form = ReferForm(data, initial={"message": refer_words(counselling)}, auto_id="refer_%s")
    return in_language_of(counselling, form)


def in_language_of(counselling: Counselling, form: FormType) -> FormType:
    """The message is written in the customer's language, whatever the agent's page speaks."""
    form.fields["message"].widget.attrs["lang"] = counselling.customer.language
    return form


def convert_words(counselling: Counselling) -> str:
    """A first version of the message, in the customer's language."""
    with translation.override(counselling.customer.language):
        if counselling.verdict == Verdict.IN:
            first = _("The device needs a repair, which your warranty covers.")
        elif counselling.verdict == Verdict.OUT:
            first = _("The device needs a repair. The repair shop sends you a quote first.")
        else:
            first = _("The device needs a repair. The repair shop checks its warranty.")
        rest = _(
            "Write the first visit code {code} on the parcel, send it to the repair shop and submit"
            " the repair order with the waybill number after shipping."
        )
        return f"{first} {rest}"


def refer_words(counselling: Counselling) -> str:
    with translation.override(counselling.customer.language):
        return _(
            "The device is out of warranty. A third-party repair shop can repair it at your own"
            " expense; you find them under “Repair shops”."
        )


def for_desk(request: UserRequest, number: int) -> Counselling:
    """The enquiry with what its page shows; an unknown number is a counted miss."""
    rows = Counselling.objects.visible_to(request.user).select_related(
        "thread", "customer", "assignee", "device__model", "device__customer"
    )
    found: Counselling = get_or_miss(rows, request, pk=number - NUMBER_BASE)
    return found


def page_url(counselling: Counselling) -> str:
    return reverse("workorders:counselling", args=[counselling.number])


# ------------------------------------------------------------------ the page and its composer
def counselling_page(
    request: UserRequest,
    counselling: Counselling,
    *,
    forms: dict[str, Form] | None = None,
    message: MessageForm | None = None,
    conflict: Message | None = None,
    status: int = 200,
) -> HttpResponse:
    """The agent's page. `forms` are refused ones by name, `message` the composer's (text kept)."""
    stretch = conversation.Stretch.of(request.GET)
    talk = conversation.read(counselling, request.user, stretch=stretch)
    note = bool(request.GET.get("note"))
    form = message or MessageForm(
        actor=request.user,
        thread=counselling.thread_id,
        internal=note,
        latest=talk.cursor.message,
    )
    page = Desk(request, counselling, forms or {})
    context = {
        "desk": page,
        "counselling": counselling,
        "may_act": page.may_act,
        "talk": talk,
        "agents": page.agents,
        **composer_context(counselling, form, conflict),
    }
    return render(request, "workorders/desk/counselling.html", context, status=status)


def composer(
    request: UserRequest,
    counselling: Counselling,
    form: MessageForm,
    *,
    status: int,
    conflict: Message | None = None,
) -> HttpResponse:
    """The composer alone for htmx, else the whole page around it; what was typed is kept."""
    if not request.headers.get("HX-Request"):
        fresh = for_desk(request, counselling.number)
        return counselling_page(request, fresh, message=form, conflict=conflict, status=status)
    context = composer_context(counselling, form, conflict)
    response = render(request, "workorders/counselling/_composer.html", context, status=status)
    if status == 200:
        response.content += _fresh_head(request, counselling.number)
    return response


def _fresh_head(request: UserRequest, number: int) -> bytes:
    """What was sent turned the ball round: whose turn it is, and what may be done, say so."""
    fresh = for_desk(request, number)
    page = Desk(request, fresh)
    context = {"desk": page, "counselling": fresh, "may_act": page.may_act, "agents": page.agents}
    head = render(request, "workorders/desk/_head.html", context | {"oob": True})
    return head.content


def composer_context(
    counselling: Counselling, form: MessageForm, conflict: Message | None = None
) -> dict[str, Any]:
    """Reply and internal note are two looks, so that nobody sends the wrong one (D10)."""
    note = form.internal_note
    here = page_url(counselling)
    language = get_language_info(counselling.customer.language)["name_translated"]
    reply_words = _("Reply to %(name)s in %(language)s") % {
        "name": counselling.customer,
        "language": language,
    }
    return {
        "form": form,
        "conflict": conflict,
        "url": reverse("workorders:message-post", args=[counselling.number]),
        "page_url": here,
        "poll_url": reverse("workorders:messages", args=[counselling.number]),
        "label": _("Internal note for colleagues") if note else reply_words,
        "placeholder": _("Only customer service reads this.") if note else reply_words,
        "send": _("Add internal note") if note else _("Send"),
        "kinds": [
            {"url": f"{here}#composer", "text": _("Reply"), "current": not note},
            {"url": f"{here}?note=1#composer", "text": _("Internal note"), "current": note},
        ],
        "actions": "" if note else "workorders/desk/_send_and_close.html",
        "closable": counselling.state != Counselling.State.FINISHED,
        "close_url": reverse("workorders:counselling-resolve", args=[counselling.number]),
    }
