"""What somebody wants of an execution that another process runs: files in its directory, kept until handled.

A request is written as a whole (`requests/<id>.json`, names sort by age); then the bell of the runner is rung, a FIFO
of which only a living runner holds the reading end. Who finds no bell knows that nobody runs the execution.
"""

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from podium.base.clock import SortableIds
from podium.store.errors import write_failure
from podium.store.execution_records import ExecutionRecord

RequestKind = Literal["kill", "pause", "resume", "force-run", "unqueue", "labels", "admit", "leave"]

FOLDER = "requests"
BELL = "bell"


@dataclass(frozen=True, slots=True)
class Request:
    """One wish; `details` belong to its kind. `path` is removed when it has been handled."""

    kind: RequestKind
    details: Mapping[str, Any]
    path: Path

    def done(self) -> None:
        """The runner has handled it (and what came of it is in the journal)."""
        self.path.unlink(missing_ok=True)


def leave(record: ExecutionRecord, kind: RequestKind, details: Mapping[str, Any] | None = None) -> None:
    """Write a request. Raises StoreError when that is impossible."""
    name = SortableIds().new()
    folder = record.directory / FOLDER
    draft = folder / f".{name}"
    try:
        folder.mkdir(exist_ok=True)
        draft.write_text(json.dumps({"kind": kind, **(details or {})}), encoding="utf-8")
        draft.replace(folder / f"{name}.json")
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise write_failure("The request", folder, error) from error


def pending(directory: Path) -> Sequence[Request]:
    """The requests of an execution that wait to be handled, oldest first. One that cannot be read is dropped."""
    try:
        names = sorted(found.name for found in os.scandir(directory / FOLDER) if found.name.endswith(".json"))
    except OSError:
        return ()
    found = []
    for name in names:
        path = directory / FOLDER / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            found.append(Request(content.pop("kind"), content, path))
        except (OSError, ValueError, KeyError, AttributeError):
            path.unlink(missing_ok=True)
    return found


def ring(directory: Path, execution_id: str) -> bool:
    """Tell the runner whose own execution is in `directory` to look at `execution_id`; False when there is none."""
    try:
        bell = os.open(directory / BELL, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # A full bell means that the runner has much to look at already.
        with contextlib.suppress(BlockingIOError):
            os.write(bell, execution_id.encode() + b"\n")
    except OSError:
        return False
    finally:
        os.close(bell)
    return True


class Bell:
    """The runner's end: readable when somebody has rung."""

    def __init__(self, directory: Path) -> None:
        """Raises StoreError when there can be none."""
        self._path = directory / BELL
        try:
            with contextlib.suppress(FileExistsError):
                os.mkfifo(self._path, 0o600)
            # Open for writing too: without a writer a FIFO would be readable (at its end) all the time.
            self.descriptor = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise write_failure("The bell of the runner", self._path, error) from error
        self._rest = b""

    def rung(self) -> set[str]:
        """The ids that were named since the last call."""
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self.descriptor, 65_536):
                self._rest += piece
        *lines, self._rest = self._rest.split(b"\n")
        return {line.decode() for line in lines if line}

    def close(self) -> None:
        """From now on nobody is told anything: `ring` returns False."""
        self._path.unlink(missing_ok=True)
        os.close(self.descriptor)
