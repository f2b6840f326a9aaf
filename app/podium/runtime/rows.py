"""The rows of a runner's executions in the index: written together, and not more often than anybody could look."""

import time

from podium.engine.execution import Execution
from podium.store.execution_records import ExecutionRecord, RunnerMark
from podium.store.index import ExecutionIndex
from podium.store.summaries import ExecutionSummary, summary_of

_OLD = 0.1


class Rows:
    """Collects what the index must know; the last word on each execution counts."""

    def __init__(self, index: ExecutionIndex, mark: RunnerMark) -> None:
        self._index = index
        self._mark = mark
        self._waiting: dict[str, ExecutionSummary] = {}
        self._left: list[ExecutionRecord] = []
        self._since = 0.0

    def changed(self, execution: Execution) -> None:
        """The execution, which runs here, is in another state or has other labels."""
        self._put(summary_of(execution, self._mark.pid, self._mark.identity))

    def left(self, execution: Execution, record: ExecutionRecord) -> None:
        """Nobody runs the execution any more; its record says so as soon as the index does."""
        self._put(summary_of(execution))
        self._left.append(record)

    def flush(self) -> None:
        """Write what waits; raises StoreError."""
        if self._waiting:
            self._index.upsert_all(list(self._waiting.values()))
            self._waiting.clear()
        for record in self._left:
            record.unmark_runner(self._mark)
        self._left.clear()

    def flush_if_old(self) -> None:
        """Write what waits if it waits long enough to be missed."""
        if self._waiting and time.monotonic() - self._since > _OLD:
            self.flush()

    def _put(self, summary: ExecutionSummary) -> None:
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting[summary.id] = summary
