"""Drawing one row of a log: the columns in front, the colours of the script, marks for what was found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from podium.base.text import PLAIN, Colour, Sgr, cell_width, clean, shorten
from podium.store.log_filter import TextPattern
from podium.store.logs import Level, LogLine, Source
from podium.workbench.widgets.log_rows import Span, row_width, window

_SOURCE_MARKS: Mapping[Source, str] = {"log": "log", "stdout": "out", "stderr": "err"}
_TASK_WIDTH = 16
_NARROW = 50  # with fewer cells the message needs them more than the task's name


@dataclass(frozen=True, slots=True)
class Columns:
    """What stands in front of each message. `sources` marks the stream (`all`), or only stderr (`stderr`)."""

    time: bool = True
    level: bool = True
    sources: str | None = None
    task: int = 0  # cells of the task's id, 0 for none

    def for_tasks(self, names: set[str | None], view_width: int) -> "Columns":
        """The same with a column for the task if lines of several tasks are mixed and there is room."""
        widths = [cell_width(clean(name)) for name in names if name is not None]
        shown = len(widths) > 1 and view_width >= _NARROW
        return replace(self, task=min(max(widths), _TASK_WIDTH) if shown else 0)

    @property
    def width(self) -> int:
        """Cells in front of the message, the space between included."""
        sources = 4 if self.sources else 0
        return 9 * self.time + 6 * self.level + sources + (self.task + 1 if self.task else 0)


@dataclass(frozen=True, slots=True)
class LogStyles:
    """The theme's styles for a log."""

    base: Style
    time: Style
    task: Style
    match: Style
    edge: Style
    levels: Mapping[Level, Style]


def gutter(line: LogLine, columns: Columns, styles: LogStyles, zone: tzinfo | None) -> Iterator[Segment]:
    """The columns in front of the first row of a message."""
    if columns.time:
        moment = datetime.fromtimestamp(line.time / 1000, zone)
        yield Segment(f"{moment:%H:%M:%S} ", styles.time)
    if columns.level:
        yield Segment(f"{line.level:<6}", styles.levels[line.level])
    if columns.sources:
        mark = _SOURCE_MARKS[line.source] if columns.sources == "all" or line.source == "stderr" else ""
        yield Segment(f"{mark:<4}", styles.levels["WARN"] if line.source == "stderr" else styles.time)
    if columns.task:
        name = shorten(clean(line.task_id or ""), columns.task)
        yield Segment(name + " " * (columns.task - cell_width(name) + 1), styles.task)


def paint(
    row: Sequence[Span], left: int, width: int, style: Style, styles: LogStyles, found: TextPattern | None
) -> list[Segment]:
    """The visible part of a row, with what was found marked and `‹` `›` where it goes on outside."""
    if width <= 0:
        return []
    if found is not None and not found.inverse:
        spans = list(_marked(row, found))
    else:
        spans = [(text, look, False) for text, look in row]
    visible: list[Segment] = []
    at = 0
    for text, look, hit in spans:
        for part, _ in window([(text, look)], left - at, width) if at < left + width else ():
            visible.append(Segment(part, _style(look, style) + styles.match if hit else _style(look, style)))
        at += row_width([(text, look)])
        if at >= left + width:
            break
    return _with_edges(visible, left, width, row_width(row), styles)


def _with_edges(visible: list[Segment], left: int, width: int, whole: int, styles: LogStyles) -> list[Segment]:
    if whole > left + width:
        visible = [*Segment.adjust_line_length(visible, width - 1), Segment("›", styles.edge)]
    if left > 0 and whole > 0 and width > 1:
        first = [visible[0].split_cells(1)[1]] if visible else []
        visible = [Segment("‹", styles.edge), *first, *visible[1:]]
    return visible


def _marked(row: Sequence[Span], found: TextPattern) -> Iterator[tuple[str, Sgr, bool]]:
    """The spans of a row, split where a hit begins and ends; a hit may go through several colours."""
    hits = list(found.spans("".join(text for text, _ in row)))
    at = 0
    for text, look in row:
        end = at + len(text)
        cut = at
        for start, stop in hits:
            if stop <= cut or start >= end:
                continue
            if start > cut:
                yield text[cut - at : start - at], look, False
            first, cut = max(start, cut), min(stop, end)
            yield text[first - at : cut - at], look, True
        if cut < end:
            yield text[cut - at :], look, False
        at = end


def _style(look: Sgr, base: Style) -> Style:
    if look == PLAIN:
        return base
    return base + Style(
        color=_colour(look.foreground),
        bgcolor=_colour(look.background),
        bold=look.bold or None,
        dim=look.dim or None,
        italic=look.italic or None,
        underline=look.underline or None,
        reverse=look.reverse or None,
        strike=look.strike or None,
    )


def _colour(colour: Colour | None) -> Color | None:
    if colour is None:
        return None
    return Color.from_ansi(colour) if isinstance(colour, int) else Color.from_rgb(*colour)
