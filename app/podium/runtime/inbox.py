"""How other threads speak to the one thread of the runner that decides."""

import contextlib
import os
from collections import deque
from typing import Any


class Inbox:
    """Takes items from any thread; its descriptor is readable while there is something to take."""

    def __init__(self) -> None:
        self._items: deque[Any] = deque()
        self.descriptor, self._bell = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._bell, False)
        self._rung = False

    def post(self, item: Any) -> None:
        """Leave something for the runner; from any thread."""
        self._items.append(item)
        if not self._rung:
            self._rung = True
            with contextlib.suppress(BlockingIOError):
                os.write(self._bell, b"!")

    def take(self) -> list[Any]:
        """Everything that was left, in order; only from the runner's thread."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.descriptor, 4096)
        # From here on a new item rings again, so that none can be overlooked.
        self._rung = False
        items = []
        while self._items:
            items.append(self._items.popleft())
        return items

    def close(self) -> None:
        os.close(self.descriptor)
        os.close(self._bell)
