"""What a home has of requests, agreements and quotes (tests/world.py tells how to read it)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from billing.models import PriceList, Quote, QuoteLine, QuoteUnit
from billing.services.prices import account_of
from devices.models import ProductModel, Verdict, warranty_day
from scopes.models import AgreementVersion, Scope, ScopeFee
from scopes.tests.factories import ScopeFactory, ServiceAgreementFactory, ServiceFactory
from workorders.models import Unit, UnitService

if TYPE_CHECKING:
    from tests.world import Home


def asks(home: Home, model: ProductModel) -> None:
    _agreements(home)
    _scopes(home, model)
    _quotes(home, model)


def _file(*given: Any, **more: Any) -> Any:
    from tests.world import _file as made

    return made(*given, **more)


def _agreements(home: Home) -> None:
    for _number in range(home.rows):
        agreement = ServiceAgreementFactory(
            customer=home.owner.customer, number=home.canary("TALK", "agreement")
        )
        paper = AgreementVersion.objects.create(
            agreement=agreement,
            number=1,
            ends_on=agreement.ends_on,
            note=home.canary("TALK", "version"),
            uploaded_by=home.agent,
        )
        file = _file(home, paper, home.agent, "TALK", "pdf")
    home.keys |= {
        "agreement": (agreement.pk,),
        "agreement-paper": (file.token, "a.pdf"),
    }


def _scope(home: Home, enquiry: Any, model: ProductModel, audience: str) -> Scope:
    scope: Scope = ScopeFactory(
        counselling=enquiry,
        miners={model: 3},
        done=[ServiceFactory(code="cleaning")],
        sns=[home.serial("GOODSSN" if audience == "GOODS" else "TALKSN")],
    )
    fee = home.canary("TALK", "fee")
    ScopeFee.objects.create(scope=scope, text=fee, amount=Decimal("80.00"), currency="EUR")
    return scope


def _scopes(home: Home, model: ProductModel) -> None:
    """A request that is open, and the one behind the order at work, which its shop may read."""
    from tests.world import _enquiry

    for _number in range(home.rows):
        enquiry = _enquiry(home)
        scope = _scope(home, enquiry, model, "TALK")
        file = _file(home, scope, home.owner, "TALK", "pdf")
    home.made["request"] = enquiry
    home.keys |= {"request": (enquiry.number,), "request-paper": (file.token, "a.pdf")}
    ordered = home.made["order"].counselling
    scope = _scope(home, ordered, model, "GOODS")
    file = _file(home, scope, home.owner, "GOODS", "pdf")
    home.keys |= {"scoped": (ordered.number,), "scoped-paper": (file.token, "a.pdf")}


def _quotes(home: Home, model: ProductModel) -> None:
    """A draft and a sent quote on the order at work, of as many devices as there are rows."""
    if not PriceList.objects.filter(is_default=True, active=True).exists():
        PriceList.objects.create(code="world", name="World", currency="EUR", is_default=True)
    order, service = home.made["order"], ServiceFactory(code="cleaning")
    account_of(order)
    for number, state in enumerate(("draft", "sent"), start=1):
        quote = Quote.objects.create(
            order=order,
            number=number,
            state=state,
            currency="EUR",
            valid_until=warranty_day() + timedelta(days=14),
            note=home.canary("GOODS", "quote"),
            written_by=home.engineer,
            sent_at=timezone.now() if state == "sent" else None,
        )
        for _row in range(home.rows):
            line = _line(home, quote, model)
        home.made |= {f"quote-{state}": quote, f"line-{state}": line}
    home.keys |= {
        "quote-draft": (home.made["quote-draft"].pk,),
        "quote": (home.made["quote-sent"].pk,),
    }
    unit = _unit(home, model)
    UnitService.objects.create(unit=unit, service=service)
    for number in range(home.rows - 1):
        Quote.objects.create(
            order=order,
            number=number + 3,
            state="expired",
            currency="EUR",
            valid_until=warranty_day(),
            written_by=home.engineer,
            sent_at=timezone.now(),
        )


def _unit(home: Home, model: ProductModel) -> Unit:
    from tests.world import _unit as made

    return made(
        home,
        home.made["order"],
        model=model,
        state="diagnosing",
        verdict=Verdict.OUT,
        finding=home.canary("GOODS", "finding"),
        received_at=timezone.now(),
    )


def _line(home: Home, quote: Quote, model: ProductModel) -> QuoteLine:
    unit = _unit(home, model)
    QuoteUnit.objects.create(quote=quote, unit=unit)
    return QuoteLine.objects.create(
        quote=quote,
        unit=unit,
        kind="text",
        text=home.canary("GOODS", "line"),
        price=Decimal("40.00"),
    )
