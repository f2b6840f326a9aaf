"""The journal of one execution: `journal.jsonl`, append-only, one event per line.

    {"v":1,"n":7,"t":1767225600123,"e":"taskrun.state","id":"...","state":"RUNNING", ...}

`v` is the version of the format, `n` counts from 1 without gaps, `t` is when the line was written (milliseconds
since the epoch) and `e` the kind of event; the rest belongs to the event. A line is whole when it has its line end:
a last line without one is what a killed writer left. Readers pass over it, the next writer removes it; its event was
never acknowledged. Anything else that does not fit is damage and has a position.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from podium.base.clock import Clock, SystemClock
from podium.store.errors import StoreError, read_failure, write_failure
from podium.store.vault import hide

VERSION = 1
_BLOCK = 65_536
_MARK = "⟦".encode()
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode

Seal = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""(the line of an event, the event): the same event, or one without secrets."""
Reveal = Callable[[str], str]
"""A line as it is read: with secrets, or with something in their place."""


class JournalDamage(StoreError):
    """A journal that cannot be read on: `line` counts from 1, `offset` is the byte where that line begins."""

    def __init__(self, path: Path, line: int, offset: int, reason: str) -> None:
        super().__init__(
            f"The journal {path} is damaged at line {line} (byte {offset}): {reason}. "
            "What comes before that line can still be read."
        )
        self.path, self.line, self.offset, self.reason = path, line, offset, reason


class JournalLocked(StoreError):
    """Another process writes this journal: the execution has a runner already."""


class JournalGone(StoreError):
    """The execution was deleted, perhaps just now."""


# ---- writing ---------------------------------------------------------------------------------------------------


