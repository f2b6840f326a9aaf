"""Waiting for the end of an execution that another process runs."""

import select
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from podium.engine import changes as c
from podium.engine.execution import Execution
from podium.runtime.launcher import RUNNER_LOG
from podium.runtime.presence import living_runner
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.index import ExecutionFilter
from podium.store.journal import JournalReader

if TYPE_CHECKING:
    from podium.runtime.executions import Executions

_FIRST, _LONGEST = 0.002, 0.05
_BIRTH = 20.0
"""Seconds after which a runner that has not shown itself will not come any more."""

_NOBODY = ("PAUSED", "QUEUED")
"""States in which no runner is needed."""


def wait(
    executions: "Executions", execution_id: str, timeout: timedelta | None, until: Callable[[Execution], bool] | None
) -> Execution:  # fmt: skip
    """See `Executions.wait`."""
    deadline = None if timeout is None else time.monotonic() + timeout.total_seconds()
    while True:
        record = executions.record(execution_id)
        execution = _wait_for(executions, record, deadline, until)
        if execution.state != "RETRIED" or (deadline is not None and time.monotonic() >= deadline):
            return execution
        successors = executions.index.search(ExecutionFilter(parent_id=execution_id), size=1).items
        if not successors:
            return execution
        execution_id = successors[0].id


def _wait_for(
    executions: "Executions", record: ExecutionRecord, deadline: float | None, until: Callable[[Execution], bool] | None
) -> Execution:  # fmt: skip
    follower = _Follower(record)
    pause, alone_since = _FIRST, None
    while True:
        moved = follower.read()
        execution = follower.execution
        if moved and until is not None and until(execution):
            return execution
        runner = living_runner(record)
        if runner is None and execution.terminal:
            # The last words may have come between reading and looking.
            follower.read()
            return follower.execution
        if deadline is not None and time.monotonic() >= deadline:
            return execution
        if runner is not None or execution.state in _NOBODY:
            alone_since = None
        elif alone_since is None:
            alone_since = time.monotonic()
        elif execution.state not in ("CREATED", "RESTARTED") and time.monotonic() - alone_since > 0.2:
            executions.get(record.id)
        elif time.monotonic() - alone_since > _BIRTH:
            raise StoreError(f"The runner of execution {record.id} did not start. {_last_line(record)}")
        pause = _FIRST if moved else min(pause * 1.3, _LONGEST)
        if deadline is not None:
            pause = max(0.0, min(pause, deadline - time.monotonic()))
        select.select([], [], [], pause)


class _Follower:
    """An execution that grows with its journal."""

    def __init__(self, record: ExecutionRecord) -> None:
        self._record = record
        self._reader = JournalReader(record.journal)
        self.execution: Execution

    def read(self) -> bool:
        """Take in what is new; True when something was."""
        news = self._reader.poll()
        if not news.events:
            return False
        changes = [c.decode(event) for event in news.events]
        if news.reset or not hasattr(self, "execution"):
            first = changes.pop(0)
            assert isinstance(first, c.ExecutionCreated)
            self.execution = Execution(first)
        for change in changes:
            self.execution.apply(change)
        return True


def _last_line(record: ExecutionRecord) -> str:
    path = record.directory / RUNNER_LOG
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return f"It said: {lines[-1]} ({path})" if lines else "Start it again with `podium restart`."
