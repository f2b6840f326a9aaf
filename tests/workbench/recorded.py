"""Executions as a runner would leave them, written with the real store."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from podium.engine import changes as c
from podium.engine.execution import fold
from podium.store.database import Database
from podium.store.execution_records import ExecutionRecord
from podium.store.index import ExecutionIndex
from podium.store.journal import JournalWriter
from podium.store.summaries import ExecutionSummary, summary_of
from podium.store.workspace import Workspace

START = datetime(2026, 11, 22, 14, 32, 5, tzinfo=UTC)
SOURCE = "id: etl\nnamespace: company.team\n\ntasks:\n  - id: extract\n    type: io.kestra.plugin.core.log.Log\n"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Recorder:
    """Plays the runner: keeps journals and the index of one workspace."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root)
        self.workspace.prepare()
        self.database = Database(self.workspace.index)
        self.index = ExecutionIndex(self.database)
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

    def note(self, execution_id: str, pid: int | None = None) -> None:
        self.index.upsert(summary_of(fold(self.changes[execution_id]), pid))

    def close(self) -> None:
        self.database.close()


def summary(execution_id: str, state: str = "SUCCESS", *, flow_id: str = "etl", start: float = 0,
            end: float | None = 3.1, labels: Sequence[tuple[str, str]] = ()) -> ExecutionSummary:  # fmt: skip
    return ExecutionSummary(
        execution_id, "company.team", flow_id, state, at(start), None if end is None else at(start + end), 1,
        labels=tuple(labels),
    )  # fmt: skip
