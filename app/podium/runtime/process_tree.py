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
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MARKER = "PODIUM_ATTEMPT"
"""The environment variable that marks every process of an attempt."""

_PROC = Path("/proc")
_HAS_PROC = sys.platform == "linux" and (_PROC / "self" / "stat").exists()
_EXEC_LOOKS, _EXEC_TIME, _REMEMBERED = 4, 0.001, 10_000
"""How often and how long (seconds) to look again at a process without an environment, and how many to
remember.
"""

_LARGE, _PRIME = 1 << 52, (1 << 50) - 27
_starting = threading.Lock()

_bare: set[tuple[int, str]] = set()
"""Processes that are known to have no environment: (pid, start)."""

_KILL_PATIENCE = 5.0
"""Seconds after SIGKILL until a process that the kernel does not release is given up (disk sleep)."""


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """One process as the system lists it; `start` tells it apart from a later one with the same pid."""

    pid: int
    parent: int
    group: int
    start: str


def process_identity(pid: int) -> str | None:
    """When a process was started, as an opaque text; None when there is no such process.

    pid and identity together name a process for good: pids are reused, start times of one pid are not. A
    zombie has no identity, it only waits to be collected.
    """
    if _HAS_PROC:
        entry = _proc_entry(pid)
        return entry.start if entry else None
    listed = _ps("-o", "stat=", "-o", "lstart=", "-p", str(pid)).split(None, 1)
    return listed[1].strip() if len(listed) == 2 and not listed[0].startswith("Z") else None


def process_names() -> set[str]:
    """The short names of all processes; empty where the system does not tell."""
    if not _HAS_PROC:
        return set()
    with os.scandir(_PROC) as directory:
        names = (_read(f"/proc/{found.name}/comm") for found in directory if found.name.isdigit())
        return {name.decode(errors="replace").strip() for name in names if name}


def is_alive(pid: int, start_time: str) -> bool:
    """Whether the very process that had this pid and this `process_identity` still runs."""
    return process_identity(pid) == start_time


@contextlib.contextmanager
def numbering(marker: str | None) -> Iterator[None]:
    """A program that is started meanwhile has the number of its attempt; with None, that of no other attempt."""
    with _starting:
        if not _HAS_PROC or marker is None:
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
    listing = _listing()
    marked = _marked(listing, marker) if marker else set()
    if marker:
        marked |= {pid for pid in _numbered(listing, {_number(marker)}) if not _is_ours(listing, pid, group)}
    found = {pid for pid, entry in listing.items() if (group and group in (pid, entry.group)) or pid in marked}
    children: dict[int, list[int]] = {}
    for entry in listing.values():
        children.setdefault(entry.parent, []).append(entry.pid)
    pending = list(found)
    while pending:
        for child in children.get(pending.pop(), ()):
            if child not in found:
                found.add(child)
                pending.append(child)
    found.discard(os.getpid())
    return found


def remains(attempts: Iterable[str]) -> set[int]:
    """The pids of all living processes of attempts (`<execution>.<taskrun>.<n>`), whichever program it was.

    For those of a dead runner, of which nobody knows the process groups any more.
    """
    listing = _listing()
    names = [f"{MARKER}={attempt}.".encode() for attempt in attempts]
    found = _numbered(listing, {_number(f"{attempt}.") for attempt in attempts})
    for pid in listing:
        environment = b"\0" + (_read(f"/proc/{pid}/environ") or b"") if _HAS_PROC else b""
        if any(b"\0" + name in environment for name in names):
            found.add(pid)
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


def _listing() -> Mapping[int, ProcessEntry]:
    if not _HAS_PROC:
        return ps_listing()
    with os.scandir(_PROC) as directory:
        entries = [_proc_entry(int(found.name)) for found in directory if found.name.isdigit()]
    return {entry.pid: entry for entry in entries if entry is not None}


