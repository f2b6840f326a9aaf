"""From log lines to rows of a screen: tabs, colours, line breaks, wrapping, and how many rows there are."""

import time
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, repeat

from rich.cells import cell_len, get_character_cell_size

from podium.base.text import TAB, Sgr, coloured
from podium.store.log_index import LogSelection, ShownLine

Span = tuple[str, Sgr]
"""A stretch of printable text and how it looks."""

_SLICE = 1 << 13
_NOTICE = Sgr(reverse=True)


def size_text(size: int) -> str:
    """A number of bytes for people: `64 KiB`, `9.5 MiB`."""
    if size < 1 << 20:
        return f"{max(size >> 10, 1)} KiB"
    return f"{size / (1 << 20):.1f} MiB"


def message_rows(shown: ShownLine, width: int | None = None) -> list[list[Span]]:
    """The rows that a line takes, wrapped to `width` cells if that is given. There is always at least one.

    A line that was cut begins with a notice of how much of it is shown.
    """
    rows: list[list[Span]] = [[]]
    if shown.whole:
        part = size_text(len(shown.line.message.encode()))
        rows[0].append((f" first {part} of {size_text(shown.whole)}, y copies all ", _NOTICE))
    column = 0
    for text, look in coloured(shown.line.message):
        for at, piece in enumerate(text.split("\n")):
            if at:
                rows.append([])
                column = 0
            if "\t" in piece:
                piece = _expanded(piece, column)
            if piece:
                rows[-1].append((piece, look))
                column += cell_len(piece)
    if width is None:
        return rows
    return [part for row in rows for part in _wrapped(row, max(width, 2))]


def row_width(row: Sequence[Span]) -> int:
    """Cells of a row."""
    return sum(cell_len(text) for text, _ in row)


def window(row: Sequence[Span], left: int, width: int) -> list[Span]:
    """The cells `left` to `left + width` of a row. Half of a wide character becomes a space."""
    shown: list[Span] = []
    at, right = 0, left + width
    for text, look in row:
        if at >= right:
            break
        cells = cell_len(text)
        if at + cells > left:
            if cells == len(text):
                part = text[max(left - at, 0) : right - at]
            else:
                part = _cropped(text, left - at, right - at)
            shown.append((part, look))
        at += cells
    return shown


def _cropped(text: str, left: int, right: int) -> str:
    kept, at = [], 0
    for character in text:
        size = get_character_cell_size(character)
        if at >= left and at + size <= right:
            kept.append(character)
        elif at < right and at + size > left:
            kept.append(" ")
        at += size
        if at >= right:
            break
    return "".join(kept)


def _expanded(text: str, column: int) -> str:
    parts = text.split("\t")
    for at, part in enumerate(parts[:-1]):
        column += cell_len(part)
        blanks = TAB - column % TAB
        parts[at] = part + " " * blanks
        column += blanks
    return "".join(parts)


def _wrapped(row: Sequence[Span], width: int) -> Iterator[list[Span]]:
    """A row cut into rows of at most `width` cells; wide characters go to the next row as a whole."""
    current: list[Span] = []
    used = 0
    for text, look in row:
        rest = text
        while rest:
            taken = _fitting(rest, width - used)
            if taken:
                current.append((rest[:taken], look))
                used += cell_len(rest[:taken])
                rest = rest[taken:]
            if rest:
                yield current
                current, used = [], 0
    yield current


def _fitting(text: str, cells: int) -> int:
    """How many characters of `text` fit into `cells`."""
    head = text[: cells + 1]
    if head.isascii():
        return min(len(text), cells)
    used = 0
    for at, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > cells:
            return at
    return len(text)


class LogRows:
    """Which row of the screen shows what: the rows of all lines of a selection, one after another.

    Without wrapping and without messages of several rows, that is nothing but a count. Works in slices within a time
    budget like the selection.
    """

    def __init__(self, selection: LogSelection) -> None:
        self._selection = selection
        self.reset(None)

    def reset(self, wrap_width: int | None) -> None:
        """Start again, with rows of at most `wrap_width` cells, or as long as they are."""
        self._wrap = wrap_width
        self._count = 0
        self._starts: array[int] | None = None if wrap_width is None else array("Q", [0])

    @property
    def height(self) -> int:
        """Rows known so far."""
        return self._count if self._starts is None else self._starts[-1]

    @property
    def wrap_width(self) -> int | None:
        return self._wrap

    def extend(self, max_seconds: float = float("inf")) -> bool:
        """Take in what the selection has gained; False if the time was over before the end."""
        deadline = time.monotonic() + max_seconds
        total = len(self._selection)
        while self._count < total:
            end = min(self._count + _SLICE, total)
            self._take(self._selection.lines[self._count : end])
            self._count = end
            if time.monotonic() > deadline:
                break
        return self._count >= total

    def _take(self, lines: "array[int]") -> None:
        tall = self._selection.index.tall
        if self._starts is None:
            if tall.keys().isdisjoint(lines):
                return
            self._starts = array("Q", range(self._count + 1))
        if self._wrap is None:
            counts: Iterator[int] = map(tall.get, lines, repeat(1))
        else:
            counts = map(self._wrapped_count, lines)
        last = self._starts.pop()
        self._starts.extend(accumulate(counts, initial=last))

    def _wrapped_count(self, line: int) -> int:
        assert self._wrap is not None
        width = self._selection.index.plain_width(line)
        if width is not None:
            return -(-width // max(self._wrap, 2)) or 1
        return len(message_rows(self._selection.index.shown(line), self._wrap))

    def locate(self, y: int) -> tuple[int, int]:
        """(row of the selection, row within its message) at height `y`."""
        if self._starts is None:
            return y, 0
        row = bisect_right(self._starts, y) - 1
        return row, y - self._starts[row]

    def top(self, row: int) -> int:
        """Where a row of the selection begins."""
        return row if self._starts is None else self._starts[min(row, self._count)]
