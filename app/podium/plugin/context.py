"""What a running task can ask for: the ports that the runtime implements."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

Level = Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]
Stream = Literal["stdout", "stderr"]
MetricType = Literal["counter", "timer", "gauge"]


class TaskLog(Protocol):
    """The log of one attempt. Secrets are masked behind it."""

    def trace(self, message: str) -> None: ...
    def debug(self, message: str) -> None: ...
    def info(self, message: str) -> None: ...
    def warn(self, message: str) -> None: ...
    def error(self, message: str) -> None: ...

    def write(self, level: Level, message: str) -> None:
        """One entry of the task itself (source `log`)."""
        ...

    def lines(self, stream: Stream, level: Level, lines: Sequence[str]) -> None:
        """Many lines of script output at once, in order."""
        ...


class Storage(Protocol):
    """Internal storage: `kestra:///` URIs of this execution, plus `nsfile://` and `file://` for reading."""

    def put(self, path: Path, name: str | None = None) -> str:
        """Copy a local file into the task run's storage; returns its URI."""
        ...

    def put_bytes(self, content: bytes, name: str) -> str:
        """Store bytes under a name; returns the URI."""
        ...

    def open(self, uri: str) -> BinaryIO:
        """Open for reading; raises TaskError for an URI that does not exist or belongs to another
        execution.
        """
        ...

    def path(self, uri: str) -> Path:
        """A local path with the content, valid while the task runs; not to be written to."""
        ...

    def size(self, uri: str) -> int: ...
    def exists(self, uri: str) -> bool: ...
    def delete(self, uri: str) -> bool: ...

    def delete_all(self) -> Sequence[str]:
        """Delete every file of this execution; returns their URIs."""
        ...


class NamespaceFiles(Protocol):
    """The files of a namespace, by path relative to its folder."""

    def list(self, namespace: str) -> Sequence[str]:
        """All paths, sorted, with `/`."""
        ...

    def path(self, namespace: str, name: str) -> Path:
        """The local path of a file; raises TaskError when it does not exist or leaves the folder."""
        ...

    def write(self, namespace: str, name: str, content: bytes) -> None: ...
    def delete(self, namespace: str, name: str) -> bool: ...


class KeyValues(Protocol):
    """The key-value store. Values are None, bool, int, float, str, list, dict, datetime, date or timedelta."""

    def get(self, namespace: str, key: str) -> tuple[bool, Any]:
        """(exists, value); an expired entry does not exist."""
        ...

    def set(
        self,
        namespace: str,
        key: str,
        value: Any,
        *,
        ttl: timedelta | None = None,
        overwrite: bool = True,
        description: str | None = None,
    ) -> bool:
        """Store; returns False when the key exists and `overwrite` is False."""
        ...  # fmt: skip

    def delete(self, namespace: str, key: str) -> bool: ...
    def keys(self, namespace: str, prefix: str = "") -> Sequence[str]: ...

    def namespaces(self) -> Sequence[str]:
        """All namespaces that hold a key, sorted."""
        ...

    def expired(self, namespace: str) -> Sequence[str]:
        """Keys whose time to live is over and that still occupy space."""
        ...


class Processes(Protocol):
    """Starts programs in a process group of their own; cancel and timeout end the whole tree."""

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_lines: Callable[[Stream, Sequence[str]], None],
        on_start: Callable[[int], None] | None = None,
    ) -> int:
        """Run to the end and return the exit code (128+signal when killed by one).

        `on_lines` gets batches of lines without their line ends, decoded as UTF-8 with replacement
        characters, per stream in order, from a single thread. Raises TaskError when the program cannot be
        started, and `Cancelled` when the attempt was killed or timed out.
        """
        ...


