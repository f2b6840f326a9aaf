"""Removing executions, or parts of what they left. Only what has ended is ever removed."""

import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from podium.engine.states import TERMINAL
from podium.store.errors import NoRoom, StoreError, write_failure
from podium.store.execution_records import ExecutionRecord
from podium.store.index import IsAlive
from podium.store.internal_storage import ExecutionPlace
from podium.store.journal import JournalGone, JournalLocked, kept_from_writers
from podium.store.logs import LogLine, parse_line
from podium.store.stores import Stores

_PATIENCE = 0.5
"""Seconds for a runner that has ended its execution and is just leaving."""


class StillNeeded(StoreError):
    """The execution has not ended, or a process still works on it."""


def delete_execution(
    stores: Stores, execution_id: str, is_alive: IsAlive, *, logs: bool = True, metrics: bool = True,
    storage: bool = True,
) -> int:  # fmt: skip
    """Remove an execution from the index and the disk; returns how many log entries went with it.

    What is not to be removed stays in the execution's directory (its log, its metrics) or in internal storage.
    Raises StillNeeded when it has not ended, StoreError when there is no such execution.
    """
    record = stores.record(execution_id)
    _ended(stores, record, is_alive)
    with _alone(record):
        return _delete(stores, record, is_alive, logs, metrics, storage)


@contextmanager
def _alone(record: ExecutionRecord) -> Iterator[None]:
    """Nobody restarts the execution meanwhile; one that lost its journal nobody can restart."""
    deadline = time.monotonic() + _PATIENCE
    with ExitStack() as stack:
        while record.exists():
            try:
                stack.enter_context(kept_from_writers(record.journal))
                break
            except JournalGone:
                break
            except JournalLocked as error:
                if time.monotonic() > deadline:
                    raise StillNeeded(f"Execution '{record.id}' is in use by a process: kill it first.") from error
                time.sleep(0.01)
        yield


def _delete(
    stores: Stores, record: ExecutionRecord, is_alive: IsAlive, logs: bool, metrics: bool, storage: bool
) -> int:  # fmt: skip
    execution_id = record.id
    place = _ended(stores, record, is_alive)
    removed = count_log_entries(record) if logs else 0
    if storage and place is not None:
        stores.storage.delete_execution(place)
    kept = [path for path, keep in ((record.log, not logs), (record.metrics, not metrics)) if keep and path.exists()]
    # First of all it stops being an execution: what is left after a crash in between is no half of one.
    with suppress(FileNotFoundError):
        record.journal.unlink()
    try:
        stores.index.delete([execution_id])
    except NoRoom:
        # To make room is what deleting is for: the files go first then.
        _remove_files(record, kept)
        stores.index.delete([execution_id])
        return removed
    _remove_files(record, kept)
    return removed


def _remove_files(record: ExecutionRecord, kept: Collection[Path]) -> None:
    if not kept:
        shutil.rmtree(record.directory, ignore_errors=True)
        return
    for entry in record.directory.iterdir():
        if entry not in kept:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _ended(stores: Stores, record: ExecutionRecord, is_alive: IsAlive) -> ExecutionPlace | None:
    """Where the files of an ended execution are; None when the journal does not say so any more."""
    known = stores.index.get(record.id)
    if known is None and not record.exists():
        raise StoreError(f"Execution '{record.id}' not found.")
    if known is not None and known.pid is not None and is_alive(known.pid, known.pid_start or ""):
        raise StillNeeded(f"Execution '{record.id}' is {known.state} and its runner lives: kill it first.")
    if record.exists():
        # The journal is the truth; the row of the index may be older.
        execution = record.load().execution
        state = execution.state
        place = ExecutionPlace(execution.namespace, execution.flow_id, execution.id)
    else:
        assert known is not None
        state = known.state
        place = ExecutionPlace(known.namespace, known.flow_id, known.id)
    if state not in TERMINAL:
        raise StillNeeded(f"Execution '{record.id}' is {state}: only executions that have ended can be removed.")
    return place


def count_log_entries(record: ExecutionRecord) -> int:
    """How many entries the log of an execution has."""
    try:
        with record.log.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except OSError:
        return 0


def delete_log_entries(record: ExecutionRecord, unwanted: Callable[[LogLine], bool]) -> int:
    """Remove entries from the log of an execution that has ended; returns how many. Raises StoreError."""
    draft = record.log.with_name(".log.new")
    removed = 0
    try:
        with record.log.open("rb") as source, draft.open("wb") as target:
            for data in source:
                if unwanted(parse_line(data)):
                    removed += 1
                else:
                    target.write(data)
        if removed:
            draft.replace(record.log)
        else:
            draft.unlink()
    except FileNotFoundError:
        return 0
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise write_failure("The log", record.log, error) from error
    return removed
