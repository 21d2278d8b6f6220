"""What a reader of Chinese meets in English: words of a page or a mail, less what has no language.

Without a language are: what stands in an element with translate="no" or of another language, in
serial numbers, codes and initials; addresses; the names in NAMES; and what people typed, which the
caller tells (`known`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from django.apps import apps

from accounts.models import LANGUAGES

# Names of things that Chinese customers write in Latin letters too.
NAMES = {
    *("SN", "HWB", "QR", "PDF", "CSV", "XLSX", "Excel"),  # said so in Chinese
    *("EEPROM", "PIN", "IP", "JavaScript", "Cookie", "UTF", "GBK"),
    *("MAC", "IBAN", "BIC", "A4"),
    *("VolcMiner", "Mac"),  # brands
    *("pdf", "jpg", "JPEG", "png", "PNG", "mp4", "MP4", "log", "txt", "gz", "tar", "zip", "gzip"),
    *("xlsx", "xls", "csv", "kB", "MB", "GB"),  # formats and units
    *("UTC", "CST"),  # time zones
    *("CN", "DE", "FR", "shipped_on"),  # examples of what to type: country codes, a column's name
    *("USD", "EUR", "CNY", "GBP", "JPY", "HKD", "CAD", "AUD", "SGD", "CHF", "SEK"),  # ISO 4217
    *("Control", "Command"),  # keys, in Django's own words
}
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_'’]+")
ADDRESS = re.compile(r"https?://\S+|[\w.+-]+@[\w.-]+\w")
CODE = re.compile(
    r"\b(?=[A-Z0-9]*\d)[A-Z0-9]{6,}\b|\b[A-HJKMNP-Z2-9]{8}\b|\{\w+\}|[A-Z]\w+/[A-Z]\w+|\bv\d+\b"
)
ITSELF = dict(LANGUAGES)  # languages are named in themselves
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr", "embed"}
SILENT = {"script", "style", "code"}
ICONS = {"True", "False", "Search"}  # alternative texts of Django admin, not for translation
SPOKEN = {"title", "placeholder", "aria-label", "aria-description", "alt", "label"}
SPOKEN_DATA = ("data-say-", "data-confirm", "data-label", "data-failed", "data-empty")


class Reader(HTMLParser):
    """The texts and the spoken attributes of a page, each with the element it stands in."""

    def __init__(self, language: str) -> None:
        super().__init__(convert_charrefs=True)
        self.language = language
        self.open: list[tuple[str, bool]] = []  # tag, and whether its inside has no language
        self.found: list[tuple[str, str]] = []

    @property
    def silent(self) -> bool:
        return bool(self.open) and self.open[-1][1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        silent = self.silent or self._silences(tag, told)
        if not silent:
            self._attributes(tag, told)
        if tag not in VOID:
            self.open.append((tag, silent))

    def _silences(self, tag: str, told: dict[str, str]) -> bool:
        foreign = told.get("lang", self.language).lower() != self.language
        coded = {"sn", "code", "avatar"} & set(told.get("class", "").split())
        if tag == "option" and told.get("value") in ITSELF:
            return True
        return tag in SILENT or told.get("translate") == "no" or foreign or bool(coded)

    def _attributes(self, tag: str, told: dict[str, str]) -> None:
        for name, value in told.items():
            pressed = name == "value" and told.get("type") in ("submit", "button", "reset")
            described = tag == "meta" and name == "content" and told.get("name") == "description"
            if name == "alt" and value in ICONS:
                continue
            if name in SPOKEN or name.startswith(SPOKEN_DATA) or pressed or described:
                self.found.append((f"{tag}[{name}]", value))

    def handle_endtag(self, tag: str) -> None:
        if any(tag == name for name, _silent in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip() and data.strip() not in ITSELF.values():
            where = self.open[-1][0] if self.open else ""
            self.found.append((where, " ".join(data.split())))


def texts(html: str) -> list[tuple[str, str]]:
    """What a page says: (element or attribute, text)."""
    reader = Reader("zh-hans")
    reader.feed(html)
    reader.close()
    return reader.found


def english(text: str, known: re.Pattern[str]) -> list[str]:
    """The words of a text that nobody has translated."""
    for nothing in (known, ADDRESS, CODE):
        text = nothing.sub(" ", text)
    return [word for word in WORD.findall(text) if word not in NAMES]


def english_of_page(html: str, known: re.Pattern[str]) -> Iterator[str]:
    for where, text in texts(html):
        if english(text, known):
            yield f"{where}: {text[:120]}"


# What people or the maker named; a page shows it as it stands in the database.
TYPED = {
    "accounts.user": ["name"],
    "accounts.customer": ["name", "country"],
    "billing.invoice": ["tax_label"],
    "billing.paymentaccount": ["holder", "bank"],
    "billing.pricelist": ["name"],
    "devices.brand": ["name"],
    "devices.productmodel": ["name"],
    "jobs.job": ["kind"],
    "logistics.address": ["recipient", "street", "city", "country", "postcode"],
    "logistics.carrier": ["name_en", "code"],
    "notifications.mail": ["event"],
    "parts.part": ["slot"],
    "parts.partdiagnosis": ["slot"],
    "parts.parttype": ["code"],
    "parts.slot": ["label"],
    "repairshops.repairshop": ["name_en", "region_en", "address_en", "code"],
    "sla.calendar": ["name"],
    "workorders.unit": ["finding", "work_done"],
}
# Where administrators keep a thing's short code and both its names beside each other. All others
# read the one name in their language.
KEPT = {
    "billing.pricelist": ["code"],
    "parts.failuretype": ["name_en"],
    "parts.parttype": ["name_en"],
    "workorders.service": ["code", "name_en"],
}


def typed(*more: str, kept: bool = False) -> re.Pattern[str]:
    """Every name in the database, the longest first, so that no rest of one is left."""
    words = set(more)
    for label, fields in [*TYPED.items(), *(KEPT.items() if kept else [])]:
        for values in apps.get_model(label)._default_manager.values_list(*fields):
            words |= {value for value in values if value}
    longest = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"(?<![A-Za-z])(?:{'|'.join(longest)})(?![A-Za-z])")
