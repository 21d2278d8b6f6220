from billing.tests.quoting import cleaning, euro, job, sent, written  # noqa: F401 - fixtures
from billing.tests.shop import boxed, order, prices  # noqa: F401 - fixtures
