"""The mail that the stock runs low: to the shop's managers, once per type and day (D14)."""

from __future__ import annotations

import pytest

from accounts.models import User
from notifications.models import Mail
from parts.services import stock
from parts.tests.factories import fan_type, heap
from repairshops.models import RepairShop

pytestmark = pytest.mark.django_db


@pytest.mark.row("D14")
def test_managers_of_the_shop_hear_once_a_day_that_a_type_is_low(
    kunshan: RepairShop, mona: User, emil: User, erna: User
) -> None:
    row = heap(kunshan, fan_type(low_at=2), 4)
    for before, counted in ((4, 2), (2, 4), (4, 1)):
        stock.count(kunshan, {row.pk: (before, counted)}, actor=mona, reason="Stocktaking")
    mail = Mail.objects.get(event="stock-low")
    assert mail.recipient == mona.email
    assert "Fan 12 cm" in mail.subject
    assert f"/parts/types/{row.pk}/" in mail.text
