"""Where each line of a growing log file begins and where it comes from: 13 bytes of memory per line.

`LogIndex` knows the file, `LogSelection` the lines of it that a filter means. Both take in only what is new, both work
in slices within a time budget, so that a screen can call them between two frames however large the file is. Messages
stay in the file and are read when they are drawn or searched.
"""

import json
import os
import re
import time
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, compress
from pathlib import Path
from typing import Final

from podium.base.text import clean_output
from podium.store.log_filter import LogFilter, LogOrigin, TextPattern
from podium.store.logs import LEVELS, SOURCES, LogLine, parse_line

_CHUNK = 1 << 20
_SLICE = 1 << 14  # lines between two looks at the clock
_GROUP = 1 << 16  # bytes searched at once
_HEAD = re.compile(rb'\{"s":.*?,"t":(?=\d+,"m":")')
_MESSAGE = b',"m":"'
_TIME = len("1767225600000")  # milliseconds have that many digits from 2001 to 2286
_AFTER_HEAD = _TIME + len(_MESSAGE)
_HALF_SEQUENCE = re.compile("\x1b\\[?[0-9;:]*\\Z")
_END = b'"}\n'
_VALUE = b'","v":'
_DAMAGED: Final = LogOrigin("log", "WARN", None, None, 0)

SHOWN = 1 << 16
"""Bytes of one line that `LogIndex.shown` looks at; what is longer is cut, and says so."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as far as it is worth drawing; `whole` is its size in bytes if it was cut, else 0."""

    line: LogLine
    whole: int


