"""Where a character of a YAML scalar stands in the file: folded, literal and quoted texts included.

The scalar keeps the decoded text only. Its characters are found again by reading the source beside it: every
character that is not white space appears in both in the same order, whatever folding and indentation did to the
white space between.
"""

import re
from collections.abc import Iterator

from podium.model.diagnostics import Range
from podium.model.marked_yaml import Document, ScalarNode

_HEADER = re.compile(r"[|>][-+0-9]*[^\n]*\n?")
_LENGTHS = {"x": 2, "u": 4, "U": 8}
_SIMPLE = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip


class ScalarPlaces:
    """The places of one scalar of a document."""

    def __init__(self, scalar: ScalarNode, document: Document) -> None:
        self._scalar = scalar
        self._written = document.text[scalar.start - document.offset : scalar.end - document.offset]
        self._offsets: list[int] | None = None

    def range(self, start: int, end: int) -> Range:
        """The place in the file of the decoded characters from `start` to `end`, at least one character wide."""
        offsets = self._places()
        first = offsets[min(start, len(offsets) - 1)]
        last = offsets[min(max(end - 1, start), len(offsets) - 1)] + 1
        return Range(*self._position(first), *self._position(max(last, first + 1)))

    def offset(self, line: int, column: int) -> int:
        """The decoded character at a place of the file: the first one that does not stand before it."""
        for index, written in enumerate(self._places()):
            if self._position(written) >= (line, column):
                return index
        return len(self._scalar.text)

    def _position(self, written: int) -> tuple[int, int]:
        before = self._written[:written]
        breaks = before.count("\n")
        if not breaks:
            return self._scalar.line, self._scalar.column + written
        return self._scalar.line + breaks, written - before.rfind("\n") - 1

    def _places(self) -> list[int]:
        """For each decoded character, and for the end, where it is written."""
        if self._offsets is None:
            self._offsets = self._aligned()
        return self._offsets

    def _aligned(self) -> list[int]:
        scalar, written = self._scalar, self._written
        if not scalar.style and written == scalar.text:
            return list(range(len(written) + 1))
        offsets: list[int] = []
        characters = list(_characters(written, scalar.style))
        leading = len(scalar.text) - len(scalar.text.lstrip())
        index, last = 0, max(0, characters[0][1] - leading) if characters else 0
        for character in scalar.text:
            if index < len(characters) and characters[index][0] == character:
                offsets.append(characters[index][1])
                last = characters[index][1] + characters[index][2]
                index += 1
            elif character.isspace():
                offsets.append(last)
                last = min(last + 1, len(written))
            else:
                offsets.append(min(last, len(written)))
        offsets.append(last)
        return offsets


def _characters(written: str, style: str) -> Iterator[tuple[str, int, int]]:
    """(character, where, length) of what the source writes, without plain white space."""
    if style == '"':
        yield from _escaped(written)
        return
    if style in ("|", ">"):
        header = _HEADER.match(written)
        start = header.end() if header else 0
        yield from ((c, at, 1) for at, c in enumerate(written[start:], start) if not c.isspace())
        return
    position, end = (1, len(written) - 1) if style == "'" else (0, len(written))
    while position < end:
        character = written[position]
        doubled = style == "'" and character == "'"
        if not character.isspace():
            yield character, position, 2 if doubled else 1
        position += 2 if doubled else 1


def _escaped(written: str) -> Iterator[tuple[str, int, int]]:
    position, end = 1, len(written) - 1
    while position < end:
        character = written[position]
        if character != "\\":
            if not character.isspace():
                yield character, position, 1
            position += 1
            continue
        escape = written[position + 1 : position + 2]
        if escape in _LENGTHS:
            length = 2 + _LENGTHS[escape]
            # The YAML reader has taken the text, so these are hexadecimal digits of a character.
            yield chr(int(written[position + 2 : position + length], 16)), position, length
            position += length
        else:
            if escape in _SIMPLE:
                yield _SIMPLE[escape], position, 2
            position += 2
