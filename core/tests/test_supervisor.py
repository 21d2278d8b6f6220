"""All programs or none: what a supervisor starts, it also ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.supervisor import Program, Supervisor
from tests.servers import alive, gone

pytestmark = pytest.mark.once

SLEEPS = "import time; time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"
# Starts a child of its own, as a pool does, and tells both numbers.
PARENT = (
    "import os, subprocess, sys, time; "
    f"child = subprocess.Popen([sys.executable, '-c', {SLEEPS!r}]); "
    "open(sys.argv[1], 'w').write(f'{os.getpid()} {child.pid} '); time.sleep(60)"
)
# A launcher of its own, so that signals reach it and not the test run.
LAUNCHER = """
import sys
from pathlib import Path
from core.supervisor import Program, Supervisor
folder, names = Path(sys.argv[1]), sys.argv[2:]
with Supervisor(print) as house:
    for name in names:
        command = [sys.executable, "-c", {child!r}, str(folder), name]
        house.start(Program(name, command, grace={grace}))
    code = house.wait()
sys.exit(code)
"""
CHILD = """
import signal, sys, time
from pathlib import Path
folder, name = Path(sys.argv[1]), sys.argv[2]
def leave(*_):
    with (folder / "order").open("a") as book:
        book.write(name + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
(folder / f"{name}.up").write_text(str(__import__("os").getpid()))
while True:
    time.sleep(0.05)
"""
DEAF_CHILD = CHILD.replace(
    "signal.signal(signal.SIGTERM, leave)", "signal.signal(15, signal.SIG_IGN)"
)


def python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


def wait_for(path: Path, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists() or not path.stat().st_size:
        assert time.monotonic() < deadline, f"{path.name} never came"
        time.sleep(0.02)


def launch(folder: Path, *names: str, child: str = CHILD, grace: float = 10):
    code = LAUNCHER.format(child=child, grace=grace)
    launcher = subprocess.Popen(python(code, folder, *names), start_new_session=True)
    for name in names:
        wait_for(folder / f"{name}.up")
    return launcher, [int((folder / f"{name}.up").read_text()) for name in names]


def test_a_child_that_dies_stops_the_others_and_the_answer_is_one():
    said: list[str] = []
    with Supervisor(said.append) as house:
        lasting = house.start(Program("broker", python(SLEEPS)))
        house.start(Program("web", python("raise SystemExit(3)")))
        assert house.wait() == 1
    assert said == ["web stopped by itself; stopping the rest."]
    assert lasting.returncode == -signal.SIGTERM


def test_leaving_by_an_exception_leaves_nothing_behind():
    with pytest.raises(LookupError), Supervisor(print) as house:  # noqa: PT012 - the start is the point
        child = house.start(Program("worker", python(SLEEPS)))
        raise LookupError
    assert child.returncode == -signal.SIGTERM


def test_a_program_that_does_not_listen_is_killed_after_its_grace():
    with Supervisor(print) as house:
        child = house.start(Program("worker", python(DEAF), grace=0.3))
        time.sleep(0.5)
        began = time.monotonic()
    assert child.returncode == -signal.SIGKILL
    assert 0.2 < time.monotonic() - began < 5


def test_what_a_program_started_itself_goes_with_it(tmp_path):
    with Supervisor(print) as house:
        house.start(Program("worker", python(PARENT, tmp_path / "numbers.txt")))
        wait_for(tmp_path / "numbers.txt")
        mother, daughter = map(int, (tmp_path / "numbers.txt").read_text().split())
        assert alive(daughter)
    assert gone(mother)
    assert gone(daughter)


def test_waiting_ends_when_ready_and_not_when_a_child_died():
    with Supervisor(print) as house:
        child = house.start(Program("web", python(SLEEPS)))
        assert house.until(lambda: True, seconds=5)
        assert not house.until(lambda: False, seconds=0.2)
        child.kill()
        child.wait()
        assert not house.until(lambda: True, seconds=5)


def test_a_command_runs_to_its_end_beside_the_others():
    with Supervisor(print) as house:
        house.start(Program("broker", python(SLEEPS)))
        assert house.complete(Program("migrate", python("raise SystemExit(0)"))) == 0
        assert house.complete(Program("migrate", python("raise SystemExit(4)"))) == 4
        assert [program.name for program, _ in house.children] == ["broker"]


def test_environment_is_added_to_ours(tmp_path):
    write = "import os, sys; open(sys.argv[1], 'w').write(os.environ['PORT'] + os.environ['PATH'])"
    with Supervisor(print) as house:
        command = python(write, tmp_path / "env.txt")
        house.complete(Program("web", command, env={"PORT": "8123"}))
    assert (tmp_path / "env.txt").read_text() == "8123" + os.environ["PATH"]


def test_the_handlers_from_before_are_back_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    with Supervisor(print):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_being_asked_stops_the_last_started_first_with_code_zero(tmp_path, number):
    launcher, children = launch(tmp_path, "broker", "web", "worker")
    launcher.send_signal(number)
    assert launcher.wait(20) == 0
    assert (tmp_path / "order").read_text().split() == ["worker", "web", "broker"]
    assert all(map(gone, children))


@pytest.mark.slow
def test_being_asked_twice_ends_all_grace(tmp_path):
    launcher, children = launch(tmp_path, "web", "worker", child=DEAF_CHILD, grace=60)
    launcher.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert launcher.poll() is None
    launcher.send_signal(signal.SIGINT)
    assert launcher.wait(10) == 0
    assert all(map(gone, children))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of this")
def test_children_of_a_killed_supervisor_stop_by_themselves(tmp_path):
    launcher, children = launch(tmp_path, "web", "worker")
    launcher.kill()
    launcher.wait()
    assert all(map(gone, children))
