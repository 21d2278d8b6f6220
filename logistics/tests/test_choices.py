"""Lists that forms offer: what is kept, what is asked, how it is drawn."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.cache import cache

from core.choices import Known, KnownChoiceField, LongSelect
from logistics.models import Carrier
from logistics.tests.factories import CarrierFactory

CARRIERS = Known("test-carriers", lambda: Carrier.objects.filter(active=True))


class TwoCarriers(forms.Form):
    there = KnownChoiceField(CARRIERS, empty_label="Choose")
    back = KnownChoiceField(CARRIERS, empty_label=None)


@pytest.mark.django_db
def test_two_fields_of_a_page_ask_once_and_the_next_page_not_at_all(django_assert_num_queries):
    CarrierFactory(name_en="Swift & Sons")
    with django_assert_num_queries(1):
        page = str(TwoCarriers())
    with django_assert_num_queries(0):
        assert str(TwoCarriers()) == page
    assert page.count("Swift &amp; Sons</option>") == 2
    assert page.count('<option value="" selected>Choose') == 1


@pytest.mark.django_db
def test_what_is_no_longer_active_is_refused_though_a_page_still_offers_it():
    carrier = CarrierFactory()
    assert f'value="{carrier.pk}"' in str(TwoCarriers())
    Carrier.objects.update(active=False)
    sent = {"there": carrier.pk, "back": carrier.pk}
    assert f'value="{carrier.pk}"' in str(TwoCarriers())
    assert set(TwoCarriers(sent).errors) == {"there", "back"}
    cache.clear()
    assert f'value="{carrier.pk}"' not in str(TwoCarriers())


@pytest.mark.django_db
def test_a_form_can_offer_another_list_than_its_class():
    CarrierFactory(name_en="Swift")
    other = CarrierFactory(name_en="Slow")
    form = TwoCarriers({"there": other.pk})
    there: Any = form.fields["there"]
    there.offer(Known("test-slow", lambda: Carrier.objects.filter(name_en="Slow")))
    assert "Swift" not in str(form["there"])
    assert "Slow" in str(form["there"])
    assert "there" not in form.errors
    assert len(there.choices) == 2


def test_an_empty_list_without_an_empty_label_offers_nothing(db):
    fields: Any = TwoCarriers().fields
    assert not fields["back"].choices
    assert fields["there"].choices


def test_a_long_list_is_escaped_and_says_what_is_chosen():
    class Places(forms.Form):
        place = forms.ChoiceField(
            choices=[("", ""), ("a", "A & <b>"), ("c", "C")], widget=LongSelect
        )

    drawn = str(Places(initial={"place": "a"})["place"])
    assert '<option value="a" selected>A &amp; &lt;b&gt;<option value="c">C</select>' in drawn
    assert drawn.startswith('<select name="place" ')