class LogIndex:
    """The lines of one log file, numbered from 0. Not for use by several threads at once.

    The file may not exist yet, may grow, and may be replaced or cut: then `generation` changes and everything is read
    again. An unfinished last line is not counted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generation = 0
        self._file = -1
        self._identity = (0, 0)
        self._forget()

    def _forget(self) -> None:
        self.starts = array("Q", [0])  # of each line, and where the next one will start
        self.origin_of = array("I")  # index into `origins`
        self.special = bytearray()  # 1: escapes, non-ASCII or damage, so the message is not simply its bytes
        self.tall: dict[int, int] = {}  # rows of messages that have more than one
        self.origins: list[LogOrigin] = [_DAMAGED]
        self._codes: dict[bytes, int] = {}
        self._heads = [0]  # bytes before the message, by origin
        self._scanned = 0

    def __len__(self) -> int:
        return len(self.origin_of)

    @property
    def exists(self) -> bool:
        """Whether the file was there at the last refresh."""
        return self._file >= 0

    def close(self) -> None:
        """Give the file back; the next refresh opens it again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    # ---- growing -----------------------------------------------------------------------------------------------

    def refresh(self, max_seconds: float = float("inf")) -> bool:
        """Take in what was written since; False if the time was over before the end of the file was reached."""
        size = self._look()
        deadline = time.monotonic() + max_seconds
        while self._scanned < size:
            data = os.pread(self._file, _CHUNK, self._scanned)
            if not data:
                break
            self._take(data)
            if time.monotonic() > deadline:
                return self._scanned >= size
        return True

    def _look(self) -> int:
        """The size of the file; opens it, and starts again if it is another one or became shorter."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            if self._file >= 0:
                self._restart()
            return 0
        identity = (found.st_dev, found.st_ino)
        if self._file >= 0 and (identity != self._identity or found.st_size < self._scanned):
            self._restart()
        if self._file < 0:
            self._file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            self._identity = identity
        return found.st_size

    def _restart(self) -> None:
        self.close()
        self._forget()
        self.generation += 1

    def _take(self, data: bytes) -> None:
        start, pending = self._scanned, self._scanned - self.starts[-1]
        end = data.rfind(b"\n") + 1
        if not end:
            self._scanned += len(data)  # a very long line, or an unfinished one: look only at what follows
            return
        if pending:
            first = data.find(b"\n") + 1
            self._take_long_line(start + first)
            start, data, end = start + first, data[first:], end - first
        if end:
            self._take_lines(data[:end], start)
        self._scanned = self.starts[-1]

    def _take_long_line(self, end: int) -> None:
        """A line that began in an earlier chunk."""
        head = _HEAD.match(os.pread(self._file, SHOWN, self.starts[-1]))
        self.starts.append(end)
        self.origin_of.append(self._code(head[0]) if head else 0)
        self.special.append(1)
        self._measure(len(self) - 1)

    def _take_lines(self, block: bytes, start: int) -> None:
        lines = block.split(b"\n")
        lines.pop()
        number = len(self)
        codes, regular = self._origins(lines)
        self.starts.extend(accumulate([len(line) + 1 for line in lines], initial=start))
        del self.starts[number]  # `initial` repeated the end of the line before
        self.origin_of.extend(codes)
        if regular and _is_plain(block, len(lines)):
            self.special.extend(bytes(len(lines)))
            return
        for at, (line, code) in enumerate(zip(lines, codes, strict=True), number):
            plain = code > 0 and (regular or _usual_time(line)) and _is_plain(line + b"\n", 1)
            self.special.append(not plain)
            if not plain and b"\\n" in line:
                self._measure(at)

    def _origins(self, lines: Sequence[bytes]) -> tuple[list[int], bool]:
        """Where each line comes from, and whether all are whole and have a time of the usual length."""
        codes = []
        head, size, code, regular = b"", 0, 0, True
        for line in lines:
            # Neighbours mostly have the same origin: comparing is five times faster than matching.
            if not size or line[:size] != head or line[size + _TIME : size + _AFTER_HEAD] != _MESSAGE:
                match = _HEAD.match(line)
                head = match[0] if match else b""
                size = len(head)
                code = self._code(head) if match else 0
                regular = regular and code > 0 and line[size + _TIME : size + _AFTER_HEAD] == _MESSAGE
            codes.append(code)
        return codes, regular

    def _measure(self, number: int) -> None:
        rows = self.shown(number).line.message.count("\n") + 1
        if rows > 1:
            self.tall[number] = rows

    def _code(self, head: bytes) -> int:
        """The number of an origin, given the bytes of a line up to its time."""
        code = self._codes.get(head)
        if code is None:
            code = self._codes[head] = self._new_origin(head)
        return code

    def _new_origin(self, head: bytes) -> int:
        try:
            entry = json.loads(head[: -len(b',"t":')] + b"}")
            origin = LogOrigin(entry["s"], entry["l"], entry["k"], entry["r"], entry["a"])
        except (ValueError, KeyError):
            return 0
        if origin.source not in SOURCES or origin.level not in LEVELS:
            return 0
        self.origins.append(origin)
        self._heads.append(len(head) + _AFTER_HEAD)
        return len(self.origins) - 1

    # ---- reading -----------------------------------------------------------------------------------------------

    def line(self, number: int) -> LogLine:
        """The whole entry, whatever its size. Raises IndexError for a line that is not there."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        return parse_line(self._read(self.starts[number], self.starts[number + 1]))

    def shown(self, number: int) -> ShownLine:
        """The entry for drawing: cleaned again, since anyone may have written the file, and cut if it is huge."""
        start, end = self.starts[number], self.starts[number + 1]
        if end - start <= SHOWN:
            line, whole = parse_line(self._read(start, end)), 0
        else:
            line, whole = _parse_cut(self._read(start, start + SHOWN)), end - start
        return ShownLine(replace(line, message=clean_output(line.message)), whole)

    def plain_width(self, number: int) -> int | None:
        """Cells of a message that is one row of ASCII without colours, and not cut, without reading it; else None."""
        size = self.starts[number + 1] - self.starts[number]
        if self.special[number] or size > SHOWN:
            return None
        return size - len(_END) - self._heads[self.origin_of[number]]

    def matching(self, pattern: TextPattern, numbers: Sequence[int]) -> Iterator[int]:
        """Those of the given lines (ascending) whose message matches."""
        fast = pattern.for_bytes()
        may_occur = pattern.occurs_in_bytes()
        for group in self._groups(numbers):
            base = self.starts[group[0]]
            block = self._read(base, self.starts[group[-1] + 1])
            plain = 1 not in self.special[group[0] : group[-1] + 1]
            if plain and not may_occur(block):
                if pattern.inverse:
                    yield from group
                continue
            for number in group:
                start, end = self.starts[number] - base, self.starts[number + 1] - base
                if self.special[number] or fast is None:
                    if pattern.matches(parse_line(block[start:end]).message):
                        yield number
                    continue
                start += self._heads[self.origin_of[number]]
                if (fast.search(block[start : end - len(_END)]) is not None) != pattern.inverse:
                    yield number

    def _groups(self, numbers: Sequence[int]) -> Iterator[Sequence[int]]:
        """Runs of lines that lie close together in the file; one line may be larger than a run should be."""
        at = 0
        while at < len(numbers):
            beyond = bisect_left(self.starts, self.starts[numbers[at]] + _GROUP) - 1
            end = max(bisect_left(numbers, beyond, at), at + 1)
            yield numbers[at:end]
            at = end

    def _read(self, start: int, end: int) -> bytes:
        if self._file < 0:
            self._file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        return os.pread(self._file, end - start, start)


