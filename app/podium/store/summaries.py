"""What the index knows of one execution."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from podium.engine.execution import Execution

COLUMNS: tuple[str, ...] = (
    "id", "namespace", "flow_id", "revision", "state", "start", "finish", "duration", "trigger_id", "trigger_type",
    "trigger_execution_id", "parent_id", "original_id", "kind", "schedule_date", "pid", "pid_start",
)  # fmt: skip
"""The columns of the table `executions` that a summary fills, in this order."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class ExecutionSummary:
    """One row of the index.

    `start` is when the execution was created (Kestra's startDate), `end` when it ended. `pid` and `pid_start` name
    its runner, `pid_start` being the process's start time as an opaque text; both are None when nobody runs it.
    """

    id: str
    namespace: str
    flow_id: str
    state: str
    start: datetime
    end: datetime | None = None
    revision: int = 0
    trigger_id: str | None = None
    trigger_type: str | None = None
    trigger_execution_id: str | None = None
    parent_id: str | None = None
    original_id: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    kind: str | None = None
    schedule_date: datetime | None = None
    pid: int | None = None
    pid_start: str | None = None

    @property
    def duration(self) -> timedelta | None:
        """From creation to end; None while it has no end."""
        return None if self.end is None else self.end - self.start


def summary_of(execution: Execution, pid: int | None = None, pid_start: str | None = None) -> ExecutionSummary:
    """The summary of an execution as its journal has it, run by this process."""
    trigger = execution.trigger or {}
    variables = trigger.get("variables") or {}
    return ExecutionSummary(
        id=execution.id, namespace=execution.namespace, flow_id=execution.flow_id, state=execution.state,
        start=execution.start, end=execution.end, revision=execution.revision,
        trigger_id=_text(trigger.get("id")), trigger_type=_text(trigger.get("type")),
        trigger_execution_id=_text(variables.get("executionId")),
        parent_id=execution.parent_id, original_id=execution.original_id, labels=tuple(execution.labels),
        kind=execution.kind, schedule_date=execution.schedule_date, pid=pid, pid_start=pid_start,
    )  # fmt: skip


def to_row(summary: ExecutionSummary) -> tuple[Any, ...]:
    """The values of `COLUMNS`."""
    start, end = milliseconds(summary.start), milliseconds(summary.end)
    return (
        summary.id, summary.namespace, summary.flow_id, summary.revision, summary.state, start, end,
        None if start is None or end is None else end - start,
        summary.trigger_id, summary.trigger_type, summary.trigger_execution_id, summary.parent_id,
        summary.original_id, summary.kind, milliseconds(summary.schedule_date), summary.pid, summary.pid_start,
    )  # fmt: skip


def from_row(row: tuple[Any, ...], labels: tuple[tuple[str, str], ...]) -> ExecutionSummary:
    """The inverse of `to_row`."""
    start = instant(row[5])
    assert start is not None
    return ExecutionSummary(
        id=row[0], namespace=row[1], flow_id=row[2], revision=row[3], state=row[4], start=start, end=instant(row[6]),
        trigger_id=row[8], trigger_type=row[9], trigger_execution_id=row[10], parent_id=row[11],
        original_id=row[12], labels=labels, kind=row[13], schedule_date=instant(row[14]), pid=row[15],
        pid_start=row[16],
    )  # fmt: skip


def milliseconds(moment: datetime | None) -> int | None:
    """Whole milliseconds since the epoch, the form of every instant in the database."""
    return None if moment is None else (moment - _EPOCH) // _MILLISECOND


def instant(value: int | None) -> datetime | None:
    """The inverse of `milliseconds`, in UTC."""
    return None if value is None else _EPOCH + value * _MILLISECOND


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
