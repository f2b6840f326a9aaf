"""Where a cursor stands in the text of a flow that is being typed.

The text is usually broken at this moment, so nothing is parsed as a whole: the lines around the cursor are read by
their indentation, outwards from the cursor. What is not understood gives no place rather than a wrong one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from podium.model.inline_yaml import read_inline

Role = Literal["key", "value", "item"]

_LINE = re.compile(
    r"(?P<indent> *)(?P<dashes>(?:-(?: +|$))*)"
    r"(?:(?P<key>\"[^\"]*\"|'[^']*'|[^\s\-#\"'{\[&*!|>%@`][^#]*?|-[^\s#][^#]*?)\s*:(?:\s+|$))?"
    r"(?P<value>.*)"
)
_BLOCK = re.compile(r"(?:[!&]\S+\s+)*[|>][-+0-9]*\s*(?:#.*)?")
_NOTHING = re.compile(r"(?:[!&]\S+\s*)*(?:#.*)?")
_MARKER = re.compile(r"(?:---|\.\.\.)(?:\s|$)")
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"?|'[^']*'?")
_COMMENT = re.compile(r"(?:^|\s)#")


class Line(NamedTuple):
    """One line that says something: `dashes` are the columns of its list marks, `column` is where its key stands."""

    number: int
    dashes: tuple[int, ...]
    column: int
    key: str | None
    value: str
    value_column: int

    @property
    def start(self) -> int:
        """The column of the first character."""
        return self.dashes[0] if self.dashes else self.column

    @property
    def is_open(self) -> bool:
        """Whether what the key holds stands on the lines below."""
        return self.key is not None and _NOTHING.fullmatch(self.value) is not None

    @property
    def is_block(self) -> bool:
        """Whether the lines below are the text of a block scalar."""
        return _BLOCK.fullmatch(self.value) is not None


@dataclass(frozen=True, slots=True)
class Level:
    """A map around the cursor. `key` is the one of its keys that leads inwards, empty where a key is being typed.

    `listed` says that the map is an item of a list. `entries` are its keys with what stands on their line.
    """

    key: str
    listed: bool
    entries: Mapping[str, str]
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Place:
    """What the cursor is about to write.

    `role` is `key` for a key of the innermost map, `value` for what the last level's key holds, `item` for an item
    of the list that it holds. `word` is what has been typed of it, from column `start` to the cursor; it ends in
    column `end`. `indent` is the column in which the key, the item's content or the list mark goes; `dashed` whether
    the list mark of an item is there, `quoted` whether the word stands in quotes. `inline` is inside `{}` or `[]`.
    """

    role: Role
    levels: tuple[Level, ...]
    row: int
    word: str
    start: int
    end: int
    indent: int
    dashed: bool = True
    inline: bool = False
    quoted: bool = False

    @property
    def key(self) -> str:
        """The key whose value or item is being written."""
        return self.levels[-1].key if self.levels else ""


def read_line(lines: Sequence[str], number: int) -> Line | None:
    """What a line says; None for a blank one, a comment, or one that is beyond the text."""
    if not 0 <= number < len(lines):
        return None
    return _read(lines[number], number)


def place_at(lines: Sequence[str], row: int, column: int) -> Place | None:
    """Where the cursor stands, counted from 0; None in a comment, a text, or where nothing can be understood."""
    if not 0 <= row < len(lines):
        return None
    text = lines[row]
    before = text[:column]
    if text_head(lines, row, column) is not None or _COMMENT.search(_STRING.sub(_blanked, before)):
        return None
    line = _read(before, row)
    if line is None:
        return None if before.strip() else _on_blank(lines, row, len(before))
    outer = _Surroundings(lines).of(line)
    if outer is None:
        return None
    if line.value[:1] in ("{", "["):
        return _in_braces(outer, line, text, column)
    if line.key is not None:
        start = line.value_column + (line.value[:1] in ("'", '"'))
        return _place("value", outer, text, row, min(start, column), column, line.column)
    if line.dashes and outer[-1].entries:
        # Something stands below the item's first line, so the item is a map already.
        return _place("key", outer, text, row, line.column, column, line.column)
    if line.dashes:
        return _place("item", outer[:-1], text, row, line.column, column, line.column)
    return _place("key", outer, text, row, line.column, column, line.column)


def levels_of(lines: Sequence[str], row: int) -> tuple[Level, ...] | None:
    """The maps around the key of a line, outermost first, the last one with that key; None without such a key."""
    line = read_line(lines, row)
    return None if line is None else _Surroundings(lines).of(line)


def text_head(lines: Sequence[str], row: int, column: int = 0) -> Line | None:
    """The line whose key holds the block scalar that a line belongs to; `column` is the cursor's on a blank line."""
    text = lines[row]
    if text.strip():
        return _head(lines, row, len(text) - len(text.lstrip(" ")))
    below = next((number for number in range(row + 1, len(lines)) if lines[number].strip()), None)
    if below is not None:
        head = _head(lines, below, len(lines[below]) - len(lines[below].lstrip(" ")))
        if head is not None and head.number < row:
            return head
    return _head(lines, row, column)


