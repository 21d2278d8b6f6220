from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone


@contextmanager
def ago(**span: float) -> Iterator[None]:
    """What happens inside happened that long ago: `with ago(hours=13): …`.

    For the demo alone. The services write history that nobody can change afterwards, so a past has
    to be made in the past.
    """
    real = timezone.now
    moment = real() - timedelta(**span)
    timezone.now = lambda: moment
    try:
        yield
    finally:
        timezone.now = real
