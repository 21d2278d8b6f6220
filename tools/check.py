"""Every check that is no test, two at a time; all of them run, whatever the first ones say.

tools/check.py [name of a check ...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MANAGE = [sys.executable, "manage.py"]


@dataclass(frozen=True)
class Check:
    """A command that is silent success or says what is wrong."""

    name: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)

    def run(self) -> tuple[Check, float, str]:
        """The answer is (check, seconds, what it complained of)."""
        began = time.monotonic()
        env = os.environ | {"DEMO": "1", "NO_COLOR": "1"} | self.env
        done = subprocess.run(
            self.command,
            cwd=ROOT,
            env=env,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said = done.stdout.strip() or f"ended with code {done.returncode}"
        return self, time.monotonic() - began, said if done.returncode else ""


def templates() -> list[str]:
    """Every template of the house."""
    found = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/templates/**/*.html")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def production(folder: str) -> dict[str, str]:
    """Settings as a server has them, for the checks that Django keeps for deployment."""
    return {
        "DEMO": "0",
        "SECRET_KEY": "Checked-but-never-used-" + "0aB1cD2eF3" * 5,
        "ALLOWED_HOSTS": "service.example.com",
        "SITE_URL": "https://service.example.com",
        "DATA_DIR": folder,
    }


def checks(folder: str) -> list[Check]:
    pages = templates()
    found = [
        Check("types", [f"{BIN}/mypy"]),
        Check("lint", [f"{BIN}/ruff", "check", "--quiet", "--output-format", "concise", "."]),
        Check("format", [f"{BIN}/ruff", "format", "--check", "--output-format", "concise", "."]),
        Check("floors", [f"{BIN}/lint-imports", "--cache-dir", ".cache/imports"]),
        Check("tidy", [sys.executable, "tools/tidy.py"]),
        Check("django", [*MANAGE, "check", "--fail-level", "WARNING"]),
        Check(
            "deploy",
            [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"],
            production(folder),
        ),
        Check("migrations", [*MANAGE, "makemigrations", "--check", "--dry-run"]),
    ]
    if pages:
        found += [
            Check("template tags", [f"{BIN}/djade", "--target-version", "5.2", "--check", *pages]),
            Check("template html", [f"{BIN}/djlint", "--lint", "--quiet", *pages]),
        ]
    if list(ROOT.glob("locale/*/LC_MESSAGES/django.po")):
        found.append(Check("words", [sys.executable, "tools/messages.py", "--check"]))
    if list(ROOT.glob("*/management/commands/workflows.py")):
        found.append(Check("workflows", [*MANAGE, "workflows", "--check"]))
    return found


def main() -> int:
    wanted, bad = set(sys.argv[1:]), []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=2) as pool:
        chosen = [c for c in checks(folder) if not wanted or c.name in wanted]
        for check, seconds, complaint in pool.map(Check.run, chosen):
            print(
                f"{'FAILED' if complaint else 'ok':<7} {check.name} ({seconds:.1f} s)", flush=True
            )
            if complaint:
                bad.append(check.name)
                print(complaint, flush=True)
    if bad or not chosen:
        print(f"\nNot in order: {', '.join(bad) or 'no such check'}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
