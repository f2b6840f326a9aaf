"""How long a key takes in the editor, from its byte on the terminal until the first byte of the repaint.

A real terminal (a pty of 120x40) with the application in a child process; the stock `TextArea` on the same text is the
baseline. Then, without a terminal, how long it takes to know what may be written at the cursor, with the reading of the
whole flow as its baseline. Run: `python bench/editor.py [lines ...]`. Ends with 1 when the median of a typed key on
2,000 lines is above one 60 Hz frame, or that of a completion above 5 ms.
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
from collections.abc import Callable

BUDGET_MS = 16.0
BUDGET_LINES = 2_000
COMPLETION_MS = 5.0
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


PLACES = {
    "a property": "    des",
    "a type": "    type: io.kestra.plugin.core.lo",
    "a short type": "    type: pyth",
    "a value": "    level: W",
    "an output": '    message: "{{ outputs.scr',
    "its attribute": '    message: "{{ outputs.script_0.va',
    "a filter": '    message: "{{ inputs.x | up',
}
"""What stands in the last line of a task, up to the cursor."""


def flow_of(lines: int) -> str:
    """One flow of about so many lines."""
    task = """  - id: script_{0}
    type: io.kestra.plugin.scripts.python.Script
    script: print({0})
  - id: log_{0}
    type: io.kestra.plugin.core.log.Log
    message: "{{{{ outputs.script_{0}.vars.n }}}}"
"""
    return "id: bench\nnamespace: company.team\ntasks:\n" + "".join(map(task.format, range(lines // 6)))


def completions(lines: int) -> int:
    """Print what completion at the end of each kind of line costs in a flow; 1 when one misses the budget."""
    from podium.model.completion import complete
    from podium.model.loader import load_flow
    from podium.tasks.registry import default_registry

    registry, text = default_registry(), flow_of(lines)
    for family in ("task", "trigger"):
        for name in registry.names(family):
            registry.find(name)  # as the workbench does before the first suggestion
    verdict = 0
    reading = _median(lambda: load_flow(text, registry), 5)
    print(f"\nreading and checking a flow of {lines:,} lines: {reading:.1f} ms (p50)")
    for name, line in PLACES.items():
        rows = [*text.rstrip("\n").split("\n")[:-1], line]
        found = complete(rows, len(rows) - 1, len(line), registry)
        took = _median(lambda rows=rows, line=line: complete(rows, len(rows) - 1, len(line), registry), 30)
        late = took > COMPLETION_MS and lines <= BUDGET_LINES
        verdict |= late or not found
        missed = "  MISSED" if late else "  NOTHING FOUND" if not found else ""
        print(f"completion of {name:16}{len(found):6} found{took:9.2f} ms (p50){took / reading:8.2f} x{missed}")
    return verdict


def _median(work: Callable[[], object], times: int) -> float:
    """Milliseconds of `work` at the median; once more before, for what is only loaded the first time."""
    work()
    took = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


def main(sizes: list[int]) -> int:
    """Print the tables; 1 when a budget is missed."""
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
    for lines in sizes:
        verdict |= completions(lines)
    return verdict


if __name__ == "__main__":
    sys.exit(main([int(argument) for argument in sys.argv[1:]] or [200, BUDGET_LINES, 10_000]))
