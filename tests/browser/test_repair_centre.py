"""One order of a repair centre, from the enquiry to its completion, through the pages (issue 3).

Some forty miners here; `make walk` walks the same steps with five thousand.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.browser import repair_centre, repair_figures, repair_goods
from tests.browser.house import House
from tests.browser.repair_centre import Centre, Size

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZE = Size(miners=40, scanned=2, boxes=4, shipments=3)


@pytest.mark.row("R62", "R63", "R69", "R72", "R73", "R74", "R77", "R78", "R80", "R81", "E7")
def test_an_order_of_a_repair_centre_from_the_enquiry_to_its_completion(
    house: House, tell: Callable[[str, str], None]
) -> None:
    centre = Centre(house, SIZE, first="1H214150900126", batch=7)
    for chapter in (*repair_centre.CHAPTERS, *repair_goods.CHAPTERS):
        began = time.monotonic()
        chapter(centre)
        tell(chapter.__name__, f"{time.monotonic() - began:.1f} s")
    repair_figures.agree(centre, house.portal.states(centre.code))
    assert len(set(repair_figures.paid(centre))) == SIZE.boxes
