"""Runs several programs as one: all of them, or none.

Why not a process manager from a package: those signal whole process groups, and a Celery worker
whose pool is signalled drops the task in hand. Here only the main process of a program is asked to
stop; its group is killed only after its grace, or when nothing of it should be left.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

TICK = 0.1  # seconds between two looks at the children
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Program:
    """One child: what to run and how many seconds it has to finish what it holds."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    grace: float = 15.0
    cwd: Path | None = None


def _die_with_parent() -> None:
    """Ask Linux to stop this child when the supervisor is killed without a chance to do so."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Starts programs in order, stops them in reverse: what was started first is needed longest.

    Used as a context manager: whatever happens inside, nothing that it started is left behind.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.children: list[tuple[Program, subprocess.Popen[bytes]]] = []
        self.asked = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Supervisor:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1

    def start(self, program: Program) -> subprocess.Popen[bytes]:
        """Start in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        child = subprocess.Popen(
            program.command,
            env={**os.environ, **program.env},
            cwd=program.cwd,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        self.children.append((program, child))
        return child

    def complete(self, program: Program) -> int:
        """Run one program to its end beside the others; the answer is its exit code.

        Being asked to stop ends it early, and counts as no failure.
        """
        child = self.start(program)
        while child.poll() is None and not self.asked:
            time.sleep(TICK)
        self._end(*self.children.pop())
        return 0 if self.asked else child.returncode

    def ended(self) -> Program | None:
        """The first program that stopped by itself."""
        return next((p for p, child in self.children if child.poll() is not None), None)

    def until(self, ready: Callable[[], bool], *, seconds: float) -> bool:
        """Wait for `ready`; False when asked to stop, when a child died or when time is up."""
        deadline = time.monotonic() + seconds
        while not self.asked and self.ended() is None and time.monotonic() < deadline:
            if ready():
                return True
            time.sleep(TICK)
        return False

    def wait(self) -> int:
        """Stay until asked to stop (0) or until a child dies (1); then stop everything."""
        while not self.asked:
            if dead := self.ended():
                self.say(f"{dead.name} stopped by itself; stopping the rest.")
                self.stop()
                return 1
            time.sleep(TICK)
        self.stop()
        return 0

    def stop(self) -> None:
        """SIGTERM one after the other, last started first; SIGKILL after the grace.

        Being asked once more (a second Ctrl-C) ends all grace.
        """
        while self.children:
            self._end(*self.children[-1])
            self.children.pop()

    def _end(self, program: Program, child: subprocess.Popen[bytes]) -> None:
        if child.poll() is None:
            child.terminate()
        deadline = time.monotonic() + program.grace
        while child.poll() is None and time.monotonic() < deadline and self.asked < 2:
            time.sleep(TICK)
        # Whether it went by itself or not: what is left of its group goes now.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