def _proc_entry(pid: int) -> ProcessEntry | None:
    content = _read(f"/proc/{pid}/stat") or b""
    # The program's name is in parentheses and may itself hold blanks and parentheses.
    fields = content[content.rfind(b")") + 2 :].split()
    # No memory: a thread of the kernel, or a process that has all but ended.
    if len(fields) < 21 or fields[0] in (b"Z", b"X") or fields[20] == b"0":
        return None
    return ProcessEntry(pid, int(fields[1]), int(fields[2]), f"{fields[19].decode()}.{_boot()}")


def _read(path: str) -> bytes | None:
    """The content; None when there is no such process or it is not ours to look at."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        content = b""
        while piece := os.read(descriptor, 65_536):
            content += piece
        return content
    except OSError:
        return None
    finally:
        os.close(descriptor)


_boot_id: list[str] = []


def _boot() -> str:
    """Start times count from boot, so that they repeat after a restart of the machine: the boot is part of
    them.
    """
    if not _boot_id:
        _boot_id.append((_read("/proc/sys/kernel/random/boot_id") or b"").decode().strip()[:8])
    return _boot_id[0]


def _marked(listing: Mapping[int, ProcessEntry], marker: str) -> set[int]:
    if not _HAS_PROC:
        return ps_marked(marker)
    wanted = f"{MARKER}={marker}".encode()
    found, unclear = _with_variable(listing, wanted)
    for _ in range(_EXEC_LOOKS):
        unclear = {pid for pid in unclear if (pid, listing[pid].start) not in _bare}
        if not unclear:
            break
        time.sleep(_EXEC_TIME)
        more, unclear = _with_variable(unclear, wanted)
        found |= more
    if len(_bare) > _REMEMBERED:
        _bare.clear()
    _bare.update((pid, listing[pid].start) for pid in unclear)
    return found


def _numbered(listing: Mapping[int, ProcessEntry], numbers: set[int]) -> set[int]:
    """Which processes hold one of the numbers."""
    found = set()
    for pid in listing if _HAS_PROC else ():
        # Those of other users are not ours to look at.
        with contextlib.suppress(OSError):
            if resource.prlimit(pid, resource.RLIMIT_RTTIME)[0] in numbers:
                found.add(pid)
    return found


def _is_ours(listing: Mapping[int, ProcessEntry], pid: int, group: int) -> bool:
    """Whether this process has started it, but not as this attempt: another thread did, in the very same moment."""
    own = os.getpid()
    while (entry := listing.get(pid)) is not None and entry.parent > 1:
        if entry.parent == own:
            return pid != group
        pid = entry.parent
    return False


def _with_variable(pids: Iterable[int], variable: bytes) -> tuple[set[int], set[int]]:
    """Which processes hold the variable, and which show no environment.

    A process shows none for a moment while it executes another program, and must not be overlooked for that.
    """
    found, unclear = set(), set()
    for pid in pids:
        environment = _read(f"/proc/{pid}/environ")
        if environment is not None and not environment:
            unclear.add(pid)
        elif environment and _holds(environment, variable):
            found.add(pid)
    return found, unclear


def _holds(environment: bytes, variable: bytes) -> bool:
    position = environment.find(variable)
    return position >= 0 and (b"\0" + environment + b"\0").find(b"\0" + variable + b"\0") >= 0


def ps_listing() -> Mapping[int, ProcessEntry]:
    """The process list as `ps` gives it, for systems without /proc."""
    entries = {}
    for line in _ps("-A", "-o", "pid=", "-o", "ppid=", "-o", "pgid=", "-o", "stat=").splitlines():
        pid, parent, group, state = line.split(None, 3)
        if not state.startswith("Z"):
            entries[int(pid)] = ProcessEntry(int(pid), int(parent), int(group), "")
    return entries


def ps_marked(marker: str) -> set[int]:
    """The pids whose environment, as `ps` shows it for one's own processes, holds the marker."""
    listed = _ps("-axEww", "-o", "pid=,command=") if sys.platform == "darwin" else _ps("axeww", "-o", "pid=,args=")
    wanted = f"{MARKER}={marker}"
    return {int(line.split(None, 1)[0]) for line in listed.splitlines() if wanted in line.split()}


def _ps(*arguments: str) -> str:
    try:
        done = subprocess.run(["ps", *arguments], capture_output=True, text=True, errors="replace", timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
