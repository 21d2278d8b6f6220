"""Invoice numbers without gaps or doubles, and payments confirmed once (E24, L03)."""

from __future__ import annotations

import pytest

from tests.race_money import SIDES
from tests.test_races import race, race_env  # noqa: F401 - a fixture

pytestmark = [pytest.mark.slow]
ROUNDS = 25


@pytest.mark.row("E24")
def test_who_issues_at_once_gets_consecutive_numbers_and_pays_once(
    race_env: dict[str, str],  # noqa: F811
) -> None:
    outcome = race(race_env, "--rounds", str(ROUNDS), program="tests.race_money")
    assert outcome == {
        "issued": SIDES * ROUNDS,
        "numbers": list(range(1, SIDES * ROUNDS + 1)),
        "won": ROUNDS,
        "refused": (SIDES - 1) * ROUNDS,
        "bookings": ROUNDS,
        "paid": ROUNDS,
        "released": ROUNDS,
    }


def test_without_the_lock_two_invoices_ask_for_the_same_number(
    race_env: dict[str, str],  # noqa: F811
) -> None:
    """The test above can fail: here it would."""
    outcome = race(race_env, "--rounds", "10", "--bare", program="tests.race_money")
    assert outcome.get("IntegrityError", 0) > 0
