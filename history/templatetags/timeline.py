from __future__ import annotations

from typing import Any

from django import template

from history.timeline import lines

register = template.Library()


@register.inclusion_tag("history/timeline.html")
def timeline(subject: Any, user: Any) -> dict[str, Any]:
    """{% timeline order request.user %}: what happened, newest first (one query)."""
    return {"lines": lines(subject, user)}
