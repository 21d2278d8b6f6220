"""What tests of work orders share."""

from workorders.tests.bench import order, units
from workorders.tests.browsing import opened

__all__ = ["opened", "order", "units"]
