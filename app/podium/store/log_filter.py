"""Which lines of a log are meant: by source, level, task, attempt, text or regular expression."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Self

from podium.base.text import without_colours
from podium.store.logs import LEVELS, SOURCES, Level, LogLine, Source


class PatternError(ValueError):
    """A regular expression that cannot be read; the message is a sentence for the reader."""


@dataclass(frozen=True, slots=True)
class TextPattern:
    """Text to look for in what a reader sees of a message, colours left out.

    Upper and lower case differ only if the text has an upper case letter. Raises PatternError when `regex` is set and
    the text is not a regular expression.
    """

    text: str
    regex: bool = False
    inverse: bool = False
    _compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_compiled", self._compile())

    @classmethod
    def parse(cls, typed: str, *, regex: bool = False) -> Self | None:
        """`text`, `/regular expression/`, and either with `!` in front for lines without it; None for nothing."""
        inverse = len(typed) > 1 and typed.startswith("!")
        text = typed[1:] if inverse else typed
        if len(text) > 2 and text.startswith("/") and text.endswith("/"):
            return cls(text[1:-1], True, inverse)
        return cls(text, regex, inverse) if text else None

    def __str__(self) -> str:
        return f"{'!' if self.inverse else ''}{self.wanted}"

    @property
    def wanted(self) -> str:
        """What is looked for, as it is typed, whether lines with or without it are meant."""
        return f"/{self.text}/" if self.regex else self.text

    def matches(self, message: str) -> bool:
        """Whether a message is meant."""
        return (self._compiled.search(without_colours(message)) is not None) != self.inverse

    def spans(self, seen: str) -> Iterator[tuple[int, int]]:
        """Where the text occurs in one row without colours, for highlighting; empty matches are left out."""
        for match in self._compiled.finditer(seen):
            if match.end() > match.start():
                yield match.span()

    def for_bytes(self) -> re.Pattern[bytes] | None:
        """The same for messages that are ASCII, as bytes; None if that cannot be expressed."""
        if not self.text.isascii():
            return None
        return re.compile(self._compiled.pattern.encode(), self._compiled.flags & ~re.UNICODE)

    def occurs_in_bytes(self) -> Callable[[bytes], bool]:
        """A quick test for many ASCII messages at once: False only if none of them contains the text."""
        if self.regex:
            return lambda block: True
        needle = self.text.encode()
        if self._compiled.flags & re.IGNORECASE:
            return lambda block: needle in block.lower()  # 5 times faster than ignoring case in the search
        return lambda block: needle in block

    def _compile(self) -> re.Pattern[str]:
        letters = re.sub(r"\\.", "", self.text) if self.regex else self.text
        case = re.IGNORECASE if letters == letters.lower() else re.NOFLAG
        try:
            return re.compile(self.text if self.regex else re.escape(self.text), case | re.MULTILINE)
        except (re.error, RecursionError, OverflowError) as error:
            raise PatternError(f"/{self.text}/ is not a regular expression: {error}.") from error


@dataclass(frozen=True, slots=True)
class LogOrigin:
    """What lines of one attempt, source and level have in common."""

    source: Source
    level: Level
    task_id: str | None
    task_run_id: str | None
    attempt: int


@dataclass(frozen=True, slots=True)
class LogFilter:
    """A choice of lines. `None` and the defaults mean: do not restrict. `level` is the lowest one shown.

    With `scripts_whole` it is that of Log tasks and of Podium: what scripts print (the noise of pip has a level of
    its own, DEBUG) is shown whatever its level, until somebody chooses a level.
    """

    sources: frozenset[Source] = frozenset(SOURCES)
    level: Level = "TRACE"
    task_runs: frozenset[str] | None = None
    task_id: str | None = None
    attempt: int | None = None
    pattern: TextPattern | None = None
    scripts_whole: bool = False

    def admits(self, origin: LogOrigin | LogLine) -> bool:
        """Whether lines from there can be meant, whatever they say."""
        if not self.in_lane(origin):
            return False
        whole = self.scripts_whole and origin.source != "log"
        return whole or LEVELS.index(origin.level) >= LEVELS.index(self.level)

    def in_lane(self, origin: LogOrigin | LogLine) -> bool:
        """Whether they belong to what is looked at; level and text only hide parts of that."""
        return (
            origin.source in self.sources
            and (self.task_runs is None or origin.task_run_id in self.task_runs)
            and (self.task_id is None or origin.task_id == self.task_id)
            and (self.attempt is None or origin.attempt == self.attempt)
        )

    def accepts(self, line: LogLine) -> bool:
        """Whether this line is meant."""
        return self.admits(line) and (self.pattern is None or self.pattern.matches(line.message))

    def with_level(self, step: int) -> Self:
        """The same with a level `step` higher, for every source; below the lowest and above the highest it stays."""
        at = LEVELS.index(self.level) + step
        return replace(self, level=LEVELS[min(max(at, 0), len(LEVELS) - 1)], scripts_whole=False)

    @property
    def hides_by_level(self) -> bool:
        """Whether the level can hide lines of what is looked at."""
        return self.level != LEVELS[0] and not (self.scripts_whole and "log" not in self.sources)


AT_FIRST = LogFilter(level="INFO", scripts_whole=True)
"""What is shown of a log until somebody chooses: what Log tasks say from INFO on, and all that scripts print."""
