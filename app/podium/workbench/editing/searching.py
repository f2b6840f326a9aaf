"""Finding and replacing in lines, literally or by regular expression."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

Found = tuple[int, int, int]
"""Line, first column and end column of one place."""

MOST_FOUND = 10_000


class SearchError(Exception):
    """The text is no regular expression; says why."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. Lower-case text finds any case."""

    pattern: re.Pattern[str]
    regex: bool

    @classmethod
    def of(cls, typed: str, *, regex: bool = False) -> Self | None:
        """None for an empty text; raises SearchError."""
        if not typed:
            return None
        flags = re.IGNORECASE if typed == typed.lower() else 0
        try:
            return cls(re.compile(typed if regex else re.escape(typed), flags), regex)
        except re.error as error:
            raise SearchError(f"Not a regular expression: {error}.") from error

    def find_all(self, lines: Sequence[str]) -> list[Found]:
        """Every place, at most `MOST_FOUND`; empty matches are left out."""
        found: list[Found] = []
        for row, line in enumerate(lines):
            for match in self.pattern.finditer(line):
                if match.end() > match.start():
                    found.append((row, match.start(), match.end()))
                    if len(found) >= MOST_FOUND:
                        return found
        return found

    def replacement(self, line: str, place: Found, template: str) -> str:
        """What stands in for the match at `place`; groups count only with a regular expression.

        Raises SearchError for a template that names groups which are not there.
        """
        if not self.regex:
            return template
        match = self.pattern.match(line, place[1])
        if match is None:
            return template
        try:
            return match.expand(template)
        except (re.error, IndexError) as error:
            raise SearchError(f"The replacement cannot be used: {error}.") from error

    def replace_all(self, lines: Sequence[str], template: str) -> tuple[list[str], int]:
        """All lines with every match replaced, and how many there were."""
        changed, count = [], 0
        for line in lines:
            try:
                new, times = self.pattern.subn(template if self.regex else lambda _: template, line)
            except (re.error, IndexError) as error:
                raise SearchError(f"The replacement cannot be used: {error}.") from error
            changed.append(new)
            count += times
        return changed, count


def next_place(found: Sequence[Found], at: tuple[int, int], step: int) -> int | None:
    """The index of the place after (or before) a location, around the end; None when nothing was found."""
    if not found:
        return None
    starts = [(row, column) for row, column, _ in found]
    index = bisect_left(starts, at)
    if step > 0:
        return (index + (index < len(starts) and starts[index] == at)) % len(found)
    return (index - 1) % len(found)
