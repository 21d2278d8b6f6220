"""The rows of the table of units, as HTML.

Built here and not in the template: fifty of them cost more than the page around them when each
asks for its words, badges and addresses again. What is alike is made once per page.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.templatetags.ui import badge, day, sn, state_badge
from core.workflow import Step
from workorders.models import Unit

EMPTY = SafeString("")
ROW = (
    '<tr>{pick}<td class="lead"><a href="{url}">{sn}</a><small>{model}</small></td>'
    '<td data-label="{mac_label}">{mac}{tag}</td><td class="side-cell">{state}</td>'
    '<td data-label="{place_label}">{place}</td>'
    '<td data-label="{services_label}" class="nowrap">{services}</td>'
    '<td data-label="{due_label}" class="nowrap">{due}</td>{next}</tr>'
)
PICK = (
    '<td class="pick"><label><input type="checkbox" name="unit" value="{}" aria-label="{}">'
    "</label></td>"
)
NEXT = '<td class="r"><button class="btn sm" hx-post="{}" name="one" value="{}:{}">{}</button></td>'
NO_NEXT = SafeString('<td class="r"></td>')


def unit_rows(
    rows: Iterable[tuple[Any, Step | None]], *, bulk_url: str, may_bulk: bool, now: datetime
) -> SafeString:
    """One `<tr>` per unit with its usual next step; each unit has `place`, `service_count`,
    `service_done` and its model. No query."""
    shared = {
        "mac_label": _("MAC, asset tag"),
        "place_label": _("Place"),
        "services_label": _("Services"),
        "due_label": _("Due"),
    }
    late = badge("red", _("Overdue"), "alert", "bare")
    states: dict[str, SafeString] = {}
    places: dict[str, SafeString] = {}
    said = _("%(done)s of %(all)s")

    def cells(unit: Any, step: Step | None) -> dict[str, Any]:
        if unit.state not in states:
            states[unit.state] = state_badge(unit, "bare")
        if unit.place not in places:
            places[unit.place] = _place(unit.place)
        done = {"done": unit.service_done, "all": unit.service_count}
        return {
            **shared,
            "pick": format_html(PICK, unit.pk, unit.sn) if may_bulk else EMPTY,
            "url": reverse("workorders:unit", args=[unit.pk]),
            "sn": sn(unit.sn),
            "model": unit.model.name if unit.model else unit.get_device_type_display(),
            "mac": sn(unit.mac),
            "tag": _tag(unit),
            "state": states[unit.state],
            "place": places[unit.place],
            "services": said % done if unit.service_count else "",
            "due": late if unit.due_at and unit.due_at < now else day(unit.due_at),
            "next": _next(unit, step, bulk_url) if may_bulk else EMPTY,
        }

    return format_html_join("", ROW, (cells(unit, step) for unit, step in rows))


def _place(place: str) -> SafeString:
    return SafeString(render_to_string("workorders/order/_place.html", {"place": place}))


def _tag(unit: Any) -> SafeString:
    return format_html('<small dir="auto">{}</small>', unit.asset_tag) if unit.asset_tag else EMPTY


def _next(unit: Unit, step: Step | None, url: str) -> SafeString:
    return format_html(NEXT, url, unit.pk, step.name, step.label) if step else NO_NEXT
