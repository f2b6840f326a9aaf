"""The guardian of the terminal: a tiny process that gives it back when the workbench could not.

A workbench that is killed with SIGKILL leaves the terminal as it was using it: the other screen, every move of the
mouse reported, no echo. Its guardian holds the read end of a pipe of which only the workbench has the write end: when
the pipe ends without a good-bye, it does what the workbench would have done. It stays in the session of the shell (only
there the terminal says who is in the foreground) but in a group of its own, so that no key reaches it.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import signal
import termios
from typing import Any, NoReturn

_GOOD_BYE = b"bye\n"
_TERMINAL = "/dev/tty"
_IGNORED = (
    signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE,
    # Without these, a process in the background that changes the terminal is stopped.
    signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP,
)  # fmt: skip
_MODES = (2026, 2004, 1000, 1002, 1003, 1015, 1006, 1016, 1004, 2048)
RESTORE = (
    "\x1b\\"  # ends whatever sequence was cut off
    + "".join(f"\x1b[?{mode}l" for mode in _MODES)
    + "\x1b[<u"  # the keys as before: each screen has its own, so while the other one is still shown
    + "\x1b[0m\x1b[?7h\x1b[?1049l\x1b[?25h"
)
"""No frames held back, no brackets around pastes, no reports of mouse, focus and size; colours, wrapping, the screen of
the shell, the cursor."""
_SAID = "The workbench was killed. Runs go on: `podium` shows them again.\r\n"


class TerminalGuard:
    """The workbench's side of the guardian."""

    def __init__(self, pipe: int, pid: int, taken: mmap.mmap) -> None:
        self._pipe, self.pid, self._taken = pipe, pid, taken

    @classmethod
    def start(cls) -> TerminalGuard | None:
        """Fork the guardian of the terminal on standard input; None if this process has no terminal of its own.

        Call it before the first thread, and after every other fork that lives on: one that had the write end of the
        pipe too would keep the guardian waiting.
        """
        try:
            os.tcgetpgrp(0)  # an error unless it is the terminal of this session
            modes = termios.tcgetattr(0)
        except (OSError, termios.error):
            return None
        # One byte that both see, whatever happens to this side.
        taken = mmap.mmap(-1, 1)
        ours = os.getpgrp()
        shells = {os.getsid(0)}
        with contextlib.suppress(OSError):
            shells.add(os.getpgid(os.getppid()))
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            _be_guardian(read_end, taken, modes, ours, shells - {ours})
        os.close(read_end)
        return cls(write_end, pid, taken)

    @property
    def taken(self) -> bool:
        """Whether the workbench has the terminal: not while a program such as the reader's editor does."""
        return self._taken[0] == 1

    @taken.setter
    def taken(self, taken: bool) -> None:
        self._taken[0] = int(taken)

    def close(self) -> None:
        """The terminal is as it was: the guardian is not needed any more."""
        with contextlib.suppress(OSError):
            os.write(self._pipe, _GOOD_BYE)
        os.close(self._pipe)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _be_guardian(pipe: int, taken: mmap.mmap, modes: list[Any], ours: int, shells: set[int]) -> NoReturn:
    """The life of the guardian."""
    try:
        # A collection would write to every object and so copy the memory shared with the workbench.
        gc.disable()
        os.setpgid(0, 0)
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.closerange(3, pipe)
        os.closerange(pipe + 1, 4096)
        os.chdir("/")
        said = b""
        while piece := os.read(pipe, 64):
            said += piece
        if said != _GOOD_BYE and taken[0]:
            _restore(modes, ours, shells)
    finally:
        os._exit(0)


def _restore(modes: list[Any], ours: int, shells: set[int]) -> None:
    """Make the terminal what it was, unless somebody else works with it by now."""
    # Held only now: a terminal that somebody has open does not end when its window is closed.
    terminal = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY)
    foreground = os.tcgetpgrp(terminal)
    if foreground != ours and foreground not in shells:
        return
    # Before anything else: what a shell writes at once must not go to the screen that is about to be left.
    os.write(terminal, (RESTORE + _SAID).encode())
    now = termios.tcgetattr(terminal)
    if foreground == ours:
        # With what was typed or reported meanwhile: moves of the mouse would be read as text.
        termios.tcsetattr(terminal, termios.TCSAFLUSH, modes)
    elif not now[3] & (termios.ICANON | termios.ECHO | termios.ISIG):
        # A shell that is back already has its own modes, in which keys send signals; one that has none left it all.
        termios.tcsetattr(terminal, termios.TCSANOW, modes)
