"""`logToFile`: the log of an attempt as a file in internal storage, with only a pointer to it in the log."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from podium.base.clock import Clock, iso_instant
from podium.base.text import clean_output, without_colours
from podium.store.internal_storage import TaskStorage


class AttemptLogFile:
    """Takes the lines of one attempt, as its log would; from any thread."""

    def __init__(self, path: Path, mask: Callable[[str], str], clock: Clock) -> None:
        """`path` is where the file grows until it is stored. Raises OSError when it cannot be made."""
        self.path = path
        self._mask = mask
        self._clock = clock
        self._lock = threading.Lock()
        self._file = path.open("w", encoding="utf-8", errors="replace")

    def write(self, source: str, level: str, lines: Sequence[str]) -> None:
        """Append lines as `timestamp LEVEL message`; secrets and control characters go."""
        now = iso_instant(self._clock.now())
        text = "".join(f"{now} {level} {self._clean(line)}\n" for line in lines)
        with self._lock:
            if not self._file.closed:
                self._file.write(text)

    def store(self, storage: TaskStorage, attempt: int) -> str:
        """End the file and put it into storage; returns its URI. Raises StoreError or OSError."""
        self.close()
        uri = storage.put(self.path, f"log-{attempt}.txt")
        self.path.unlink(missing_ok=True)
        return uri

    def close(self) -> None:
        """End the file; a second call does nothing."""
        with self._lock:
            self._file.close()

    def _clean(self, line: str) -> str:
        return self._mask(without_colours(clean_output(self._mask(line))))
