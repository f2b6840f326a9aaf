"""Programs are started, read, and ended with everything they left behind."""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from podium.plugin.task import Cancelled, TaskError
from podium.runtime import process_census, process_tree
from podium.runtime.processes import MAX_LINE, Cancellation, LocalProcesses

PYTHON = sys.executable


class Program:
    """Runs programs and keeps what they print."""

    def __init__(self, cwd: Path, attempt: str, grace: float = 0.3) -> None:
        self.cwd = cwd
        self.attempt = attempt
        self.cancellation = Cancellation()
        self.warnings: list[str] = []
        self.out: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self.threads: set[int] = set()
        self.on_line: Callable[[str], None] = lambda line: None
        self.processes = LocalProcesses(
            attempt, self.cancellation, self.warnings.append, grace=timedelta(seconds=grace)
        )

    def run(self, *argv: str, env: dict[str, str] | None = None) -> int:
        return self.processes.run(argv, cwd=self.cwd, env={**os.environ, **(env or {})}, on_lines=self._take)

    def shell(self, script: str) -> int:
        return self.run("/bin/bash", "-c", script)

    def _take(self, stream: str, lines: Sequence[str]) -> None:
        self.threads.add(threading.get_ident())
        self.out[stream].extend(lines)
        for line in lines:
            self.on_line(line)

    def left(self) -> set[int]:
        """What still runs of the first program."""
        return process_tree.members(0, f"{self.attempt}.0")


@pytest.fixture
def program(tmp_path: Path, request: pytest.FixtureRequest) -> Program:
    return Program(tmp_path, f"exec{os.getpid()}.{abs(hash(request.node.name))}.1")


@pytest.mark.parametrize(
    ("printed", "lines"),
    [
        (r"a\nb\n", ["a", "b"]),
        (r"a\r\nb\r\n", ["a", "b"]),
        (r"10%%\r20%%\rdone\n", ["10%", "20%", "done"]),
        (r"no end", ["no end"]),
        (r"\n\na\n", ["", "", "a"]),
        (r"gr\xc3\xbc\xc3\x9fe\n", ["grüße"]),
        (r"bad\xff\n", ["bad\ufffd"]),
        (r"nul\0here\n", ["nul\0here"]),
        (r"form\x0cfeed\xe2\x80\xa8stay\n", ["form\x0cfeed\u2028stay"]),
        ("", []),
    ],
)
def test_output_becomes_lines(program: Program, printed: str, lines: list[str]) -> None:
    assert program.run("/usr/bin/printf", printed) == 0
    assert program.out["stdout"] == lines


def test_both_streams_are_read_by_the_calling_thread(program: Program) -> None:
    # More than a pipe holds on each stream: reading one after the other would stand still.
    assert program.shell("for i in $(seq 3); do head -c 100000 /dev/zero | tr '\\0' e >&2; echo; done; echo end") == 0
    assert program.out["stdout"][-1] == "end"
    assert len("".join(program.out["stderr"])) == 300_000
    assert program.threads == {threading.get_ident()}


def test_carriage_return_and_line_feed_may_arrive_apart(program: Program) -> None:
    program.run(
        PYTHON,
        "-c",
        r"""
import os, time
os.write(1, b"a\r"); time.sleep(0.05); os.write(1, b"\nb\xc3"); time.sleep(0.05); os.write(1, b"\xa4\n")""",
    )
    assert program.out["stdout"] == ["a", "bä"]


def test_a_line_without_end_is_cut_at_the_limit_and_nothing_is_lost(program: Program) -> None:
    program.run(PYTHON, "-c", f"print('é' * {MAX_LINE} + 'x')")
    assert all(len(line.encode()) <= MAX_LINE + 300_000 for line in program.out["stdout"])
    assert "".join(program.out["stdout"]) == "é" * MAX_LINE + "x"
    assert program.warnings == ["A line on stdout is longer than 10 MiB: it is shown in pieces."]


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("nope-nope", 127)])
def test_exit_codes(program: Program, script: str, code: int) -> None:
    assert program.shell(script) == code


def test_standard_input_is_empty(program: Program) -> None:
    assert program.shell("cat; echo end") == 0
    assert program.out["stdout"] == ["end"]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["no-such-program-here"], "The program `no-such-program-here` was not found. Install it, or"),
        (["./plain.txt"], "The program `./plain.txt` must not be executed. Set its executable bit"),
        (["/bin/sh", "-c", "x" * 3_000_000], "The command is too long for the system (2929 KiB)."),
    ],
)
def test_what_cannot_be_started_says_why(program: Program, argv: list[str], message: str) -> None:
    (program.cwd / "plain.txt").write_text("text")
    with pytest.raises(TaskError) as failure:
        program.run(*argv)
    assert str(failure.value).startswith(message)


