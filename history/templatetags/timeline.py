from __future__ import annotations

from typing import Any

from django import template

from history.timeline import LIMIT, NEWEST, newest

register = template.Library()


@register.inclusion_tag("history/timeline.html", takes_context=True)
def timeline(context: dict[str, Any], subject: Any, user: Any) -> dict[str, Any]:
    """{% timeline order request.user %}: what happened, newest first (one query).

    The newest few; `?history=all` of the same page shows the rest. An answer to a POST has no
    address to ask again, so it shows no link.
    """
    request = context["request"]
    whole = request.GET.get("history") == "all"
    found, more = newest(subject, user, LIMIT if whole else NEWEST)
    return {"lines": found, "more": more and not whole and request.method == "GET"}
