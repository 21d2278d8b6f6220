"""Who is here right now: kept in the cache for seconds, never in the database (D10)."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass

from django.core.cache import cache
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role

logger = logging.getLogger(__name__)

FRESH = 10  # seconds that a sign of life counts; pages ask every two
READING, WRITING, NOTING = "reading", "writing", "noting"


@dataclass(frozen=True)
class Sign:
    """One person's last sign of life on one thread."""

    user: int
    name: str
    role: str
    doing: str
    at: float


def seen(thread_pk: int, user: User, doing: str = READING) -> None:
    """The page of this person asked; what they were typing counts until it goes stale."""
    signs = _load(thread_pk)
    before = signs.get(user.pk)
    if doing == READING and before and before.doing != READING and _fresh(before, FRESH / 2):
        return
    signs[user.pk] = Sign(user.pk, str(user), user.role, doing, time.time())
    kept = {pk: asdict(sign) for pk, sign in signs.items() if _fresh(sign)}
    try:
        cache.set(_key(thread_pk), kept, timeout=3 * FRESH)
    except Exception:
        logger.debug("presence: the cache does not answer", exc_info=True)


def who(thread_pk: int, but: User) -> list[Sign]:
    """The others, as this reader may know of them; customers see who writes to them, no more."""
    signs = [sign for sign in _load(thread_pk).values() if _fresh(sign) and sign.user != but.pk]
    if but.role == Role.CUSTOMER:
        signs = [sign for sign in signs if sign.doing == WRITING]
    else:
        signs = [s for s in signs if s.role != Role.CUSTOMER or s.doing == WRITING]
    return sorted(signs, key=lambda sign: sign.user)


def sentence(signs: list[Sign]) -> str:
    """`Li Wei is writing …`; of several the one who does most."""
    if not signs:
        return ""
    busiest = max(signs, key=lambda sign: (READING, NOTING, WRITING).index(sign.doing))
    if busiest.doing == WRITING:
        return _("%(name)s is writing …") % {"name": busiest.name}
    if busiest.doing == NOTING:
        return _("%(name)s is writing an internal note …") % {"name": busiest.name}
    return _("%(name)s has this enquiry open, too.") % {"name": busiest.name}


def _key(thread_pk: int) -> str:
    return f"presence:{thread_pk}"


def _load(thread_pk: int) -> dict[int, Sign]:
    try:
        kept: dict[int, dict[str, object]] = cache.get(_key(thread_pk)) or {}
    except Exception:
        logger.debug("presence: the cache does not answer", exc_info=True)
        return {}
    return {pk: Sign(**sign) for pk, sign in kept.items()}  # type: ignore[arg-type]


def _fresh(sign: Sign, seconds: float = FRESH) -> bool:
    return time.time() - sign.at < seconds
