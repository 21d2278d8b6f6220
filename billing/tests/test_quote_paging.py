"""Quotes about many devices: paged, and nothing that was typed is lost on the way (D9)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from billing.models import Quote, QuoteLine, QuoteUnit
from billing.services import quotes
from billing.tests.quoting import at_work
from billing.views import quote_parts
from workorders.models import RepairOrder, Service
from workorders.tests.talk import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.row("D9")]


def at(name: str, *args: Any) -> str:
    return reverse(f"billing:{name}", args=args)


def shown(page: str) -> list[int]:
    """The lines that the page asks about."""
    return [int(pk) for pk in dict.fromkeys(re.findall(r'name="answer-(\d+)"', page))]


@pytest.fixture
def long(job: RepairOrder, cleaning: Service, mona: User) -> Quote:
    """A draft about five devices, cleaning of each for 40; pages have two devices."""
    for _number in range(5):
        at_work(job, cleaning)
    return quotes.open_quote(job, job.units.all(), actor=mona)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quote_parts, "DEVICES", 2)
    monkeypatch.setattr(quote_parts, "GROUPS", 2)


def test_a_customer_goes_through_the_devices_and_every_answer_is_kept(
    long: Quote, cora: User, mona: User
) -> None:
    quotes.send(long, actor=mona)
    client, answer = signed_in(cora), at("quote-answer", long.pk)
    page, address, version = client.get(at("quote", long.pk)).content.decode(), "", 1
    seen: list[int] = []
    while True:
        assert "200.00" in page  # the sum of all five, on every page
        lines = shown(page)
        seen += lines
        told = {"version": version, "signature": "C. Lind"}
        told |= {f"answer-{pk}": "declined" for pk in lines}
        keys = re.findall(r'name="wish-(\d+)" value="scrap"', page)
        told |= {f"wish-{key}": ["back", "scrap"] for key in keys}
        onward = re.findall(r'name="to" value="(\d+)"', page)
        if not onward:
            break
        moved = client.post(answer + address, told | {"to": onward[0]})
        assert moved.status_code == 303
        address, version = moved["Location"].partition("?")[2], version + 1
        address = f"?{address}"
        page = client.get(moved["Location"]).content.decode()
        assert 'value="C. Lind"' in page
    assert len(seen) == len(set(seen)) == 5
    assert client.post(answer + address, told | {"do": "sign"}).status_code == 303
    assert Quote.objects.get().state == Quote.State.DECLINED
    assert Quote.objects.get().signature == "C. Lind"
    assert set(QuoteUnit.objects.values_list("wish", flat=True)) == {"scrap"}


def test_a_refused_signature_stays_on_its_page_with_what_was_chosen_there(
    long: Quote, cora: User, mona: User
) -> None:
    quotes.send(long, actor=mona)
    client = signed_in(cora)
    second = f"?after={list(long.units.values_list('pk', flat=True))[1]}"
    line = shown(client.get(at("quote", long.pk) + second).content.decode())[0]
    told = {"version": 1, "do": "sign", "signature": "Cora", f"answer-{line}": "declined"}
    refused = client.post(at("quote-answer", long.pk) + second, told)
    assert refused.status_code == 409
    assert f'name="answer-{line}" value="declined" checked' in refused.content.decode()


def test_marking_everything_keeps_the_wishes_and_the_page(
    long: Quote, cora: User, mona: User
) -> None:
    quotes.send(long, actor=mona)
    entry = list(long.units.all())[2]
    place = f"?after={entry.pk - 1}"
    told = {"version": 1, "do": "declined", f"wish-{entry.unit_id}": ["back", "scrap"]}
    moved = signed_in(cora).post(at("quote-answer", long.pk) + place, told)
    assert moved["Location"] == f"{at('quote', long.pk)}{place}#sign"
    entry.refresh_from_db()
    assert entry.wish == "scrap"
    assert not QuoteLine.objects.exclude(answer="declined").exists()


def test_a_page_holds_fewer_devices_when_these_have_many_lines(
    long: Quote, cora: User, mona: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quote_parts, "LINES", 1)
    quotes.send(long, actor=mona)
    client, where, seen = signed_in(cora), at("quote", long.pk), 0
    while where:
        page = client.get(where).content.decode()
        seen += len(shown(page))
        onward = re.findall(r'name="to" value="(\d+)"', page)
        where = f"{at('quote', long.pk)}?after={onward[0]}" if onward else ""
    assert seen == 5


def test_prices_are_saved_part_by_part(long: Quote, mona: User) -> None:
    for number, line in enumerate(long.lines.order_by("pk")):
        QuoteLine.objects.filter(pk=line.pk).update(price=Decimal(10 + number))
    client, where, version = signed_in(mona), at("quote", long.pk), 1
    for _part in range(3):
        page = client.get(where).content.decode()
        pks = re.findall(r'name="price-(\d+)"', page)
        assert 1 <= len(pks) <= 2
        told: dict[str, Any] = {"version": version}
        told["to"] = (re.findall(r'name="to" value="(\w+~\d+)">Save and show', page) or [""])[0]
        for pk in pks:
            told |= {f"quantity-{pk}": 2, f"price-{pk}": 100 + int(pk)}
        bad = client.post(at("quote-prices", long.pk), told | {f"quantity-{pks[0]}": 0})
        assert bad.status_code == 422
        assert re.findall(r'name="price-(\d+)"', bad.content.decode()) == pks
        where = client.post(at("quote-prices", long.pk), told)["Location"]
        version += 1
    assert where == f"{at('quote', long.pk)}#prices"
    assert set(long.lines.values_list("quantity", flat=True)) == {2}
    assert long.lines.filter(price__gt=100).count() == 5


def test_lines_are_written_on_a_page_of_their_own_without_a_script(
    long: Quote, mona: User, cora: User
) -> None:
    client, where = signed_in(mona), at("quote-line", long.pk)
    assert f'href="{where}"' in client.get(at("quote", long.pk)).content.decode()
    page = client.get(where).content.decode()
    unit = long.units.all()[0].unit
    assert unit.sn in page
    assert "Put it on the quote" in page
    fields = client.get(f"{where}?fields").content.decode()
    assert "Put it on the quote" in fields
    assert "<html" not in fields
    bad = client.post(where, {"version": 1, "quantity": 0, "text": "Freight", "unit": unit.pk})
    assert bad.status_code == 422
    assert 'value="Freight"' in bad.content.decode()
    assert f'value="{unit.pk}" checked' in bad.content.decode()
    assert signed_in(cora).get(where).status_code == 403
    quotes.withdraw(long, actor=mona)
    assert client.get(where)["Location"] == at("quote", long.pk)


def test_the_billing_tab_names_those_that_wait_and_leads_to_the_rest(
    job: RepairOrder, mona: User, cora: User
) -> None:
    for number in range(1, 15):
        state = Quote.State.SENT if number == 1 else Quote.State.EXPIRED
        Quote.objects.create(
            order=job,
            number=number,
            state=state,
            currency="EUR",
            valid_until="2999-12-31",
            written_by=mona,
            sent_at=job.received_at,
        )
    tab = signed_in(mona).get(reverse("workorders:order-billing", args=[job.code]))
    page = tab.content.decode()
    assert f"{job.code}-Q1<" in page
    assert f"{job.code}-Q3<" not in page
    assert f'{at("quotes")}?q={job.code}"' in page
    home = signed_in(cora).get(reverse("workorders:repair", args=[job.code])).content.decode()
    assert home.count("A quote waits for your answer") == 1
    assert "All quotes of this order" in home
