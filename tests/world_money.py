"""What a home has of invoices and payments (tests/world.py tells how to read it)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from billing.models import Booking, Invoice, Payment, PaymentAccount, Price, PriceList
from billing.services.sums import billing_day
from history.services import record
from logistics.models import Carrier, Container
from logistics.tests.factories import ContainerFactory
from scopes.tests.factories import ServiceFactory
from workorders.models import RepairOrder, UnitService

if TYPE_CHECKING:
    from tests.world import Home

D = Decimal
USUAL = Decimal(20)


def money(home: Home, carrier: Carrier) -> None:
    """An order whose boxes stand in every state of their invoices; `rows` of each."""
    from tests.world import _order

    prices = _prices()
    order = _order(home, carrier, state="repaired", received_at=timezone.now())
    home.made["bill-order"] = order
    home.keys |= {"bill-order": (order.code,), "price-list": (prices.pk,)}
    for _number in range(home.rows):
        _boxes(home, order)


def _prices() -> PriceList:
    """One list, one account and one price, shared by both homes."""
    PaymentAccount.objects.get_or_create(
        currency="EUR", defaults={"holder": "Care AB", "bank": "Bank", "number": "SE455000"}
    )
    known = PriceList.objects.filter(is_default=True).first()
    prices: PriceList = known or PriceList.objects.create(
        code="world", name="World", currency="EUR", is_default=True
    )
    service = ServiceFactory(code="cleaning")
    Price.objects.get_or_create(price_list=prices, service=service, defaults={"amount": D(20)})
    return prices


def _boxes(home: Home, order: RepairOrder) -> None:
    _box(home, order, "ready_for_billing", "box-ready")
    draft = _invoice(home, order, "draft", "invoice-draft")
    crate = _line(home, draft, kind="custom")
    home.keys["draft-line"] = (draft.pk, crate.pk)
    missing = _invoice(home, order, "draft", "invoice-missing", price=None)
    home.keys["missing-line"] = (missing.pk, missing.lines.get().pk)
    _invoice(home, order, "issued", "invoice-issued")
    announced = _invoice(home, order, "issued", "invoice-announced")
    _payment(home, announced, "announced", "payment-announced")
    paid = _invoice(home, order, "paid", "invoice-paid", received=D(25))
    _payment(home, paid, "confirmed", "payment-confirmed", D(25))
    over = _invoice(home, order, "paid", "invoice-credit", received=D(30))
    _payment(home, over, "confirmed", "payment-over", D(30))


def _box(home: Home, order: RepairOrder, state: str, key: str) -> Container:
    from tests.world import _unit

    there = Container.objects.filter(consignment=order.consignment, direction="out").count()
    box: Container = ContainerFactory(consignment=order.consignment, state=state, number=there + 1)
    unit = _unit(home, order, ready=True, verdict="out", outbound_container=box)
    UnitService.objects.create(
        unit=unit, service=ServiceFactory(code="cleaning"), done_at=timezone.now()
    )
    home.keys[key] = (box.pk,)
    return box


BOX_OF = {"draft": "ready_for_billing", "issued": "billed", "paid": "released"}


def _invoice(
    home: Home, order: RepairOrder, state: str, key: str, *, price: Any = USUAL, **facts: Any
) -> Invoice:
    box = _box(home, order, BOX_OF[state], f"box-of-{key}")
    drafted = state == "draft"
    amount = price or D(0)
    invoice: Invoice = Invoice.objects.create(
        state=state,
        number="" if drafted else home.serial("MONEYN"),
        container=box,
        order=order,
        customer=order.customer,
        currency="EUR",
        tax_percent=D(25),
        tax_label="VAT",
        net=amount,
        tax=amount / 4,
        total=amount + amount / 4,
        bill_to=home.canary("MONEY", "address"),
        account=None if drafted else PaymentAccount.objects.get(currency="EUR"),
        due_on=None if drafted else billing_day() - timedelta(days=1),
        issued_at=None if drafted else timezone.now(),
        created_by=home.engineer,
        **facts,
    )
    _line(home, invoice, price=price)
    record(invoice, "drafted", actor=home.engineer, note=home.canary("BOOKS", "n"), internal=True)
    home.made[key] = invoice
    home.keys[key] = (invoice.pk,)
    return invoice


def _line(home: Home, invoice: Invoice, *, kind: str = "service", price: Any = USUAL) -> Any:
    return invoice.lines.create(
        kind=kind,
        key=ServiceFactory(code="cleaning").pk if kind == "service" else None,
        sn=home.serial("MONEYSN"),
        text=home.canary("MONEY", "line"),
        price=price,
        amount=price or D(0),
        basis="list" if price is not None else "missing",
    )


def _payment(
    home: Home, invoice: Invoice, state: str, key: str, received: Decimal | None = None
) -> None:
    from tests.world import _file

    payment: Payment = Payment.objects.create(
        invoice=invoice,
        state=state,
        amount=received or D(25),
        paid_on=billing_day(),
        reference=home.canary("PAY", "reference"),
        announced_by=home.owner,
        received=received,
        received_on=billing_day() if received else None,
        decided_by=home.agent if received else None,
        decided_at=timezone.now() if received else None,
    )
    if received:
        Booking.objects.create(
            invoice=invoice,
            kind="received",
            payment=payment,
            amount=received,
            booked_by=home.agent,
        )
    proof = _file(home, payment, home.owner, "PAY", "image")
    home.keys |= {key: (payment.pk,), f"{key}-proof": (proof.token, "a.png")}
