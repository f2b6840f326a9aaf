"""Scripts that a dead runner has left although its guardian should have ended them: ended by whoever finds out."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

from podium.runtime import guard
from podium.runtime.process_census import process_names
from podium.runtime.process_tree import remains

_GRACE = 5.0
_LOOK = 0.05


def end_remains(attempts: Sequence[str]) -> None:
    """End what still runs of attempts that are lost, as a guardian does: TERM, a grace period, KILL.

    Where a guardian is at it, only its end is waited for: a second TERM would disturb a script that cleans up.
    """
    deadline = time.monotonic() + _GRACE
    asked: set[int] = set()
    while left := remains(attempts) if attempts else set():
        late = time.monotonic() > deadline
        if late and time.monotonic() > deadline + _GRACE:
            return
        if late or guard.NAME not in process_names():
            for pid in left if late else left - asked:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
            asked |= left
        time.sleep(_LOOK)
