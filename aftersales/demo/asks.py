"""A service agreement, repair requests under it, and quotes: one waits, one is accepted in part."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Customer, User
from aftersales.demo.clock import ago
from aftersales.demo.story import Story
from attachments.models import Attachment
from attachments.services import store
from billing.models import Quote
from billing.services import quote_answers, quote_lines, quotes
from billing.services.quote_lines import Wanted
from devices.models import ProductModel, warranty_day
from scopes.models import Scope
from scopes.services import agreements, requests
from scopes.services.requests import Fee
from scopes.services.requests import Wanted as Asked
from workorders.models import RepairOrder, Service, Unit
from workorders.services import receiving

NUMBERS = [101, 102, 103, 104, 105]  # devices that no other chapter tells of
PAPER = "<h1>Service agreement</h1><p>Repair of miners, all sites. Version {number}.</p>"


def tell_of_requests(story: Story) -> None:
    """Call it after `Story.tell()` and `make_prices()`."""
    p = story.people
    company = p.customer.customer
    if company is None:
        return
    with ago(days=300):
        _agree(company, p.agent)
    model = ProductModel.objects.get(name="VolcMiner D1")
    services = list(Service.objects.filter(code__in=("diagnosis", "cleaning")))
    with ago(hours=20):
        requests.open_request(
            company,
            actor=p.customer,
            wanted=Asked([(model, 24)], services),
            text="24 machines of hall B lose hash rate since the heat wave. Please have a look.",
        )
    with ago(days=7):
        sns = [f"1H214150900{number:02d}" for number in NUMBERS]
        scope = requests.open_request(
            company,
            actor=p.customer,
            wanted=Asked([(model, 6)], services, sns=sns),
            text="Six machines that stood in water, five serial numbers are known.",
        )
        order = _approve(story, scope, model, services)
        story.submit(order)
    with ago(days=4):
        _work(story, order)


def _agree(company: Customer, agent: User) -> None:
    import weasyprint

    day = warranty_day()
    paper = weasyprint.HTML(string=PAPER.format(number=1)).write_pdf()
    upload = SimpleUploadedFile("service-agreement.pdf", paper, "application/pdf")
    kinds = {Attachment.Kind.PDF}
    agreements.record_agreement(
        company,
        actor=agent,
        number="SA-2026-014",
        starts_on=day,
        ends_on=day + timedelta(days=320),
        files=[store(upload, actor=agent, kinds=kinds)],
    )


def _approve(
    story: Story, scope: Scope, model: ProductModel, services: list[Service]
) -> RepairOrder:
    fee = Fee("Collection by our own van", Decimal("90.00"), "EUR")
    enquiry = scope.counselling
    story.answer(enquiry, "Thank you. We collect them on Thursday and clean all of them.")
    agreed = Asked([(model, 6)], services, [fee], scope.sns)
    requests.set_scope(enquiry, version=1, actor=story.people.agent, wanted=agreed)
    return story.convert(enquiry)


def _work(story: Story, order: RepairOrder) -> None:
    """Received and looked at; three are not covered: one quote waits, one was answered."""
    p = story.people
    order = RepairOrder.objects.get(pk=order.pk)
    receiving.receive_units(order, order.units.all(), actor=p.engineer)
    units = list(order.units.order_by("pk"))
    for unit in units:
        story.work(unit, "start_diagnosis", finding="Signs of water on two boards.")
    pks = [unit.pk for unit in units]
    Unit.objects.filter(pk__in=pks[:4]).update(verdict="out", verdict_reason="Stood in water.")
    answered = _quote(order, pks[:2], p.manager)
    first, *rest = answered.lines.order_by("pk").values_list("pk", flat=True)
    quote_answers.sign(
        answered,
        version=answered.version,
        actor=p.customer,
        signature="Marta Nilsson",
        answers={first: "accepted", **dict.fromkeys(rest, "declined")},
        wishes={pks[1]: "scrap"},
    )
    _quote(order, pks[2:4], p.manager)


def _quote(order: RepairOrder, pks: list[int], manager: User) -> Quote:
    quote = quotes.open_quote(order, Unit.objects.filter(pk__in=pks), actor=manager)
    dry = Wanted(text="Drying and corrosion treatment", price=Decimal("48.00"))
    quote_lines.set_line(quote, dry, units=None, version=1, actor=manager)
    sent: Quote = quotes.send(quote, actor=manager)
    return sent
