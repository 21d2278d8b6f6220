"""Work on many units: asked first where it hurts, then done at once (R72-R74, E25)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import UserRequest, access
from accounts.roles import WORKSHOP, Role
from core.workflow import Refused, Step, Text
from history.services import Outcome
from jobs.once import once
from logistics.models import Container, Direction
from workorders.forms.bench import add_errors
from workorders.forms.bulk import NEW_BOX, NO_BOX, BulkForm
from workorders.models import RepairOrder, Service, Unit
from workorders.models.unit import UnitQuerySet
from workorders.services import boxing, bulk
from workorders.services.moving import targets_of
from workorders.services.steps import EXITS
from workorders.views.answers import see_other
from workorders.views.bench.parts import number
from workorders.views.order.frame import READERS, frame, order_of
from workorders.views.order.listing import AGREE, SETTLE, Wanted, picked
from workorders.views.queue import back_to

NAMED = 12  # serial numbers on the page that asks
SHOWN_REASONS = 6
TARGETS = 50
MANAGERS = (Role.AGENT, Role.SHOP_MANAGER)
WORK: dict[str, tuple[Text, tuple[str, ...]]] = {
    "step": (_("Status update"), READERS),
    "services": (_("Complete services"), tuple(WORKSHOP)),
    "scope": (_("Services in scope"), MANAGERS),
    "box": (_("Put in a container"), tuple(WORKSHOP)),
    "move": (_("Move to another work order"), READERS),
    AGREE: (_("Record consent to scrapping"), MANAGERS),
    SETTLE: (_("Settle as missing"), MANAGERS),
}
PICKED_ONLY = frozenset({"box", "move"})
DANGER = EXITS | {"scrap", "mark_missing"}


@dataclass
class Work:
    """One piece of bulk work: what, on which units."""

    request: UserRequest
    order: RepairOrder
    given: Any
    do: str
    form: BulkForm | None = field(default=None)

    @cached_property
    def pks(self) -> list[int] | None:
        """The picked ones; None when nothing is picked and the filter speaks (E25)."""
        return picked(self.given) or None

    @cached_property
    def step(self) -> str:
        return self.given.get("step", "") if self.do == "step" else ""

    @cached_property
    def wanted(self) -> Wanted:
        return Wanted.of(self.given) if self.pks is None else Wanted()

    @cached_property
    def units(self) -> UnitQuerySet:
        return self.wanted.units(self.order, self.request.user, self.pks)

    @cached_property
    def count(self) -> int:
        return self.units.count()

    @property
    def confirmed(self) -> bool:
        return bool(self.given.get("confirmed") == "1")

    @property
    def asks(self) -> bool:
        """What nobody picked row by row, what needs words, and what cannot be undone."""
        simple = self.do == "services" or (self.do == "step" and not self.fields)
        return self.pks is None or not simple or self.danger

    @property
    def danger(self) -> bool:
        return self.step in DANGER or self.do == SETTLE

    @property
    def fields(self) -> dict[str, Any]:
        return self.blank().fields

    @property
    def label(self) -> Text:
        return Step(Unit, self.step).label if self.step else WORK[self.do][0]

    def require(self) -> None:
        """Raise Http404, PermissionDenied or Refused before anything is shown or done."""
        if self.do not in WORK or (self.do == "step" and self.step not in bulk.STEPS_FOR_MANY):
            raise Http404
        role = self.request.user.role
        if role != Role.ADMIN and role not in WORK[self.do][1]:
            raise PermissionDenied(self.do)
        if self.step and role != Role.ADMIN:
            Step(Unit, self.step).require(self.request.user)
        if self.pks is None and self.do in PICKED_ONLY:
            raise Refused(_("Pick devices in the list first."))
        if self.pks is not None and self.count != len(set(self.pks)):
            raise Http404  # one that is not here refuses all
        if not self.count:
            raise Refused(_("The filter shows no device."))

    def blank(self, data: Any = None) -> BulkForm:
        more: dict[str, Any] = {}
        if self.do == "box":
            more["boxes"] = self._boxes()
        elif self.do == "move":
            rows = targets_of(self.order, self.request.user).values_list("code", flat=True)
            more["targets"] = [(code, code) for code in rows[:TARGETS]]
        elif self.do == "scope":
            more["services"] = Service.objects.offered()
        return BulkForm(data, do=self.do, step=self.step, **more)

    def _boxes(self) -> list[tuple[str, Any]]:
        open_boxes = Container.objects.visible_to(self.request.user).filter(
            consignment=self.order.consignment_id,
            direction=Direction.OUT,
            state=Container.State.OPEN,
        )
        known = [
            (
                str(box.pk),
                _now("%(kind)s %(number)d")
                % {"kind": box.get_kind_display(), "number": box.number},
            )
            for box in open_boxes.order_by("number")
        ]
        return [*known, (NEW_BOX, _("A new box")), (NO_BOX, _("None: take them out"))]

    def query(self) -> str:
        parts: list[tuple[str, Any]] = [("do", self.do)]
        parts += [("step", self.step)] if self.step else []
        parts += [("unit", pk) for pk in self.pks or ()] + list(self.wanted.words.items())
        if back := self.given.get("next"):
            parts.append(("next", back))
        return urlencode(parts)

    # -------------------------------------------------------------- doing it
    def run(self, data: dict[str, Any]) -> None:
        """Raises PermissionDenied, Refused, ValidationError by field; tells what was done."""
        if self.pks is None and number(self.given.get("count", "")) != self.count:
            raise Refused(
                _("The list changed meanwhile: the filter shows %(count)d devices now. Look again.")
                % {"count": self.count}
            )
        report(self.request, self.label, *self._done(data))

    def _done(self, data: dict[str, Any]) -> tuple[int, Outcome | None]:
        order, units, actor = self.order, self.units, self.request.user
        match self.do:
            case "step":
                out = bulk.step(order, units, self.step, actor=actor, **data)
            case "move":
                target = targets_of(order, actor).get(code=data["target"])
                out = bulk.move_units(order, units, target, actor=actor)
            case "box":
                out = self._box(data["container"])
            case "services":
                return bulk.complete_services(order, units, actor=actor), None
            case "scope":
                return bulk.set_services(order, units, data["services"], actor=actor), None
            case "agree":
                return bulk.agree_to_scrapping(order, units, actor=actor, **data), None
            case _settle:
                return bulk.settle_missing(order, units, actor=actor, **data), None
        return len(out.moved), out

    def _box(self, chosen: str) -> Outcome:
        actor, box = self.request.user, None
        if chosen == NEW_BOX:
            box = boxing.open_container(self.order, actor=actor)
        elif chosen != NO_BOX:
            box = Container.objects.visible_to(actor).get(pk=int(chosen))
        return boxing.assign(self.order, self.units, box, actor=actor)


def report(request: UserRequest, label: Text, count: int, out: Outcome | None) -> None:
    """What was done, and what stayed with its reason, a line per reason."""
    if count or out is None:
        said = ngettext("%(what)s: %(count)d device.", "%(what)s: %(count)d devices.", count)
        messages.success(request, said % {"what": label, "count": count})
    reasons = Counter(str(reason) for reason in out.refused.values()) if out else Counter()
    for reason, number_of in reasons.most_common(SHOWN_REASONS):
        said = ngettext(
            "%(count)d device stays as it is: %(reason)s",
            "%(count)d devices stay as they are: %(reason)s",
            number_of,
        )
        messages.warning(request, said % {"count": number_of, "reason": reason})


@require_http_methods(["GET", "HEAD", "POST"])
@access(*READERS)
@once
def order_bulk(request: UserRequest, code: str) -> HttpResponse:
    """GET asks, with the number of devices and the filter; POST does, or goes to ask first."""
    order = order_of(request, code)
    given = request.POST if request.method == "POST" else request.GET
    if request.method == "POST" and given.get("one"):
        return _one(request, order, given["one"])
    if not given.get("do"):
        return see_other(reverse("workorders:order-miners", args=[order.code]))
    return _answer(request, Work(request, order, *_what(given)))


@require_http_methods(["GET", "HEAD", "POST"])
@access(*READERS)
@once
def order_services(request: UserRequest, code: str) -> HttpResponse:
    """Which services are in scope, of the picked units or of all that the filter shows (R67)."""
    given = request.POST if request.method == "POST" else request.GET
    return _answer(request, Work(request, order_of(request, code), given, "scope"))


def _what(given: Any) -> tuple[Any, str]:
    """The bars for picked rows and for all have a list each; both mean the same work."""
    do = given.get("do", "")
    if do == "step_all":
        given = given.copy()
        given["step"], do = given.get("step_all", ""), "step"
    if do == "step" and given.get("step") in (AGREE, SETTLE):
        do = given["step"]
    return given, do


def _answer(request: UserRequest, work: Work) -> HttpResponse:
    work.require()
    if request.method != "POST":
        return _page(request, work)
    if work.asks and not work.confirmed:
        return see_other(f"{_address(work)}?{work.query()}")
    work.form = work.blank(request.POST)
    if not work.form.is_valid():
        return _page(request, work, status=422)
    try:
        work.run(work.form.cleaned_data)
    except ValidationError as error:
        add_errors(work.form, error)
        return _page(request, work, status=422)
    return see_other(back_to(request, reverse("workorders:order-miners", args=[work.order.code])))


def _address(work: Work) -> str:
    name = "order-services" if work.do == "scope" else "order-bulk"
    return reverse(f"workorders:{name}", args=[work.order.code])


def _page(request: UserRequest, work: Work, *, status: int = 200) -> HttpResponse:
    sns = list(work.units.order_by("pk").values_list("sn", flat=True)[:NAMED])
    context = {
        **frame(request, work.order, "miners"),
        "work": work,
        "form": work.form or work.blank(),
        "action": _address(work),
        "sns": sns,
        "more": work.count - len(sns),
        "filters": work.wanted.labels().values(),
        "back": back_to_page(request, work),
        "may_act": request.user.role != Role.ADMIN,
        "user": request.user,
    }
    return render(request, "workorders/order/bulk.html", context, status=status)


def back_to_page(request: UserRequest, work: Work) -> str:
    """Only pages of this order; anything else leads to its list."""
    chosen: str = work.given.get("next", "")
    home = reverse("workorders:repair", args=[work.order.code])
    return chosen if chosen.startswith(home) else home + "miners/"


def _one(request: UserRequest, order: RepairOrder, text: str) -> HttpResponse:
    """The button of a row: one unit, its usual next step (R70)."""
    key, _sep, name = text.partition(":")
    pk = number(key)
    units = bulk.chosen(order, request.user, pks=[pk] if pk else [])
    if not units.exists() or name not in bulk.STEPS_FOR_MANY:
        raise Http404
    out = bulk.step(order, units, name, actor=request.user)
    if out.refused:
        raise Refused(*out.refused.values())
    report(request, Step(Unit, name).label, len(out.moved), out)
    return see_other(back_to(request, reverse("workorders:repair", args=[order.code])))
