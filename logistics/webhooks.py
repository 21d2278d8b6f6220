"""Carriers tell by webhook what happened to a waybill; every call is signed (docs/operations.md).

    X-Timestamp: seconds since 1970
    X-Signature: sha256=<hex HMAC-SHA256 of timestamp + "." + body>
    {"id": "…", "waybill": "…", "kind": "delivered", "at": "2026-03-01T10:00:00Z", "place": "…"}

200: taken, or taken before. 202: kept until somebody enters that waybill. 400: not understood.
403: carrier unknown, signature or time wrong (one answer for all). 413, 429 as usual.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import PUBLIC, access
from core.limits import Limited, client, hit, waiting
from logistics import tasks, tracking

LARGEST = 16 * 1024  # octets of a body
WINDOW = 300  # seconds that a signature lives, either way
FAILURES, FAILURES_PER = 30, 60


@dataclass(frozen=True)
class Said:
    """A message as it came, every part of the right kind."""

    external_id: str
    waybill: str
    kind: str
    at: datetime
    place: str
    text: str


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the header must say for this body at this time."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def _genuine(code: str, timestamp: str, given: str, body: bytes) -> bool:
    """Compared in constant time, also for a carrier without a secret; then nothing fits."""
    secrets: list[str] = settings.TRACKING_WEBHOOK_SECRETS.get(code, [])
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return False
    fits = [
        hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode())
        for secret in secrets or [""]
    ]
    young = abs(time.time() - int(timestamp)) <= WINDOW
    return bool(secrets) and any(fits) and young


def _read(body: bytes) -> Said | None:
    """The message, or nothing when a part is missing, too long or of another kind."""
    try:
        told = json.loads(body)
        names = ("id", "waybill", "kind", "at", "place", "text")
        words = [told.get(name, "") for name in names]
        at = parse_datetime(words[3])
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    limits = zip(words, (80, 60, 16, 40, 200, 1000), strict=True)
    if not all(isinstance(word, str) and len(word) <= most for word, most in limits):
        return None
    if not words[0].strip() or at is None or not is_aware(at) or any("\x00" in w for w in words):
        return None
    return Said(words[0].strip(), words[1], words[2], at, words[4].strip(), words[5].strip())


@csrf_exempt
@require_POST
@access(PUBLIC)
def tracking_webhook(request: HttpRequest, code: str) -> HttpResponse:
    """One message of a carrier; its consequences follow in a task after the answer."""
    who = client(request)
    if seconds := waiting("webhook", who, limit=FAILURES, per=FAILURES_PER):
        raise Limited(seconds)
    declared = request.headers.get("Content-Length") or "0"
    if not declared.isdigit() or int(declared) > LARGEST:
        return HttpResponse(status=413)
    body, headers = request.body, request.headers
    stamp, given = headers.get("X-Timestamp", ""), headers.get("X-Signature", "")
    carrier = tracking.carrier_of(code)
    if not _genuine(code, stamp, given, body) or carrier is None:
        hit("webhook", who, limit=FAILURES, per=FAILURES_PER)
        return HttpResponse(status=403)
    said = _read(body)
    return HttpResponse(status=_take(carrier, said) if said else 400)


def _take(carrier: Any, said: Said) -> int:
    try:
        event, new = tracking.receive_event(carrier, **vars(said))
    except ValidationError:
        return 400
    if event.shipment_id is None:
        return 202
    if new:
        tasks.report_event.delay_on_commit(event.pk)  # type: ignore[attr-defined]
    return 200
