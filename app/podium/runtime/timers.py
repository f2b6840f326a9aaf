"""What is due when: the timers of all executions of a runner."""

import heapq
from datetime import datetime


class Timers:
    """A heap of (due, execution, key); cleared timers are skipped when they come up."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str, str]] = []

    def set(self, execution_id: str, key: str, due: datetime) -> None:
        heapq.heappush(self._heap, (due, execution_id, key))

    def next_due(self) -> datetime | None:
        """When the earliest timer is due."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: datetime) -> list[tuple[str, str]]:
        """All timers due by `now`, as (execution, key), earliest first."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            _, execution_id, key = heapq.heappop(self._heap)
            due.append((execution_id, key))
        return due