def _head(lines: Sequence[str], row: int, column: int) -> Line | None:
    """Outwards by indentation only: what a text contains may look like anything."""
    for number in range(row - 1, -1, -1):
        if column == 0:
            return None
        text = lines[number]
        if not text[:column].strip(" "):
            continue
        if text[0] in "-." and _MARKER.match(text):
            return None
        line = _read(text, number)
        if line is not None and line.is_block and (line.column < column or line.key is None):
            return line
        column = len(text) - len(text.lstrip(" "))
    return None


def _blanked(string: "re.Match[str]") -> str:
    return "_" * len(string[0])


def _read(text: str, number: int) -> Line | None:
    stripped = text.lstrip(" ")
    if not stripped or stripped[0] == "#" or _MARKER.match(text):
        return None
    match = _LINE.match(text)
    if match is None:
        return None
    offset = match.end("indent")
    dashes = tuple(offset + index for index, mark in enumerate(match["dashes"]) if mark == "-")
    key = match["key"]
    if key is not None and key[0] in "\"'":
        key = key[1:-1]
    return Line(number, dashes, match.end("dashes"), key, match["value"].rstrip(), match.start("value"))


def _place(
    role: Role, levels: tuple[Level, ...], text: str, row: int, start: int, column: int, indent: int,
    inline: bool = False,
) -> Place:  # fmt: skip
    stops = {"key": ": ", "value": " \"'#", "item": " \"'#"}[role] + (",[]{}:" if inline else "")
    end = column
    while end < len(text) and text[end] not in stops:
        end += 1
    quoted = role != "key" and text[start - 1 : start] in ("'", '"')
    return Place(role, levels, row, text[start:column], start, end, indent, inline=inline, quoted=quoted)


def _on_blank(lines: Sequence[str], row: int, column: int) -> Place | None:
    surroundings = _Surroundings(lines)
    first = surroundings.first(row, column)
    if isinstance(first, _List):
        levels = surroundings.of_list(first)
        if levels is None:
            return None
        if levels[-1].column < column:
            return Place("item", levels, row, "", column, column, column, dashed=False)
        first = None  # the list stands right below its key: what comes here is the next key
    blank = Line(row, (), column, None, "", column)
    levels = surroundings.of(blank)
    if levels is None:
        return None
    if not levels[-1].entries and len(levels) > 1:
        return Place("item", levels[:-1], row, "", column, column, column, dashed=False)
    return Place("key", levels, row, "", column, column, column)


def _in_braces(outer: tuple[Level, ...], line: Line, text: str, column: int) -> Place | None:
    found = read_inline(text, line.value_column, column)
    if found.role is None:
        return None
    levels = list(outer)
    if line.key is None:
        levels.pop()
    for index, inner in enumerate(found.maps):
        listed = inner.listed or (index == 0 and line.key is None and bool(line.dashes))
        levels.append(Level(inner.key, listed, inner.entries, line.number, line.value_column))
    return _place(found.role, tuple(levels), text, line.number, found.start, column, line.column, inline=True)


