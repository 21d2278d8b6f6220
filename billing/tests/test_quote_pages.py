"""The pages of quotes, as staff and customers use them without a script (D9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from billing.models import Quote
from billing.services import quotes
from billing.tests.quoting import at_work
from billing.views import quote_parts
from core.pdf import render_pdf
from workorders.models import RepairOrder, Service
from workorders.tests.talk import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.row("D9")]


def at(name: str, *args: Any) -> str:
    return reverse(f"billing:{name}", args=args)


def test_a_quote_is_written_priced_and_sent_on_its_page(
    job: RepairOrder,
    cleaning: Service,
    mona: User,
) -> None:
    unit = at_work(job, cleaning)
    client = signed_in(mona)
    pick = client.get(at("quote-new", job.code)).content.decode()
    assert unit.sn in pick
    assert client.post(at("quote-new", job.code), {}).status_code == 409
    answer = client.post(at("quote-new", job.code), {"unit": unit.pk})
    quote = Quote.objects.get()
    assert answer["Location"] == at("quote", quote.pk)
    line = {"version": 1, "text": "Freight", "quantity": 2, "price": "7.50", "unit": unit.pk}
    assert client.post(at("quote-line", quote.pk), line).status_code == 303
    group = quote.lines.get(kind="text").pk
    changes: dict[str, Any] = {"version": 2}
    for pk in quote.lines.values_list("pk", flat=True):
        changes |= {f"quantity-{pk}": 1, f"price-{pk}": "9.00" if pk == group else "40.00"}
    assert client.post(at("quote-prices", quote.pk), changes).status_code == 303
    assert Quote.objects.get().total == Decimal("49.00")
    assert client.post(at("quote-prices", quote.pk), changes).status_code == 409
    details = {"version": 3, "valid_until": "2999-12-31", "note": "Please decide."}
    assert client.post(at("quote-details", quote.pk), details).status_code == 303
    assert client.post(at("quote-send", quote.pk)).status_code == 303
    page = client.get(at("quote", quote.pk)).content.decode()
    assert "Save the prices" not in page
    assert "Please decide." in page


def test_a_draft_that_is_not_complete_says_what_is_missing(
    job: RepairOrder,
    euro: Any,
    mona: User,
) -> None:
    at_work(job)
    quote = quotes.open_quote(job, job.units.all(), actor=mona)
    client = signed_in(mona)
    assert "nothing on the quote" in client.get(at("quote", quote.pk)).content.decode()
    bad = {"version": 1, "quantity": 0, "text": "", "all": 1}
    answer = client.post(at("quote-line", quote.pk), bad)
    assert answer.status_code == 422
    assert client.post(at("quote-send", quote.pk)).status_code == 409
    assert client.get(at("quote-pdf", quote.pk)).status_code == 409


def test_a_customer_answers_line_by_line_and_signs(sent: Quote, cora: User, mona: User) -> None:
    client, address = signed_in(cora), at("quote", sent.pk)
    home = client.get(reverse("workorders:repair", args=[sent.order.code])).content.decode()
    assert "A quote waits for your answer" in home
    one, two = sent.lines.order_by("pk")
    half = {"version": 1, "do": "sign", "signature": "Cora Lind", f"answer-{one.pk}": "accepted"}
    refused = client.post(at("quote-answer", sent.pk), half)
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "every line" in page
    assert f'name="answer-{one.pk}" value="accepted" checked' in page
    whole = half | {f"answer-{two.pk}": "declined", f"wish-{two.unit_id}": "scrap"}
    unsigned = client.post(at("quote-answer", sent.pk), whole | {"signature": " "})
    assert unsigned.status_code == 422
    assert client.post(at("quote-answer", sent.pk), whole).status_code == 303
    assert client.post(at("quote-answer", sent.pk), whole).status_code == 409
    page = client.get(address).content.decode()
    assert "Accepted in part" in page
    assert "Signed by Cora Lind" in page
    assert "Sign and send" not in page
    staff = signed_in(mona).get(address).content.decode()
    assert "Scrap it" in staff


def test_everything_is_marked_at_once_and_nothing_is_final_until_signed(
    sent: Quote,
    cora: User,
) -> None:
    client = signed_in(cora)
    marked = client.post(at("quote-answer", sent.pk), {"version": 1, "do": "declined"})
    assert marked.status_code == 303
    assert Quote.objects.get().state == Quote.State.SENT
    stale = client.post(at("quote-answer", sent.pk), {"version": 1, "do": "accepted"})
    assert stale.status_code == 409
    done = client.post(
        at("quote-answer", sent.pk), {"version": 2, "do": "sign", "signature": "Cora"}
    )
    assert done.status_code == 303
    assert Quote.objects.get().state == Quote.State.DECLINED


def test_lists_and_order_pages_lead_to_the_quote(
    sent: Quote,
    cora: User,
    mona: User,
    agnes: User,
) -> None:
    for user in (cora, mona, agnes):
        client = signed_in(user)
        listed = client.get(at("quotes"), {"state": "sent", "q": sent.order.code})
        assert sent.reference in listed.content.decode()
        none = client.get(at("quotes"), {"q": "NOTHING"}).content.decode()
        assert sent.reference not in none
    client = signed_in(mona)
    head = client.get(reverse("workorders:repair", args=[sent.order.code])).content.decode()
    assert "waits for an answer" in head
    tab = client.get(reverse("workorders:order-billing", args=[sent.order.code]))
    assert sent.reference in tab.content.decode()


def test_a_withdrawn_quote_cannot_be_answered(sent: Quote, cora: User, agnes: User) -> None:
    gone = signed_in(agnes).post(at("quote-withdraw", sent.pk), {"note": "A mistake."})
    assert gone.status_code == 303
    client = signed_in(cora)
    page = client.get(at("quote", sent.pk)).content.decode()
    assert "The quote was withdrawn" in page
    assert "A mistake." not in page
    late = client.post(
        at("quote-answer", sent.pk), {"version": 1, "do": "sign", "signature": "Cora"}
    )
    assert late.status_code == 409


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_paper_is_written_in_both_languages(
    sent: Quote,
    cora: User,
    language: str,
) -> None:
    with translation.override(language):
        data = render_pdf("billing/quote_pdf.html", quote_parts.paper(sent))
    assert data.startswith(b"%PDF")
    answer = signed_in(cora).get(at("quote-pdf", sent.pk))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert sent.reference in answer["Content-Disposition"]


def test_a_long_paper_puts_equal_lines_together(
    sent: Quote,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quote_parts, "ONE_BY_ONE", 1)
    told = quote_parts.paper(sent)
    assert told["units"] == []
    assert [(group.count, group.amount) for group in told["groups"]] == [(2, Decimal("80.00"))]
    assert render_pdf("billing/quote_pdf.html", told).startswith(b"%PDF")
