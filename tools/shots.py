"""Photographs of every page that each role of the demo reaches, for eyes and for the README.

Starts a portal of its own on demo data, signs one person of each role in, follows the links that
person sees and takes each kind of page once, wide, narrow, dark and in Chinese, into
var/shots/<role>/. At the end it names what was wrong on the way: answers of 400 and above, words
on the browser's console.

    tools/shots.py [role ...]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
OUT = ROOT / "var" / "shots"
DATA = ROOT / "var" / "shots-data"
os.environ |= {"DEMO": "1", "DATA_DIR": str(DATA), "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftersales.settings")

import django

django.setup()

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from accounts.middleware import SEEN, SIGNED_IN
from accounts.models import User
from accounts.roles import Role
from conftest import CHROMIUM_ARGUMENTS
from tests import servers

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
# Signing out ends the walk; Django's admin is not ours; a file is no page.
LEFT_OUT = re.compile(r"^/(accounts/logout|admin|files|static|language)(/|$)|[./](csv|pdf|xlsx)/?$")
MOST_PAGES = 60
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
MODES = (  # part of the file's name, size, colours, language
    ("wide", WIDE, "light", "en"),
    ("narrow", NARROW, "light", "en"),
    ("dark", WIDE, "dark", "en"),
    ("zh", WIDE, "light", "zh-hans"),
)


@contextmanager
def portal() -> Iterator[str]:
    """A portal with demo data on a port of its own; yields its address."""
    port = servers.free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        if not any("is ready" in line for line in process.stdout or ()):
            sys.exit("The portal did not start; what it said stands above.")
        yield f"http://localhost:{port}"
    finally:
        servers.stop(process, seconds=40)


def session_of(user: User) -> str:
    """A session as if this person had signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[SIGNED_IN] = session[SEEN] = time.time()
    session.create()
    UserSession.objects.filter(user=user).delete()  # of earlier photographs
    UserSession.objects.create(
        user=user, session_key=session.session_key, ip="203.0.113.7", user_agent=BROWSER, data={}
    )
    return str(session.session_key)


def kind_of(path: str) -> str | None:
    """Name of the view behind an address: each kind is photographed once."""
    if LEFT_OUT.search(path):
        return None
    try:
        return resolve(path).view_name.replace(":", "-")
    except Resolver404:
        return None


def take(page: Page, name: Path, speak: Callable[[str], None]) -> None:
    """One page in every mode; it ends wide, light and in English."""
    for mode, size, colours, language in MODES:
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of two numbers
        page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
        if language != "en":
            speak(language)
            page.reload()
        # As tall as the page, not one stitched from windows: bars at the foot stand at the foot.
        tall = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": max(size["height"], tall)})
        page.screenshot(path=f"{name}.{mode}.png")
    speak("en")


def walk(
    page: Page, site: str, folder: Path, wrong: list[str], speak: Callable[[str], None]
) -> int:
    """Follow links breadth first from the home page; the answer is the number of kinds seen."""
    waiting, seen = ["/"], set[str]()

    def listen(word: ConsoleMessage) -> None:
        if word.type in ("error", "warning"):
            wrong.append(f"{page.url}: {word.text}")

    page.on("console", listen)
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        kind = kind_of(path)
        if kind is None or kind in seen:
            continue
        seen.add(kind)
        answer = page.goto(site + path)
        if answer is None or answer.status >= 400:
            wrong.append(f"{path}: {answer.status if answer else 'no answer'}")
        landed = kind_of(urlsplit(page.url).path)
        if landed != kind:  # sent elsewhere: that page is waiting, or was taken, under its own name
            waiting.insert(0, urlsplit(page.url).path)
            continue
        take(page, folder / kind, speak)
        links = page.eval_on_selector_all(
            "a[href]", "all => all.map(one => new URL(one.getAttribute('href'), one.baseURI).href)"
        )
        waiting += [urlsplit(link).path for link in links if link.startswith(site)]
    return len(seen)


def photograph(browser: Browser, site: str, role: str, user: User | None) -> list[str]:
    """All pages of one role; the answer is what was wrong."""
    folder, wrong = OUT / role, list[str]()
    folder.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")  # type: ignore[arg-type]
    if user:
        name, value = settings.SESSION_COOKIE_NAME, session_of(user)
        context.add_cookies([{"name": name, "value": value, "url": site}])

    def speak(language: str) -> None:
        """As if the person had used the switch of languages."""
        if user:
            User.objects.filter(pk=user.pk).update(language=language)
        else:
            name = settings.LANGUAGE_COOKIE_NAME
            context.add_cookies([{"name": name, "value": language, "url": site}])

    count = walk(context.new_page(), site, folder, wrong, speak)
    print(f"{role}: {count} pages in {folder.relative_to(ROOT)}", flush=True)
    context.close()
    return [f"{role} {line}" for line in wrong]


def main() -> int:
    chosen, wrong = sys.argv[1:] or [*Role.values, "anonymous"], list[str]()
    with portal() as site, sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=servers.chromium(), args=CHROMIUM_ARGUMENTS
        )
        for role in chosen:
            user = User.objects.filter(role=role, is_active=True).order_by("pk").first()
            if user or role == "anonymous":
                wrong += photograph(browser, site, role, user)
        browser.close()
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.Missing as missing:
        sys.exit(f"No photographs: {missing}")
