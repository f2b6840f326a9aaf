"""Starting runners, each a detached process of its own: in its own session, with nothing on its standard streams.

Three ways, all with the same result: a new interpreter (always possible), a fork of this process (for a command that
has everything loaded and no threads), and a fork server (for programs that live long: started before their first
thread, it has the runner's code loaded and makes a runner in milliseconds).
"""

import contextlib
import functools
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import NoReturn, Protocol

from podium.runtime.process_tree import numbering
from podium.store.errors import StoreError

_PRELOAD_PATIENCE = 0.6  # seconds
RUNNER_LOG = "runner.log"
"""In the execution's directory: what a runner had to say that belongs to no log, such as a crash of its own."""


class Launcher(Protocol):
    """Starts a runner for an execution that exists."""

    def launch(self, root: Path, execution_id: str, prepared: Callable[[], int] | None = None) -> None:
        """Return as soon as the process is on its way; `root` is the workspace. Raises StoreError when it cannot.

        `prepared` is the life of this runner with everything at hand that this process has loaded already; it serves
        a launcher that forks this process, and is ignored by the others.
        """
        ...


class NewInterpreter:
    """Starts each runner as a program of its own."""

    def launch(self, root: Path, execution_id: str, prepared: Callable[[], int] | None = None) -> None:
        program = [sys.executable, "-P", "-m", "podium.runtime.process", str(root), execution_id]
        try:
            with _runner_log(root, execution_id) as log, numbering(None):
                process = subprocess.Popen(
                    program, cwd=root, env=environment_of_runners(), stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise StoreError(f"The runner cannot be started: {error.strerror or error}.") from error
        # Collected when it ends, so that no zombie stays; a program that ends before leaves it to init.
        threading.Thread(target=process.wait, name="runner-wait", daemon=True).start()


class ForkedRunner:
    """Starts each runner as a fork of this process.

    A fork would lose the other threads of a process, so while it has any, a runner is started as a program.
    """

    def launch(self, root: Path, execution_id: str, prepared: Callable[[], int] | None = None) -> None:
        if threading.active_count() > 1:
            NewInterpreter().launch(root, execution_id)
            return
        run = prepared
        if run is None:
            from podium.runtime.process import run_execution

            run = functools.partial(run_execution, root, execution_id)
        try:
            child = os.fork()
        except OSError as error:
            raise StoreError(f"The runner cannot be started: {error.strerror or error}.") from error
        if child == 0:
            _detach_and_run(run, root, execution_id)
        os.waitpid(child, 0)


class ForkServer:
    """A process that has the runner's code loaded and forks a runner on demand.

    It ends when the program that started it has ended or closed it; the runners go on.
    """

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._pid = pid
        self._fallback = NewInterpreter()

    @classmethod
    def start(cls) -> "ForkServer":
        """Fork the server. Call it before the first thread, and before anything large is imported."""
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _serve(theirs)
        theirs.close()
        return cls(ours, pid)

    def launch(self, root: Path, execution_id: str, prepared: Callable[[], int] | None = None) -> None:
        with self._lock:
            try:
                self._connection.sendall(json.dumps([str(root), execution_id]).encode() + b"\n")
                return
            except OSError:
                # Somebody ended it: slower, but the execution runs.
                pass
        self._fallback.launch(root, execution_id)

    def close(self) -> None:
        """End the server, not its runners."""
        self._connection.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _serve(connection: socket.socket) -> NoReturn:
    """The life of the fork server."""
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        from podium.runtime.process import preload

        # Whoever started us is busy starting as well: loading can wait, unless a runner is wanted already.
        select.select([connection], [], [], _PRELOAD_PATIENCE)
        preload()
        # What is loaded stays: a collection in a runner must not copy the memory that it shares with this process.
        gc.freeze()
        forker = ForkedRunner()
        with connection.makefile("rb") as lines:
            for line in lines:
                root, execution_id = json.loads(line)
                # A runner that cannot be forked now is found by the next look of `reconcile`.
                with contextlib.suppress(StoreError):
                    forker.launch(Path(root), execution_id)
    finally:
        os._exit(0)


def reconciler(root: Path) -> tuple[Sequence[str], Mapping[str, str]]:
    """The program that looks for executions whose runner died; what a guardian becomes when its runner did."""
    return [sys.executable, "-P", "-m", "podium.runtime.reconciler", str(root)], environment_of_runners()


def _detach_and_run(run: Callable[[], int], root: Path, execution_id: str) -> NoReturn:
    """In the child: become the leader of a session, then a process that nobody waits for, then the runner."""
    code = 1
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        with _runner_log(root, execution_id) as log:
            os.dup2(log.fileno(), 2)
        # Relative parts of the search path mean the directory of whoever started this.
        os.environ.update(environment_of_runners())
        os.chdir(root)
        code = run()
    finally:
        os._exit(code)


def _runner_log(root: Path, execution_id: str) -> FileIO:
    try:
        return FileIO(root / ".podium" / "executions" / execution_id / RUNNER_LOG, "a")
    except OSError:
        # On a full disk the runner can still say in its other ways why it cannot go on.
        return FileIO(os.devnull, "a")


def environment_of_runners() -> dict[str, str]:
    """The environment, with a search path that holds wherever the runner is started."""
    environment = dict(os.environ)
    if "PYTHONPATH" in environment:
        parts = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(str(Path(part).absolute()) for part in parts if part)
    return environment
