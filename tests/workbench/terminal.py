"""A real terminal for tests: the workbench in tmux, keys typed into it, and what is on its screen."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

APP = Path(__file__).parents[2] / "app"
_FOREIGN = ("TMUX", "COLUMNS", "LINES")
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")


class Terminal:
    """One tmux server of its own with one window. `folder` is the workspace, `socket` a file that nobody else uses."""

    def __init__(self, folder: Path, socket: Path, width: int = 120, height: int = 36, start: str = ".") -> None:
        """`start` is what the workbench is opened on: the folder, or a file in it."""
        self._folder, self._socket, self._size, self._start = folder, socket, (width, height), start

    @property
    def command(self) -> str:
        """The words that start the workbench."""
        environ = {"PYTHONPATH": str(APP), "TERM": "tmux-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        settings = (f"{name}={value}" for name, value in environ.items())
        return " ".join(["env", *settings, sys.executable, "-m", "podium", self._start])

    def __enter__(self) -> Self:
        width, height = self._size
        # The shell stays, so that what the program leaves on the screen can be read after its end.
        command = f"{self.command}; echo ended with $?; sleep 60"
        self._tmux("new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(self._folder), command)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    def keys(self, *names: str) -> None:
        """Type keys, by tmux's names (`Enter`, `F5`, `C-s`) or as text."""
        self._tmux("send-keys", *names)

    def text(self) -> str:
        """What is on the screen."""
        return self._tmux("capture-pane", "-p")

    def buffer(self) -> str:
        """What was copied last."""
        return self._tmux("show-buffer")

    def rows(self) -> list[str]:
        """The same by rows."""
        return self.text().splitlines()

    def respawn(self, command: str) -> None:
        """Start something else in the window, in the place of what runs there."""
        self._tmux("respawn-pane", "-k", "-c", str(self._folder), command)

    def tty(self) -> str:
        """The path of the terminal."""
        return self._tmux("display-message", "-p", "#{pane_tty}").strip()

    def modes(self) -> dict[str, bool]:
        """What a program has switched on: the other screen, reports of the mouse."""
        names = ("alternate_on", "mouse_any_flag")
        shown = self._tmux("display-message", "-p", " ".join(f"#{{{name}}}" for name in names)).split()
        return {name: flag == "1" for name, flag in zip(names, shown, strict=True)}

    def until(self, condition: Callable[[str], object], seconds: float = 60.0) -> str:
        """Wait until the screen is so; returns it. Fails with the screen when it never is."""
        deadline = time.monotonic() + seconds
        shown = ""
        while time.monotonic() < deadline:
            shown = self.text()
            if condition(shown):
                return shown
            time.sleep(0.05)
        raise AssertionError(f"it never came to that:\n{shown}")

    def shows(self, *texts: str, seconds: float = 60.0) -> str:
        """Wait until all of these are on the screen."""
        return self.until(lambda shown: all(text in shown for text in texts), seconds)

    def kill(self) -> None:
        """Take the terminal away, as a dropped connection does."""
        subprocess.run(["tmux", "-S", str(self._socket), "kill-server"], capture_output=True, check=False)

    def _tmux(self, *arguments: str) -> str:
        # Without a config, and without what the tests themselves run in: their tmux, their size.
        environ = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), "-f", os.devnull, *arguments],
            capture_output=True, text=True, check=True, env=environ, timeout=20,
        )  # fmt: skip
        return done.stdout
