"""The browser tests share one real portal; every test ends with the browsers' own complaints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.house import PATIENCE, House
from tests.browser.portal import Portal, serve

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with serve(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture(scope="session")
def _whole_house(browser: Browser, portal: Portal) -> House:
    return House(browser, portal)


@pytest.fixture
def tell(
    capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> Callable[[str, str], None]:
    """Figures for whoever watches the run; they also stand in its report."""

    def told(what: str, figures: str) -> None:
        record_property(what, figures)
        with capsys.disabled():
            sys.stdout.write(f"\n  {what}: {figures} ")
            sys.stdout.flush()

    return told


@pytest.fixture
def house(_whole_house: House) -> Iterator[House]:
    """Browsers as a test asks for them. No test passes while one of them complained."""
    yield _whole_house
    assert _whole_house.leave() == []
