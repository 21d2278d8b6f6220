"""What no linter sees: line ends, large files, private keys, third-party code in the tree.

tools/tidy.py [file ...]      without arguments: every file that git knows or would add
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

LARGEST = 600 * 1024
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")
THIRD_PARTY = re.compile(r"\.min\.(js|css)$|(^|/)(node_modules|vendor)/")
# Pictures and generated history need no line end.
BINARY = {".png", ".jpg", ".pdf", ".xlsx", ".woff2", ".ico", ".mp4", ".webp", ".gif"}


def complaints(path: Path) -> list[str]:
    """What is wrong with one file."""
    found = []
    if THIRD_PARTY.search(path.as_posix()):
        found.append("third-party code is installed, not committed")
    if path.stat().st_size > LARGEST:
        found.append(f"larger than {LARGEST // 1024} kB")
        return found
    content = path.read_bytes()
    if PRIVATE_KEY.search(content):
        found.append("holds a private key")
    if path.suffix.lower() in BINARY or not content:
        return found
    if b"\r\n" in content:
        found.append("has Windows line ends")
    if not content.endswith(b"\n") or content.endswith(b"\n\n"):
        found.append("must end with one line end")
    if re.search(rb"[ \t]+\n", content) and path.suffix not in {".md", ".txt"}:
        found.append("has spaces at line ends")
    return found


def listed() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [Path(name) for name in done.stdout.splitlines()]


def main() -> int:
    bad = 0
    for path in [Path(name) for name in sys.argv[1:]] or listed():
        for complaint in complaints(path) if path.is_file() else []:
            print(f"{path}: {complaint}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
