"""Pages of finance and of customers who pay (R78-R80, R97)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from attachments.models import Attachment
from attachments.tests.samples import png
from billing.models import Booking, Invoice, Payment, PriceList
from billing.services import invoices, payments
from billing.services.payments import Said
from billing.services.sums import billing_day
from billing.tests.shop import Box, bill, fresh, unit_with
from core.panels import render_panels as panels_of
from logistics.models import Container
from workorders.models import RepairOrder

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def box(order: RepairOrder, boxed: Box) -> Container:
    return boxed(unit_with(order, "cleaning", sn="SNBILLED1"))


@pytest.fixture
def draft(box: Container, mona: User) -> Invoice:
    return invoices.draft(box, actor=mona)


@pytest.fixture
def issued(draft: Invoice, fin: User) -> Invoice:
    return invoices.issue(draft, actor=fin)


def at(client: Client, user: User, name: str, *args: Any, **query: str) -> Any:
    client.force_login(user)
    return client.get(reverse(f"billing:{name}", args=args), query)


def post(client: Client, user: User, name: str, *args: Any, **data: Any) -> Any:
    client.force_login(user)
    return client.post(reverse(f"billing:{name}", args=args), data)


def render_panels(subject: Any, user: User, place: str) -> str:
    return str(panels_of(subject, user, place, None))


def page_of(answer: Any) -> str:
    whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(whole.decode())


# ------------------------------------------------------------------ reading
def test_a_draft_is_seen_by_staff_and_not_by_the_customer(
    client: Client, draft: Invoice, cora: User, mona: User, fin: User, agnes: User, emil: User
) -> None:
    for user, status in ((mona, 200), (fin, 200), (agnes, 200), (cora, 404), (emil, 403)):
        assert at(client, user, "invoice", draft.pk).status_code == status, user
    assert "Issue" in page_of(at(client, fin, "invoice", draft.pk))
    assert "Finance issues it" in page_of(at(client, mona, "invoice", draft.pk))


def test_an_invoice_of_another_customer_or_shop_is_not_found(
    client: Client, issued: Invoice, otto: User, colin: User, sal: User, ada: User
) -> None:
    for name in ("invoice", "invoice-pdf", "invoice-csv"):
        for user, status in ((otto, 404), (colin, 200), (sal, 403), (ada, 200)):
            assert at(client, user, name, issued.pk).status_code == status, (name, user)


@pytest.mark.row("R97")
def test_the_customer_reads_account_amount_currency_and_reference(
    client: Client, issued: Invoice, cora: User
) -> None:
    for name in ("invoice", "pay"):
        page = page_of(at(client, cora, name, issued.pk))
        for words in ("Miner Care AB", "SE45 5000 0000 0583 9825 7466", issued.number, "25.00"):
            assert words in page, (name, words)
    assert "<svg" in page


@pytest.mark.row("R97")
def test_the_page_of_an_order_says_what_is_due_to_the_customer(
    client: Client, issued: Invoice, cora: User, otto: User, mona: User, fin: User
) -> None:
    client.force_login(cora)
    home = client.get(reverse("workorders:repair", args=[issued.order.code])).content.decode()
    due = reverse("billing:due", args=[issued.order.code])
    assert f'hx-get="{due}"' in home
    assert f"{reverse('billing:invoice-list')}?q={issued.order.code}" in home
    page = page_of(client.get(due))
    said = ("Miner Care AB", "SE45 5000 0000 0583 9825 7466", "NORDSESS", issued.number, "25.00")
    for words in (*said, reverse("billing:invoice", args=[issued.pk])):
        assert words in page, words
    for user, status in ((otto, 404), (mona, 403), (fin, 403)):
        assert at(client, user, "due", issued.order.code).status_code == status
    payments.announce(issued, Said(D(25), billing_day()), actor=cora)
    assert "You announced a payment" in page_of(at(client, cora, "due", issued.order.code))
    payments.enter(issued, Said(D(25), billing_day()), actor=fin)
    assert "Miner Care AB" not in page_of(at(client, cora, "due", issued.order.code))


def test_boxes_are_shown_page_by_page_and_sums_are_those_of_all(
    client: Client,
    order: RepairOrder,
    boxed: Box,
    mona: User,
    fin: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from billing.views import orders

    monkeypatch.setattr(orders, "MOST_BOXES", 2)
    for number in range(5):
        box = boxed(unit_with(order, "cleaning", sn=f"SNPAGED{number}"))
        if number < 4:
            invoices.issue(invoices.draft(box, actor=mona), actor=fin)
    client.force_login(fin)
    where, seen = reverse("billing:order", args=[order.code]), []
    while where:
        page = client.get(where).content.decode()
        seen += re.findall(r"Box (\d+)", page)
        assert "100.00" in page
        onward = re.findall(r'href="(\?after=\d+)" rel="next"', page)
        where = reverse("billing:order", args=[order.code]) + onward[0] if onward else ""
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.row("R79", "R97")
def test_the_pdf_and_the_csv_say_the_same(client: Client, issued: Invoice, cora: User) -> None:
    pdf = at(client, cora, "invoice-pdf", issued.pk)
    assert pdf["Content-Type"] == "application/pdf"
    assert issued.number in pdf["Content-Disposition"]
    assert pdf.content.startswith(b"%PDF")
    assert "SNBILLED1,Cleaning,1.00,20.00,20.00,EUR," in page_of(
        at(client, cora, "invoice-csv", issued.pk)
    )


def test_the_pdf_comes_in_the_language_of_the_customer(
    client: Client, order: RepairOrder, boxed: Box, fin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billing.views import invoices as views

    order.customer.language = "zh-hans"
    order.customer.save()
    invoice = bill(boxed(unit_with(order, "cleaning")), fin)
    seen: dict[str, Any] = {}

    def drawn(template: str, context: dict[str, Any]) -> bytes:
        from django.template.loader import render_to_string

        seen["html"] = render_to_string(template, context)
        return b"%PDF"

    monkeypatch.setattr(views, "render_pdf", drawn)
    at(client, fin, "invoice-pdf", invoice.pk)
    assert 'lang="zh-hans"' in seen["html"]
    assert "cleaning服务" in seen["html"]


def test_many_lines_are_put_together_on_the_page_and_all_in_the_csv(
    client: Client, order: RepairOrder, boxed: Box, fin: User
) -> None:
    units = [unit_with(order, "cleaning", "diagnosis") for _n in range(35)]
    invoice = bill(boxed(*units), fin)
    page = page_of(at(client, fin, "invoice", invoice.pk))
    assert "70 lines" in page
    assert len(page) < 30_000
    assert page_of(at(client, fin, "invoice-csv", invoice.pk)).count("\n") == 71


# ------------------------------------------------------------------ lists
def test_the_list_is_filtered_by_state_shop_customer_and_number(
    client: Client, issued: Invoice, order: RepairOrder, boxed: Box, fin: User, cora: User
) -> None:
    invoices.draft(boxed(unit_with(order, "cleaning")), actor=fin)
    Invoice.objects.filter(pk=issued.pk).update(due_on="2020-01-01")
    for query, found in (
        ({}, True),
        ({"state": "overdue"}, True),
        ({"state": "paid"}, False),
        ({"state": "credit"}, False),
        ({"shop": "kunshan"}, True),
        ({"shop": "leipzig"}, False),
        ({"q": issued.number[:8]}, True),
        ({"q": "nordfjell"}, True),
        ({"q": "nobody\x00"}, False),
    ):
        page = page_of(at(client, fin, "invoice-list", **query))
        assert (issued.number in page) is found, query
        assert (issued.number in page_of(at(client, fin, "invoice-export", **query))) is found
    assert page_of(at(client, cora, "invoice-list")).count("state-invoice-") == 1


def test_lists_cost_the_same_at_one_and_at_eight_rows(
    client: Client, order: RepairOrder, boxed: Box, fin: User, cora: User
) -> None:
    def one_more() -> None:
        invoice = bill(boxed(unit_with(order, "cleaning")), fin)
        payments.announce(invoice, Said(D(5), billing_day()), actor=cora)
        invoices.draft(boxed(unit_with(order, "cleaning")), actor=fin)
        boxed(unit_with(order, "cleaning"))

    pages = [("invoice-list", ()), ("payments", ()), ("desk", ()), ("order", (order.code,))]

    def cost() -> list[int]:
        found = []
        for name, args in pages:
            at(client, fin, name, *args)
            with CaptureQueriesContext(connection) as seen:
                assert at(client, fin, name, *args).status_code == 200
            found.append(len(seen))
        return found

    one_more()
    before = cost()
    for _n in range(7):
        one_more()
    assert cost() == before


def test_the_desk_shows_what_waits_and_adds_no_currencies_together(
    client: Client, issued: Invoice, order: RepairOrder, boxed: Box, cora: User, fin: User
) -> None:
    payments.announce(issued, Said(D("12.34"), billing_day()), actor=cora)
    Invoice.objects.filter(pk=issued.pk).update(due_on="2020-01-01")
    boxed(unit_with(order, "cleaning"))
    invoices.draft(boxed(unit_with(order, "diagnosis")), actor=fin)
    page = page_of(at(client, fin, "desk"))
    for words in ("12.34", issued.number, order.code, "EUR", "15.63"):
        assert words in page, words
    assert page_of(client.get("/", follow=True)) != ""


def test_prices_are_read_by_staff_only(
    client: Client, prices: PriceList, sal: User, emil: User, cora: User
) -> None:
    for user, status in ((sal, 200), (emil, 200), (cora, 403)):
        assert at(client, user, "price-lists").status_code == status
        assert at(client, user, "price-list", prices.pk).status_code == status
    page = page_of(at(client, emil, "price-list", prices.pk, q="clean"))
    assert "20.00" in page
    assert "FAN-12" not in page


# ------------------------------------------------------------------ acting
@pytest.mark.row("R79")
def test_a_draft_is_written_priced_changed_issued_and_voided_on_pages(
    client: Client, order: RepairOrder, boxed: Box, mona: User, fin: User
) -> None:
    box = boxed(unit_with(order, "firmware"))
    assert post(client, mona, "invoice-draft", box.pk).status_code == 303
    invoice = Invoice.objects.get()
    line = invoice.lines.get()
    wrong = post(client, fin, "line-price", invoice.pk, line.pk)
    assert wrong.status_code == 422
    data = {"version": invoice.version, "price": "8.00", "reason": "Asked the manager"}
    told = {f"p{line.pk}-{name}": value for name, value in data.items()}
    assert post(client, fin, "line-price", invoice.pk, line.pk, **told).status_code == 303
    version = fresh(invoice).version
    extra = {"version": version, "text": "Crate", "quantity": "1", "price": "2.00"}
    assert post(client, mona, "line-add", invoice.pk, **extra).status_code == 303
    assert post(client, mona, "line-add", invoice.pk, version=1).status_code == 422
    assert post(client, mona, "line-add", invoice.pk, **extra).status_code == 409
    crate = invoice.lines.get(text="Crate")
    version = fresh(invoice).version
    gone = post(client, mona, "line-remove", invoice.pk, crate.pk, version=version)
    assert gone.status_code == 303
    version = fresh(invoice).version
    assert post(client, mona, "invoice-issue", invoice.pk, version=version).status_code == 403
    assert post(client, mona, "invoice-regenerate", invoice.pk, version=version).status_code == 303
    version = fresh(invoice).version
    assert post(client, fin, "invoice-issue", invoice.pk, version=version).status_code == 303
    assert post(client, fin, "invoice-delete", invoice.pk, version=version).status_code == 409
    assert post(client, fin, "invoice-void", invoice.pk).status_code == 422
    voided = post(
        client, fin, "invoice-void", invoice.pk, **{"void-reason": "Wrong", "void-redraft": "on"}
    )
    assert voided.status_code == 303
    again = Invoice.objects.get(state="draft")
    assert page_of(at(client, fin, "invoice", again.pk)).count(fresh(invoice).number) >= 1
    version = again.version
    assert post(client, mona, "invoice-delete", again.pk, version=version).status_code == 303


def test_all_boxes_of_an_order_are_drafted_and_issued_by_two_buttons(
    client: Client, order: RepairOrder, boxed: Box, mona: User, fin: User, erna: User
) -> None:
    for service in ("cleaning", "diagnosis", "firmware"):
        boxed(unit_with(order, service))
    page = page_of(at(client, mona, "order", order.code))
    assert "Draft 3 invoices" in page
    assert post(client, mona, "order-draft", order.code).status_code == 303
    assert post(client, mona, "order-issue", order.code).status_code == 403
    answer = post(client, fin, "order-issue", order.code)
    told = page_of(client.get(answer.url))
    assert "2 invoices are issued." in told
    assert "no price" in told
    assert Invoice.objects.filter(state="issued").count() == 2


def test_the_customer_announces_a_payment_with_its_proof_and_finance_confirms_it(
    client: Client, issued: Invoice, box: Container, cora: User, fin: User, mona: User
) -> None:
    proof = SimpleUploadedFile("receipt.png", png(), "image/png")
    said = {
        "amount": "25.00",
        "paid_on": billing_day().isoformat(),
        "reference": issued.number,
        "channel": "bank",
        "files": [proof],
    }
    assert post(client, cora, "pay", issued.pk, **said | {"amount": "x"}).status_code == 422
    proof.seek(0)
    assert post(client, cora, "pay", issued.pk, **said).status_code == 303
    payment = Payment.objects.get()
    file = Attachment.objects.owned_by(Payment, [payment.pk]).get()
    assert file.owner == payment
    for user, seen in ((cora, True), (fin, True), (mona, False)):
        assert Attachment.objects.visible_to(user).filter(pk=file.pk).exists() is seen
    assert issued.number in page_of(at(client, fin, "payments"))
    assert post(client, fin, "payment-confirm", payment.pk).status_code == 422
    told = {f"c{payment.pk}-received": "25.00", f"c{payment.pk}-received_on": billing_day()}
    assert post(client, fin, "payment-confirm", payment.pk, **told).status_code == 303
    assert post(client, fin, "payment-confirm", payment.pk, **told).status_code == 409
    assert fresh(box).state == "released"
    assert at(client, cora, "pay", issued.pk).status_code == 409
    back = post(client, fin, "payment-reverse", payment.pk, reason="Another customer's")
    assert back.status_code == 303
    assert post(client, fin, "payment-reverse", payment.pk, reason=" ").status_code == 409
    assert Booking.objects.count() == 2
    assert "Taken back" in page_of(at(client, cora, "invoice", issued.pk))


def test_finance_rejects_enters_and_settles(
    client: Client, issued: Invoice, cora: User, fin: User
) -> None:
    payment = payments.announce(issued, Said(D(5), billing_day()), actor=cora)
    assert post(client, fin, "payment-reject", payment.pk).status_code == 409
    told = post(client, fin, "payment-reject", payment.pk, reason="Not there")
    assert told.status_code == 303
    assert "Not there" in page_of(at(client, cora, "invoice", issued.pk))
    assert post(client, fin, "payment-enter", issued.pk).status_code == 422
    entered = {
        "enter-amount": "26.00",
        "enter-paid_on": billing_day().isoformat(),
        "enter-channel": "bank",
    }
    assert post(client, fin, "payment-enter", issued.pk, **entered).status_code == 303
    assert fresh(issued).state == "paid"
    assert post(client, fin, "credit-settle", issued.pk).status_code == 422
    settled = post(client, fin, "credit-settle", issued.pk, **{"credit-reason": "Sent back"})
    assert settled.status_code == 303
    assert fresh(issued).credit == 0
    for state in ("confirmed", "rejected", "nonsense"):
        assert at(client, fin, "payments", state=state, q="INV").status_code == 200


# ------------------------------------------------------------------ panels
def test_the_billing_tab_says_what_is_missing_to_everybody_in_their_way(
    order: RepairOrder, boxed: Box, issued: Invoice, cora: User, emil: User, mona: User, fin: User
) -> None:
    boxed(unit_with(order, "cleaning"))
    boxed(unit_with(order))
    shown = {user.name: render_panels(order, user, "billing") for user in (cora, emil, mona, fin)}
    for user, page in shown.items():
        assert issued.number in page, user
        assert "still to be paid" in page, user
    assert reverse("billing:pay", args=[issued.pk]) in shown[cora.name]
    assert reverse("billing:invoice", args=[issued.pk]) not in shown[emil.name]
    assert "Draft invoice" in shown[mona.name]
    assert "Draft invoice" not in shown[cora.name]


def test_the_boxs_page_names_its_invoice_or_offers_to_draft_it(
    order: RepairOrder, boxed: Box, issued: Invoice, box: Container, mona: User, cora: User
) -> None:
    assert issued.number in render_panels(fresh(box), mona, "aside")
    ready = boxed(unit_with(order, "cleaning"))
    assert "Draft invoice" in render_panels(ready, mona, "aside")
    assert "being prepared" in render_panels(ready, cora, "aside")
    free = boxed(unit_with(order))
    assert "Nothing to pay" in render_panels(free, mona, "aside")
    assert render_panels(free, cora, "aside") == ""
