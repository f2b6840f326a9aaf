"""A real workspace in a temporary folder, for tests of the runtime."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from podium.base.clock import ManualClock, SortableIds
from podium.engine import changes as c
from podium.store.execution_records import ExecutionRecord
from podium.store.stores import Stores

NOW = datetime(2026, 3, 14, 15, 9, 26, 535000, UTC)


def write(root: Path, files: dict[str, str]) -> None:
    """Write files below `root`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def opened(root: Path, files: dict[str, str] | None = None) -> Stores:
    """The stores of a workspace with these files, at a clock that stands still."""
    root.mkdir(exist_ok=True)
    write(root, files or {})
    return Stores.open(root, ManualClock(NOW))


def put_execution(
    stores: Stores, execution_id: str | None = None, *, namespace: str = "lab", flow_id: str = "hello",
    state: str = "SUCCESS", age: timedelta = timedelta(0), flow: str = "id: hello\n", log: str = "", **created: Any,
) -> ExecutionRecord:  # fmt: skip
    """An execution on disk and in the index, as if it had run `age` ago."""
    from podium.store.summaries import summary_of

    begun = NOW - age
    made = c.ExecutionCreated(execution_id or SortableIds().new(), namespace, flow_id, begun, 1, **created)
    changes: list[c.Change] = [made]
    if state != "CREATED":
        changes.append(c.ExecutionMoved("RUNNING", begun))
        if state != "RUNNING":
            changes.append(c.ExecutionMoved(state, begun + timedelta(seconds=1)))
    record = ExecutionRecord.create(stores.workspace.executions, changes, flow)
    if log:
        record.log.write_text(log, encoding="utf-8")
    stores.index.upsert(summary_of(record.load().execution))
    return record


def log_line(message: str, level: str = "INFO", task: str = "t", time: int = 0) -> str:
    """One line of a log file."""
    return f'{{"s":"log","l":"{level}","k":"{task}","r":"r-{task}","a":0,"t":{time},"m":"{message}"}}\n'


def never_alive(pid: int, start: str) -> bool:
    """No process runs."""
    return False


def this_process_lives(pid: int, start: str) -> bool:
    """Only this process runs."""
    return pid == os.getpid()
