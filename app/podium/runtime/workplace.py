"""What one execution works with: its flow, the renderer of its expressions, and the surroundings of its attempts."""

import contextlib
import json
import random
import shutil
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from podium.base.clock import Ids, SortableIds
from podium.base.masking import Masker
from podium.engine.execution import Execution, TaskRun
from podium.engine.run import Run
from podium.engine.step import Engine
from podium.expressions.render import render, render_typed
from podium.model.flow import Condition, Flow, Task
from podium.model.inputs import output_typer
from podium.plugin.context import ExecutionQueries
from podium.plugin.registry import Registry
from podium.plugin.task import UpdatingTask
from podium.runtime.context import AttemptContext, AttemptLog, LineWriter
from podium.runtime.encrypted_outputs import Revealer
from podium.runtime.failed_task import FailedTask
from podium.runtime.guard import Guard
from podium.runtime.kinship import Kinship
from podium.runtime.log_files import AttemptLogFile
from podium.runtime.masks import hide_inputs, secret_answers_of
from podium.runtime.processes import Cancellation, LocalProcesses
from podium.runtime.reachable_keys import ReachableKeys
from podium.runtime.services import RuntimeServices
from podium.runtime.surroundings import surroundings
from podium.runtime.task_cache import TaskCacheEntry
from podium.runtime.trigger_switches import TriggerSwitches
from podium.store.errors import write_failure
from podium.store.execution_records import ExecutionRecord
from podium.store.internal_storage import ExecutionPlace, TaskStorage
from podium.store.stores import Stores


