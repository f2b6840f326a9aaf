"""The threads in which attempts run: as many as are wanted at once, up to a limit that no sane flow meets."""

import threading
from collections import deque
from collections.abc import Callable

LIMIT = 400
"""Attempts at a time in one runner: a loop over 10,000 values without a limit must not start 10,000 programs."""

Job = Callable[[], None]


class Workers:
    """Runs jobs, each in a thread of its own; threads that have become idle are used again."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._idle = 0
        self._count = 0
        self._busy = 0
        self._closed = False

    @property
    def free(self) -> int:
        """How many more jobs can begin at once."""
        return self._limit - self._busy

    def run(self, job: Job) -> None:
        """Run a job as soon as a thread is free. A job must not raise."""
        with self._changed:
            self._busy += 1
            self._jobs.append(job)
            if self._idle >= len(self._jobs):
                self._changed.notify()
                return
            if self._count == self._limit:
                return
            self._count += 1
        # Not waited for at the end: what cannot be cancelled must not keep the runner alive.
        threading.Thread(target=self._work, name=f"worker-{self._count}", daemon=True).start()

    def close(self) -> None:
        """Let idle threads end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._jobs and not self._closed:
                    self._changed.wait()
                self._idle -= 1
                if not self._jobs:
                    return
                job = self._jobs.popleft()
            try:
                job()
            finally:
                with self._changed:
                    self._busy -= 1