def test_a_background_child_that_keeps_stdout_open_does_not_hold_the_task(program: Program) -> None:
    begin = time.monotonic()
    assert program.shell("sleep 30 & echo started") == 0
    assert time.monotonic() - begin < 15  # not 30
    assert program.out["stdout"] == ["started"]
    assert program.left() == set()


def test_output_that_comes_just_after_the_end_is_kept(program: Program) -> None:
    program.shell("(sleep 0.05; echo late) & echo early")
    assert program.out["stdout"] == ["early", "late"]


IGNORES_TERM = "trap '' TERM; echo up; while :; do sleep 0.05; done"
DAEMON = """
import os, signal, sys, time
if os.fork(): time.sleep(30); sys.exit()
os.setsid()
if os.fork(): os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
null = os.open('/dev/null', os.O_RDWR)
print('up', flush=True)
for fd in (0, 1, 2): os.dup2(null, fd)
time.sleep(30)
"""

HIDES = """
import os, sys, time
if os.fork():
    os.wait()
    print('up', flush=True)
    time.sleep(float(sys.argv[1])); sys.exit()
os.setsid()
if os.fork(): os._exit(0)
null = os.open('/dev/null', os.O_RDWR)
for fd in (0, 1, 2): os.dup2(null, fd)
os.closerange(3, 256)
with open('pid', 'w') as file: file.write(str(os.getpid()))
os.chdir('/')
os.execve('/bin/sh', ['sh', '-c', "trap '' TERM; while :; do sleep 1; done"], {})
"""
"""A daemon that leaves nothing to be known by: another session, parent, directory, and an empty environment."""


@pytest.mark.parametrize(
    "argv",
    [
        ["/bin/bash", "-c", "echo up; sleep 30"],
        ["/bin/bash", "-c", IGNORES_TERM],
        ["/bin/bash", "-c", f"bash -c \"{IGNORES_TERM}\" & bash -c \"{IGNORES_TERM}\" & wait"],
        ["/bin/bash", "-c", "setsid sleep 30 & env -i sleep 30 & echo up; wait"],
        ["/bin/bash", "-c", "echo up; kill -STOP $$"],
        [PYTHON, "-c", DAEMON],
    ],
    ids=["plain", "ignores TERM", "children ignore TERM", "own session", "stopped", "daemon"],
)  # fmt: skip
def test_a_killed_attempt_leaves_nothing(program: Program, argv: list[str]) -> None:
    seen: set[int] = set()

    def cancel(line: str) -> None:
        seen.update(program.left())
        program.cancellation.set()

    program.on_line = cancel
    with pytest.raises(Cancelled):
        program.run(*argv)
    assert seen, "the program should have been seen running"
    assert program.left() == set()


def test_a_cancelled_program_may_clean_up_first(program: Program) -> None:
    program.on_line = lambda line: program.cancellation.set()
    with pytest.raises(Cancelled):
        program.shell("trap 'sleep 0.1; echo saved > saved.txt; echo bye; exit' TERM; echo up; sleep 30 & wait")
    assert program.out["stdout"] == ["up", "bye"]
    assert (program.cwd / "saved.txt").read_text() == "saved\n"


def test_an_attempt_that_is_already_cancelled_starts_nothing(program: Program) -> None:
    program.cancellation.set()
    with pytest.raises(Cancelled):
        program.shell("echo up > proof")
    assert not (program.cwd / "proof").exists()


def test_a_daemon_is_ended_also_after_a_normal_end(program: Program) -> None:
    daemon = DAEMON.replace("time.sleep(30); sys.exit()", "time.sleep(0.1); sys.exit()")
    assert program.run(PYTHON, "-c", daemon) == 0
    assert program.out["stdout"] == ["up"]
    assert program.left() == set()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere such a daemon cannot be found")
@pytest.mark.parametrize("seconds", ["30", "0"], ids=["cancelled", "after a normal end"])
def test_a_daemon_that_hides_is_ended_too(program: Program, seconds: str) -> None:
    pids: list[int] = []

    def found(line: str) -> None:
        while not (program.cwd / "pid").exists() or not (program.cwd / "pid").read_text():
            time.sleep(0.005)
        pids.append(int((program.cwd / "pid").read_text()))
        if seconds == "30":
            program.cancellation.set()

    program.on_line = found
    if seconds == "30":
        with pytest.raises(Cancelled):
            program.run(PYTHON, "-c", HIDES, seconds)
    else:
        assert program.run(PYTHON, "-c", HIDES, seconds) == 0
    assert [process_census.process_identity(pid) for pid in pids] == [None]


def test_an_error_of_the_reader_ends_the_program(program: Program) -> None:
    def fail(line: str) -> None:
        raise OSError("disk full")

    program.on_line = fail
    with pytest.raises(OSError, match="disk full"):
        program.shell("echo up; sleep 30")
    assert program.left() == set()


def test_a_flood_of_lines_is_read_whole(program: Program) -> None:
    program.shell("yes 'a line of ordinary length, as scripts print them' | head -n 400000")
    assert len(program.out["stdout"]) == 400_000
