"""Running the programs of script tasks: the `Processes` port of a running attempt."""

import contextlib
import itertools
import os
import selectors
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO

from podium.plugin.context import Stream
from podium.plugin.task import Cancelled, TaskError
from podium.runtime.guard import Guard
from podium.runtime.process_census import MARKER
from podium.runtime.process_tree import Termination, members, numbering

GRACE = timedelta(seconds=5)
"""Between SIGTERM and SIGKILL."""

MAX_LINE = 10 * 1024 * 1024
"""Bytes of one line of output; what is longer goes on in a next line."""

_BATCH = 256 * 1024
_DRAIN_QUIET = 0.25
_DRAIN_TOTAL = 1.0
_PIDFD = hasattr(os, "pidfd_open")
_EXIT_POLL = 0.05

LineSink = Callable[[Stream, Sequence[str]], None]


class Cancellation(threading.Event):
    """The event behind `RunContext.cancelled`, which also wakes whoever waits for a process."""

    def __init__(self) -> None:
        super().__init__()
        self.hard = False
        """Whether the grace period is over before it began: programs get SIGKILL at once."""
        self._wakers: list[Callable[[], None]] = []
        self._guarding = threading.Lock()

    def set(self) -> None:
        """Cancel the attempt; from any thread, any number of times."""
        with self._guarding:
            super().set()
            for wake in self._wakers:
                wake()

    def hurry(self) -> None:
        """Cancel without a grace period, also when a cancellation is already under way."""
        self.hard = True
        self.set()

    @contextlib.contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call `wake` (it must not block) when the attempt is cancelled, at once if it already was."""
        with self._guarding:
            self._wakers.append(wake)
            if self.is_set():
                wake()
        try:
            yield
        finally:
            with self._guarding:
                self._wakers.remove(wake)


class LocalProcesses:
    """Programs on this machine, each in a session of its own and watched by the runner's guardian.

    `attempt` is `<execution>.<taskrun>.<n>`; every program gets it with a serial number as
    `PODIUM_ATTEMPT`. `warn` takes a sentence for the log of the attempt.
    """

    def __init__(
        self,
        attempt: str,
        cancellation: Cancellation,
        warn: Callable[[str], None],
        guard: Guard | None = None,
        grace: timedelta = GRACE,
    ) -> None:
        self._attempt = attempt
        self._cancellation = cancellation
        self._warn = warn
        self._guard = guard
        self._grace = grace.total_seconds()
        self._serial = itertools.count()

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_lines: LineSink,
        on_start: Callable[[int], None] | None = None,
    ) -> int:
        """See `podium.plugin.context.Processes.run`; `env` is the whole environment of the program."""
        if self._cancellation.is_set():
            raise Cancelled
        marker = f"{self._attempt}.{next(self._serial)}"
        if self._guard:
            self._guard.watch(0, marker)
        try:
            with numbering(marker):
                process = _start(argv, cwd, {**env, MARKER: marker})
            if self._guard:
                self._guard.watch(process.pid, marker)
            with _Supervision(process, marker, on_lines, self._warn, self._grace, self._cancellation) as supervision:
                if on_start:
                    on_start(process.pid)
                with self._cancellation.waking(supervision.wake):
                    supervision.follow()
        finally:
            if self._guard:
                self._guard.release(marker)
        if self._cancellation.is_set():
            raise Cancelled
        code = process.returncode
        return code if code >= 0 else 128 - code


def _start(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            list(argv), cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, bufsize=0, start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise TaskError(_start_failure(argv, cwd, env, error)) from error


def _start_failure(argv: Sequence[str], cwd: Path, env: Mapping[str, str], error: Exception) -> str:
    program = argv[0] if argv else ""
    if not cwd.is_dir():
        return f"The working directory {cwd} does not exist any more."
    if isinstance(error, FileNotFoundError) and shutil.which(program, path=env.get("PATH")) is None:
        return f"The program `{program}` was not found. Install it, or give its full path."
    if isinstance(error, PermissionError):
        return f"The program `{program}` must not be executed. Set its executable bit (`chmod +x`)."
    if isinstance(error, OSError) and error.errno == 7:
        size = sum(map(len, argv)) // 1024
        return f"The command is too long for the system ({size} KiB). Move the text to a file (`inputFiles`)."
    return f"The program `{program}` could not be started: {error}"


class _Supervision:
    """Reads both streams of one program until it and all it left behind are gone."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", marker: str, sink: LineSink, warn: Callable[[str], None],
        grace: float, cancellation: Cancellation,
    ) -> None:  # fmt: skip
        self._process = process
        self._cancellation = cancellation
        self._marker = marker
        self._grace = grace
        self._warn = warn
        self._selector = selectors.DefaultSelector()
        self._readers: list[_LineReader] = []
        assert process.stdout is not None
        assert process.stderr is not None
        for stream, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
            reader = _LineReader("stdout" if stream == "stdout" else "stderr", pipe, sink, warn)
            self._readers.append(reader)
            self._selector.register(pipe, selectors.EVENT_READ, reader)
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        self._pidfd = os.pidfd_open(process.pid) if _PIDFD else -1
        if _PIDFD:
            self._selector.register(self._pidfd, selectors.EVENT_READ, None)
        self._exited = False
        self._ended = False

    def __enter__(self) -> "_Supervision":
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever went wrong in between, nothing of the attempt keeps running."""
        self._end_processes()
        self._process.wait()
        for reader in self._readers:
            reader.pipe.close()
        self._selector.close()
        for descriptor in (self._wake_read, self._wake_write, self._pidfd):
            if descriptor >= 0:
                os.close(descriptor)

    def wake(self) -> None:
        """Make `follow` look at the cancellation; from any thread."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"!")

    def follow(self) -> None:
        """Deliver output until the program has ended or the attempt is cancelled, then end what is left."""
        cancellation = self._cancellation
        while not self._exited and not cancellation.is_set():
            self._pump(None if _PIDFD else _EXIT_POLL)
        if not cancellation.is_set():
            self._drain()
        self._end_processes()
        # Bounded, since a process that hid from us might write for ever.
        end = time.monotonic() + _DRAIN_TOTAL
        while self._pump(0) and time.monotonic() < end:
            pass
        for reader in self._readers:
            reader.finish()

    def _drain(self) -> None:
        """After the end: what is still in the pipes, and a moment for children in the background to end
        too.
        """
        begin = time.monotonic()
        while self._open() and time.monotonic() < begin + _DRAIN_TOTAL and not self._cancellation.is_set():
            if not self._pump(_DRAIN_QUIET) and self._open():
                return
        while members(self._process.pid, self._marker):
            if time.monotonic() > begin + _DRAIN_QUIET:
                return
            self._pump(0.02)
        self._ended = True

    def _end_processes(self) -> None:
        if self._ended:
            return
        termination = Termination(self._process.pid, self._marker, self._grace)
        pause = 0.002
        # The streams are read on: a program that says good-bye into a full pipe would never end.
        while not termination.step():
            self._pump(pause)
            if self._cancellation.hard:
                termination.hurry()
            pause = min(pause * 1.5, 0.1)
        if termination.survivors:
            listed = ", ".join(map(str, sorted(termination.survivors)))
            self._warn(f"These processes could not be killed: {listed}.")
        self._ended = True

    def _open(self) -> bool:
        return any(not reader.ended for reader in self._readers)

    def _pump(self, timeout: float | None) -> bool:
        """Wait at most `timeout` seconds for something to read and read it; True if any output came."""
        read = False
        for key, _ in self._selector.select(timeout):
            reader = key.data
            if isinstance(reader, _LineReader):
                if reader.read():
                    read = True
                else:
                    self._selector.unregister(key.fileobj)
            elif key.fd == self._pidfd:
                self._exited = True
                self._selector.unregister(self._pidfd)
            else:
                os.read(self._wake_read, 4096)
        if not _PIDFD and self._process.poll() is not None:
            self._exited = True
        return read


