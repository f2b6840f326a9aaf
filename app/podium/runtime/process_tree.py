"""Which processes belong to an attempt, whether a process still lives, and how a whole tree of them is ended.

A process belongs to an attempt when it is in the process group that was started for it, descends from a
process that belongs, carries the attempt's marker in its environment, or (on Linux) its number in a resource
limit. The marker is what finds daemons: they leave the group and lose their parent, but keep the environment
they were started with. The number finds those that cleared their environment as well: limits are inherited by
everything that a process starts (decision 007).
"""

import contextlib
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from podium.runtime.process_census import HAS_NUMBERS, ProcessEntry, take_census

_LARGE, _PRIME = 1 << 52, (1 << 50) - 27
_starting = threading.Lock()

_KILL_PATIENCE = 5.0
"""Seconds after SIGKILL until a process that the kernel does not release is given up (disk sleep)."""


@contextlib.contextmanager
def numbering(marker: str | None) -> Iterator[None]:
    """A program that is started meanwhile has the number of its attempt; with None, that of no other attempt."""
    with _starting:
        if not HAS_NUMBERS or marker is None:
            yield
            return
        before = resource.getrlimit(resource.RLIMIT_RTTIME)
        _set_number((_number(marker), before[1]))
        try:
            yield
        finally:
            _set_number(before)


def _set_number(limits: tuple[int, int]) -> None:
    # Where an administrator has limited this, the other marks must do.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_RTTIME, limits)


def _number(marker: str) -> int:
    """The number of an attempt, the same for all its programs: microseconds of a limit that nothing ever reaches."""
    attempt = marker.rpartition(".")[0]
    return _LARGE + int.from_bytes(attempt.encode()) % _PRIME


def members(group: int, marker: str | None) -> set[int]:
    """The pids of all living processes of an attempt, without the calling process.

    `group` is the process group that was started, 0 when it is not known; `marker` the value of
    `PODIUM_ATTEMPT`.
    """
    census = take_census()
    found = {pid for pid, entry in census.entries.items() if group and group in (pid, entry.group)}
    if marker:
        found |= {pid for pid, one in census.markers.items() if one == marker}
        number = _number(marker)
        numbered = [pid for pid, one in census.numbers.items() if one == number]
        found |= {pid for pid in numbered if not _is_ours(census.entries, pid, group)}
    pending = list(found)
    while pending:
        for child in census.children.get(pending.pop(), ()):
            if child not in found:
                found.add(child)
                pending.append(child)
    found.discard(os.getpid())
    return found


def remains(attempts: Iterable[str]) -> set[int]:
    """The pids of all living processes of attempts (`<execution>.<taskrun>.<n>`), whichever program it was.

    For those of a dead runner, of which nobody knows the process groups any more.
    """
    census = take_census()
    wanted = set(attempts)
    numbers = {_number(f"{attempt}.") for attempt in wanted}
    found = {pid for pid, marker in census.markers.items() if marker.rpartition(".")[0] in wanted}
    found |= {pid for pid, number in census.numbers.items() if number in numbers}
    return found - {os.getpid()}


@dataclass(slots=True)
class Termination:
    """The ending of one attempt's processes: TERM to all, a grace period, KILL to what is left, verified.

    Nothing waits in here: the caller calls `step` until it returns True, and does what else it has to do
    (reading the last output) in between. Processes that appear after TERM are left alone until the grace
    period is over: they are the clean-up work of the others.
    """

    group: int
    marker: str | None
    grace: float
    now: Callable[[], float] = time.monotonic
    survivors: set[int] = field(default_factory=set)
    _asked: bool = False
    _deadline: float = 0.0

    def step(self) -> bool:
        """Do what is due; True when nothing is left, or when what is left (`survivors`) cannot be killed."""
        left = members(self.group, self.marker)
        if not left:
            self.survivors = set()
            return True
        moment = self.now()
        if not self._asked:
            self._asked = True
            self._deadline = moment + self.grace
            self._signal(left, signal.SIGTERM)
            # A stopped process acts on TERM only once it goes on.
            self._signal(left, signal.SIGCONT)
            return False
        if moment < self._deadline:
            return False
        self._signal(left, signal.SIGKILL)
        self.survivors = left
        return moment > self._deadline + _KILL_PATIENCE

    def hurry(self) -> None:
        """End the grace period now."""
        if self._asked:
            self._deadline = min(self._deadline, self.now())

    def _signal(self, pids: Iterable[int], number: signal.Signals) -> None:
        if self.group:
            # The group at once: no member can fork its way out between two signals.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.group, number)
        for pid in pids:
            if self.group and _group_of(pid) == self.group:
                continue
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def end_tree(group: int, marker: str | None, grace: float) -> set[int]:
    """End all processes of an attempt and wait for it; returns the pids that could not be killed (normally
    none).
    """
    termination = Termination(group, marker, grace)
    pause = 0.005
    while not termination.step():
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return termination.survivors


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return 0


def _is_ours(listing: Mapping[int, ProcessEntry], pid: int, group: int) -> bool:
    """Whether this process has started it, but not as this attempt: another thread did, in the very same moment."""
    own = os.getpid()
    while (entry := listing.get(pid)) is not None and entry.parent > 1:
        if entry.parent == own:
            return pid != group
        pid = entry.parent
    return False
