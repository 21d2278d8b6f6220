"""My work orders: the customer's list, and the panels of it on the home page."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import UserRequest, access
from accounts.roles import Role
from core.templatetags.ui import badge, query, sn, state_badge
from core.words import write_date
from devices.models import warranty_day
from workorders.customer_list import (
    ORDER,
    PAGE,
    STATUSES,
    STEPS,
    VIEWS,
    Back,
    Chosen,
    First,
    Line,
    counts,
    first_devices,
    page,
    place_of,
    ways_back,
)
from workorders.models import Counselling, RepairOrder
from workorders.views.bench.parts import asked

ROW = (
    '<tr{new}><td class="lead"><a href="{enquiry_url}">{number}</a><small dir="auto">{subject}'
    '</small></td>{code}<td data-label="{device_label}">{device}<small{sn}</small></td>{until}'
    '<td class="side-cell">{status}</td>{progress}{back}</tr>'
)
SN = ' class="sn" translate="no">{}'
TONES = ("gray", "amber", "blue", "violet", "violet", "teal", "green")
NOTHING = SafeString("")
SHOWN = 6  # lines of a panel on the home page


@require_safe
@access(Role.CUSTOMER)
def my_orders(request: UserRequest) -> HttpResponse:
    """Enquiries and repair orders in one list, what needs the customer on top (R19, E4)."""
    chosen = _chosen(request)
    found = page(request.user, chosen)
    lines = found[:PAGE]
    numbers = counts(request.user)
    context = {
        "rows": rows_of(lines),
        "chosen": chosen,
        "tabs": _tabs(request, chosen, numbers),
        "statuses": STATUSES,
        "any": bool(numbers),
        "shown": numbers[chosen.view] if not (chosen.status or chosen.text) else None,
        "previous": query(request) if chosen.after else "",
        "next": _next(request, found),
    }
    return render(request, "workorders/repair/my_orders.html", context)


def _chosen(request: HttpRequest) -> Chosen:
    view = asked(request, "view")
    return Chosen(
        view=view if view in dict(VIEWS) else "open",
        status=asked(request, "status"),
        text=asked(request, "q"),
        after=asked(request, "after"),
    )


def _tabs(request: HttpRequest, chosen: Chosen, numbers: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "url": query(request, view=name),
            "label": label,
            "count": numbers[name],
            "current": name == chosen.view,
        }
        for name, label in VIEWS
    ]


def _next(request: HttpRequest, found: list[Line]) -> str:
    if len(found) <= PAGE:
        return ""
    here = query(request)
    joint = "&" if len(here) > 1 else ""
    return f"{here}{joint}after={quote(place_of(found[PAGE - 1]))}"


# ------------------------------------------------------------------ rows
def rows_of(lines: list[Line]) -> SafeString:
    """The body of the table: words by Python, everything escaped, no byte twice (40 kB a page)."""
    firsts, backs = first_devices(lines), ways_back(lines)
    today = warranty_day()
    return format_html_join(
        "",
        ROW,
        (
            {
                "new": SafeString(' class="new"') if line.needs else NOTHING,
                **_enquiry(line),
                **_device(line, firsts.get(line.pk) if line.kind == ORDER else None, today),
                "code": _cell(_("First visit code"), _code(line)),
                "status": status_of(line),
                "progress": _cell(_("Progress"), _progress(line)),
                "back": _cell(_("Return"), _back(backs.get(line.consignment or 0))),
            }
            for line in lines
        ),
    )


def _cell(label: str, content: SafeString) -> SafeString:
    """A cell with its label for phones; an empty one has nothing to say there."""
    if not content:
        return SafeString("<td></td>")
    return format_html('<td data-label="{}">{}</td>', label, content)


def _enquiry(line: Line) -> dict[str, Any]:
    if line.number is None:
        return {"enquiry_url": _order_url(line), "number": line.code, "subject": ""}
    url = reverse("workorders:counselling", args=[line.number])
    return {"enquiry_url": url, "number": line.number, "subject": line.subject}


def _order_url(line: Line) -> str:
    return reverse("workorders:repair", args=[line.code])


def _code(line: Line) -> SafeString:
    if not line.code:
        return NOTHING
    if line.kind != ORDER:
        return sn(line.code)
    return format_html('<a href="{}"' + SN + "</a>", _order_url(line), line.code)


def _device(line: Line, first: First | None, today: date) -> dict[str, Any]:
    serial, model, until = first or (line.sn, line.model, line.until)
    more = line.units - 1
    text = model or _("Device")
    if more > 0:
        text = _("%(model)s and %(more)d more") % {"model": text, "more": more}
    return {
        "device_label": _("Device"),
        "device": text,
        "sn": format_html(SN, serial or ""),
        "until": _until(until, today),
    }


def _until(until: date | None, today: date) -> SafeString:
    """Not on phones: the enquiry's own page tells it there."""
    if until is None:
        return SafeString('<td class="hide-s"></td>')
    ended = format_html("<small>{}</small>", _("ended")) if until < today else NOTHING
    return format_html(
        '<td class="hide-s num"><time datetime="{}">{}</time>{}</td>',
        until.isoformat(),
        write_date(until, "short"),
        ended,
    )