class _LineReader:
    """Turns the bytes of one stream into batches of lines."""

    def __init__(self, stream: Stream, pipe: IO[bytes], sink: LineSink, warn: Callable[[str], None]) -> None:
        self._stream: Stream = stream
        self._sink = sink
        self._warn = warn
        self._pending = bytearray()
        self._after_return = False
        self._warned = False
        self.pipe = pipe
        self.ended = False

    def read(self) -> bool:
        """Read what is there and hand over the complete lines; False at the end of the stream."""
        try:
            piece = os.read(self.pipe.fileno(), _BATCH)
        except OSError:
            piece = b""
        if not piece:
            self.ended = True
            return False
        # A lone carriage return ends a line at once (progress bars); a line feed right after it belongs to
        # it.
        if self._after_return and piece[:1] == b"\n":
            piece = piece[1:]
        self._after_return = piece[-1:] == b"\r"
        end = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
        if end:
            self._pending += piece[:end]
            self._deliver(bytes(self._pending))
            self._pending = bytearray(piece[end:])
        else:
            self._pending += piece
        if len(self._pending) > MAX_LINE:
            self._cut()
        return True

    def finish(self) -> None:
        """Hand over a last line that has no line end."""
        if self._pending:
            self._deliver(bytes(self._pending) + b"\n")
            self._pending.clear()

    def _cut(self) -> None:
        cut = MAX_LINE
        while cut > MAX_LINE - 4 and self._pending[cut] & 0xC0 == 0x80:
            cut -= 1
        self._deliver(bytes(self._pending[:cut]) + b"\n")
        del self._pending[:cut]
        if not self._warned:
            self._warned = True
            self._warn(f"A line on {self._stream} is longer than {MAX_LINE >> 20} MiB: it is shown in pieces.")

    def _deliver(self, content: bytes) -> None:
        text = content.decode("utf-8", "replace")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.split("\n")
        lines.pop()
        if lines:
            self._sink(self._stream, lines)