class ExecutionQueries(Protocol):
    """Reading other executions of the workspace (Count, Fetch, Purge, flow conditions)."""

    def find(self, **filters: Any) -> Sequence[Mapping[str, Any]]:
        """Executions as Kestra-shaped dicts, newest first; filters: namespace, flow_id, states, start, end,
        labels.
        """
        ...

    def logs(self, execution_id: str, **filters: Any) -> Sequence[Mapping[str, Any]]:
        """Log entries as Kestra-shaped dicts, oldest first; filters: task_id, min_level."""
        ...

    def delete(self, execution_id: str, *, logs: bool = True, metrics: bool = True, storage: bool = True) -> int:
        """Delete a terminated execution; returns the number of log entries removed."""
        ...

    def delete_logs(self, execution_id: str, **filters: Any) -> int:
        """Delete log entries; returns how many."""
        ...

    def resume(self, execution_id: str, inputs: Mapping[str, Any] | None = None) -> None:
        """Ask a paused execution to go on; raises TaskError when it is not paused."""
        ...


class Triggers(Protocol):
    """The triggers of the flows of the workspace."""

    def switch(self, namespace: str, flow_id: str, trigger_id: str, *, enabled: bool) -> None:
        """Switch a trigger on or off, whatever its flow says; raises TaskError when there is none."""
        ...


class PollContext(Protocol):
    """What a polling trigger can use while it looks; a RunContext is one, too."""

    @property
    def cancelled(self) -> threading.Event:
        """Set when nobody waits for the answer any more."""
        ...

    @property
    def log(self) -> TaskLog: ...
    @property
    def storage(self) -> Storage: ...

    def render(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        """See `RunContext.render`."""
        ...

    def mask(self, secret: str) -> None:
        """See `RunContext.mask`."""
        ...

    def setting(self, name: str, default: Any = None) -> Any:
        """See `RunContext.setting`."""
        ...


class RunContext(Protocol):
    """Everything one attempt of one task can use."""

    @property
    def variables(self) -> Mapping[str, Any]:
        """The expression context (`inputs`, `outputs`, `taskrun`, ...)."""
        ...

    @property
    def namespace(self) -> str: ...
    @property
    def flow_id(self) -> str: ...
    @property
    def execution_id(self) -> str: ...
    @property
    def task_id(self) -> str: ...
    @property
    def task_type(self) -> str: ...
    @property
    def taskrun_id(self) -> str: ...
    @property
    def attempt(self) -> int:
        """0 for the first attempt."""
        ...

    @property
    def working_dir(self) -> Path:
        """A private directory, made on first use and deleted after the attempt (or shared in a
        WorkingDirectory).
        """
        ...

    @property
    def cancelled(self) -> threading.Event:
        """Set when the attempt is killed or its time is over; long loops must look at it."""
        ...

    @property
    def log(self) -> TaskLog: ...
    @property
    def storage(self) -> Storage: ...
    @property
    def namespace_files(self) -> NamespaceFiles: ...
    @property
    def kv(self) -> KeyValues: ...
    @property
    def processes(self) -> Processes: ...
    @property
    def executions(self) -> ExecutionQueries: ...
    @property
    def triggers(self) -> Triggers: ...

    def now(self) -> datetime: ...

    def render(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        """Render strings inside `value` with the context overlaid by `extra`; raises ExpressionError."""
        ...

    def render_typed(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        """Like `render`, but a string that is one lone expression keeps the type of its value."""
        ...

    def run_task(self, spec: str) -> Mapping[str, Any]:
        """Run one runnable task, given as YAML text, within this attempt and return its outputs.

        Raises TaskError when the text is not a runnable task, and whatever that task raises.
        """
        ...

    def metric(
        self,
        name: str,
        value: float,
        type: MetricType = "counter",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Record a metric; timers are in seconds."""
        ...  # fmt: skip

    def mask(self, secret: str) -> None:
        """Never show this text in a log, journal, screen or error of this execution."""
        ...

    def setting(self, name: str, default: Any = None) -> Any:
        """A value of the workspace's settings, e.g. `tasks.scripts.containers`."""
        ...
