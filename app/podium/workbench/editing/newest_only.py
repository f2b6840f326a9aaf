"""Work for one thread, of which only the newest of each kind is of interest."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable


class NewestOnly:
    """Does jobs in turn on a daemon thread. A job that still waits is replaced by a newer one with the same key."""

    def __init__(self, name: str, failed: Callable[[Exception], object]) -> None:
        """`failed` is called on the thread with whatever a job raises."""
        self._failed = failed
        self._waiting: dict[Hashable, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._signal: queue.SimpleQueue[Hashable | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """End after the job that runs now; does not wait."""
        self._signal.put(None)

    def ask(self, key: Hashable, job: Callable[[], None]) -> None:
        """Do `job` when its turn comes, unless there is a newer one by then."""
        with self._lock:
            known = key in self._waiting
            self._waiting[key] = job
        if not known:
            self._signal.put(key)

    def _work(self) -> None:
        while (key := self._signal.get()) is not None:
            with self._lock:
                job = self._waiting.pop(key)
            try:
                job()
            except Exception as error:  # a fault in a check must not end all checks
                self._failed(error)
