"""A page nobody thought about does not open: every address of ours must say who may open it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

# Django admin asks its own permissions, allauth its own decorators.
GUARDED_ELSEWHERE = ("allauth.", "django.")


def our_patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address with its pattern, except what lives under Django admin."""
    for entry in resolver.url_patterns:
        address = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLResolver):
            if entry.app_name != "admin":
                yield from our_patterns(entry, address)
        else:
            yield address, entry


@register(Tags.urls)
def every_view_says_who_may_open_it(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"/{address} has no @access.",
            hint="Put @access(roles) or @access(PUBLIC) on the view (accounts/access.py).",
            obj=pattern.callback,
            id="accounts.E001",
        )
        for address, pattern in our_patterns(get_resolver())
        if not hasattr(pattern.callback, "access")
        and not pattern.callback.__module__.startswith(GUARDED_ELSEWHERE)
    ]
