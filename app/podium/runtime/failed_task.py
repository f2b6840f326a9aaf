"""`{{ error.message }}`: what has failed, as the tasks that react to it see it (semantics 5.2)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

from podium.model.flow import Flow, Task
from podium.model.variables import ERROR_BLOCKS
from podium.store.execution_records import ExecutionRecord
from podium.store.logs import read_lines

_ASKED = re.compile(r"\berror\s*(?:\.|\[|\?\?|\||\}\}|is\b)")


class FailedTask:
    """Adds `error` to what the tasks of these blocks see; a flow that does not ask for it costs nothing."""

    def __init__(self, flow: Flow, record: ExecutionRecord) -> None:
        self._record = record
        self._handlers = frozenset(_handlers(flow)) if _ASKED.search(flow.source) else frozenset()
        self._reading = Lock()
        self._read = 0
        self._found: dict[str, str] | None = None
        self._run: str | None = None

    def seen(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The variables of a task run, with `error` when it reacts to one."""
        task = variables.get("task")
        if not self._handlers or not isinstance(task, Mapping) or task.get("id") not in self._handlers:
            return variables
        with self._reading:
            error = self._error()
        return variables if error is None else {**variables, "error": error}

    def _error(self) -> Mapping[str, str] | None:
        """The last error of a task that is not itself a reaction to one; what was read of the log is not read again."""
        for line, end in read_lines(self._record.log, self._read):
            self._read = end
            if line.source != "log" or line.task_id is None or line.task_id in self._handlers:
                continue
            if line.level == "ERROR":
                self._found = {"taskId": line.task_id, "message": line.message, "stackTrace": ""}
                self._run = line.task_run_id
            elif line.level == "TRACE" and self._found is not None and line.task_run_id == self._run:
                if "Traceback" in line.message:
                    self._found = {**self._found, "stackTrace": line.message}
        return self._found


def _handlers(flow: Flow) -> Iterator[str]:
    for tasks in (flow.errors, flow.finally_, flow.after_execution):
        yield from (each.id for task in tasks for each in task.walk())
    yield from _below(flow.tasks)


def _below(tasks: Sequence[Task]) -> Iterator[str]:
    """The tasks in the blocks of flowables."""
    for task in tasks:
        for block, children in task.children.items():
            if block in ERROR_BLOCKS:
                yield from (each.id for child in children for each in child.walk())
            else:
                yield from _below(children)
