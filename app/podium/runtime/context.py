"""What a running attempt can use: the runtime's side of `podium.plugin.context.RunContext`."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

from podium.base.clock import Clock
from podium.engine.execution import Execution, TaskRun
from podium.expressions.render import render, render_typed
from podium.expressions.services import HttpRequest, HttpResponse, Services, SubflowRequest
from podium.model.flow import Task
from podium.plugin.context import (
    ExecutionQueries,
    KeyValues,
    Level,
    MetricType,
    NamespaceFiles,
    Processes,
    Stream,
    Triggers,
)
from podium.runtime.log_files import AttemptLogFile
from podium.runtime.processes import Cancellation
from podium.runtime.task_cache import TaskCacheEntry
from podium.store.errors import StoreError
from podium.store.internal_storage import TaskStorage

_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR")
_LONGEST = 10_240
"""Characters of one log entry; longer messages become several (semantics 3.3)."""

T = TypeVar("T")

LineWriter = Callable[[str, str, Sequence[str]], None]
"""(source, level, lines): writes into the log of the attempt."""


class _Yielding:
    """The services of an execution, which do not keep the others waiting while an expression waits for something."""

    def __init__(self, services: Services, rendering: Lock) -> None:
        self._services = services
        self._rendering = rendering

    def __getattr__(self, name: str) -> Any:
        return getattr(self._services, name)

    def http(self, request: HttpRequest) -> HttpResponse:
        return self._waiting(lambda: self._services.http(request))

    def subflow(self, request: SubflowRequest) -> Mapping[str, Any]:
        return self._waiting(lambda: self._services.subflow(request))

    def _waiting(self, ask: Callable[[], T]) -> T:
        self._rendering.release()
        try:
            return ask()
        finally:
            self._rendering.acquire()


class AttemptLog:
    """The log of one attempt, from the task's `logLevel` upwards."""

    def __init__(self, write: LineWriter, lowest: str | None) -> None:
        self._write = write
        self._lowest = _LEVELS.index(lowest.upper()) if lowest and lowest.upper() in _LEVELS else 0

    def trace(self, message: str) -> None:
        self.write("TRACE", message)

    def debug(self, message: str) -> None:
        self.write("DEBUG", message)

    def info(self, message: str) -> None:
        self.write("INFO", message)

    def warn(self, message: str) -> None:
        self.write("WARN", message)

    def error(self, message: str) -> None:
        self.write("ERROR", message)

    def write(self, level: Level, message: str) -> None:
        if _LEVELS.index(level) < self._lowest:
            return
        parts = [message[at : at + _LONGEST] for at in range(0, len(message), _LONGEST)] or [""]
        self._write("log", level, parts)

    def lines(self, stream: Stream, level: Level, lines: Sequence[str]) -> None:
        if _LEVELS.index(level) >= self._lowest:
            self._write(stream, level, lines)


class AttemptContext:
    """One attempt of one task. Made by the runner, used from a worker thread.

    While it renders it holds `rendering`, the lock of the execution: the maps that expressions see grow meanwhile.
    """

    def __init__(
        self,
        *,
        execution: Execution,
        taskrun: TaskRun,
        task: Task,
        variables: Mapping[str, Any],
        services: Services,
        clock: Clock,
        log: AttemptLog,
        cancellation: Cancellation,
        make_directory: Callable[[], Path],
        shared_directory: Path | None,
        storage: TaskStorage,
        cache: TaskCacheEntry | None,
        log_file: AttemptLogFile | None,
        write: LineWriter,
        namespace_files: NamespaceFiles,
        kv: KeyValues,
        processes: Processes,
        executions: ExecutionQueries,
        triggers: Triggers,
        record_metric: Callable[[Mapping[str, Any]], None],
        settings: Callable[[str, Any], Any],
        dialect: str,
        rendering: Lock,
        run_spec: Callable[["AttemptContext", str], Mapping[str, Any]],
    ) -> None:
        self.variables = variables
        self.namespace = execution.namespace
        self.flow_id = execution.flow_id
        self.execution_id = execution.id
        self.task_id = task.id
        self.task_type = task.type
        self.taskrun_id = taskrun.id
        self.attempt = max(0, len(taskrun.attempts) - 1)
        self.cancelled = cancellation
        self.log = log
        self.storage = storage
        self.cache = cache
        """The entry of a task with `taskCache`."""
        self._log_file = log_file
        self._runner_log = AttemptLog(write, task.log_level)
        self._write = write
        self.namespace_files = namespace_files
        self.kv = kv
        self.processes = processes
        self.executions = executions
        self.triggers = triggers
        self._services = cast(Services, _Yielding(services, rendering))
        self._rendering = rendering
        self._run_spec = run_spec
        self._clock = clock
        self._make_directory = make_directory
        self._directory = shared_directory
        self._owned: Path | None = None
        self._record_metric = record_metric
        self._settings = settings
        self._dialect = dialect

    @property
    def working_dir(self) -> Path:
        if self._directory is None:
            self._directory = self._owned = self._make_directory()
        return self._directory

    def now(self) -> datetime:
        return self._clock.now()

    def render(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        with self._rendering:
            return render(value, self._overlaid(extra), self._services, dialect=self._dialect)

    def render_typed(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        with self._rendering:
            return render_typed(value, self._overlaid(extra), self._services, dialect=self._dialect)

    def run_task(self, spec: str) -> Mapping[str, Any]:
        return self._run_spec(self, spec)

    def metric(
        self, name: str, value: float, type: MetricType = "counter", tags: Mapping[str, str] | None = None
    ) -> None:
        self._record_metric({"name": name, "type": type, "value": value, "tags": dict(tags or {})})

    def mask(self, secret: str) -> None:
        self._services.mask(secret)

    def setting(self, name: str, default: Any = None) -> Any:
        return self._settings(name, default)

    def tell(self, message: str) -> None:
        """What the runner says about the attempt: never in the file of a `logToFile` task, which is the task's own."""
        self._runner_log.debug(message)

    def keep_log(self) -> str | None:
        """With `logToFile`, put the log of the attempt into storage and a pointer into the real log; its URI."""
        if self._log_file is None:
            return None
        try:
            uri = self._log_file.store(self.storage, self.attempt)
        except (StoreError, OSError) as error:
            self._write("log", "ERROR", [f"The log of this attempt is lost: {error}"])
            return None
        finally:
            shutil.rmtree(self._log_file.path.parent, ignore_errors=True)
        self._write("log", "INFO", [f"The log of this attempt is in the file {uri}"])
        return uri

    def close(self) -> None:
        """Remove the private working directory, if one was made."""
        if self._owned is not None:
            shutil.rmtree(self._owned, ignore_errors=True)

    def _overlaid(self, extra: Mapping[str, Any] | None) -> Mapping[str, Any]:
        return {**self.variables, **extra} if extra else self.variables
