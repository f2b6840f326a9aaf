"""Where a command writes: data on stdout, narration on stderr, colours only for people at a terminal.

Every command imports this, so it imports next to nothing itself.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from podium.base.looks import Tone, look, only_ascii, symbol

Style = Tone | str

_CODES: Mapping[str, str] = {
    "running": "36",
    "good": "32",
    "warning": "33",
    "bad": "31",
    "waiting": "34",
    "ended": "2",
    "bold": "1",
    "dim": "2",
}
_GAP = "  "
_NARROWEST = 6


@dataclass(frozen=True, slots=True)
class Cell:
    """A text of a table with its style."""

    text: str
    style: str = ""


class Console:
    """The two streams of a command. Everything it prints goes through here."""

    def __init__(self, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str]) -> None:
        self.stdout, self.stderr = stdout, stderr
        plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        self.colours = not plain and stdout.isatty()
        self.error_colours = not plain and stderr.isatty()
        self.ascii_only = only_ascii(environ, getattr(stdout, "encoding", None))
        self.terminal = stdout.isatty()
        self.quiet = False

    @classmethod
    def of_process(cls) -> "Console":
        """The streams of this process; characters that the terminal cannot show become `?`."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        return cls(sys.stdout, sys.stderr, os.environ)

    def narration(self) -> "Console":
        """A console whose data is narration: for what comes before a document on stdout."""
        other = Console(self.stderr, self.stderr, os.environ)
        other.quiet = self.quiet
        return other

    # ---- data --------------------------------------------------------------------------------------------------

    def line(self, text: str = "") -> None:
        """One line of data, with its own colours."""
        self.stdout.write(text + "\n")

    def flush(self) -> None:
        """Let readers see what was written."""
        self.stdout.flush()

    def json(self, value: Any) -> None:
        """A JSON document."""
        import json

        self.line(json.dumps(value, indent=2, ensure_ascii=False, default=plain_value))

    def json_line(self, value: Any) -> None:
        """A JSON document in one line."""
        import json

        self.line(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=plain_value))

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Cell | str]]) -> None:
        """Aligned columns under a header; on a terminal the widest columns are cut until all fit, with `…`."""
        from podium.base.text import cell_width, clean, shorten

        cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
        cells = [[Cell(clean(cell.text), cell.style) for cell in row] for row in cells]
        widths = [max(cell_width(cell.text) for cell in column) for column in zip(_plain(header), *cells, strict=True)]
        if self.terminal:
            _fit(widths, self.width() - len(_GAP) * (len(widths) - 1))
        for row in ([Cell(name, "dim") for name in header], *cells):
            parts = []
            for cell, width in zip(row, widths, strict=True):
                text = shorten(cell.text, width)
                parts.append(self.style(text, cell.style) + " " * (width - cell_width(text)))
            self.line(_GAP.join(parts).rstrip())

    def width(self) -> int:
        """Columns of the terminal."""
        columns = os.environ.get("COLUMNS", "")
        if columns.isdecimal() and int(columns) > 0:
            return int(columns)
        try:
            return os.get_terminal_size(self.stdout.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    # ---- narration ---------------------------------------------------------------------------------------------

    def narrate(self, text: str, style: Style = "") -> None:
        """Say what happens, unless the user wants it quiet. What was printed before comes first."""
        if not self.quiet:
            self._say(_coded(text, style) if style and self.error_colours else text)

    def warn(self, text: str) -> None:
        """Something that the user should know, whatever `--quiet` says."""
        self._say(_coded("podium: ", "warning") + text if self.error_colours else f"podium: {text}")

    def error(self, text: str) -> None:
        """Why the command cannot go on."""
        self._say(_coded("podium: ", "bad") + text if self.error_colours else f"podium: {text}")

    def _say(self, text: str) -> None:
        self.stdout.flush()
        self.stderr.write(text + "\n")
        self.stderr.flush()

    # ---- looks -------------------------------------------------------------------------------------------------

    def style(self, text: str, style: Style) -> str:
        """Data in a tone or `bold`, `dim`; plain where there are no colours."""
        return _coded(text, style) if style and text and self.colours else text

    def state(self, state: str) -> Cell:
        """`✓ SUCCESS` for a table."""
        return Cell(self.state_text(state), look(state).tone)

    def state_text(self, state: str) -> str:
        """`✓ SUCCESS` without colour."""
        return f"{symbol(state, self.ascii_only)} {state}"

    def output_text(self, text: str) -> str:
        """What a script printed: its colours stay on a terminal and end with the line."""
        if not self.colours:
            from podium.base.text import without_colours

            return without_colours(text)
        return f"{text}\x1b[0m" if "\x1b" in text else text


def _plain(header: Sequence[str]) -> list[Cell]:
    return [Cell(name) for name in header]


def _fit(widths: list[int], room: int) -> None:
    """Take from the widest column, one cell at a time, until the room is enough or nothing is wide any more."""
    while sum(widths) > room and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1


def _coded(text: str, style: str) -> str:
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def plain_value(value: Any) -> Any:
    """Values that JSON does not have, as Kestra writes them."""
    from datetime import date, datetime, timedelta
    from decimal import Decimal
    from pathlib import PurePath

    from podium.base.clock import iso_instant
    from podium.base.durations import format_duration

    if isinstance(value, datetime):
        return iso_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if isinstance(value, (tuple, bytes)):
        return list(value) if isinstance(value, tuple) else value.decode("utf-8", "replace")
    if isinstance(value, PurePath):
        return str(value)
    return str(value)