def status_of(line: Line) -> SafeString:
    """The repair order's status once it is submitted, before that the enquiry's (E4)."""
    if line.submitted:
        order = RepairOrder(state=line.state, sent_count=line.sent, back_count=line.back)
        return state_badge(order, "bare")
    shown = NOTHING
    if line.enquiry_state:
        shown = state_badge(Counselling(state=line.enquiry_state), "bare")
    if line.kind != ORDER:
        return shown
    submit = format_html(
        '<small><a href="{}">{}</a></small>',
        _order_url(line),
        badge("amber", _("Submit repair order"), "pen", "bare"),
    )
    return format_html("{}{}", shown, submit)


def _progress(line: Line) -> SafeString:
    if not line.step:
        return NOTHING
    text = _("Step %(step)d of %(all)d") % {"step": line.step, "all": len(STEPS)}
    return format_html(
        '<span class="progress-line tone-{}"><progress max="{}" value="{}" aria-hidden="true">'
        "</progress><span>{}</span></span>",
        TONES[line.step],
        len(STEPS),
        line.step,
        text,
    )


def _back(back: Back | None) -> SafeString:
    """Carrier and number of the way back, as soon as the shop saved them (R32)."""
    if back is None:
        return NOTHING
    number = sn(back.waybill)
    if back.url:
        number = format_html('<a href="{}"' + SN + "</a>", back.url, back.waybill)
    return format_html("<span>{}</span><small>{}</small>", back.carrier, number)


# ------------------------------------------------------------------ home page
def on_home(user: Any) -> dict[str, Any] | None:
    """Panel: what waits for the customer, then the other open work orders; one query."""
    if user.role != Role.CUSTOMER:
        return None
    lines = page(user, Chosen(view="open"))
    needs = [line for line in lines if line.needs]
    others = [line for line in lines if not line.needs]
    return {
        "needs": [_entry(line) for line in needs[:SHOWN]],
        "others": [_entry(line) for line in others[:SHOWN]],
        "more": len(needs) > SHOWN or len(others) > SHOWN,
    }


def _entry(line: Line) -> dict[str, Any]:
    thread = reverse("workorders:counselling", args=[line.number]) if line.number else ""
    draft = line.kind == ORDER and not line.submitted
    return {
        "url": _order_url(line) if line.kind == ORDER else thread,
        "title": line.subject or line.code,
        "detail": " · ".join(filter(None, (str(line.number or ""), line.code))),
        "badge": badge("amber", _("Submit repair order"), "pen") if draft else status_of(line),
    }
