"""People at their browsers: one context each, signed in once, watched all the time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.browser.portal import Portal

PATIENCE = 20_000
# Answers of 403 to 422 are shown as pages; that Chromium also notes them is no fault.
NOTED = re.compile(
    r"Failed to load resource: the server responded with a status of 4\d\d"
    r"|Response Status Error Code 4\d\d"
)
WATCH = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`))"""


@dataclass
class House:
    """The browser and the portal; keeps who is signed in and what the browsers complain about."""

    browser: Browser
    portal: Portal
    states: dict[str, Any] = field(default_factory=dict)
    open: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    common: set[tuple[str, str]] = field(default_factory=set)

    def visitor(self, *, script: bool = True, **options: Any) -> Page:
        """A new browser that nobody has signed in with."""
        context = self.browser.new_context(
            base_url=self.portal.url,
            java_script_enabled=script,
            viewport=options.pop("viewport", {"width": 1440, "height": 900}),
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(PATIENCE)
        if script:
            context.add_init_script(WATCH)
        context.on("console", self.heard)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.open.append(context)
        return context.new_page()

    def person(self, who: str, *, script: bool = True, **options: Any) -> Page:
        """Somebody of the demo, signed in; the sign-in itself is done once for all tests."""
        if who not in self.states:
            first = self.visitor()
            sign_in(first, f"{who}@demo.test")
            self.states[who] = first.context.storage_state()
            first.context.close()
        return self.visitor(script=script, storage_state=self.states[who], **options)

    def heard(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"} and not NOTED.match(said.text):
            where = said.page.url if said.page else ""
            self.complaints.append(f"{where}: {said.text}")

    def leave(self) -> list[str]:
        """Close all browsers; the answer is what they complained about since the last time."""
        for context in self.open:
            context.close()
        self.open.clear()
        said, self.complaints = self.complaints, []
        return said


def sign_in(page: Page, email: str, password: str = settings.DEMO_PASSWORD) -> None:
    """By hand, as people do; the page is then where it was asked for."""
    if "/accounts/login/" not in page.url:
        page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("nav.side")).to_be_attached()
