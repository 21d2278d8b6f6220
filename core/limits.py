"""How often somebody may do something: counters in the cache, and the 429 page with Retry-After."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from typing import Any, TypeVar

from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

M = TypeVar("M", bound=models.Model)

logger = logging.getLogger(__name__)

# Numbers, codes and serial numbers are short enough to be guessed; misses are what guessing costs.
MISSES, MISSES_PER = 20, 60

# Counts here while the shared cache does not answer: per process then, but never open (R03).
_spare = LocMemCache("limits", {})


class Limited(Exception):  # noqa: N818 - like Refused
    """Too often; `seconds` from now it may be tried again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def hit(scope: str, key: object, *, limit: int, per: int) -> int:
    """Count one try; 0 when it is within `limit` tries in `per` seconds, else seconds to wait.

    A refused try is not counted, so waiting always helps. The window slides: the part of the
    window before that is still within `per` seconds counts with its share.
    """
    return _count(scope, key, limit, per, add=True)


def waiting(scope: str, key: object, *, limit: int, per: int) -> int:
    """Seconds to wait as in `hit`, without counting a try."""
    return _count(scope, key, limit, per, add=False)


def check(scope: str, key: object, *, limit: int, per: int) -> None:
    """Count one try; raises Limited when it is one too many."""
    if seconds := hit(scope, key, limit=limit, per=per):
        raise Limited(seconds)


def _count(scope: str, key: object, limit: int, per: int, *, add: bool) -> int:
    try:
        return _slide(cache, scope, key, limit, per, add=add)
    except Exception:
        logger.exception("limits: the cache does not answer, counting in this process")
        return _slide(_spare, scope, key, limit, per, add=add)


def _slide(store: BaseCache, scope: str, key: object, limit: int, per: int, *, add: bool) -> int:
    window, elapsed = divmod(time.time(), per)
    digest = hashlib.sha256(f"{key}".encode()).hexdigest()[:32]
    name = f"limit:{scope}:{per}:{digest}"
    this, last = f"{name}:{int(window)}", f"{name}:{int(window) - 1}"
    seen = store.get_many([this, last])
    share = seen.get(last, 0) * (1 - elapsed / per)
    if seen.get(this, 0) + share >= limit:
        return max(1, math.ceil(per - elapsed))
    if add:
        store.add(this, 0, timeout=2 * per)
        store.incr(this)
    return 0


def client(request: HttpRequest) -> str:
    """Who is counted: the person, else the address the request comes from."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    return f"ip:{request.META.get('REMOTE_ADDR', '')}"


def get_or_miss(queryset: models.QuerySet[M], request: HttpRequest, **lookup: Any) -> M:
    """`get_object_or_404` that counts misses: at most 20 a minute for one person (S11).

    Raises Http404, and Limited once the misses are used up, whether or not the thing exists.
    """
    who = client(request)
    if seconds := waiting("miss", who, limit=MISSES, per=MISSES_PER):
        raise Limited(seconds)
    found = queryset.filter(**lookup).first()
    if found is None:
        hit("miss", who, limit=MISSES, per=MISSES_PER)
        raise Http404
    return found


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """The 429 page; says when to come back, to people and to machines."""
    response = render(request, "429.html", {"retry_after": seconds}, status=429)
    response["Retry-After"] = str(seconds)
    return response


def handler429(request: HttpRequest) -> HttpResponse:
    """The page for limits that allauth counts; it does not tell us how long they last."""
    return too_many(request, 60)
