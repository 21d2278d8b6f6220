"""An order of five and one of five thousand miners, walked through the pages and timed.

    tools/walk.py [--large 5000] [--rounds 11] [--only-walk]

Starts PostgreSQL, Redis and a portal of its own on demo data, walks both orders in Chromium from
the enquiry to their completion (the steps are those of tests/browser/test_repair_centre.py), and
at the moments that matter fetches the same pages of both, turn by turn. Prints what it found and
writes var/walk.json. Times decide nothing: it fails only when the walk does.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import servers

if TYPE_CHECKING:
    from tools.walk_story import Walk

OUT = ROOT / "var" / "walk.json"


@contextmanager
def machines() -> Iterator[tuple[Path, dict[str, str]]]:
    """A database and a broker of our own, and a folder for files; this process uses them too."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="aftersales-walk-"))
        named = {
            "DATABASE_URL": stack.enter_context(servers.postgres()),
            "REDIS_URL": stack.enter_context(servers.redis()),
        }
        os.environ |= named | {
            "DEMO": "1",
            "DATA_DIR": folder,
            "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
            "DJANGO_SETTINGS_MODULE": "aftersales.settings",
        }
        yield Path(folder), named


def main() -> int:
    asked = arguments()
    began = time.monotonic()
    with machines() as (folder, named):
        import django

        django.setup()
        from tools.walk_story import walked

        walk = walked(
            folder, named, large=asked.large, rounds=0 if asked.only_walk else asked.rounds
        )
    tell(walk)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(walk.told(), indent=1))
    print(f"\n{time.monotonic() - began:,.0f} s in all; figures in {OUT.relative_to(ROOT)}")
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", type=int, default=5000, help="miners of the large order")
    parser.add_argument("--rounds", type=int, default=11, help="how often each page is fetched")
    parser.add_argument("--only-walk", action="store_true", help="measure nothing")
    return parser.parse_args()


# ------------------------------------------------------------------ what was found
def tell(walk: Walk) -> None:
    small, large = walk.sizes
    print(f"\nThe walk, seconds with {small} and {large:,} miners")
    for name, pair in walk.seconds.items():
        print(f"  {name:<22}" + "".join(f"{seconds:9.1f}" for seconds in pair))
    titles = (f"CPU ms at {small}", f"at {large:,}", "ratio", "clock ms", "", "ratio", "goal")
    head = f"\n{'page':<20}{'moment':<12}" + "".join(f"{title:>13}" for title in titles)
    if walk.pages:
        print(head)
    for line in walk.pages:
        print(f"{line.page:<20}{line.moment:<12}" + figures(line.told()))
    if walk.bulk:
        print("\nAll units of the order at once, milliseconds: raw SQL pair, the service, ratio")
    for line in walk.bulk:
        print(f"{line.page:<32}" + figures(line.told()))
    print(
        f"\nWhat the browser waited for POSTs of the order of {large:,} (the slowest of each kind)"
    )
    for address, milliseconds, count in walk.posts():
        print(f"  {milliseconds:>9,.0f} ms  {address}" + (f" (of {count})" if count > 1 else ""))


def figures(told: dict[str, Any]) -> str:
    cells = [*told["cpu"], told["cpu_ratio"], *told["wall"], told["wall_ratio"], told["goal"]]
    patterns = ("{:.1f}", "{:.1f}", "{:.2f}", "{:.1f}", "{:.1f}", "{:.2f}", "{:.1f}")
    short = "" if told["cpu_ratio"] <= told["goal"] else "  above"
    return "".join(f"{p.format(c):>13}" for p, c in zip(patterns, cells, strict=True)) + short


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.Missing as missing:
        sys.exit(f"No walk: {missing}")
