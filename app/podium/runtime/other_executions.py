"""What a task may ask of the other executions of its workspace: the `ExecutionQueries` port."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from podium.base.clock import iso_instant
from podium.base.durations import format_duration
from podium.plugin.task import TaskError
from podium.runtime.deletion import delete_execution, delete_log_entries
from podium.store.errors import StoreError
from podium.store.index import ExecutionFilter, IsAlive
from podium.store.logs import LEVELS, LogLine, read_lines
from podium.store.stores import Stores
from podium.store.summaries import ExecutionSummary

_PAGE = 1000

Resume = Callable[[str, Mapping[str, Any] | None], None]
"""Asks a paused execution to go on; raises an exception with a sentence for the user."""


class OtherExecutions:
    """Executions of the workspace for its tasks. Raises TaskError with a sentence for the user."""

    def __init__(self, stores: Stores, is_alive: IsAlive, resume: Resume) -> None:
        self._stores = stores
        self._is_alive = is_alive
        self._resume = resume

    def find(self, **filters: Any) -> Sequence[Mapping[str, Any]]:
        """See `ExecutionQueries.find`. A `namespace` without a flow includes the namespaces below it."""
        flow_id = filters.get("flow_id") or None
        namespace = filters.get("namespace") or None
        labels = filters.get("labels") or {}
        wanted = ExecutionFilter(
            namespace=namespace if flow_id else None,
            namespace_prefix=None if flow_id else namespace,
            flow_id=flow_id,
            states=tuple(str(state) for state in filters.get("states") or ()),
            after=filters.get("start"),
            before=filters.get("end"),
            labels=tuple((str(key), str(value)) for key, value in dict(labels).items()),
        )
        found: list[Mapping[str, Any]] = []
        number = 1
        while True:
            page = self._stores.index.search(wanted, number, _PAGE)
            found += [summary_json(one) for one in page.items]
            if len(page.items) < _PAGE:
                return found
            number += 1

    def logs(self, execution_id: str, **filters: Any) -> Sequence[Mapping[str, Any]]:
        """See `ExecutionQueries.logs`; also `task_run_id`, `levels`, `start` and `end`."""
        known = self._known(execution_id)
        names = {"namespace": known.namespace, "flow_id": known.flow_id, "execution_id": execution_id}
        wanted = _line_filter(filters)
        lines = read_lines(self._stores.record(execution_id).log)
        return [line.kestra(**names) for line, _ in lines if wanted(line)]

    def delete(self, execution_id: str, *, logs: bool = True, metrics: bool = True, storage: bool = True) -> int:
        """See `ExecutionQueries.delete`."""
        try:
            return delete_execution(
                self._stores, execution_id, self._is_alive, logs=logs, metrics=metrics, storage=storage
            )
        except StoreError as error:
            raise TaskError(str(error)) from error

    def delete_logs(self, execution_id: str, **filters: Any) -> int:
        """See `ExecutionQueries.delete_logs`. The log of an execution that has not ended stays as it is."""
        if self._known(execution_id).end is None:
            return 0
        return delete_log_entries(self._stores.record(execution_id), _line_filter(filters))

    def resume(self, execution_id: str, inputs: Mapping[str, Any] | None = None) -> None:
        """See `ExecutionQueries.resume`."""
        try:
            self._resume(execution_id, inputs)
        except Exception as error:  # whatever the reason for the refusal, it is this task's failure
            raise TaskError(str(error)) from error

    def _known(self, execution_id: str) -> ExecutionSummary:
        found = self._stores.index.get(execution_id)
        if found is None:
            raise TaskError(f"Execution '{execution_id}' not found.")
        return found


def summary_json(summary: ExecutionSummary) -> dict[str, Any]:
    """An execution as the index knows it, with Kestra's names; absent values are left out."""
    state: dict[str, Any] = {"current": summary.state, "startDate": iso_instant(summary.start)}
    if summary.end is not None and summary.duration is not None:
        state |= {"endDate": iso_instant(summary.end), "duration": format_duration(summary.duration)}
    document: dict[str, Any] = {
        "id": summary.id,
        "namespace": summary.namespace,
        "flowId": summary.flow_id,
        "flowRevision": summary.revision,
        "state": state,
        "labels": [{"key": key, "value": value} for key, value in summary.labels],
        "parentId": summary.parent_id,
        "originalId": summary.original_id or summary.id,
        "scheduleDate": iso_instant(summary.schedule_date) if summary.schedule_date else None,
        "kind": summary.kind,
    }
    if summary.trigger_id is not None:
        trigger: dict[str, Any] = {"id": summary.trigger_id, "type": summary.trigger_type}
        if summary.trigger_execution_id is not None:
            trigger["variables"] = {"executionId": summary.trigger_execution_id}
        document["trigger"] = trigger
    return {key: value for key, value in document.items() if value is not None}


def _line_filter(filters: Mapping[str, Any]) -> Callable[[LogLine], bool]:
    task_id, taskrun_id = filters.get("task_id"), filters.get("task_run_id")
    lowest = LEVELS.index(filters["min_level"]) if filters.get("min_level") else 0
    levels = {str(level) for level in filters.get("levels") or LEVELS}
    start, end = _milliseconds(filters.get("start")), _milliseconds(filters.get("end"))

    def wanted(line: LogLine) -> bool:
        return (
            task_id in (None, line.task_id)
            and taskrun_id in (None, line.task_run_id)
            and line.level in levels
            and LEVELS.index(line.level) >= lowest
            and (start is None or line.time >= start)
            and (end is None or line.time < end)
        )

    return wanted


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
