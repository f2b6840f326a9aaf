"""The log of one execution: `log.jsonl`, append-only, one JSON object per line.

    {"s":"stdout","l":"INFO","k":"<taskId>","r":"<taskRunId>","a":0,"t":1767225600000,"m":"<message>"}

The order of the keys is fixed, so that a reader can tell where a line comes from by its first bytes without parsing
it. `s` is the source (`log` is a Log task or the engine), `l` the level, `k` and `r` are null for lines of the
engine, `a` is the attempt counted from 0, `t` are milliseconds since the epoch. A last key `v` holds the iteration
value, where there is one. Messages are cleaned when they are written: readers find text, line breaks, tabs and
colour sequences, nothing else.
"""

import errno
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from json import encoder
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self, cast

from podium.base.clock import iso_instant
from podium.base.text import clean_output, is_harmless, without_colours
from podium.store.errors import NoRoom, StoreError

Source = Literal["log", "stdout", "stderr"]
Level = Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]

SOURCES: tuple[Source, ...] = ("log", "stdout", "stderr")
LEVELS: tuple[Level, ...] = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR")

_quoted: Callable[[str], str] = getattr(encoder, "c_encode_basestring", None) or encoder.encode_basestring


class LogWriteError(StoreError):
    """Log lines could not be written: says which file, why, and how many lines are missing there."""

    def __init__(self, path: Path, reason: str, lost: int, hint: str = "") -> None:
        missing = f" {lost} line{'s are' if lost != 1 else ' is'} missing." if lost else ""
        super().__init__(f"Cannot write the log {path}: {reason}.{missing}{hint}")
        self.path, self.reason, self.lost = path, reason, lost


class NoRoomForLog(LogWriteError, NoRoom):
    """The disk is full."""


def _tail(value: str | None) -> str:
    return "}\n" if value is None else f',"v":{_quoted(value)}}}\n'


def _write_error(path: Path, error: OSError, lost: int) -> LogWriteError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    hint = " Free some space there." if full else " Check that file and its permissions."
    return (NoRoomForLog if full else LogWriteError)(path, error.strerror or str(error), lost, hint)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry. `time` is in milliseconds since the epoch, `attempt` counts from 0."""

    source: Source
    level: Level
    task_id: str | None
    task_run_id: str | None
    attempt: int
    time: int
    message: str
    value: str | None = None

    def kestra(self, *, namespace: str, flow_id: str, execution_id: str) -> dict[str, Any]:
        """Kestra's LogEntry as a JSON-ready dict, plus `source`; members that do not apply are left out."""
        moment = datetime.fromtimestamp(self.time / 1000, UTC)
        entry: dict[str, Any] = {"namespace": namespace, "flowId": flow_id}
        if self.task_id is not None:
            entry["taskId"] = self.task_id
        entry["executionId"] = execution_id
        if self.task_run_id is not None:
            entry |= {"taskRunId": self.task_run_id, "attemptNumber": self.attempt}
        entry |= {"timestamp": iso_instant(moment), "level": self.level, "message": without_colours(self.message)}
        if self.value is not None:
            entry["value"] = self.value
        return entry | {"source": self.source}

    def plain(self) -> str:
        """`timestamp LEVEL message` as in Kestra's log download, without colours."""
        moment = iso_instant(datetime.fromtimestamp(self.time / 1000, UTC))
        return f"{moment} {self.level} {without_colours(self.message)}"


# ---- writing ---------------------------------------------------------------------------------------------------


