"""Filters of a list that a person keeps under a name."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.workflow import Refused
from workorders.models import SavedView

VIEWS_PER_PERSON = 20


@transaction.atomic
def save_view(owner: User, *, page: str, name: str, query: str) -> SavedView:
    """Keep filters of a list under a name; the same name again replaces them.

    Raises Refused beyond twenty views of one person on one list.
    """
    mine = SavedView.objects.visible_to(owner).of(page)
    if not mine.filter(name=name).exists() and mine.count() >= VIEWS_PER_PERSON:
        raise Refused(_("You have %(limit)d views already.") % {"limit": VIEWS_PER_PERSON})
    view, _new = SavedView.objects.update_or_create(
        owner=owner, page=page, name=name, defaults={"query": query}
    )
    return view
