"""The terminal of a workbench that was killed with SIGKILL: given back, unless it was not in use or has a new owner."""

import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from tests.workbench.desk import make_workspace
from tests.workbench.terminal import APP, Terminal, needs_tmux
from tests.workbench.test_terminal import terminal, workbench_of

from podium.runtime.process_census import process_identity
from podium.workbench.terminal_driver import LastingFile
from podium.workbench.terminal_guard import RESTORE, TerminalGuard

RAW = termios.ECHO | termios.ICANON | termios.ISIG
Program = Callable[[int], None]


def workbench(pipe: int, taken: bool, end: Callable[[TerminalGuard], None]) -> None:
    """What a workbench does with a terminal, in short; the pid of its guardian is written to `pipe`."""
    guard = TerminalGuard.start()
    assert guard is not None
    os.write(pipe, f"{guard.pid}\n".encode())
    guard.taken = taken
    modes = termios.tcgetattr(0)
    modes[3] &= ~RAW
    termios.tcsetattr(0, termios.TCSANOW, modes)
    os.write(1, b"<works>")
    end(guard)


def shell(program: Program, answer: int) -> NoReturn:
    """A shell without job control: it starts a program and waits for it, and then for the guardian of the terminal."""
    try:
        read_end, write_end = os.pipe()
        if os.fork() == 0:
            program(write_end)
            os._exit(0)
        os.wait()
        guardian = int(os.read(read_end, 20))
        deadline = time.monotonic() + 20
        while process_identity(guardian) is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process_identity(guardian) is None
        os.write(answer, b"y" if termios.tcgetattr(0)[3] & termios.ECHO else b"n")
    finally:
        os._exit(0)


def transcript(program: Program) -> tuple[bytes, bool]:
    """All that was written to a terminal by a program and its guardian; whether the terminal echoes afterwards."""
    read_end, write_end = os.pipe()
    pid, master = pty.fork()
    if pid == 0:
        shell(program, write_end)
    os.close(write_end)
    written = b""
    while select.select([master], [], [], 30)[0]:
        try:
            written += os.read(master, 65536)
        except OSError:  # nobody has the other side any more
            break
    os.waitpid(pid, 0)
    echoes = os.read(read_end, 1)
    os.close(read_end)
    os.close(master)
    assert echoes, "the guardian has not ended"
    return written, echoes == b"y"


def killed(_: TerminalGuard) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_workbench_gives_the_terminal_back() -> None:
    written, echoes = transcript(lambda pipe: workbench(pipe, True, killed))
    assert RESTORE.encode() in written
    assert b"Runs go on" in written
    assert echoes


@pytest.mark.parametrize(
    ("taken", "end"),
    [(False, killed), (True, lambda guard: guard.close())],
    ids=["in another program", "left in order"],
)
def test_a_terminal_that_was_not_in_use_is_left_alone(taken: bool, end: Callable[[TerminalGuard], None]) -> None:
    written, echoes = transcript(lambda pipe: workbench(pipe, taken, end))
    assert written == b"<works>"
    assert not echoes


def test_a_terminal_with_another_owner_is_left_alone() -> None:
    def end(_: TerminalGuard) -> None:
        other = os.fork()
        if other == 0:
            os.closerange(3, 4096)  # as a program that is started
            os.setpgid(0, 0)
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            os.tcsetpgrp(0, os.getpgrp())
            os.kill(os.getppid(), signal.SIGKILL)
            signal.pause()
        signal.pause()

    written, _ = transcript(lambda pipe: workbench(pipe, True, end))
    assert written == b"<works>"


def test_without_a_terminal_there_is_no_guardian() -> None:
    code = "from podium.workbench.terminal_guard import TerminalGuard; print(TerminalGuard.start())"
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
        env={"PYTHONPATH": str(APP)}, start_new_session=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "None"


def test_a_terminal_that_is_gone_takes_everything() -> None:
    master, slave = pty.openpty()
    with open(slave, "w", closefd=False) as real:
        file = LastingFile(real)
        file.write("shown")
        file.flush()
        assert os.read(master, 100) == b"shown" and not file.gone
        os.close(master)
        for _ in range(3):
            file.write("lost")
            file.flush()
        assert file.gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), slave)  # what is left in the buffer has to go somewhere
    os.close(slave)


# ---- in a real terminal ----------------------------------------------------------------------------------------------


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="podium-", ignore_cleanup_errors=True) as name:
        yield make_workspace(Path(name).resolve())


@needs_tmux
@pytest.mark.terminal
@pytest.mark.parametrize("job_control", [False, True])
def test_kill_9_leaves_a_usable_shell(folder: Path, job_control: bool) -> None:
    with terminal(folder) as term:
        term.shows("✓ valid")
        if job_control:
            term.keys("C-q")
            term.shows("ended with 0")
            term.respawn("PS1='$ ' bash --norc -i")
            term.shows("$")
            term.keys(term.command, "Enter")
            term.shows("✓ valid")
        assert term.modes() == {"alternate_on": True, "mouse_any_flag": True}
        os.kill(workbench_of(folder), signal.SIGKILL)
        term.shows("The workbench was killed.")
        assert term.modes() == {"alternate_on": False, "mouse_any_flag": False}
        if job_control:
            term.keys("echo it is $((40 + 2))", "Enter")
            term.shows("it is 42")
        else:
            term.until(lambda _: "-echo " not in stty(term) and "-icanon" not in stty(term))


def stty(term: Terminal) -> str:
    """The modes of the terminal's other side."""
    return subprocess.run(["stty", "-a", "-F", term.tty()], capture_output=True, text=True, check=True).stdout
