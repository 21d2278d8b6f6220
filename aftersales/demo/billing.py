"""Prices, and an order whose boxes stand in every state of their invoices."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from aftersales.demo.clock import ago
from aftersales.demo.story import Story
from billing.models import Invoice, PaymentAccount, Price, PriceList, TaxRate
from billing.services import invoices, payments
from billing.services.payments import Said
from billing.services.sums import billing_day
from logistics.models import Container
from workorders.models import RepairOrder, Service, Unit, UnitService
from workorders.services import boxing

PRICES = (
    ("diagnosis", "35.00"),
    ("cleaning", "20.00"),
    ("firmware", "15.00"),
    ("board-repair", "120.00"),
)
NUMBERS = [112, 113, 114, 115, 116]  # devices that no other chapter tells of


def make_prices() -> None:
    """Europe pays in euros with Swedish tax, everybody else in dollars."""
    europe = PriceList.objects.create(
        code="europe", name="Europe", currency="EUR", countries="SE, DE, FR, NL"
    )
    world = PriceList.objects.create(code="world", name="World", currency="USD", is_default=True)
    TaxRate.objects.create(price_list=europe, country="SE", percent=Decimal(25), label="Moms")
    for code, amount in PRICES:
        service = Service.objects.get(code=code)
        for prices in (europe, world):
            Price.objects.create(price_list=prices, service=service, amount=Decimal(amount))
    for currency, bank, number, bic in (
        ("EUR", "Nordbank, Stockholm", "SE45 5000 0000 0583 9825 7466", "NORDSESS"),
        ("USD", "First Harbour Bank, Singapore", "003 902 114 7", "FHBKSGSG"),
    ):
        PaymentAccount.objects.create(
            currency=currency, holder="Miner Care Ltd", bank=bank, number=number, bic=bic
        )


def tell_of_money(story: Story) -> None:
    """Five boxes: one to bill, a draft, an invoice with an announced payment, one paid, one free.

    Call it after `Story.tell()` and `make_prices()`.
    """
    p = story.people
    finance = User.objects.filter(role=Role.FINANCE).order_by("pk")[0]
    with ago(days=9):
        order = story.repair_order(p.customer, NUMBERS, "Five machines that were opened before.")
        story.submit(order)
    with ago(days=6):
        paid = Unit.objects.filter(order=order).order_by("pk")
        pks = list(paid.values_list("pk", flat=True))
        Unit.objects.filter(pk__in=pks[:4]).update(
            verdict="out", verdict_reason="Opened by a third party."
        )
        _do_services(pks)
        story.repair(order, "Dust and a dead regulator.", "Cleaned, regulator replaced.")
    with ago(days=5):
        boxes = [_box(order, pk, p.manager) for pk in pks]
    with ago(days=4):
        for box in boxes[1:4]:
            invoices.draft(box, actor=p.manager)
        _issue_and_pay(boxes[2:4], p.customer, finance)


def _do_services(pks: list[int]) -> None:
    """Diagnosis and cleaning for all, a board for every second."""
    codes = {service.code: service for service in Service.objects.all()}
    for place, pk in enumerate(pks):
        names = ["diagnosis", "cleaning", *(["board-repair"] if place % 2 else [])]
        for name in names:
            UnitService.objects.update_or_create(
                unit_id=pk, service=codes[name], defaults={"done_at": timezone.now()}
            )


def _box(order: RepairOrder, pk: int, manager: User) -> Container:
    box = boxing.open_container(order, actor=manager)
    boxing.assign(order, Unit.objects.filter(pk=pk), box, actor=manager)
    return boxing.seal(box, actor=manager)


def _issue_and_pay(boxes: list[Container], customer: User, finance: User) -> None:
    for place, box in enumerate(boxes):
        invoice = invoices.issue(Invoice.objects.get(container=box), actor=finance)
        said = Said(invoice.total, billing_day() - timedelta(days=1), invoice.number)
        payment = payments.announce(invoice, said, actor=customer)
        if place:
            payments.confirm(
                payment, actor=finance, received=invoice.total, received_on=said.paid_on
            )
