"""Which price list serves whom, and what a thing costs on it (R78, D9)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from accounts.models import Customer
from billing.models import OrderAccount, Price, PriceList, TaxRate
from devices.models import ProductModel
from parts.models import PartType
from workorders.models import RepairOrder, Service


def list_for(customer: Customer) -> PriceList | None:
    """The active list that names the customer's country, else the default one, else None."""
    lists = list(PriceList.objects.filter(active=True).order_by("pk"))
    country = customer.country.upper()
    named = (one for one in lists if country and country in one.serves)
    return next(named, None) or next((one for one in lists if one.is_default), None)


def terms_of(order: RepairOrder) -> OrderAccount | None:
    """Currency and tax of the order: frozen ones, else what would be frozen now (not saved).

    None while no price list serves the customer. Writes nothing, so pages may ask.
    """
    known = OrderAccount.objects.select_related("price_list").filter(order=order.pk).first()
    if known is not None:
        return known
    chosen = list_for(order.customer)
    if chosen is None:
        return None
    rate = TaxRate.objects.filter(price_list=chosen, country=order.customer.country.upper()).first()
    return OrderAccount(
        order=order,
        price_list=chosen,
        currency=chosen.currency,
        tax_percent=rate.percent if rate else Decimal(0),
        tax_label=rate.label if rate else "",
    )


@transaction.atomic
def account_of(order: RepairOrder) -> OrderAccount | None:
    """The order's account, frozen at first need. None while no price list serves the customer.

    The order's row is locked by the caller.
    """
    terms = terms_of(order)
    if terms is not None and terms._state.adding:
        terms.save()
    return terms


@dataclass(frozen=True)
class Tariff:
    """All prices of one list, read once: a price for the model goes before the general one."""

    prices: dict[tuple[str, int, int | None], Decimal]

    @classmethod
    def of(cls, price_list: PriceList | None) -> Tariff:
        if price_list is None:
            return cls({})
        rows = Price.objects.filter(price_list=price_list)
        return cls(
            {
                ("service", service, model)
                if service is not None
                else ("part", part_type, model): amount
                for service, part_type, model, amount in rows.values_list(
                    "service_id", "part_type_id", "model_id", "amount"
                )
            }
        )

    def price(self, kind: str, key: int, model: int | None) -> Decimal | None:
        """`kind` is "service" or "part". None where the list is silent."""
        special = self.prices.get((kind, key, model)) if model is not None else None
        return special if special is not None else self.prices.get((kind, key, None))


def price_of(
    price_list: PriceList,
    *,
    service: Service | None = None,
    part_type: PartType | None = None,
    model: ProductModel | None = None,
) -> Decimal | None:
    """The net price of one service or one part, for this model first. None = no price."""
    things = Price.objects.filter(price_list=price_list, service=service, part_type=part_type)
    special = things.filter(model=model).first() if model is not None else None
    found = special or things.filter(model=None).first()
    return found.amount if found else None
