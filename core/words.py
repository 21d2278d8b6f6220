"""Small words: dates, spans, money, sizes, names, as people read them. Pure: no query, no request.

Dates are written per language here and not in the catalogue, because their order is grammar, not
vocabulary. Spans take their words from `SPANS`, which the browser gets too (core/templatetags/ui).
"""

from __future__ import annotations

import datetime as dt
import unicodedata
import zlib
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from babel import Locale
from django.utils import dateformat, timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

MINUTE, HOUR, DAY = 60, 3600, 86400
THIN = "\u202f"  # narrow space that does not break, between thousands
FIXED = "\u00a0"

# "j" day, "n" month, "M"/"F" month in words, "H:i" time; see Django's date format characters.
DATES: dict[str, dict[str, str]] = {
    "en": {
        "short": "j M Y",
        "long": "j F Y",
        "weekday": "l j F",
        "moment": "j M H:i",
        "moment_year": "j M Y H:i",
        "full": "j F Y, H:i T",
    },
    # A number stays with its unit: lines break behind 年 and 月 only.
    "zh": {
        "short": "Y\u00a0年 n\u00a0月 j\u00a0日",
        "long": "Y\u00a0年 n\u00a0月 j\u00a0日",
        "weekday": "n\u00a0月 j\u00a0日 l",
        "moment": "n\u00a0月 j\u00a0日 H:i",
        "moment_year": "Y\u00a0年 n\u00a0月 j\u00a0日 H:i",
        "full": "Y\u00a0年 n\u00a0月 j\u00a0日 H:i T",
    },
}

# Translators: d, h and m are numbers of days, hours and minutes; keep the names in the braces.
SPANS: dict[str, str | Promise] = {
    "days": _("{d} d {h} h"),
    "hours": _("{h} h {m}"),
    "minutes": _("{m} min"),
    "late": _("{time} late"),
}
AVATAR_TONES = ("teal", "violet", "green", "blue", "amber")


def write_date(value: dt.date, style: str) -> str:
    """The date or time in the reader's language; a datetime is first brought to the active zone."""
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    language = (get_language() or "en")[:2]
    return dateformat.format(value, DATES.get(language, DATES["en"])[style])


def write_moment(value: dt.datetime, now: dt.datetime) -> str:
    """Day and time; the year only when it is not this one."""
    same_year = timezone.localtime(value).year == timezone.localtime(now).year
    return write_date(value, "moment" if same_year else "moment_year")


def span(length: dt.timedelta) -> str:
    """`18 min`, `1 h 40`, `2 d 3 h`; a started minute counts, late or early."""
    minutes = max(1, -(-int(abs(length).total_seconds()) // MINUTE))
    days, rest = divmod(minutes, DAY // MINUTE)
    hours, minutes = divmod(rest, HOUR // MINUTE)
    if days:
        return str(SPANS["days"]).format(d=days, h=hours)
    if hours:
        return str(SPANS["hours"]).format(h=hours, m=f"{minutes:02}")
    return str(SPANS["minutes"]).format(m=minutes)


def write_money(amount: Decimal | int | str, currency: str = "") -> str:
    """`USD 1 180.00`: code first, thin spaces, two decimals, and never broken over a line."""
    cents = Decimal(amount).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    number = f"{cents:,.2f}".replace(",", THIN).replace("-", "\u2212")
    return f"{currency}{FIXED}{number}" if currency else number


def write_size(octets: int) -> str:
    """`42 kB`, `1.8 MB`, `11 MB`: powers of ten, as file managers and carriers of data count."""
    if octets < 1000:
        return f"{octets}{FIXED}B"
    size = Decimal(octets)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000 or unit == "GB":
            break
    digits = 1 if size < 10 and unit != "kB" else 0
    return f"{size:.{digits}f}{FIXED}{unit}"


def initials(name: str) -> str:
    """Two letters of a name: first and last word's; of a Chinese name its last two characters."""
    words = [word for word in str(name).replace("@", " ").split() if word[0].isalnum()]
    if not words:
        return ""
    if unicodedata.name(words[0][0], "").startswith("CJK"):
        return "".join(words)[-2:]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])
    return letters.upper()


def tone_for(key: Any) -> str:
    """The same tone for the same person on every page and in every process."""
    return AVATAR_TONES[zlib.crc32(str(key).encode()) % len(AVATAR_TONES)]


def country_name(code: str, language: str = "") -> str:
    """The country of a two-letter code in this language, else in the reader's."""
    names = Locale.parse(to_locale(language or get_language() or "en")).territories
    return str(names.get(code, code))