class LogWriter:
    """Appends to one log file from any thread; nothing is buffered here, a line is in the file when a call returns.

    `mask` hides secrets; it gets text with line breaks and must treat each line alike. An unfinished last line (the
    process before was killed) is ended before the first new one. Raises LogWriteError when the disk is full or the
    file cannot be opened; the file then still ends with a whole line, and the number of lines that are missing is
    noted in it as soon as there is room again.
    """

    def __init__(self, path: Path, mask: Callable[[str], str] | None = None) -> None:
        self.path = path
        self._mask = mask
        self._lock = threading.Lock()
        self._missing = 0
        try:
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            size = os.fstat(self._file).st_size
            self._torn = size > 0 and os.pread(self._file, 1, size - 1) != b"\n"
        except OSError as error:
            raise _write_error(path, error, 0) from error

    def write(self, line: LogLine) -> None:
        """Append one entry; its message may have several rows."""
        message = self._masked(clean_output(self._masked(line.message)))
        head = _head(line.source, line.level, line.task_id, line.task_run_id, line.attempt, line.time)
        tail = _tail(None if line.value is None else clean_output(self._masked(line.value)))
        self._append(_bytes(head + _quoted(message) + tail), 1, line.time)

    def write_lines(
        self,
        source: Source,
        level: Level,
        task_id: str | None,
        task_run_id: str | None,
        attempt: int,
        time: int,
        lines: Sequence[str],
        value: str | None = None,
    ) -> None:
        """Append many lines of one task run at once, one entry each: the way of script output."""
        if not lines:
            return
        lines = self._prepared(lines)
        head = _head(source, level, task_id, task_run_id, attempt, time)
        tail = _tail(None if value is None else clean_output(self._masked(value)))
        text = head + (tail + head).join(map(_quoted, lines)) + tail
        self._append(_bytes(text), len(lines), time)

    def flush(self) -> None:
        """Force what was written to the disk itself. Raises LogWriteError."""
        try:
            os.fsync(self._file)
        except OSError as error:
            raise _write_error(self.path, error, 0) from error

    def close(self) -> None:
        """End writing; a second call does nothing."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _masked(self, text: str) -> str:
        return text if self._mask is None else self._mask(text)

    def _prepared(self, lines: Sequence[str]) -> Sequence[str]:
        """The lines masked and cleaned. Work is done on the batch as a whole wherever that gives the same."""
        batch = "\n".join(lines)
        masked = self._masked(batch)
        if masked != batch:
            lines = self._masked_lines(lines, batch, masked)
            batch = masked
        if is_harmless(batch):
            return lines
        # A secret that was interrupted by an escape sequence is whole only after cleaning: mask once more.
        return [line if line.isprintable() else self._masked(clean_output(line)) for line in lines]

    def _masked_lines(self, lines: Sequence[str], batch: str, masked: str) -> Sequence[str]:
        if batch.count("\n") == len(lines) - 1 == masked.count("\n"):
            return masked.split("\n")
        return [self._masked(line) for line in lines]

    def _append(self, data: bytes, count: int, time: int) -> None:
        with self._lock:
            if self._file < 0:
                raise LogWriteError(self.path, "the log is closed", count)
            before = b"\n" if self._torn else b""
            if self._missing:
                note = f"{self._missing} log lines are missing here: they could not be written."
                before += _bytes(_head("log", "WARN", None, None, 0, time) + _quoted(note) + "}\n")
            self._write(before + data, count, len(before))

    def _write(self, data: bytes, count: int, extra: int) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:] if written else data)
        except OSError as error:
            whole = data.rfind(b"\n", 0, written) + 1
            self._torn = (self._torn and not whole) or not self._cut_off(written - whole)
            lost = count - data.count(b"\n", extra, max(whole, extra))
            self._missing = lost + (self._missing if whole < extra else 0)
            raise _write_error(self.path, error, lost) from error
        self._torn, self._missing = False, 0

    def _cut_off(self, torn: int) -> bool:
        """Remove the beginning of a line that was written last; False if another writer came after it."""
        if torn == 0:
            return True
        try:
            end = os.lseek(self._file, 0, os.SEEK_CUR)
            if end != os.fstat(self._file).st_size:
                return False
            os.ftruncate(self._file, end - torn)
        except OSError:
            return False
        return True


def _head(source: Source, level: Level, task: str | None, run: str | None, attempt: int, time: int) -> str:
    task_json = "null" if task is None else _quoted(task)
    run_json = "null" if run is None else _quoted(run)
    return f'{{"s":"{source}","l":"{level}","k":{task_json},"r":{run_json},"a":{attempt},"t":{time},"m":'


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


# ---- reading ---------------------------------------------------------------------------------------------------

_TORN = re.compile(rb'^\{"s":"(log|stdout|stderr)","l":"(\w+)".*?"t":(\d+),"m":"(.*)', re.DOTALL)


def parse_line(data: bytes) -> LogLine:
    """One line of the file, with or without its line end.

    Damage does not raise: a line that is not whole comes back as a WARN entry that shows what is left of it.
    """
    try:
        entry = json.loads(data)
        return LogLine(
            cast(Source, entry["s"]), cast(Level, entry["l"]), entry["k"], entry["r"],
            entry["a"], entry["t"], entry["m"], entry.get("v"),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return _damaged(data)


def _damaged(data: bytes) -> LogLine:
    found = _TORN.match(data)
    rest, time = (found[4], int(found[3])) if found else (data, 0)
    text = clean_output(rest.decode("utf-8", "replace").rstrip("\n"))
    return LogLine("log", "WARN", None, None, 0, time, f"[damaged log line] {text}")


def read_lines(path: Path, start: int = 0) -> Iterator[tuple[LogLine, int]]:
    """The entries from byte `start` on, each with the byte behind it; stops at an unfinished last line.

    A file that does not exist has no entries.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(start)
        for data in file:
            if not data.endswith(b"\n"):
                return
            start += len(data)
            yield parse_line(data), start


class Stop(Protocol):
    """The part of `threading.Event` that `follow` needs."""

    def is_set(self) -> bool: ...
    def wait(self, timeout: float) -> bool: ...


def follow(path: Path, stop: Stop, *, interval: float = 0.1) -> Iterator[LogLine]:
    """All entries, those there are and those to come, until `stop` is set; what came before that is still given.

    The file may appear later, and one that became shorter (a restarted log) is read from its beginning.
    `interval` is the pause between two looks in seconds.
    """
    position = 0
    while True:
        last_look = stop.is_set()
        if _size(path) < position:
            position = 0
        for line, end in read_lines(path, position):
            position = end
            yield line
        if last_look:
            return
        stop.wait(interval)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