def _is_plain(block: bytes, count: int) -> bool:
    """Whether the messages of `count` lines are simply bytes between their head and the end of the line."""
    return block.isascii() and b"\\" not in block and _VALUE not in block and block.count(_END) == count


def _usual_time(line: bytes) -> bool:
    match = _HEAD.match(line)
    return match is not None and line[match.end() + _TIME : match.end() + _AFTER_HEAD] == _MESSAGE


def _parse_cut(data: bytes) -> LogLine:
    """The entry that begins with these bytes; the cut may have gone through a character or an escape."""
    text = data.decode("utf-8", "ignore")
    for dropped in range(8):
        whole = (text[: len(text) - dropped] + '"}').encode()
        line = parse_line(whole)
        if line.task_id is not None or not line.message.startswith("[damaged log line]"):
            return replace(line, message=_HALF_SEQUENCE.sub("", line.message))
    return parse_line(data)


# ---- filtering -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Search:
    """Where a search stands: the row it found, or the row to go on from; both None when there is nothing."""

    found: int | None
    next: int | None


class LogSelection:
    """The lines of an index that a filter means, as rows 0..n-1 in the order of the file."""

    def __init__(self, index: LogIndex, chosen: LogFilter) -> None:
        self.index = index
        self._chosen = chosen
        self._forget()

    def _forget(self) -> None:
        self._generation = self.index.generation
        self.lines = array("I")
        self.seen = 0
        self.total = 0
        self.of_level = 0
        self._admitted = bytearray()
        self._in_lane = bytearray()

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def chosen(self) -> LogFilter:
        """What is chosen; `total` counts the lines that only its level and text may hide, `of_level` those of them
        that its level does not hide."""
        return self._chosen

    @chosen.setter
    def chosen(self, chosen: LogFilter) -> None:
        self._chosen = chosen
        self._forget()

    @property
    def outdated(self) -> bool:
        """Whether the file was replaced since the last refresh, so that rows do not mean the same lines any more."""
        return self._generation != self.index.generation

    def refresh(self, max_seconds: float = float("inf")) -> bool:
        """Take in the lines that the index has gained; False if the time was over before all were looked at."""
        if self.outdated:
            self._forget()
        deadline = time.monotonic() + max_seconds
        count = len(self.index)
        while self.seen < count:
            self._extend(min(self.seen + _SLICE, count))
            if time.monotonic() > deadline:
                break
        return self.seen >= count

    def _extend(self, end: int) -> None:
        for origin in self.index.origins[len(self._admitted) :]:
            self._admitted.append(self._chosen.admits(origin))
            self._in_lane.append(self._chosen.in_lane(origin))
        codes = self.index.origin_of[self.seen : end]
        self.total += sum(map(self._in_lane.__getitem__, codes))
        admitted = array("I", compress(range(self.seen, end), map(self._admitted.__getitem__, codes)))
        self.of_level += len(admitted)
        pattern = self._chosen.pattern
        self.lines.extend(admitted if pattern is None else self.index.matching(pattern, admitted))
        self.seen = end

    def row_of(self, number: int) -> int:
        """The row of a line, or of the next line that is there."""
        return bisect_left(self.lines, number)

    def find(self, pattern: TextPattern, row: int, step: int, max_seconds: float = float("inf")) -> Search:
        """The nearest row that matches, from `row` on (itself included), forwards (step 1) or backwards (-1)."""
        deadline = time.monotonic() + max_seconds
        size = 256  # most hits are near; farther away larger slices cost less
        while 0 <= row < len(self.lines):
            first, last = (row, row + size) if step > 0 else (max(row - size + 1, 0), row + 1)
            hits = self.index.matching(pattern, self.lines[first:last])
            hit = next(hits, None) if step > 0 else max(hits, default=None)
            if hit is not None:
                return Search(self.row_of(hit), None)
            row = last if step > 0 else first - 1
            if time.monotonic() > deadline:
                return Search(None, row)
            size = min(size * 4, _SLICE)
        return Search(None, None)

    def messages(self, rows: Iterable[int]) -> Iterator[LogLine]:
        """The whole entries of some rows."""
        return (self.index.line(self.lines[row]) for row in rows)