class JournalWriter:
    """The one writer of a journal; from opening to `close` no other process can be it.

    `sequence` is the number of the last event, 0 for an empty journal; `discarded` the length in bytes of the
    torn line that was removed on opening. Raises JournalLocked when another writer has the journal,
    JournalDamage when its last whole line cannot be read, StoreError when the file cannot be opened. Calls must
    come from one thread at a time.
    """

    def __init__(self, path: Path, clock: Clock | None = None, *, new: bool = True) -> None:
        """Without `new` a journal that does not exist (any more) is JournalGone."""
        self.path = path
        self.seal: Seal | None = None
        """Takes secrets out of events before they are written, see `podium.store.vault`."""
        self._clock = clock or SystemClock()
        try:
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | (os.O_CREAT if new else 0) | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not new:
                raise JournalGone(f"There is no journal {path}: the execution was deleted.") from error
            raise write_failure("The journal", path, error) from error
        try:
            _lock(path, self._file)
            size = os.fstat(self._file).st_size
            self._end, self.sequence = _last_whole_line(path, self._file, size)
            self.discarded = size - self._end
            if self.discarded:
                os.ftruncate(self._file, self._end)
        except OSError as error:
            os.close(self._file)
            raise write_failure("The journal", path, error) from error
        except StoreError:
            os.close(self._file)
            raise

    def append(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Write the events, JSON objects with their kind under `e`, all at once; they are in the file on return.

        Raises StoreError when they cannot be written, e.g. on a full disk: then none of them is in the journal,
        and the same events can be appended later.
        """
        if not events:
            return
        moment = int(self._clock.now().timestamp() * 1000)
        lines = [
            f'{{"v":{VERSION},"n":{number},"t":{moment},{self._line(event)[1:]}\n'
            for number, event in enumerate(events, self.sequence + 1)
        ]
        data = "".join(lines).encode("utf-8", "surrogatepass")
        try:
            self._write(data)
        except OSError as error:
            raise write_failure("The journal", self.path, error) from error
        self._end += len(data)
        self.sequence += len(events)

    def sync(self) -> None:
        """Make what was appended survive a power cut; raises StoreError."""
        try:
            os.fdatasync(self._file) if hasattr(os, "fdatasync") else os.fsync(self._file)
        except OSError as error:
            raise write_failure("The journal", self.path, error) from error

    def close(self) -> None:
        """Give the journal free for another writer."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _line(self, event: Mapping[str, Any]) -> str:
        line = _encoded(event)
        if self.seal is not None:
            sealed = self.seal(line, event)
            if sealed is not event:
                return _encoded(sealed)
        return line

    def _write(self, data: bytes) -> None:
        if os.fstat(self._file).st_size > self._end:
            # An earlier write failed half-way and its rest could not be removed at that time.
            os.ftruncate(self._file, self._end)
        written = os.write(self._file, data)
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            os.ftruncate(self._file, self._end)
            raise


def _lock(path: Path, file: int) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise JournalLocked(
            f"The journal {path} is being written by another process: this execution is already running. "
            "Wait until it ends, or kill it."
        ) from error
    if os.fstat(file).st_nlink == 0:
        raise JournalGone(f"There is no journal {path} any more: the execution was deleted.")


def _last_whole_line(path: Path, file: int, size: int) -> tuple[int, int]:
    """Where the last whole line of the journal ends, and its number."""
    end = _last_break(file, size)
    if end == 0:
        return 0, 0
    start = _last_break(file, end - 1)
    try:
        return end, _event(os.pread(file, end - 1 - start, start))["n"]
    except _Unreadable as error:
        line = sum(os.pread(file, _BLOCK, at).count(b"\n") for at in range(0, end, _BLOCK))
        raise JournalDamage(path, line, start, str(error)) from error


def _last_break(file: int, end: int) -> int:
    """The position after the last line end before `end`, 0 when there is none."""
    while end > 0:
        start = max(0, end - _BLOCK)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


@contextmanager
def kept_from_writers(path: Path) -> Iterator[None]:
    """Nobody begins to write the journal meanwhile. Raises JournalLocked while somebody does, JournalGone."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise JournalGone(f"There is no journal {path}: the execution was deleted.") from error
    except OSError as error:
        raise read_failure("The journal", path, error) from error
    try:
        _lock(path, file)
        yield
    finally:
        os.close(file)


# ---- reading ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JournalRead:
    """The events of a journal in order. `torn` says that an unfinished last line was passed over."""

    events: list[dict[str, Any]]
    damage: JournalDamage | None = None
    torn: bool = False


def read_journal(path: Path, salvage: bool = False, reveal: Reveal = hide) -> JournalRead:
    """All events of a journal. Without `reveal` secrets are `******`.

    Raises JournalDamage when a line is wrong; with `salvage` the events before it are returned together with
    the damage. Raises StoreError when the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise read_failure("The journal", path, error) from error
    whole = data.rfind(b"\n") + 1
    events: list[dict[str, Any]] = []
    damage = _collect(events, path, data[:whole], 0, 0, reveal)
    if damage is not None and not salvage:
        raise damage
    return JournalRead(events, damage, torn=whole < len(data))


def cut_damage(path: Path) -> JournalDamage | None:
    """Make a damaged journal writable again: what cannot be read goes, a copy of the whole stays beside it.

    Returns what was wrong, None for a sound journal. Raises JournalLocked while somebody writes it, StoreError when
    the copy cannot be made.
    """
    try:
        with path.open("r+b") as file:
            _lock(path, file.fileno())
            damage = read_journal(path, salvage=True).damage
            if damage is not None:
                aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
                shutil.copyfile(path, aside)
                file.truncate(damage.offset)
            return damage
    except FileNotFoundError as error:
        raise JournalGone(f"There is no journal {path}: the execution was deleted.") from error
    except OSError as error:
        raise write_failure("The journal", path, error) from error


@dataclass(frozen=True, slots=True)
class JournalNews:
    """What `JournalReader.poll` found. `reset` says that the file was replaced: `events` begin from its start."""

    events: list[dict[str, Any]]
    reset: bool = False


class JournalReader:
    """Follows a journal while it is written; secrets are `******`.

    Holds nothing open; a journal that does not exist yet is empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._sequence = 0
        self._inode = 0

    def poll(self) -> JournalNews:
        """The events since the last call. Raises JournalDamage once the events before the damage were given."""
        try:
            with self.path.open("rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                reset = self._offset > 0 and (status.st_size < self._offset or status.st_ino != self._inode)
                if reset:
                    self._offset = self._sequence = 0
                self._inode = status.st_ino
                file.seek(self._offset)
                data = file.read(status.st_size - self._offset) if status.st_size > self._offset else b""
        except FileNotFoundError:
            return JournalNews([])
        except OSError as error:
            raise read_failure("The journal", self.path, error) from error
        whole = data[: data.rfind(b"\n") + 1]
        events: list[dict[str, Any]] = []
        damage = _collect(events, self.path, whole, self._sequence, self._offset, hide)
        if damage is not None and not events:
            raise damage
        self._offset = damage.offset if damage else self._offset + len(whole)
        self._sequence += len(events)
        return JournalNews(events, reset)


class _Unreadable(Exception):
    """Why a line is not an event."""


def _collect(
    events: list[dict[str, Any]], path: Path, whole: bytes, sequence: int, base: int, reveal: Reveal
) -> JournalDamage | None:  # fmt: skip
    """Append the events of whole lines that follow number `sequence`; stops at the first that does not fit."""
    for line, offset in _lines(whole):
        try:
            event = _event(line, reveal)
            if event["n"] != sequence + 1:
                raise _Unreadable(f"event {sequence + 1} was expected, but this is event {event['n']}")
        except _Unreadable as error:
            return JournalDamage(path, sequence + 1, base + offset, str(error))
        events.append(event)
        sequence += 1
    return None


def _lines(data: bytes) -> Iterator[tuple[bytes, int]]:
    offset = 0
    for line in data.split(b"\n")[:-1]:
        yield line, offset
        offset += len(line) + 1


def _event(line: bytes, reveal: Reveal = hide) -> dict[str, Any]:
    try:
        event = json.loads(reveal(line.decode("utf-8", "surrogatepass")) if _MARK in line else line)
    except (ValueError, RecursionError) as error:
        raise _Unreadable("it is not JSON") from error
    if not isinstance(event, dict) or not isinstance(event.get("n"), int) or not isinstance(event.get("e"), str):
        raise _Unreadable("it is not an event of a journal")
    if event.get("v") != VERSION:
        raise _Unreadable(f"its version is {event.get('v')!r}, this Podium reads version {VERSION}")
    return event
