"""The two columns of the Logistics tab: shipments of one way, and the containers of none (R76).

An order of 5,000 devices has two hundred containers on dozens of shipments. The page shows the
newest shipments with their first containers, and one page of the containers on no shipment; two
queries count and fetch all of it, whatever there is. The lists of shipments and containers have
the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.access import UserRequest
from core.templatetags.ui import query
from core.workflow import Text
from logistics import shipping
from logistics.models import Container, Direction, Shipment
from workorders.models import RepairOrder
from workorders.services import boxing
from workorders.views.bench.parts import Tab, asked, number
from workorders.views.goods.reading import containers_of, shipments_of

SHIPMENTS = 4  # the newest of a way
ON_SHIPMENT = 3  # containers named below a shipment; its own page has all
LOOSE, OTHER_WAY = 40, 10  # containers on no shipment: of the way being looked at, of the other
MOST = 200  # shipments that can be chosen from
EVERY = "all"


@dataclass(frozen=True)
class Group:
    """A shipment, its first containers, and how many it has."""

    shipment: Shipment
    boxes: list[Container]
    total: int


@dataclass
class Way:
    """One column. `states` counts the containers on no shipment, whatever the page shows."""

    direction: str
    shipments: list[Shipment]
    groups: list[Group] = field(default_factory=list)
    loose: list[tuple[Container, bool]] = field(default_factory=list)  # and whether it may leave
    states: Counter[str] = field(default_factory=Counter)
    tabs: list[Tab] = field(default_factory=list)
    state: str = EVERY
    searched: str = ""
    size: int = LOOSE
    more: bool = False
    first: str = ""
    next: str = ""

    @property
    def empty(self) -> bool:
        return not (self.shipments or self.states)

    @property
    def many(self) -> bool:
        """More on no shipment than one page shows: they are searched and shown by state."""
        return self.states.total() > self.size

    @property
    def targets(self) -> list[Shipment]:
        """Shipments that still take containers."""
        return [one for one in self.shipments if shipping.why_not_touch(one) is None]

    @property
    def hidden_shipments(self) -> bool:
        return len(self.shipments) > len(self.groups)

    @property
    def ready(self) -> int:
        """How many containers could go on a shipment now, on this page or another."""
        loadable = self.direction == Direction.IN
        return sum(n for s, n in self.states.items() if loadable or s == Container.State.RELEASED)

    @property
    def ready_here(self) -> int:
        return sum(ready for _box, ready in self.loose)

    @property
    def waiting(self) -> bool:
        """Some of those shown may not leave yet."""
        return self.ready_here < len(self.loose)


@dataclass(frozen=True)
class Asked:
    """What the address asks to see of the containers on no shipment."""

    way: str
    state: str
    box: str
    after: int | None

    @classmethod
    def of(cls, request: UserRequest) -> Asked:
        way, state = asked(request, "way"), asked(request, "state")
        return cls(
            way if way in Direction.values else Direction.OUT,
            state if state in (EVERY, *Container.State.values) else "",
            asked(request, "box"),
            number(asked(request, "after")),
        )

    def claim(self, state: str) -> Q:
        """Of the way being looked at; the other one is always shown from its beginning."""
        mine = Q() if state == EVERY else Q(state=state)
        if self.box:
            key = number(self.box)
            mine &= Q(number=key) if key is not None else _coded(self.box)
        if self.after is not None:
            mine &= Q(pk__gt=self.after)
        return Q(direction=self.way) & mine | ~Q(direction=self.way)


def _coded(text: str) -> Q:
    return Q(pk__in=Container.objects.coded(text).values("pk"))


def ways(request: UserRequest, order: RepairOrder) -> tuple[Way, Way]:
    """In and out; three queries."""
    both = {direction: Way(direction, []) for direction in (Direction.IN, Direction.OUT)}
    here = reverse("workorders:order-logistics", args=[order.code])
    if order.consignment_id is None:
        return both[Direction.IN], both[Direction.OUT]
    found = shipments_of(request).filter(consignment=order.consignment_id)
    for shipment in found.order_by("-pk")[:MOST]:
        both[Direction(shipment.direction)].shipments.insert(0, shipment)
    wanted = Asked.of(request)
    mine = containers_of(request).filter(consignment=order.consignment_id)
    totals = _count(mine, both)
    opened = both[Direction(wanted.way)]
    opened.state = wanted.state or _usual(opened)
    shown = [one.pk for way in both.values() for one in way.shipments[-SHIPMENTS:]]
    boxes = _fetch(mine, shown, wanted, opened.state)
    for way in both.values():
        _fill(way, boxes, totals, wanted)
        _turn(request, here, way, wanted)
    return both[Direction.IN], both[Direction.OUT]


def _count(mine: QuerySet[Container], both: dict[Direction, Way]) -> dict[int, int]:
    """How many containers per shipment; those of none are counted by state in their way."""
    totals: dict[int, int] = {}
    heaps = mine.order_by().values_list("direction", "shipment", "state")
    for direction, shipment, state, n in heaps.annotate(n=Count("pk")):
        if shipment is None:
            both[Direction(direction)].states[state] += n
        else:
            totals[shipment] = totals.get(shipment, 0) + n
    return totals


def _usual(way: Way) -> str:
    """All where they fit; else those that may leave, which is what people come for."""
    if way.states.total() <= LOOSE or not way.states[Container.State.RELEASED]:
        return EVERY
    return str(Container.State.RELEASED)


def _fetch(
    mine: QuerySet[Container], shipments: list[int], wanted: Asked, state: str
) -> list[Container]:
    """The first few of each shipment and one page of those on none, by key, in one query."""
    place = Window(RowNumber(), partition_by=[F("direction"), F("shipment")], order_by="pk")
    most = Case(
        When(shipment__isnull=False, then=Value(ON_SHIPMENT)),
        When(direction=wanted.way, then=Value(LOOSE + 1)),
        default=Value(OTHER_WAY + 1),
        output_field=IntegerField(),
    )
    seen = mine.filter(Q(shipment__in=shipments) | Q(shipment=None) & wanted.claim(state))
    rows = boxing.with_held(seen).annotate(place=place, most=most).filter(place__lte=F("most"))
    return list(rows.order_by("pk"))


def _fill(way: Way, boxes: Iterable[Container], totals: dict[int, int], wanted: Asked) -> None:
    held: dict[int | None, list[Container]] = {}
    for box in boxes:
        if box.direction == way.direction:
            held.setdefault(box.shipment_id, []).append(box)
    newest = way.shipments[-SHIPMENTS:]
    way.groups = [Group(one, held.get(one.pk, []), totals.get(one.pk, 0)) for one in newest]
    loose = held.get(None, [])
    way.size = LOOSE if way.direction == wanted.way else OTHER_WAY
    way.loose = [(box, shipping.why_not_load(box) is None) for box in loose[: way.size]]
    way.more = len(loose) > way.size


def _turn(request: UserRequest, here: str, way: Way, wanted: Asked) -> None:
    """The addresses around a list; the way that is not looked at is at its beginning."""
    opened = way.direction == wanted.way
    if way.more:
        kept = {} if opened else {"state": None, "box": None}
        last = way.loose[-1][0].pk
        way.next = f"{here}{query(request, way=way.direction, **kept)}&after={last}"
    way.first = here + query(request) if opened and wanted.after is not None else ""
    way.searched = wanted.box if opened else ""
    if not way.many or len(way.states) < 2:
        return
    words: list[tuple[str, Text, int]] = [(EVERY, _("All"), way.states.total())]
    words += [(s.value, s.label, way.states[s]) for s in Container.State if way.states[s]]
    for value, label, n in words:
        address = here + query(request, way=way.direction, state=value, box=None)
        way.tabs.append(Tab(address, label, n, value == way.state))
