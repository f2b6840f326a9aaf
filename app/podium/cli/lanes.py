"""How log lines are printed: what Log tasks say apart from what scripts print."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from podium.base.text import cell_width, clean
from podium.cli.command import Parser
from podium.cli.errors import UsageError
from podium.cli.output import Console
from podium.store.log_filter import LogFilter, TextPattern
from podium.store.log_index import LogIndex, LogSelection
from podium.store.logs import LEVELS, SOURCES, Level, LogLine, Source

LANES: dict[str, frozenset[Source]] = {
    "log": frozenset({"log"}),
    "script": frozenset({"stdout", "stderr"}),
    "stdout": frozenset({"stdout"}),
    "stderr": frozenset({"stderr"}),
    "all": frozenset(SOURCES),
}
_LEVEL_STYLES = {"TRACE": "dim", "DEBUG": "dim", "INFO": "good", "WARN": "warning", "ERROR": "bad"}
_WIDEST_NAME = 30
_BATCH = 5000
"""Lines taken at once: all of a large log need not be known at the same time."""


def add_lane_options(parser: Parser, level: Level | None) -> None:
    """`--lane`, `--level`, `--task`, `--grep`; without a default `level` as `chosen_lines` says."""
    parser.add_argument(
        "--lane",
        choices=tuple(LANES),
        default="all",
        metavar="LANE",
        help="`log` (Log tasks and Podium itself), `script` (what scripts print), `stdout`, `stderr`, `all` (default).",
    )
    parser.add_argument(
        "--level",
        type=str.upper,
        choices=LEVELS,
        default=level,
        metavar="LEVEL",
        help=f"The lowest level shown: {', '.join(LEVELS)}. "
        + (f"Default: {level}." if level else "Default: INFO for Log tasks, everything that scripts print."),
    )
    parser.add_argument("--task", metavar="TASK", help="Only lines of this task.")
    parser.add_argument(
        "--grep",
        metavar="TEXT",
        help="Only lines with this text, or with `/a regular expression/`; `!` in front: only lines without it.",
    )


def chosen_lines(
    lane: str, level: Level | None, task: str | None, grep: str | None, attempt: int | None = None
) -> LogFilter:
    """The filter that the options mean; `attempt` counts from 1. Without a level that of Log tasks is INFO, and
    scripts are shown whole. Raises UsageError, PatternError.
    """
    if attempt is not None and attempt < 1:
        raise UsageError("--attempt counts from 1.", "logs")
    return LogFilter(
        sources=LANES[lane],
        level=level or "INFO",
        task_id=task,
        attempt=None if attempt is None else attempt - 1,
        pattern=TextPattern.parse(grep) if grep else None,
        scripts_whole=level is None,
    )


class LogTail:
    """The lines of a growing log that a filter means, each given once."""

    def __init__(self, path: Path, chosen: LogFilter) -> None:
        self._index = LogIndex(path)
        self._selection = LogSelection(self._index, chosen)
        self._next = 0

    def refresh(self) -> None:
        """Take in what was written since."""
        self._index.refresh()
        if self._selection.outdated:
            self._next = 0
        self._selection.refresh()

    @property
    def total(self) -> int:
        """All lines of the log so far."""
        return len(self._index)

    @property
    def matching(self) -> int:
        """Those that the filter means."""
        return len(self._selection)

    @property
    def below_level(self) -> int:
        """Lines that only their level or the text looked for hides."""
        return self._selection.total - len(self._selection)

    def skip_to_last(self, count: int) -> int:
        """Give only the last `count` of the lines there are; returns how many are passed over."""
        self._next = max(self._next, self.matching - count)
        return self._next

    def skip_before(self, time: int) -> None:
        """Pass over the lines there are that are older than `time` (milliseconds since the epoch)."""
        self.refresh()
        rows = range(self._next, self.matching)
        self._next += sum(1 for _ in takewhile(lambda line: line.time < time, self._selection.messages(rows)))

    def new(self) -> Iterator[LogLine]:
        """The lines not given yet."""
        while self._next < self.matching:
            row = self._next
            self._next = min(row + _BATCH, self.matching)
            yield from self._selection.messages(range(row, self._next))

    def close(self) -> None:
        """Give the file back."""
        self._index.close()


class LinePrinter:
    """Prints log lines in columns: time, level (or the stream of a script), task, message."""

    def __init__(self, console: Console, dates: bool = False, names: Iterable[str] = ()) -> None:
        """`names` are the tasks whose lines may come: their column is wide enough from the start."""
        self._console = console
        self._dates = dates
        self._last_origin: tuple[object, ...] = ()
        self._last_heads = ("", "")
        self._name_width = min(max([8, *(cell_width(clean(name)) for name in names)]), _WIDEST_NAME)

    def print(self, line: LogLine) -> None:
        """One entry; a message of several rows keeps its columns."""
        head, later = self._heads(line)
        message = line.message
        if "\n" not in message and "\x1b" not in message:
            self._console.line(f"{head}{message}".rstrip(" "))
            return
        for row in message.split("\n"):
            self._console.line(f"{head}{self._console.output_text(row)}".rstrip(" "))
            head = later

    def _heads(self, line: LogLine) -> tuple[str, str]:
        """What stands before the first row of a message, and before the others."""
        second = line.time // 1000
        origin = (second, line.source, line.level, line.task_id, line.attempt, line.value)
        # A loud script prints thousands of lines a second that begin alike.
        if origin != self._last_origin:
            self._last_origin, self._last_heads = origin, self._made_heads(line, second)
        return self._last_heads

    def _made_heads(self, line: LogLine, second: int) -> tuple[str, str]:
        style = self._console.style
        moment = datetime.fromtimestamp(second).astimezone()
        time = f"{moment:%Y-%m-%d %H:%M:%S}" if self._dates else f"{moment:%H:%M:%S}"
        name = clean(line.task_id or "podium")
        if line.value is not None:
            name += f"[{clean(line.value)}]"
        if line.attempt:
            name += f" #{line.attempt + 1}"
        self._name_width = max(self._name_width, min(cell_width(name), _WIDEST_NAME))
        name += " " * (self._name_width - cell_width(name))
        if line.source == "log":
            head = (
                f"{style(time, 'dim')} {style(f'{line.level:<5}', _LEVEL_STYLES[line.level])} {style(name, 'bold')}  "
            )
            return head, " " * (len(time) + 5 + cell_width(name) + 4)
        stream = style("out |", "dim") if line.source == "stdout" else style("err |", "warning")
        head = f"{style(time, 'dim')} {stream} {style(name, 'dim')}  "
        return head, head
