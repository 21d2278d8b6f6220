"""Tests that commit empty the database afterwards; append-only tables let them, for that moment."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import TransactionTestCase

from history.append_only import protect, release

TABLES = ["history_entry", "billing_booking", "scopes_agreementversion", "parts_movement"]
_teardown = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def _empty(self: TransactionTestCase) -> Any:
    for table in TABLES:
        release(connection, table)
    try:
        return _teardown(self)
    finally:
        for table in TABLES:
            protect(connection, table)


TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]
