"""The workshop's pages, one file per kind of work."""

from workorders.views.bench.orders import order_page

__all__ = ["order_page"]
