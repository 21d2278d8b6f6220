"""The hidden field that makes a form count once."""

from __future__ import annotations

import secrets

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.once import FIELD

register = template.Library()


@register.simple_tag
def form_key() -> SafeString:
    """`{% load once %}…{% form_key %}` inside a form whose view is `@once`."""
    return format_html(
        '<input type="hidden" name="{}" value="{}">', FIELD, secrets.token_urlsafe(18)
    )
