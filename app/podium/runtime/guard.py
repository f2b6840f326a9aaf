"""The guardian of a runner: a tiny process that outlives it by a moment and ends the scripts it left behind.

A runner that is killed with SIGKILL cannot clean up. Its guardian, forked early and in a session of its
own, holds the read end of a pipe of which only the runner has the write end: when the runner is gone,
however it went, the pipe ends, and the guardian ends every process tree that was not released.
"""

import contextlib
import gc
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from podium.runtime.process_census import process_identity
from podium.runtime.process_tree import Termination

Program = tuple[Sequence[str], Mapping[str, str]]
"""Arguments (the first is the path of the program) and environment."""

NAME = "podium-guard"
_GRACE = 5.0
_GOOD_BYE = b"bye"
_STARTING = 0.1


class Guard:
    """The runner's side of its guardian."""

    def __init__(self, pipe: int, pid: int) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()
        self.pid = pid

    @classmethod
    def start(cls, grace: float = _GRACE, will: Program | None = None) -> "Guard":
        """Fork the guardian. Call it before the runner starts its first thread.

        `will` is a program that the guardian becomes when the runner has died without `close`, after everything
        that was left has been ended.
        """
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            _be_guardian(read_end, grace, will)
        os.close(read_end)
        return cls(write_end, pid)

    def watch(self, pgid: int, marker: str) -> None:
        """End this group and everything that carries this marker when the runner dies.

        A pgid of 0 announces a program that is about to be started; its group is told in a second call.
        """
        self._tell(f"+ {pgid} {marker}")

    def release(self, marker: str) -> None:
        """What carried this marker has ended in good order."""
        self._tell(f"- 0 {marker}")

    def close(self) -> None:
        """The runner is done: what is still watched is ended, and the guardian collected."""
        with self._lock:
            if self._pipe < 0:
                return
            with contextlib.suppress(OSError):
                os.write(self._pipe, _GOOD_BYE + b"\n")
            os.close(self._pipe)
            self._pipe = -1
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def _tell(self, message: str) -> None:
        # A guardian that somebody killed must not take the run with it.
        with self._lock, contextlib.suppress(OSError):
            os.write(self._pipe, message.encode() + b"\n")


def _be_guardian(pipe: int, grace: float, will: Program | None) -> None:
    """The life of the guardian; never returns."""
    try:
        _settle(pipe)
        watched, orderly = _watch(pipe)
        _end_all(watched, grace)
        if will is not None and not orderly:
            os.execve(will[0][0], list(will[0]), dict(will[1]))
    finally:
        os._exit(0)


def _settle(pipe: int) -> None:
    """Leave the runner's session, let go of everything but the pipe, and stay out of the collector's way.

    A collection would write to every object and so copy the memory shared with the runner.
    """
    gc.disable()
    os.setsid()
    # `pkill -9 podium-runner` must not hit those who clean up after it.
    with contextlib.suppress(OSError), open("/proc/self/comm", "w") as name:
        name.write(NAME)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(3, pipe)
    os.closerange(pipe + 1, 4096)
    os.chdir("/")


def _watch(pipe: int) -> tuple[dict[str, tuple[int, str | None]], bool]:
    """Keep book of what runs until the runner is gone.

    Returns marker -> (group, identity of its leader), and whether the runner has said good-bye.
    """
    watched: dict[str, tuple[int, str | None]] = {}
    orderly = False
    for line in _lines(pipe):
        if line == _GOOD_BYE.decode():
            orderly = True
            continue
        sign, group, marker = line.split(" ", 2)
        if sign == "+":
            watched[marker] = (int(group), process_identity(int(group)) if group != "0" else None)
        else:
            watched.pop(marker, None)
    return watched, orderly


def _lines(pipe: int) -> Iterator[str]:
    pending = b""
    while piece := os.read(pipe, 65_536):
        *complete, pending = (pending + piece).split(b"\n")
        for line in complete:
            yield line.decode()


def _end_all(watched: dict[str, tuple[int, str | None]], grace: float) -> None:
    if any(group == 0 for group, _ in watched.values()):
        # The runner died while it was starting a program, which may show its marker only in a moment.
        time.sleep(_STARTING)
    endings = []
    for marker, (group, identity) in watched.items():
        now = process_identity(group) if group else None
        # A leader with another start time is a stranger that got the same pid.
        stranger = now is not None and identity is not None and now != identity
        endings.append(Termination(0 if stranger else group, marker, grace))
    while endings:
        endings = [ending for ending in endings if not ending.step()]
        if endings:
            time.sleep(0.05)
