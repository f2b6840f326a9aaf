"""Noticing that the terminal is gone, also when nobody sends SIGHUP.

The system tells only the leader of the session. If that is a program which waits for its child, such as `make run`, no
signal ever comes here, and reading from such a terminal returns nothing at once, again and again.
"""

from __future__ import annotations

import select
import sys
import threading
from collections.abc import Callable


def when_hung_up(act: Callable[[], None]) -> None:
    """Call `act` on a thread of its own when the terminal on standard input is gone; costs nothing until then."""
    if sys.__stdin__ is None or not sys.__stdin__.isatty():
        return
    descriptor = sys.__stdin__.fileno()

    def wait() -> None:
        poll = select.poll()
        poll.register(descriptor, 0)  # what is typed does not concern this
        if any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll()):
            act()

    threading.Thread(target=wait, name="podium-hangup", daemon=True).start()
