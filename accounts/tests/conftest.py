from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail


@pytest.fixture(autouse=True)
def _pages_of_this_floor_only(settings):
    """The demo's mailbox lives upstairs; its entry in the account menu is not our business."""
    settings.DEMO_MAILBOX = False


@pytest.fixture
def mails(settings) -> Callable[[], list[str]]:
    """The texts of the mails written so far, by allauth itself, without the outbox upstairs."""
    settings.ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"
    return lambda: [str(letter.body) for letter in mail.outbox]