def _opens(line: Line, column: int) -> bool:
    """Whether the map in a column begins in this line, at its list mark."""
    return bool(line.dashes) and (line.column == column or (line.key is None and not line.value))


class _List(NamedTuple):
    """The list whose marks stand in `column`; `row` is one of its lines."""

    row: int
    column: int


class _Surroundings:
    """Reads outwards from a line, from a map to the key that holds it, up to the beginning of the document."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def of(self, line: Line) -> tuple[Level, ...] | None:
        """The levels around a line, outermost first; the last one is the map of the line's own key (or key to be)."""
        inner = self._inwards(line)
        return None if inner is None else tuple(reversed(inner))

    def of_list(self, of: _List) -> tuple[Level, ...] | None:
        """The levels around a list; the last one has the key that holds the list."""
        holder = self._holder_of_list(of.row, of.column)
        return self.of(holder) if holder is not None and holder.is_open else None

    def _inwards(self, line: Line) -> list[Level] | None:
        levels: list[Level] = []
        current: Line | None = line
        while current is not None:
            if levels and not current.is_open:
                return None
            entries: dict[str, str] = {} if current.key is None else {current.key: current.value}
            begin: Line | _List | None = current
            if not current.dashes:
                begin = self.first(current.number, current.column, entries)
            if isinstance(begin, _List) or len(current.dashes) > 1:
                return None
            listed = begin is not None and _opens(begin, current.column)
            if not levels or ("type" not in entries and begin is not None):
                self._below(current, entries)
            levels.append(Level(current.key or "", listed, entries, current.number, current.column))
            if listed and begin is not None:
                begin = self._holder_of_list(begin.number, begin.dashes[-1])
                if begin is None:
                    return None
            current = begin
        return levels

    def first(self, row: int, column: int, entries: dict[str, str] | None = None) -> "Line | _List | None":
        """Upwards from a key in a column: the line with the map's list mark, the line whose key holds the map, the
        list whose marks stand in this very column, or None at the beginning of the document.

        The map's keys on the way are put into `entries`.
        """
        aligned = False
        for line in self._up(row, column):
            if line.column == column and line.key is not None:
                if entries is not None:
                    entries.setdefault(line.key, line.value)
                if line.dashes:
                    return line
            elif column in line.dashes:
                if aligned:
                    continue
                holder = self._holder_of_list(line.number, column)
                if holder is None or holder.column < column:
                    return _List(line.number, column)
                aligned = True  # `key:` and the marks of its list stand in the same column
            elif line.start < column:
                return line
        return None

    def _holder_of_list(self, row: int, column: int) -> Line | None:
        for line in self._up(row, column):
            if column in line.dashes:
                continue
            if line.key is not None and line.column <= column:
                return line
            if line.start <= column:
                return None
        return None

    def _up(self, row: int, column: int) -> Iterator[Line]:
        """The lines above a row that begin in a column or left of it, nearest first."""
        return self._shallow(range(min(row, len(self._lines)) - 1, -1, -1), column)

    def _shallow(self, rows: Iterable[int], column: int) -> Iterator[Line]:
        lines, width = self._lines, column + 1
        for number in rows:
            text = lines[number]
            if not text[:width].strip(" "):
                continue
            if text[0] in "-." and _MARKER.match(text):
                return
            line = _read(text, number)
            if line is not None:
                yield line

    def _below(self, of: Line, entries: dict[str, str]) -> None:
        """Add the keys of the same map that stand below."""
        for line in self._shallow(range(of.number + 1, len(self._lines)), of.column):
            if line.start < of.column:
                return
            if line.key is not None and line.column == of.column and not line.dashes:
                entries.setdefault(line.key, line.value)
