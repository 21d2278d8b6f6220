"""When a shop is open, in a line that people read."""

from __future__ import annotations

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from sla.models import Calendar


def opening_hours(calendar: Calendar | None) -> str:
    """`Mon–Fri 09:00–18:00, break 12:00–13:00 (Asia/Shanghai)`; empty without a calendar."""
    if calendar is None or not calendar.weekdays:
        return ""
    words = {
        "days": days_in_words(calendar.weekdays),
        "opens": f"{calendar.opens:%H:%M}",
        "closes": f"{calendar.closes:%H:%M}",
        "zone": calendar.zone,
    }
    if calendar.break_from and calendar.break_until:
        words |= {
            "from": f"{calendar.break_from:%H:%M}",
            "until": f"{calendar.break_until:%H:%M}",
        }
        return _("%(days)s %(opens)s–%(closes)s, break %(from)s–%(until)s (%(zone)s)") % words
    return _("%(days)s %(opens)s–%(closes)s (%(zone)s)") % words


def days_in_words(weekdays: str) -> str:
    """`12345` is Mon–Fri, `136` is Mon, Wed, Sat: neighbours are drawn together."""
    numbers = sorted({int(day) for day in weekdays if day in "1234567"})
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    named = [[str(WEEKDAYS_ABBR[number - 1]) for number in run] for run in runs]
    return _(", ").join(
        f"{run[0]}–{run[-1]}" if len(run) > 2 else _(", ").join(run) for run in named
    )
