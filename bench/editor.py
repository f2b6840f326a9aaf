"""How long a key takes in the editor, from its byte on the terminal until the first byte of the repaint.

A real terminal (a pty of 120x40) with the application in a child process; the stock `TextArea` on the same text is the
baseline. Run: `python bench/editor.py [lines ...]`. Ends with 1 when the median of a typed key on 2,000 lines is above
one 60 Hz frame.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import termios
import time

BUDGET_MS = 16.0
BUDGET_LINES = 2_000
KEYS = {"type": b"x", "enter": b"\r", "backspace": b"\x7f", "down": b"\x1b[B", "page down": b"\x1b[6~", "undo": b"\x1a"}
TYPED = 60
FLOW = """id: bench_{0}
tasks:
  - id: script_{0}
    type: io.kestra.plugin.scripts.python.Script
    script: |
      import json  # {0}
      print(json.dumps({{"n": {0}}}))
  - id: log_{0}
    type: io.kestra.plugin.core.log.Log
    message: "{{{{ outputs.script_{0}.vars.n }}}}"
"""


def text_of(lines: int) -> str:
    """A flow of `lines` lines."""
    return "".join(FLOW.format(number) for number in range(lines // 10))


def run_application(kind: str, lines: int) -> None:
    """The child: one editor on the whole screen."""
    from textual.app import App, ComposeResult
    from textual.widgets import TextArea

    from podium.workbench.widgets.flow_editor import FlowEditor

    text = text_of(lines)
    editor = (
        FlowEditor(text, "yaml") if kind == "FlowEditor" else TextArea(text, soft_wrap=False, show_line_numbers=True)
    )
    editor.cursor_blink = False

    class Bench(App[None]):
        def compose(self) -> ComposeResult:
            yield editor

        def on_mount(self) -> None:
            editor.move_cursor((5, 20))
            editor.focus()

    Bench().run(mouse=False)


class Terminal:
    """The other end of a pty: writes keys, waits for what they paint."""

    def __init__(self, kind: str, lines: int) -> None:
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none")
            run_application(kind, lines)
            os._exit(0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def until_quiet(self, first: float, quiet: float) -> tuple[float, int]:
        """Seconds until output came and its size; waits up to `first` for it and ends after `quiet` of silence."""
        start, came, size = time.perf_counter(), 0.0, 0
        while select.select([self.fd], [], [], quiet if size else first)[0]:
            came = came or time.perf_counter() - start
            size += len(os.read(self.fd, 65536))
        return came, size

    def press(self, key: bytes) -> tuple[float, int]:
        """Milliseconds from `key` to its paint, and the bytes painted."""
        os.write(self.fd, key)
        came, size = self.until_quiet(1.0, 0.04)
        return came * 1000, size

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def measure(kind: str, lines: int) -> dict[str, list[tuple[float, int]]]:
    """Per kind of key, the (milliseconds, bytes) of each press."""
    terminal = Terminal(kind, lines)
    try:
        terminal.until_quiet(10.0, 0.8)
        for _ in range(5):
            terminal.press(b"x")
        return {name: [terminal.press(key) for _ in range(TYPED // 3)] for name, key in KEYS.items()}
    finally:
        terminal.close()


def main(sizes: list[int]) -> int:
    """Print the table; 1 when the budget is missed."""
    verdict = 0
    print(f"{'':12}{'lines':>8}{'key':>12}{'p50 ms':>9}{'p95 ms':>9}{'bytes':>9}")
    for lines in sizes:
        for kind in ("TextArea", "FlowEditor"):
            for name, presses in measure(kind, lines).items():
                times = sorted(ms for ms, _ in presses)
                middle = statistics.median(times)
                late = times[int(len(times) * 0.95)]
                size = statistics.median(size for _, size in presses)
                print(f"{kind:12}{lines:8}{name:>12}{middle:9.1f}{late:9.1f}{size:9.0f}", flush=True)
                if kind == "FlowEditor" and name == "type" and lines == BUDGET_LINES and middle > BUDGET_MS:
                    verdict = 1
    return verdict


if __name__ == "__main__":
    sys.exit(main([int(argument) for argument in sys.argv[1:]] or [200, BUDGET_LINES, 10_000]))
