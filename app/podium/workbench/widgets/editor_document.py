"""The text behind the editor, without Textual's per-key walks over the whole document.

Textual's `Document` measures every line after each edit and splits at form feeds and Unicode separators (losing them
on save); its `WrappedDocument` sums over all lines for each painted row. Here widths are counted as lines change,
and rows are found by arithmetic.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import cast

from textual._cells import cell_len, cell_width_to_column_index
from textual._wrap import compute_wrap_offsets
from textual.document._document import Document, EditResult, Location
from textual.document._wrapped_document import WrappedDocument
from textual.expand_tabs import expand_tabs_inline, get_tab_widths
from textual.geometry import Offset, Size


def line_width(line: str, tab_width: int) -> int:
    """Cells that `line` takes on the screen."""
    if line.isascii() and "\t" not in line:
        return len(line)
    return cell_len(line.expandtabs(tab_width))


class LineDocument(Document):
    """Lines split at newlines only, so that `text` gives back exactly what was loaded."""

    def __init__(self, text: str, tab_width: int) -> None:
        self._newline = "\n"
        self._lines = text.split("\n")
        self._measure(tab_width)

    def _measure(self, tab_width: int) -> None:
        self._tab_width = tab_width
        self._widths = [line_width(line, tab_width) for line in self._lines]
        self._width_counts = Counter(self._widths)

    def get_size(self, tab_width: int) -> Size:
        if tab_width != self._tab_width:
            self._measure(tab_width)
        return Size(max(self._width_counts), len(self._lines))

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        (top, top_column), (bottom, bottom_column) = sorted((start, end))
        replaced = self.get_text_range((top, top_column), (bottom, bottom_column))
        before, after = self._lines[top][:top_column], self._lines[bottom][bottom_column:]
        fresh = text.split("\n")
        fresh[0] = before + fresh[0]
        end_location = (top + len(fresh) - 1, len(fresh[-1]))
        fresh[-1] += after
        widths = [line_width(line, self._tab_width) for line in fresh]
        counts = self._width_counts
        counts.update(widths)
        for width in self._widths[top : bottom + 1]:
            counts[width] -= 1
            if not counts[width]:
                del counts[width]
        self._widths[top : bottom + 1] = widths
        self._lines[top : bottom + 1] = fresh
        return EditResult(end_location, replaced)

    def get_text_range(self, start: Location, end: Location) -> str:
        (top, top_column), (bottom, bottom_column) = sorted((start, end))
        if top == bottom:
            return self._lines[top][top_column:bottom_column]
        middle = self._lines[top + 1 : bottom]
        return "\n".join([self._lines[top][top_column:], *middle, self._lines[bottom][:bottom_column]])


class WrappedLines(WrappedDocument):
    """Where lines stand on the screen: themselves without wrapping, running totals with it."""

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        self._width = width
        if tab_width:
            self._tab_width = tab_width
        self._wrap_offsets = [self._breaks(line) for line in self.document.lines] if width else []
        self._starts = array("Q", [0])
        self._total(0)

    def start_over(self) -> None:
        """The next `wrap_range` does not know which lines changed."""
        self._wrap_offsets = []

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        if not self._width:
            return
        top, old_bottom = sorted((start[0], old_end[0]))
        new_bottom = max(start[0], new_end[0])
        known = self._wrap_offsets
        if len(known) - (old_bottom - new_bottom) != self.document.line_count:
            self.wrap(self._width)
            return
        old = known[top : old_bottom + 1]
        new = [self._breaks(line) for line in self.document.lines[top : new_bottom + 1]]
        known[top : old_bottom + 1] = new
        if [len(breaks) for breaks in old] != [len(breaks) for breaks in new]:
            self._total(top)

    def _breaks(self, line: str) -> list[int]:
        if len(line) <= self._width and line.isascii() and "\t" not in line:
            return []
        sections = get_tab_widths(line, self._tab_width)
        return compute_wrap_offsets(line, self._width, self._tab_width, precomputed_tab_sections=sections)

    def _total(self, top: int) -> None:
        starts = self._starts
        heights = (len(breaks) + 1 for breaks in self._wrap_offsets[top:])
        starts[top:] = array("Q", accumulate(heights, initial=starts[top]))

    @property
    def wrapped(self) -> bool:
        return bool(self._width) and self.height > self.document.line_count

    @property
    def height(self) -> int:
        return self._starts[-1] if self._width else self.document.line_count

    def row_at(self, y: int) -> tuple[int, int] | None:
        """The line at screen row `y` of the document and the number of its wrapped section there."""
        if not 0 <= y < self.height:
            return None
        if not self._width:
            return y, 0
        line = bisect_right(self._starts, y) - 1
        return line, y - self._starts[line]

    def get_offsets(self, line_index: int) -> list[int]:
        if not 0 <= line_index < self.document.line_count:
            raise ValueError(f"line {line_index} is outside of the document")
        return self._wrap_offsets[line_index] if self._width else []

    def get_sections(self, line_index: int) -> list[str]:
        line = self.document.get_line(line_index)
        cuts = [0, *self.get_offsets(line_index % self.document.line_count), len(line)]
        return [line[start:end] for start, end in pairwise(cuts)]

    def get_tab_widths(self, line_index: int) -> list[int]:
        sections = get_tab_widths(self.document.get_line(line_index), self._tab_width)
        return [width for _, width in sections]

    def offset_to_location(self, offset: Offset) -> Location:
        y = min(max(0, offset[1]), self.height - 1)
        line, section = cast("tuple[int, int]", self.row_at(y))
        if self._width:
            return line, self.get_target_document_column(line, max(0, offset[0]), section)
        return line, cell_width_to_column_index(self.document.get_line(line), max(0, offset[0]), self._tab_width)

    def location_to_offset(self, location: Location) -> Offset:
        line, column = location
        breaks = self.get_offsets(line)
        section = bisect_right(breaks, column)
        start = breaks[section - 1] if section else 0
        shown = expand_tabs_inline(self.document.get_line(line)[start:column], self._tab_width)
        return Offset(cell_len(shown), (self._starts[line] if self._width else line) + section)


_BRACKETS = {"(": ")", "[": "]", "{": "}"}
BRACKET_REACH = 500
"""Lines that the search for a matching bracket looks at; without a limit one open bracket costs the whole file."""


def matching_bracket(lines: Sequence[str], at: Location) -> Location | None:
    """The partner of the bracket at `at`, counting only brackets of its kind."""
    row, column = at
    character = lines[row][column : column + 1]
    depth = 0
    if character in _BRACKETS:
        closing = _BRACKETS[character]
        for number in range(row, min(len(lines), row + BRACKET_REACH)):
            line = lines[number]
            for index in range(column if number == row else 0, len(line)):
                depth += (line[index] == character) - (line[index] == closing)
                if not depth:
                    return number, index
    elif character and character in _BRACKETS.values():
        opening = next(key for key, value in _BRACKETS.items() if value == character)
        for number in range(row, max(-1, row - BRACKET_REACH), -1):
            line = lines[number]
            for index in range(column if number == row else len(line) - 1, -1, -1):
                depth += (line[index] == character) - (line[index] == opening)
                if not depth:
                    return number, index
    return None
