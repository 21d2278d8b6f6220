"""The tabs of a repair order as staff see it, one file per tab (R62)."""

from workorders.views.order.frame import frame
from workorders.views.order.summary import order_page

__all__ = ["frame", "order_page"]
