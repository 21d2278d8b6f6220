"""Addresses of the billing pages."""

from django.urls import path

from billing.views import drafts, invoices, orders, payments, quotes

INVOICES = [
    path("invoices/", invoices.invoice_list, name="invoice-list"),
    path("invoices/list.csv", invoices.invoice_export, name="invoice-export"),
    path("invoices/<int:pk>/", invoices.invoice_page, name="invoice"),
    path("invoices/<int:pk>/pdf/", invoices.invoice_pdf, name="invoice-pdf"),
    path("invoices/<int:pk>/csv/", invoices.invoice_csv, name="invoice-csv"),
    path("invoices/<int:pk>/issue/", drafts.invoice_issue, name="invoice-issue"),
    path("invoices/<int:pk>/regenerate/", drafts.invoice_regenerate, name="invoice-regenerate"),
    path("invoices/<int:pk>/delete/", drafts.invoice_delete, name="invoice-delete"),
    path("invoices/<int:pk>/void/", drafts.invoice_void, name="invoice-void"),
    path("invoices/<int:pk>/lines/", drafts.line_add, name="line-add"),
    path("invoices/<int:pk>/lines/<int:line>/remove/", drafts.line_remove, name="line-remove"),
    path("invoices/<int:pk>/lines/<int:line>/price/", drafts.line_price, name="line-price"),
    path("invoices/<int:pk>/pay/", payments.pay, name="pay"),
    path("invoices/<int:pk>/payment/", payments.payment_enter, name="payment-enter"),
    path("invoices/<int:pk>/credit/", payments.credit_settle, name="credit-settle"),
    path("payments/", payments.payment_list, name="payments"),
    path("payments/<int:pk>/confirm/", payments.payment_confirm, name="payment-confirm"),
    path("payments/<int:pk>/reject/", payments.payment_reject, name="payment-reject"),
    path("payments/<int:pk>/reverse/", payments.payment_reverse, name="payment-reverse"),
    path("billing/", orders.desk, name="desk"),
    path("billing/boxes/<int:pk>/draft/", drafts.invoice_draft, name="invoice-draft"),
    path("billing/<str:code>/", orders.order_billing, name="order"),
    path("billing/<str:code>/due/", orders.order_due, name="due"),
    path("billing/<str:code>/draft/", orders.order_draft, name="order-draft"),
    path("billing/<str:code>/issue/", orders.order_issue, name="order-issue"),
    path("prices/", orders.price_lists, name="price-lists"),
    path("prices/<int:pk>/", orders.price_list, name="price-list"),
]

QUOTES = [
    path("quotes/", quotes.quote_list, name="quotes"),
    path("quotes/<int:pk>/", quotes.quote, name="quote"),
    path("quotes/<int:pk>/pdf/", quotes.quote_pdf, name="quote-pdf"),
    path("quotes/<int:pk>/lines/", quotes.quote_line, name="quote-line"),
    path("quotes/<int:pk>/prices/", quotes.quote_prices, name="quote-prices"),
    path("quotes/<int:pk>/details/", quotes.quote_details, name="quote-details"),
    path("quotes/<int:pk>/send/", quotes.quote_send, name="quote-send"),
    path("quotes/<int:pk>/withdraw/", quotes.quote_withdraw, name="quote-withdraw"),
    path("quotes/<int:pk>/answer/", quotes.quote_answer, name="quote-answer"),
    path("repairs/<str:code>/quotes/new/", quotes.quote_new, name="quote-new"),
]

app_name = "billing"
urlpatterns = [*INVOICES, *QUOTES]
