"""Sample data for the living style page."""

from typing import Any


def styleguide_context() -> dict[str, Any]:
    return {}
