"""What the editing keys do to lines, as functions of the lines and the selection. No Textual in here."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Location = tuple[int, int]
"""Line and column, from 0."""

_COMMENTS = {"sql": "--", "javascript": "//", "json": "//"}
_ITEM = re.compile(r"(\s*)((?:-\s+)+)(?=\S)")
_OPENS = re.compile(r":\s*(?:[|>][-+\d]*)?\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Replace lines `first..last` (inclusive) by `lines`, then select from `anchor` to `cursor`."""

    first: int
    last: int
    lines: tuple[str, ...]
    anchor: Location
    cursor: Location


def comment_prefix(language: str) -> str:
    """What starts a comment in `language`; "" where there are none."""
    return "" if language == "markdown" else _COMMENTS.get(language, "#")


def toggle_comment(lines: Sequence[str], anchor: Location, cursor: Location, prefix: str) -> LineEdit:
    """Comment the selected lines, or uncomment them when all of them are comments already."""
    first, last = _selected(anchor, cursor)
    chosen = lines[first : last + 1]
    written = [line for line in chosen if line.strip()]
    if written and all(line.lstrip().startswith(prefix) for line in written):
        strip = re.compile(rf"^(\s*){re.escape(prefix)} ?")
        return _each_line(chosen, first, anchor, cursor, lambda line: strip.sub(r"\1", line))
    column = min((len(line) - len(line.lstrip()) for line in written), default=0)

    def comment(line: str) -> str:
        return f"{line[:column]}{prefix} {line[column:]}" if line.strip() or not written else line

    return _each_line(chosen, first, anchor, cursor, comment)


def indent(lines: Sequence[str], anchor: Location, cursor: Location, width: int) -> LineEdit:
    """Move the selected lines one level to the right."""
    first, last = _selected(anchor, cursor)
    by = " " * width
    return _each_line(lines[first : last + 1], first, anchor, cursor, lambda line: by + line if line else line)


def dedent(lines: Sequence[str], anchor: Location, cursor: Location, width: int) -> LineEdit:
    """Move the selected lines one level to the left."""
    first, last = _selected(anchor, cursor)

    def back(line: str) -> str:
        if line.startswith("\t"):
            return line[1:]
        blank = len(line) - len(line.lstrip(" "))
        return line[min(blank, (blank - 1) % width + 1 if blank else 0) :]

    return _each_line(lines[first : last + 1], first, anchor, cursor, back)


def move(lines: Sequence[str], anchor: Location, cursor: Location, by: int) -> LineEdit | None:
    """Move the selected lines one line up (`by` = -1) or down (1); None at the edge of the document."""
    first, last = _selected(anchor, cursor)
    if first + by < 0 or last + by >= len(lines):
        return None
    chosen = lines[first : last + 1]
    if by < 0:
        swapped = [*chosen, lines[first - 1]]
    else:
        swapped = [lines[last + 1], *chosen]
    return LineEdit(
        min(first, first + by),
        max(last, last + by),
        tuple(swapped),
        (anchor[0] + by, anchor[1]),
        (cursor[0] + by, cursor[1]),
    )


def duplicate(lines: Sequence[str], anchor: Location, cursor: Location) -> LineEdit:
    """Write the selected lines a second time below themselves."""
    first, last = _selected(anchor, cursor)
    chosen = lines[first : last + 1]
    by = last - first + 1
    return LineEdit(first, last, (*chosen, *chosen), (anchor[0] + by, anchor[1]), (cursor[0] + by, cursor[1]))


def new_line_indent(line: str, column: int, language: str, width: int) -> str:
    """The blanks that a new line starts with when Enter is pressed at `column` of `line`.

    YAML goes one level deeper after `key:` and `key: |`, and stays in line with the first key of a list item.
    """
    head = line[:column]
    blank = head[: len(head) - len(head.lstrip())]
    if not head.strip():
        return head
    if language == "python":
        return blank + " " * width if head.rstrip().endswith((":", "(", "[", "{")) else blank
    if language in ("json", "javascript"):
        return blank + " " * width if head.rstrip().endswith(("{", "[", "(")) else blank
    if language != "yaml":
        return blank
    item = _ITEM.match(head)
    if item:
        blank = item[1] + " " * len(item[2])
    elif head.strip() == "-":
        return blank
    return blank + " " * width if _OPENS.search(head) and not head.lstrip().startswith("#") else blank


def backspace_columns(line: str, column: int, width: int) -> int:
    """How many characters one backspace removes: a whole level inside leading blanks."""
    if column and not line[:column].strip(" "):
        return (column - 1) % width + 1
    return 1


def _selected(anchor: Location, cursor: Location) -> tuple[int, int]:
    """First and last line of a selection; a line whose column 0 merely ends it is not part of it."""
    top, bottom = sorted((anchor, cursor))
    last = bottom[0] - 1 if bottom[1] == 0 and bottom[0] > top[0] else bottom[0]
    return top[0], last


def _each_line(
    chosen: Sequence[str], first: int, anchor: Location, cursor: Location, change: Callable[[str], str]
) -> LineEdit:
    changed = [change(line) for line in chosen]

    def shifted(location: Location) -> Location:
        row, column = location
        if not first <= row < first + len(chosen) or (column == 0 and anchor != cursor):
            return location
        return row, max(0, column + len(changed[row - first]) - len(chosen[row - first]))

    return LineEdit(first, first + len(chosen) - 1, tuple(changed), shifted(anchor), shifted(cursor))
