"""Prices, invoices, payments; quotes."""

from billing.models.accounts import OrderAccount, PaymentAccount
from billing.models.invoices import Basis, Invoice, InvoiceLine, LineKind, NumberSeries
from billing.models.payments import Booking, Payment
from billing.models.prices import Price, PriceList, TaxRate
from billing.models.quotes import Quote, QuoteLine, QuoteUnit

__all__ = [
    "Basis",
    "Booking",
    "Invoice",
    "InvoiceLine",
    "LineKind",
    "NumberSeries",
    "OrderAccount",
    "Payment",
    "PaymentAccount",
    "Price",
    "PriceList",
    "Quote",
    "QuoteLine",
    "QuoteUnit",
    "TaxRate",
]
