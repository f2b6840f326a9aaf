"""A runner that dies without a word leaves no process behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from podium.runtime import process_census, process_tree, remains
from podium.runtime.guard import Guard

RUNNER = """
import os, sys
from datetime import timedelta
from pathlib import Path
from podium.runtime.guard import Guard
from podium.runtime.processes import Cancellation, LocalProcesses
guard = Guard.start(grace=0.3)
processes = LocalProcesses(sys.argv[1], Cancellation(), print, guard)
def show(stream, lines):
    for line in lines: print(guard.pid, line, flush=True)
processes.run(['/bin/bash', '-c', sys.argv[2]], cwd=Path('.'), env=dict(os.environ), on_lines=show)
print(guard.pid, 'ended', flush=True)
guard.close()
"""


def wait_until_gone(pid: int, seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while process_census.process_identity(pid) is not None and time.monotonic() < end:
        time.sleep(0.01)
    return process_census.process_identity(pid) is None


@pytest.fixture
def attempt() -> Iterator[str]:
    name = f"guarded{os.getpid()}.{time.monotonic_ns()}.1"
    yield name
    process_tree.end_tree(0, f"{name}.0", 0)


@pytest.mark.parametrize(
    "script",
    [
        "echo up; sleep 30",
        "trap '' TERM; echo up; while :; do sleep 0.05; done",
        "setsid bash -c 'trap \"\" TERM; echo up; while :; do sleep 0.05; done' & wait",
        "(setsid sleep 30 > /dev/null 2>&1 &); echo up; sleep 30",
        "(setsid env -i sleep 30 > /dev/null 2>&1 &); echo up; sleep 30",
    ],
    ids=["plain", "ignores TERM", "own session", "daemon", "daemon that hides"],
)
def test_kill_9_of_the_runner_ends_its_scripts(attempt: str, script: str, tmp_path: Path) -> None:
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, attempt, script], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert runner.stdout is not None
    guard_pid, word = runner.stdout.readline().split()
    assert word == "up"
    assert process_tree.members(0, f"{attempt}.0")
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    assert wait_until_gone(int(guard_pid)), "the guardian should have finished its work"
    assert process_tree.members(0, f"{attempt}.0") == set()
    runner.stdout.close()


def test_a_runner_in_good_order_takes_its_guardian_along(attempt: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, attempt, "echo up"], stdout=subprocess.PIPE, text=True, timeout=20
    )
    up, ended = done.stdout.splitlines()
    assert (up.split()[1], ended.split()[1]) == ("up", "ended")
    assert process_census.process_identity(int(ended.split()[0])) is None


def test_what_was_released_is_left_alone() -> None:
    sleepers = [subprocess.Popen(["sleep", "30"], start_new_session=True) for _ in range(2)]
    guard = Guard.start(grace=0.1)
    try:
        for sleeper in sleepers:
            guard.watch(sleeper.pid, f"test.{sleeper.pid}")
        guard.release(f"test.{sleepers[0].pid}")
        guard.close()
        assert sleepers[0].poll() is None
        assert sleepers[1].wait(5) == -signal.SIGTERM
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()


def test_the_guardian_is_small_and_out_of_reach_of_the_terminal() -> None:
    guard = Guard.start()
    try:
        end = time.monotonic() + 5
        while os.getsid(guard.pid) == os.getsid(0) and time.monotonic() < end:
            time.sleep(0.01)
        assert os.getsid(guard.pid) == guard.pid
        smaps = Path(f"/proc/{guard.pid}/smaps_rollup")
        if smaps.exists():
            private = next(line for line in smaps.read_text().splitlines() if line.startswith("Private_Dirty"))
            assert int(private.split()[1]) < 8_000
    finally:
        guard.close()


def test_identity_tells_a_process_from_its_successor() -> None:
    sleeper = subprocess.Popen(["sleep", "30"])
    identity = process_census.process_identity(sleeper.pid)
    assert identity is not None
    assert process_census.is_alive(sleeper.pid, identity)
    assert not process_census.is_alive(sleeper.pid, identity + "0")
    sleeper.kill()
    # A zombie does not live, although its pid is still taken.
    end = time.monotonic() + 5
    while process_census.is_alive(sleeper.pid, identity) and time.monotonic() < end:
        time.sleep(0.01)
    assert not process_census.is_alive(sleeper.pid, identity)
    sleeper.wait()


def test_a_census_is_shared_by_those_who_asked_before_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    look = process_census._census

    def slow() -> process_census.Census:
        looks.append(time.monotonic())
        found = look()
        time.sleep(0.05)
        return found

    monkeypatch.setattr(process_census, "_census", slow)
    asked_and_got: list[tuple[float, float]] = []

    def ask() -> None:
        asked = time.monotonic()
        asked_and_got.append((asked, process_census.take_census().began))

    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looks) < 15
    assert all(began >= asked for asked, began in asked_and_got), "what was seen before is no answer"


def test_the_listing_of_ps_agrees_with_proc() -> None:
    marker = f"ps{os.getpid()}"
    environment = {**os.environ, process_census.MARKER: marker}
    sleeper = subprocess.Popen(["sleep", "30"], env=environment, start_new_session=True)
    try:
        listed = process_census.ps_listing()[sleeper.pid]
        assert (listed.parent, listed.group) == (os.getpid(), sleeper.pid)
        end = time.monotonic() + 5
        while marker not in process_census.ps_markers().values() and time.monotonic() < end:
            time.sleep(0.01)
        assert process_census.ps_markers()[sleeper.pid] == marker
        assert process_tree.members(0, marker) == {sleeper.pid}
    finally:
        sleeper.kill()
        sleeper.wait()


def test_what_a_dead_runner_left_is_ended_even_if_it_ignores_term(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remains, "_GRACE", 0.5)
    up = tmp_path / "up"
    script = f"trap '' TERM; echo up > {up}; while :; do sleep 0.05; done"
    attempt = f"e{time.monotonic_ns()}.r1.0"
    with subprocess.Popen(["sh", "-c", script], env={**os.environ, "PODIUM_ATTEMPT": f"{attempt}.7"}) as left:
        try:
            end = time.monotonic() + 20
            while not up.exists():
                assert time.monotonic() < end
                time.sleep(0.01)
            remains.end_remains([attempt])
            assert left.wait(20) == -signal.SIGKILL
        finally:
            left.kill()
