"""Copying out of a program that may run three hops away from the reader's keyboard.

Ways are tried in this order, those first whose success can be checked: tmux's own buffer (it passes the text on to the
terminal outside), a program of this machine when the session is local, the terminal itself by OSC 52, and at last a
file whose path is told. Nothing is ever cut off to make it fit.
"""

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

OSC52_LIMIT = 74_994
"""Bytes of base64 that terminals are known to accept in one OSC 52 sequence."""

_SCREEN_CHUNK = 700  # GNU screen passes on strings of up to 768 bytes
_HELPER_SECONDS = 2.0
_NO_OSC52 = ("dumb", "linux", "vt100", "vt220")

RunHelper = Callable[[Sequence[str], bytes], bool]


def osc52(text: str, environ: Mapping[str, str]) -> str | None:
    """The sequence that asks the terminal to copy `text`, wrapped for the multiplexer in between; None if it is
    larger than terminals accept."""
    payload = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if len(payload) > OSC52_LIMIT:
        return None
    sequence = f"\x1b]52;c;{payload}\x07"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("STY"):
        starts = range(0, len(sequence), _SCREEN_CHUNK)
        return "".join(f"\x1bP{sequence[start : start + _SCREEN_CHUNK]}\x1b\\" for start in starts)
    return sequence


class Clipboard:
    """Copies text for the reader.

    `write` sends bytes to the terminal outside of any frame; `folder` takes the file when no other way is left;
    `run` starts a program with text on its standard input and says whether that worked.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        folder: Path,
        *,
        environ: Mapping[str, str] = os.environ,
        run: RunHelper | None = None,
    ) -> None:
        self._write, self._folder, self._environ = write, folder, environ
        self._run = run or run_helper

    def copy(self, text: str, what: str) -> str:
        """Copy `text`, described as `what` ("3 lines"). Returns the sentence that tells the reader where it went.

        Raises OSError when not even the file can be written.
        """
        data = text.encode("utf-8", "replace")
        for command in self._helpers():
            if self._run(command, data):
                return f"Copied {what} with {command[0]}."
        sequence = osc52(text, self._environ)
        if sequence is None:
            return f"Too much for the clipboard of a terminal: saved {what} as {self._save(data)}."
        if self._environ.get("TERM", "dumb") in _NO_OSC52:
            return f"This terminal has no clipboard: saved {what} as {self._save(data)}."
        self._write(sequence)
        return f"Copied {what}."

    def _helpers(self) -> Iterator[Sequence[str]]:
        environ = self._environ
        if environ.get("TMUX"):
            yield ("tmux", "load-buffer", "-w", "-")
        if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
            return  # programs here would fill the clipboard of a machine that nobody looks at
        if sys.platform == "darwin":
            yield ("pbcopy",)
        if environ.get("WAYLAND_DISPLAY"):
            yield ("wl-copy",)
        if environ.get("DISPLAY"):
            yield ("xclip", "-selection", "clipboard")
            yield ("xsel", "--clipboard", "--input")

    def _save(self, data: bytes) -> Path:
        path = self._folder / "copied.txt"
        self._folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(data)
        return path


def run_helper(command: Sequence[str], data: bytes) -> bool:
    """Start a program that is installed here, give it `data`, and wait for it at most two seconds."""
    if shutil.which(command[0]) is None:
        return False
    try:
        done = subprocess.run(
            command,
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_HELPER_SECONDS,
            check=False,
            start_new_session=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
