"""What a page must keep to, wherever it is: axe finds nothing, nothing sticks out sideways."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TALL = 900
AXE_WIDTHS = (1440, 390)
WIDTHS = (320, 390, 820, 1024)
# What is looked at here, in the states it can be in, is a page of test_matrix_pages.py, which asks
# every rule in both themes. A state in dark changes colours and nothing else: one rule is asked.
# Reading style sheets anew, for no rule that runs, axe writes one into the page, which CSP forbids.
EVERYTHING: dict[str, Any] = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}
COLOURS: dict[str, Any] = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
STICKS_OUT = """() => {
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide <= 0) return "";
  const out = [...document.querySelectorAll("body *")].filter(
    (one) => one.getBoundingClientRect().right > innerWidth + 0.5 && one.checkVisibility());
  return `${wide} px: ` + out.slice(0, 3).map((one) => one.outerHTML.slice(0, 120)).join(" | ");
}"""
TARGETS = "results => results.violations.flatMap(v => v.nodes.map(n => [v.id, n.html, \
n.any.concat(n.all, n.none).map(c => c.message).join(' ')]))"


# Colours that fade from one theme into the other are measured when they have arrived.
ARRIVED = """() => new Promise((arrived) => requestAnimationFrame(() => requestAnimationFrame(() =>
{
  for (const move of document.getAnimations())
    if (move.effect.getComputedTiming().endTime < Infinity) move.finish();
  requestAnimationFrame(arrived);
})))"""


def axe(page: Page, options: dict[str, Any]) -> list[str]:
    found = page.evaluate(f"options => axe.run(options).then({TARGETS})", options)
    return [f"{rule}: {html[:160]} ({why[:160]})" for rule, html, why in found]


def audit(page: Page, *, thorough: bool = True) -> list[str]:
    """Every complaint about the page as it stands, dialogs open or not.

    Thorough: both themes at both widths. Else one theme at each width, which meets every word and
    every colour once: light on a telephone, since the desk is shown in test_matrix_pages.py.
    """
    wrong = []
    page.evaluate(AXE_SCRIPT)
    for width in AXE_WIDTHS:
        page.set_viewport_size({"width": width, "height": TALL})
        for scheme, options in (("dark", COLOURS), ("light", EVERYTHING)):
            if not thorough and (scheme == "light") == (width == AXE_WIDTHS[0]):
                continue
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.evaluate(ARRIVED)
            wrong += [f"{scheme} {width}: {word}" for word in axe(page, options)]
    return wrong + sideways(page)


def sideways(page: Page) -> list[str]:
    """What makes the page scroll to the side, at the widths of telephones and tablets."""
    wrong = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": TALL})
        if said := page.evaluate(STICKS_OUT):
            wrong.append(f"sticks out at {width}: {said}")
    page.set_viewport_size({"width": AXE_WIDTHS[0], "height": TALL})
    return wrong
