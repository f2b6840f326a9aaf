"""Executions as a runner would leave them, written with the real store."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from podium.base.clock import ManualClock
from podium.engine import changes as c
from podium.engine.execution import fold
from podium.store.execution_records import ExecutionRecord
from podium.store.journal import JournalWriter
from podium.store.logs import LogLine, LogWriter, Source
from podium.store.settings import Settings
from podium.store.stores import Stores
from podium.store.summaries import ExecutionSummary, summary_of
from podium.store.workspace import Workspace

START = datetime(2026, 11, 22, 14, 32, 5, tzinfo=UTC)
SOURCE = """id: etl
namespace: company.team

tasks:
  - id: extract
    type: io.kestra.plugin.core.log.Log
    message: hi
"""


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Recorder:
    """Plays the runner: keeps journals, logs and the index of one workspace."""

    def __init__(self, root: Path) -> None:
        self.clock = ManualClock(at(60))
        self.workspace = Workspace(root)
        self.workspace.prepare()
        self.stores = Stores.of(self.workspace, Settings(), self.clock)
        self.database = self.stores.database
        self.index = self.stores.index
        self.changes: dict[str, list[c.Change]] = {}

    def create(self, execution_id: str, *, flow_id: str = "etl", seconds: float = 0, source: str = SOURCE,
               **more: Any) -> ExecutionRecord:  # fmt: skip
        created = c.ExecutionCreated(execution_id, "company.team", flow_id, at(seconds), revision=1, **more)
        self.changes[execution_id] = [created]
        record = ExecutionRecord.create(self.workspace.executions, [created], source)
        self.note(execution_id)
        return record

    def add(self, execution_id: str, *changes: c.Change) -> None:
        record = ExecutionRecord(self.workspace.execution(execution_id))
        self.changes[execution_id] += changes
        with JournalWriter(record.journal) as writer:
            writer.append([c.encode(change) for change in changes])
        self.note(execution_id)

    def task(self, execution_id: str, taskrun_id: str, task_id: str, start: float, end: float | None = None,
             state: str = "SUCCESS", *, outputs: dict[str, Any] | None = None, **more: Any) -> None:  # fmt: skip
        """A task run with one attempt, still running without an `end`."""
        self.add(
            execution_id, c.TaskRunCreated(taskrun_id, task_id, at(start), **more),
            c.AttemptStarted(taskrun_id, at(start + 0.1)),
        )  # fmt: skip
        if end is not None:
            ended = c.AttemptEnded(taskrun_id, state, at(end), outputs=outputs)
            self.add(execution_id, ended, c.TaskRunMoved(taskrun_id, state, at(end)))

    def log(self, execution_id: str, taskrun_id: str, task_id: str, source: Source, seconds: float, *lines: str,
            level: str = "INFO") -> None:  # fmt: skip
        record = ExecutionRecord(self.workspace.execution(execution_id))
        time = int(at(seconds).timestamp() * 1000)
        with LogWriter(record.log) as log:
            for line in lines:
                log.write(LogLine(source, level, task_id, taskrun_id, 0, time, line))  # type: ignore[arg-type]

    def note(self, execution_id: str, pid: int | None = None) -> None:
        self.index.upsert(summary_of(fold(self.changes[execution_id]), pid))

    def close(self) -> None:
        self.database.close()


FAILING = """id: etl
namespace: company.team

labels:
  team: data

inputs:
  - id: limit
    type: INT
    defaults: 100

variables:
  greeting: Hello

tasks:
  - id: extract
    type: io.kestra.plugin.core.log.Log
    message: "{{ vars.greeting }}"
  - id: each
    type: io.kestra.plugin.core.flow.ForEach
    values: [north, south]
    tasks:
      - id: transform
        type: io.kestra.plugin.core.log.Log
        message: "{{ taskrun.value }}"
  - id: load
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.extract.rows }}"
"""


def failed_run(recorder: Recorder, execution_id: str = "0VQZabcd1111") -> None:
    """A run of `FAILING` whose last task has failed in a script of the namespace."""
    recorder.create(
        execution_id, source=FAILING, inputs={"limit": 100}, labels=[("team", "data"), ("system.correlationId", "x")],
    )  # fmt: skip
    recorder.add(execution_id, c.ExecutionMoved("RUNNING", at(0.1)))
    recorder.task(execution_id, "r1", "extract", 0.2, 4, outputs={"rows": 48151, "vars": {"gh-stars": [1, 2]}})
    recorder.log(execution_id, "r1", "extract", "log", 1, "Hello [/nope]", "48151 rows")
    recorder.task(execution_id, "r2", "each", 4)
    for number, value in enumerate(("north", "south")):
        recorder.task(execution_id, f"r3{number}", "transform", 4.2 + number, 7 + number, parent="r2", value=value,
                      iteration=number, outputs={"path": f"{value}.csv"})  # fmt: skip
    recorder.add(execution_id, c.TaskRunMoved("r2", "SUCCESS", at(8)))
    recorder.task(execution_id, "r4", "load", 8, 11.5, "FAILED")
    recorder.log(execution_id, "r4", "load", "stdout", 9, *[f"row {number}" for number in range(40)])
    recorder.log(
        execution_id, "r4", "load", "stderr", 11, "Traceback (most recent call last):",
        '  File "/somewhere/else/scripts/load.py", line 12, in <module>', "KeyError: 'population'", level="ERROR",
    )  # fmt: skip
    recorder.log(execution_id, "r4", "load", "log", 11.4, "Command failed with exit code 1", level="ERROR")
    recorder.add(execution_id, c.ExecutionMoved("FAILED", at(11.8)))


def summary(execution_id: str, state: str = "SUCCESS", *, flow_id: str = "etl", start: float = 0,
            end: float | None = 3.1, labels: Sequence[tuple[str, str]] = ()) -> ExecutionSummary:  # fmt: skip
    return ExecutionSummary(
        execution_id, "company.team", flow_id, state, at(start), None if end is None else at(start + end), 1,
        labels=tuple(labels),
    )  # fmt: skip