class Workplace:
    """Made once for an execution that is driven; its contexts are used from worker threads."""

    def __init__(
        self, stores: Stores, registry: Registry, record: ExecutionRecord, flow: Flow, execution: Execution,
        *, masker: Masker, queries: ExecutionQueries, ids: Ids | None = None,
    ) -> None:  # fmt: skip
        self.stores = stores
        self.registry = registry
        self.record = record
        self.flow = flow
        self.execution = execution
        self.masker = masker
        self.ids = ids or SortableIds()
        self.storage_place = ExecutionPlace(execution.namespace, execution.flow_id, execution.id)
        self._queries = queries
        trigger = (execution.trigger or {}).get("variables") or {}
        links = (execution.parent_id, trigger.get("executionId"), execution.original_id)
        self.kin = Kinship(stores.index, execution.id, links)
        self.services = RuntimeServices(
            stores, execution.namespace, execution.flow_id, masker, record=record, may_read=self.kin
        )
        self._keys = ReachableKeys(stores.key_values, stores.workspace, execution.namespace)
        self._failed = FailedTask(flow, record)
        self._metrics_lock = Lock()
        self._metrics: list[str] = []
        self._inline: dict[str, bool] = {}

    def engine(self) -> Engine:
        """An engine for the execution as it is now. Raises StoreError when a file of variables is wrong."""
        return Engine(Run(
            self.flow, self.execution, renderer=self, types=self.registry, typer=self._typer, holds=self._holds,
            clock=self.stores.clock, ids=self.ids, fraction=random.random,
            surroundings=surroundings(self.stores, self.execution.namespace),
            reveal=Revealer(self.stores.settings.lookup("encryption.key"), self.masker),
        ))  # fmt: skip

    # -- the engine's renderer -------------------------------------------------------------------------------------

    def render(self, value: Any, variables: Mapping[str, Any]) -> Any:
        return render(value, self._failed.seen(variables), self.services, dialect=self.flow.dialect)

    def render_typed(self, value: Any, variables: Mapping[str, Any]) -> Any:
        return render_typed(value, self._failed.seen(variables), self.services, dialect=self.flow.dialect)

    def _holds(self, condition: Condition, variables: Mapping[str, Any]) -> bool:
        return self.registry.holds(condition, variables, self.render)

    @cached_property
    def _typer(self) -> Callable[[str, Any], Any]:
        def hidden(text: str) -> str:
            self.masker.add(text)
            return text

        return output_typer(protect=hidden)

    def hide_resumed(self, values: Mapping[str, Any]) -> None:
        """Somebody has resumed a Pause with these values: those that it declares SECRET are hidden from now on."""
        hide_inputs(self.masker, values, secret_answers_of(self.flow))

    # -- attempts --------------------------------------------------------------------------------------------------

    def is_inline(self, task: Task) -> bool:
        """Whether the task returns at once, so that the runner's own thread can run it."""
        known = self._inline.get(task.id)
        if known is None:
            known = self._inline[task.id] = self._returns_at_once(task)
        return known

    def _returns_at_once(self, task: Task) -> bool:
        if not task.decl.local:
            return True
        if task.timeout is not None or task.task_cache is not None or task.log_to_file or _may_block(task.props):
            return False
        cls = self.registry.implementation(task.type)
        return bool(getattr(cls, "inline", False)) or issubclass(cls, UpdatingTask)

    def context(
        self, task: Task, taskrun: TaskRun, variables: Mapping[str, Any], cancellation: Cancellation,
        write: LineWriter, *, rendering: Lock, guard: Guard | None = None, shared_directory: Path | None = None,
    ) -> AttemptContext:  # fmt: skip
        """The context of the attempt that has just begun."""
        attempt = f"{self.execution.id}.{taskrun.id}.{max(0, len(taskrun.attempts) - 1)}"
        log_file = self._log_file(task, attempt)
        log = AttemptLog(log_file.write if log_file is not None else write, task.log_level)
        storage = self.stores.storage.for_task(self.storage_place, task.id, taskrun.id, self.kin)
        return AttemptContext(
            execution=self.execution, taskrun=taskrun, task=task, variables=self._failed.seen(variables),
            services=self.services, clock=self.stores.clock, log=log, cancellation=cancellation,
            make_directory=lambda: self._make_directory(attempt), shared_directory=shared_directory,
            storage=storage, cache=self._cache(task, storage), log_file=log_file, write=write,
            namespace_files=self.stores.namespace_files, kv=self._keys,
            processes=LocalProcesses(attempt, cancellation, log.warn, guard), executions=self._queries,
            triggers=TriggerSwitches(self.stores, self.registry),
            record_metric=lambda metric: self._record_metric(task, taskrun, metric),
            settings=self.stores.settings.lookup, dialect=self.flow.dialect, rendering=rendering,
            run_spec=self._run_spec,
        )  # fmt: skip

    def shared_directory(self, taskrun_id: str) -> Path:
        """The directory of a WorkingDirectory task run."""
        return self.stores.workspace.tmp / f"{self.execution.id}.{taskrun_id}.shared"

    def remove_leftovers(self) -> None:
        """Directories that attempts of a runner that died have left behind."""
        for left in self.stores.workspace.tmp.glob(f"{self.execution.id}.*"):
            shutil.rmtree(left, ignore_errors=True)

    def _run_spec(self, ctx: AttemptContext, spec: str) -> Mapping[str, Any]:
        from podium.runtime.attempt import run_spec

        return run_spec(self.registry, ctx, spec)

    def _make_directory(self, attempt: str) -> Path:
        directory = self.stores.workspace.tmp / attempt
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise write_failure("The working directory", directory, error) from error
        return directory

    def _cache(self, task: Task, storage: TaskStorage) -> TaskCacheEntry | None:
        if task.task_cache is None or not task.task_cache.enabled:
            return None
        stores = self.stores
        return TaskCacheEntry(stores.storage, self.flow, task, self.execution.inputs, storage, stores.clock)

    def _log_file(self, task: Task, attempt: str) -> AttemptLogFile | None:
        if not task.log_to_file:
            return None
        path = self._make_directory(f"{attempt}.log") / "log.txt"
        try:
            return AttemptLogFile(path, self.masker, self.stores.clock)
        except OSError as error:
            raise write_failure("The log of the attempt", path, error) from error

    def _record_metric(self, task: Task, taskrun: TaskRun, metric: Mapping[str, Any]) -> None:
        line = {
            "taskId": task.id, "taskRunId": taskrun.id, "attempt": max(0, len(taskrun.attempts) - 1),
            "timestamp": int(self.stores.clock.now().timestamp() * 1000), **metric,
        }  # fmt: skip
        with self._metrics_lock:
            self._metrics.append(self.masker(json.dumps(line, ensure_ascii=False, default=str)) + "\n")

    def flush_metrics(self) -> None:
        """Write the metrics that were recorded. One that cannot be written is given up: nothing depends on it."""
        with self._metrics_lock:
            lines, self._metrics = self._metrics, []
        if lines:
            with contextlib.suppress(OSError), self.record.metrics.open("a", encoding="utf-8") as file:
                file.writelines(lines)


def _may_block(value: Any) -> bool:
    """Whether the text of a property names a function that waits for the network."""
    if isinstance(value, str):
        return "http(" in value
    if isinstance(value, Mapping):
        return any(_may_block(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_may_block(item) for item in value)
