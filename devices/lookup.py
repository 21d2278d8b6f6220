"""What the registry says of a typed serial number, and never who owns it (R6-R10, E11)."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from accounts.roles import Role
from devices.models import Brand, Device, Verdict, normalise_sn, warranty_day

# The session keeps what was typed, not what was found: the answer is as fresh as its page.
SESSION_KEY = "warranty_lookup"
LONGEST = 64
LIMIT, PER = 20, 60  # look-ups a minute for one person (S11)

# Letters that labels in small print make of digits, and the digit that is usually meant.
LOOK_ALIKES = {"O": "0", "Q": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "G": "6", "B": "8"}
_FOLD = str.maketrans(LOOK_ALIKES)
NEAR = 3
CANDIDATES = 2000


@dataclass(frozen=True)
class LookAlike:
    """A typed letter and the digit that it may be."""

    letter: str
    digit: str


@dataclass(frozen=True)
class LookupResult:
    """The answer to one look-up; the subject of `{% panels result … %}` on its page.

    Knows the device only by model and dates: whose it is never gets here.
    """

    typed: str
    sn: str
    verdict: Verdict
    model_name: str = ""
    device_type: str = ""
    warranty_until: date | None = None
    shipped_on: date | None = None
    today: date = field(default_factory=warranty_day)
    paid_repair: bool = False
    near: tuple[str, ...] = ()
    look_alikes: tuple[LookAlike, ...] = ()

    @property
    def known(self) -> bool:
        return self.verdict != Verdict.UNKNOWN

    @property
    def in_warranty(self) -> bool:
        return self.verdict == Verdict.IN

    @property
    def may_open(self) -> bool:
        """A counselling order may be opened: in warranty, or repaired for a quote (R7, R8, E10)."""
        return self.in_warranty or (self.verdict == Verdict.OUT and self.paid_repair)

    @property
    def days_left(self) -> int:
        """Whole days until the warranty ends; 0 on its last day, which still counts."""
        return (self.warranty_until - self.today).days if self.warranty_until else 0

    @property
    def days_total(self) -> int:
        """Length of the warranty in days; 0 where the day of shipping is not known."""
        if not (self.shipped_on and self.warranty_until):
            return 0
        return max(0, (self.warranty_until - self.shipped_on).days)

    @property
    def days_used(self) -> int:
        return min(self.days_total, max(0, self.days_total - self.days_left))


def remember(session: MutableMapping[str, Any], typed: str) -> None:
    """Keep what was typed for the page behind the redirect: a SN never stands in an address."""
    session[SESSION_KEY] = typed.strip()[:LONGEST]


def forget(session: MutableMapping[str, Any]) -> None:
    session.pop(SESSION_KEY, None)


def recall(session: MutableMapping[str, Any], user: User) -> LookupResult | None:
    """The answer to this person's last look-up, as it is now. None before the first."""
    typed = session.get(SESSION_KEY, "")
    return look_up(typed, user=user) if typed else None


def look_up(typed: str, *, user: User, at: datetime | None = None) -> LookupResult:
    """Product and warranty of a serial number, however it is spelled; costs one query when known.

    Whether the caller may ask this often is checked at the door (`LIMIT` a minute).
    """
    sn, today = normalise_sn(typed), warranty_day(at)
    device = (
        Device.objects.filter(sn=sn)
        .values(
            "model__name",
            "model__device_type",
            "model__brand__out_of_warranty",
            "warranty_until",
            "shipped_on",
        )
        .first()
    )
    if device is None:
        return LookupResult(
            typed=typed,
            sn=sn,
            verdict=Verdict.UNKNOWN,
            today=today,
            near=near_matches(sn, user),
            look_alikes=look_alikes(sn),
        )
    until = device["warranty_until"]
    return LookupResult(
        typed=typed,
        sn=sn,
        verdict=Verdict.IN if today <= until else Verdict.OUT,
        model_name=device["model__name"],
        device_type=device["model__device_type"],
        warranty_until=until,
        shipped_on=device["shipped_on"],
        today=today,
        paid_repair=device["model__brand__out_of_warranty"] == Brand.OutOfWarranty.QUOTE,
    )


def look_alikes(sn: str) -> tuple[LookAlike, ...]:
    """The letters of this SN that may be digits, each once, in the order typed."""
    seen = dict.fromkeys(letter for letter in sn if letter in LOOK_ALIKES)
    return tuple(LookAlike(letter, LOOK_ALIKES[letter]) for letter in seen)


def near_matches(sn: str, user: User) -> tuple[str, ...]:
    """Similar serial numbers among the customer's own devices, best first; nobody else's (E11)."""
    if user.role != Role.CUSTOMER or len(sn) < 4:
        return ()
    alike = Q(sn__startswith=sn[:4]) | Q(sn__endswith=sn[-4:])
    own = Device.objects.visible_to(user).filter(alike).order_by("sn")
    spelled = {
        other.translate(_FOLD): other for other in own.values_list("sn", flat=True)[:CANDIDATES]
    }
    found = difflib.get_close_matches(sn.translate(_FOLD), spelled, n=NEAR, cutoff=0.8)
    return tuple(spelled[folded] for folded in found)


def printable(typed: str) -> str:
    """What was typed, fit to be repeated: without control and direction signs."""
    return "".join(c for c in typed if not unicodedata.category(c).startswith("C"))
