"""The tool that collects the words to translate sees what a page would show."""

import gettext
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tools import messages

pytestmark = pytest.mark.once

TEMPLATE = """{% load i18n %}
  <p title="{% translate "Close (and keep)" %}">it's 5 > 3: [</p>
    {# Translators: said to a customer #}
      {% translate "Open" context "state" %}
  {% blocktranslate trimmed count number=n with name=who %}
    {{ name }} has one order.
  {% plural %}
    {{ name }} has {{ number }} orders.
  {% endblocktranslate %}
"""
CODE = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext
A = _("Repaired by %(name)s")
B = ngettext("%(n)s unit", "%(n)s units", 2)
C = pgettext("parcel", "Lost")
D = _(A)
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A portal of two files."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE)
    (tmp_path / "shop.py").write_text(CODE)
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    return tmp_path


def found(catalog: Catalog) -> set[tuple[object, object]]:
    return {(message.id, message.context) for message in catalog if message.id}


def test_words_of_code_and_templates_are_collected(house):
    assert found(messages.collected()) == {
        ("Close (and keep)", None),
        ("Open", "state"),
        (("%(name)s has one order.", "%(name)s has %(number)s orders."), None),
        ("Repaired by %(name)s", None),
        (("%(n)s unit", "%(n)s units"), None),
        ("Lost", "parcel"),
    }


def test_merging_twice_changes_nothing(house):
    messages.merge("zh_Hans")
    first = messages.po_file("zh_Hans").read_bytes()
    messages.merge("zh_Hans")
    assert messages.po_file("zh_Hans").read_bytes() == first


def test_merging_keeps_translations_and_drops_what_nobody_says_any_more(house):
    messages.merge("zh_Hans")
    po = messages.po_file("zh_Hans")
    po.write_text(po.read_text().replace('msgid "Lost"\nmsgstr ""', 'msgid "Lost"\nmsgstr "丢失"'))
    (house / "templates" / "page.html").unlink()
    messages.merge("zh_Hans")
    catalog = messages.read("zh_Hans")
    lost = catalog.get("Lost", "parcel")
    assert lost is not None
    assert lost.string == "丢失"
    assert catalog.get("Open", "state") is None
    messages.compile_all()
    with po.with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).pgettext("parcel", "Lost") == "丢失"


def test_a_new_word_and_an_empty_one_are_both_told(house):
    assert any("is missing" in line for line in messages.complaints("zh_Hans"))
    messages.merge("zh_Hans")
    told = list(messages.complaints("zh_Hans"))
    assert len(told) == 6
    assert all("is not translated" in line for line in told)


def test_a_translation_may_not_lose_or_invent_a_placeholder():
    catalog = Catalog(locale="zh_Hans")
    catalog.add("Repaired by %(name)s", "修好")
    catalog.add("Closed", "%(when)s 关闭")
    catalog.add("Sent to {shop}", "已寄往{shop}")
    told = [fault for message in catalog if message.id for fault in messages.faults(message)]
    assert told == ["has lost placeholders %(name)s", "has unknown placeholders %(when)s"]
