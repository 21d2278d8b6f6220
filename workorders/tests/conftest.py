"""What tests of work orders share."""

from workorders.tests.bench import order, units

__all__ = ["order", "units"]
