"""`{% panels subject place %}`: what upper floors have to show here."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

from core.panels import render_panels

register = template.Library()


@register.simple_tag(takes_context=True)
def panels(context: Context, subject: Any, place: str = "main") -> SafeString:
    """Fill the slot; each panel may query, which is why they count in the query budget."""
    request = context.get("request")
    user = getattr(request, "user", None) or context.get("user")
    return render_panels(subject, user, place, request)
