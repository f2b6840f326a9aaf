"""Which processes there are, and the marks by which those of an attempt are known: one look for all who ask.

Many attempts may end at the same moment, and a look costs three system calls for each process of the machine: so a look
is shared by all who asked before it began.
"""

import contextlib
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MARKER = "PODIUM_ATTEMPT"
"""The environment variable that marks every process of an attempt."""

_PROC = Path("/proc")
_HAS_PROC = sys.platform == "linux" and (_PROC / "self" / "stat").exists()
HAS_NUMBERS = _HAS_PROC
"""Whether processes can be told by a number in a limit (decision 007)."""
_EXEC_LOOKS, _EXEC_TIME, _REMEMBERED = 4, 0.001, 10_000
"""How often and how long (seconds) to look again at a process without an environment, and how many to
remember.
"""

_bare: set[tuple[int, str]] = set()
"""Processes that are known to have no environment: (pid, start)."""


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """One process as the system lists it; `start` tells it apart from a later one with the same pid."""

    pid: int
    parent: int
    group: int
    start: str


@dataclass(frozen=True, slots=True)
class Census:
    """All processes that ran at one time, the marker and the number of those that have one, and who is whose child."""

    began: float
    entries: Mapping[int, ProcessEntry]
    markers: Mapping[int, str]
    numbers: Mapping[int, int]
    children: Mapping[int, list[int]] = field(default_factory=dict)


_looking = threading.Lock()
_latest: Census | None = None


def take_census() -> Census:
    """What runs now: the look began after this call did, and may be one that somebody else asked for."""
    global _latest
    asked = time.monotonic()
    with _looking:
        if _latest is None or _latest.began <= asked:
            _latest = _census()
        return _latest


def _census() -> Census:
    began = time.monotonic()
    entries = _listing() if _HAS_PROC else ps_listing()
    markers = _markers(entries) if _HAS_PROC else ps_markers()
    numbers = _numbers(entries) if HAS_NUMBERS else {}
    children: dict[int, list[int]] = {}
    for entry in entries.values():
        children.setdefault(entry.parent, []).append(entry.pid)
    return Census(began, entries, markers, numbers, children)


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


def _listing() -> Mapping[int, ProcessEntry]:
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


def _markers(entries: Mapping[int, ProcessEntry]) -> dict[int, str]:
    found, unclear = _with_marker(entries)
    for _ in range(_EXEC_LOOKS):
        unclear = {pid for pid in unclear if (pid, entries[pid].start) not in _bare}
        if not unclear:
            break
        time.sleep(_EXEC_TIME)
        more, unclear = _with_marker(unclear)
        found |= more
    if len(_bare) > _REMEMBERED:
        _bare.clear()
    _bare.update((pid, entries[pid].start) for pid in unclear)
    return found


def _with_marker(pids: Iterable[int]) -> tuple[dict[int, str], set[int]]:
    """The markers of processes, and which of them show no environment.

    A process shows none for a moment while it executes another program, and must not be overlooked for that.
    """
    found, unclear = {}, set()
    wanted = f"\0{MARKER}=".encode()
    for pid in pids:
        environment = _read(f"/proc/{pid}/environ")
        if environment is not None and not environment:
            unclear.add(pid)
        elif environment and (at := (b"\0" + environment).find(wanted)) >= 0:
            value = environment[at + len(wanted) - 1 :].split(b"\0", 1)[0]
            found[pid] = value.decode(errors="replace")
    return found, unclear


def _numbers(pids: Iterable[int]) -> dict[int, int]:
    found = {}
    for pid in pids:
        # Those of other users are not ours to look at.
        with contextlib.suppress(OSError):
            number = resource.prlimit(pid, resource.RLIMIT_RTTIME)[0]
            if number != resource.RLIM_INFINITY:
                found[pid] = number
    return found


def ps_listing() -> Mapping[int, ProcessEntry]:
    """The process list as `ps` gives it, for systems without /proc."""
    entries = {}
    for line in _ps("-A", "-o", "pid=", "-o", "ppid=", "-o", "pgid=", "-o", "stat=").splitlines():
        pid, parent, group, state = line.split(None, 3)
        if not state.startswith("Z"):
            entries[int(pid)] = ProcessEntry(int(pid), int(parent), int(group), "")
    return entries


def ps_markers() -> dict[int, str]:
    """The markers by pid as `ps` shows them for one's own processes."""
    listed = _ps("-axEww", "-o", "pid=,command=") if sys.platform == "darwin" else _ps("axeww", "-o", "pid=,args=")
    found = {}
    for line in listed.splitlines():
        pid, *words = line.split()
        marker = next((word for word in words if word.startswith(f"{MARKER}=")), None)
        if marker is not None:
            found[int(pid)] = marker.partition("=")[2]
    return found


def _ps(*arguments: str) -> str:
    try:
        done = subprocess.run(["ps", *arguments], capture_output=True, text=True, errors="replace", timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
