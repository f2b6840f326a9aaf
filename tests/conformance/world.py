"""The workspace of a case as its steps see it: executions through the facade, files, key-values, logs."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from manifest import Case
from matching import duration, filled
from surroundings import Stub, written_inputs

from podium.base.clock import SortableIds
from podium.base.masking import Masker
from podium.engine import changes as c
from podium.engine.execution import Execution
from podium.engine.plan import Plan
from podium.engine.variables import Variables
from podium.expressions.render import render
from podium.model.flow import Flow
from podium.model.loader import load_flow
from podium.plugin.registry import Registry
from podium.runtime.creation import Creation, NewExecution
from podium.runtime.deletion import delete_execution
from podium.runtime.encrypted_outputs import Revealer
from podium.runtime.executions import Executions
from podium.runtime.flows import Flows
from podium.runtime.launcher import ForkedRunner
from podium.runtime.masks import secret_inputs_of
from podium.runtime.process_census import is_alive
from podium.runtime.services import RuntimeServices
from podium.runtime.surroundings import surroundings
from podium.store.execution_records import ExecutionRecord
from podium.store.logs import read_lines
from podium.store.settings import load_settings
from podium.store.stores import Stores
from podium.store.summaries import summary_of
from podium.store.workspace import Workspace

_PASSING = frozenset({"CREATED", "RUNNING", "RESTARTED", "KILLING"})
"""States that others follow at once: they may be over before anybody looks."""

_STAYING = timedelta(seconds=2)
"""How long to wait for an execution to leave the state in which it is to be."""


class HeldLauncher:
    """Starts runners, or keeps them waiting while a case looks at what an operation has answered."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._waiting: list[tuple[Path, str]] = []
        self.holding = False

    def launch(self, root: Path, execution_id: str, prepared: Any = None) -> None:
        if self.holding:
            self._waiting.append((root, execution_id))
        else:
            self._inner.launch(root, execution_id, prepared)

    def release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for root, execution_id in waiting:
            self._inner.launch(root, execution_id)


class World:
    """Everything that the steps of one case act on."""

    def __init__(self, case: Case, root: Path, paths: list[Path], registry: Registry, stub: Stub | None) -> None:
        self.case = case
        self.root = root
        self.paths = paths
        self.registry = registry
        self.stub = stub
        self.strict = True
        self.names: dict[str, str] = {}
        self._files_given: dict[str, str] = {}
        self.stores = Stores.of(*_opened(root))
        self.launcher = HeldLauncher(ForkedRunner())
        self.executions = Executions(
            self.stores.workspace, registry, settings=self.stores.settings, launcher=self.launcher
        )
        self.creation = Creation(self.stores, Flows(self.stores, registry))
        self._edited: dict[str, Any] | None = None
        self._fill()
        self._stop = threading.Event()
        self.serving = "flow-trigger" in (case.raw.get("requires") or ())
        if self.serving:
            self._serve()

    def _serve(self) -> None:
        """Flow triggers are evaluated by a server, as in production."""
        from podium.server.serve import Server

        server = Server(self.stores, self.registry, self.executions, lambda _: None)

        def work() -> None:
            while not self._stop.wait(0.1):
                server.tick()

        server.tick()
        threading.Thread(target=work, daemon=True).start()

    @property
    def triggers(self) -> Any:
        """The triggers of the main flow."""
        from triggering import Triggering

        if not hasattr(self, "_triggers"):
            self._triggers = Triggering(self)
        return self._triggers

    def _fill(self) -> None:
        for namespace, values in (self.case.setup.get("kv") or {}).items():
            for key, value in values.items():
                self.stores.key_values.set(namespace, key, value)

    def close(self) -> None:
        """Leave nothing behind that still runs."""
        self._stop.set()
        for execution in self.everything():
            if not execution.terminal:
                with contextlib.suppress(Exception):
                    self.executions.kill(execution.id, hard=True)

    # -- executions --------------------------------------------------------------------------------------------

    def run(
        self, flow: str | None, inputs: Mapping[str, Any], labels: Sequence[Mapping[str, str]],
        schedule_date: datetime | None = None,
    ) -> str:  # fmt: skip
        """Start the main flow, or another one by its file; returns the id of the execution."""
        path = self._path(flow)
        loaded = load_flow(path.read_text("utf-8"), self.registry, defaults=self.stores.plugin_defaults)
        if loaded.flow is None:
            raise ValueError("; ".join(error.message for error in loaded.errors))
        given = filled(written_inputs(inputs, self.root), self.lookup)
        self._files_given.update(
            {name: Path(given[name]).read_text("utf-8") for name, value in inputs.items()
             if isinstance(value, Mapping) and "$file" in value}
        )  # fmt: skip
        pairs = [(label["key"], label["value"]) for label in labels]
        if self.case.setup.get("raw_inputs"):
            return self._run_untyped(loaded.flow, given, pairs, path)
        return self.executions.run(loaded.flow, given, labels=pairs, path=path, schedule_date=schedule_date)

    def _run_untyped(self, flow: Flow, inputs: Mapping[str, Any], labels: Any, path: Path) -> str:
        """As the Java tests do it: the values go into the execution as they are."""
        execution_id = SortableIds().new()
        pairs = [*flow.labels, *labels, ("system.correlationId", execution_id)]
        created = c.ExecutionCreated(
            execution_id, flow.namespace, flow.id, datetime.now(UTC), revision=1, inputs=inputs, labels=pairs
        )
        ExecutionRecord.create(self.stores.workspace.executions, [created], flow.source, {"path": str(path)})
        self.stores.index.upsert(summary_of(Execution(created)))
        self.launcher.launch(self.root, execution_id)
        return execution_id

    def _path(self, flow: str | None) -> Path:
        if flow is None:
            return self.paths[-1]
        return next((path for path in self.paths if path.name == Path(flow).name), self.root / "unknown.yaml")

    def main_flow(self) -> Flow:
        return self.main_flow_of(
            self.paths[-1].read_text("utf-8") if self._edited is None else json.dumps(self._edited)
        )

    def main_flow_of(self, text: str) -> Flow:
        loaded = load_flow(text, self.registry)
        if loaded.flow is None and not self.strict:
            loaded = load_flow(_without_unknown(text, loaded.errors), self.registry)
        if loaded.flow is None:
            raise ValueError("; ".join(error.message for error in loaded.errors))
        return loaded.flow

    def replace_task(self, task: Mapping[str, Any]) -> int:
        """The main flow with one task replaced wherever it is; the number of its next revision."""
        from surroundings import document

        self._edited = _replaced(document(self.paths[-1]), task)
        self.keep_revision()
        self.paths[-1].write_text(yaml.safe_dump(self._edited, sort_keys=False), "utf-8")
        return self.keep_revision()

    def keep_revision(self) -> int:
        """What the file of the main flow says now is a revision; its number."""
        flow = self.main_flow_of(self.paths[-1].read_text("utf-8"))
        return int(self.stores.revisions.keep(flow.source, flow.namespace, flow.id))

    def wait(self, execution_id: str, patience: timedelta) -> None:
        """Until the execution has ended; a failure when it has not within `patience`."""
        execution = self.executions.wait(execution_id, patience)
        if not execution.terminal:
            raise AssertionError(f"still {execution.state} after {patience}")

    def wait_until(self, execution_id: str, state: str, patience: timedelta, known: int = 0) -> None:
        """Until the execution is in the state; ending in another one is a failure.

        `known` is how many states it had before the operation whose result is waited for.
        """

        def there(execution: Execution) -> bool:
            since = execution.histories[known:]
            passed = state in _PASSING and any(each == state for each, _ in since)
            return passed or (execution.state == state and bool(since))

        if known and self.get(execution_id).state == state:
            # It may stay as it is: of two pauses one goes on.
            execution = self.executions.wait(execution_id, _STAYING, until=lambda each: bool(each.histories[known:]))
            if execution.state == state:
                return
        last = time.monotonic() + patience.total_seconds()
        execution = self.executions.wait(execution_id, patience, until=there)
        while not execution.histories[known:] and time.monotonic() < last:
            # What was asked for has not begun yet: the execution has ended, as it had before.
            time.sleep(0.05)
            execution = self.executions.wait(execution_id, patience, until=there)
        if not there(execution):
            raise AssertionError(f"the execution is {execution.state}, not {state}")

    def settle(self, execution_id: str) -> None:
        """Let held runners go, and what was asked for be done."""
        self.release()
        time.sleep(0.4)

    def release(self) -> None:
        """Let held runners go."""
        self.launcher.holding = False
        self.launcher.release()

    @contextlib.contextmanager
    def held(self, holding: bool) -> Iterator[None]:
        self.launcher.holding = holding
        yield

    def get(self, execution_id: str) -> Execution:
        """The execution with its secrets, as its own tasks see it."""
        self.executions.get(execution_id)
        return self.executions.record(execution_id).load(clear=True).execution

    def named(self, name: str) -> Execution:
        return self.get(self.names[name] if name in self.names else self._child())

    def _child(self) -> str:
        """The newest execution that another one has started."""
        return next(each.id for each in reversed(self.everything()) if each.trigger is not None)

    def child(self, execution_id: str) -> Execution:
        """The newest execution that this one has started."""

        def parent(each: Execution) -> Any:
            return ((each.trigger or {}).get("variables") or {}).get("executionId")

        found = [each for each in self.everything() if parent(each) == execution_id]
        return found[-1] if found else self.get(self._child())

    def clear(self, value: Any) -> Any:
        """An output as expressions see it."""
        settings = self.stores.settings.plugin_settings.get("encryption") or {}
        return Revealer(settings.get("key"), Masker())(value)

    def record(self, execution_id: str) -> Any:
        return self.executions.record(execution_id)

    def exists(self, execution_id: str) -> bool:
        return self.stores.record(execution_id).exists()

    def everything(self) -> list[Execution]:
        """All executions of the workspace, oldest first."""
        folder = self.stores.workspace.executions
        ids = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
        return [self.get(each) for each in ids if self.exists(each)]

    def any_execution(self) -> str | None:
        found = self.everything()
        return found[-1].id if found else None

    def delete(self, execution_id: str, *, logs: bool, storage: bool) -> int:
        """Delete; returns how many INFO lines can still be read."""
        path = self.record(execution_id).log
        delete_execution(self.stores, execution_id, is_alive, logs=logs, metrics=logs, storage=storage)
        if not path.exists():
            return 0
        return sum(1 for line, _ in read_lines(path) if line.level in ("INFO", "WARN", "ERROR"))

    # -- looking -----------------------------------------------------------------------------------------------

    def lookup(self, name: str) -> str:
        """What `${name}` stands for outside an execution."""
        if name == "http_server.url" and self.stub:
            return self.stub.url
        if name.endswith(".id") and name[:-3] in self.names:
            return self.names[name[:-3]]
        if name == "child.id":
            return self._child()
        if name == "uuid":
            return "uuid"
        return "${" + name + "}"

    def filled(self, value: Any) -> Any:
        return filled(value, self.lookup)

    def outputs_map(self, execution: Execution) -> Any:
        """The `outputs` that expressions see at the end."""
        return self._variables(execution).outputs

    def evaluated(self, execution: Execution, taskrun_id: str, expression: str) -> Any:
        """An expression as a task run sees it."""
        flow = self.executions.flows.of_record(self.record(execution.id))
        run = execution.taskruns[taskrun_id]
        context = self._variables(execution).of_taskrun(run, flow.tasks_by_id[run.task_id])
        services = RuntimeServices(self.stores, execution.namespace, execution.flow_id, Masker())
        return render(expression, context, services, dialect=flow.dialect)

    def rendered(self, execution: Execution, expression: str) -> Any:
        """An expression as the flow's own parts see it at the end."""
        flow = self.executions.flows.of_record(self.record(execution.id))
        services = RuntimeServices(self.stores, execution.namespace, execution.flow_id, Masker())
        return render(expression, self._variables(execution).of_execution(), services, dialect=flow.dialect)

    def _variables(self, execution: Execution) -> Variables:
        flow = self.executions.flows.of_record(self.record(execution.id))
        return Variables(Plan(flow), execution, surroundings(self.stores, execution.namespace))

    def metrics(self, execution_id: str) -> list[Mapping[str, Any]]:
        path = self.record(execution_id).directory / "metrics.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    def read(self, execution: Execution, uri: str) -> str:
        """A file of internal storage, if this execution may read it."""
        return self.stores.storage.path(uri, execution.namespace, lambda _: True).read_text("utf-8")

    def readable(self, execution: Execution, uri: str) -> str:
        """The same for whoever asks as this execution."""
        path = self.stores.storage.path(uri, execution.namespace, lambda owner: owner == execution.id)
        return path.read_text("utf-8")

    def uri(self, execution_id: str, path: str) -> str:
        """The URI at `${inputs.x}` or `${outputs.task.x}`, or what the step says itself."""
        name, _, rest = path.removeprefix("${").removesuffix("}").partition(".")
        execution = self.get(execution_id)
        if name == "inputs":
            return str(execution.inputs[rest])
        if name == "outputs":
            value: Any = {run.task_id: run.outputs for run in execution.taskruns.values()}
            for part in rest.split("."):
                value = value[part]
            return str(value)
        return path

    def namespace_files_differ(self, wanted: Mapping[str, Mapping[str, str]]) -> str:
        for namespace, files in wanted.items():
            for path, content in files.items():
                name = path.lstrip("/")
                found = self.stores.namespace_files.path(namespace, name).read_text("utf-8")
                if found != content:
                    return f"{name} holds {found!r}"
        return ""

    def namespace_listing_differs(self, wanted: Mapping[str, Sequence[str]]) -> str:
        for namespace, names in wanted.items():
            found = [name for name in self.stores.namespace_files.list(namespace) if not name.startswith("_flows/")]
            if sorted(found) != sorted(name.lstrip("/") for name in names):
                return f"{namespace} has {found}"
        return ""

    def setup_files_differ(self) -> str:
        """Whether the files that the case began with are not as they were."""
        problem = self.namespace_files_differ(self.case.setup.get("namespace_files") or {})
        for name, given in ({} if problem else self._files_given).items():
            for execution in self.everything():
                uri = execution.inputs.get(name)
                if isinstance(uri, str) and uri.startswith("kestra://") and self.read(execution, uri) != given:
                    return f"the input {name} has changed"
        return problem

    def namespace_files_count(self, wanted: Mapping[str, int]) -> str:
        for namespace, count in wanted.items():
            found = [name for name in self.stores.namespace_files.list(namespace) if not name.startswith("_flows/")]
            if len(found) != count:
                return f"{namespace} has {found}"
        return ""

    def expiry_differs(self, wanted: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
        now = datetime.now(UTC)
        for namespace, keys in wanted.items():
            for key, (least, most) in keys.items():
                entries = {entry.key: entry for entry in self.stores.key_values.entries(namespace)}
                expires = entries[key].expires if key in entries else None
                if expires is None or not duration(least) <= expires - now <= duration(most):
                    return f"{key} expires {expires}"
        return ""

    def creation_inputs(self, firing: Any) -> dict[str, Any]:
        """The typed inputs of an execution that a trigger starts."""
        return dict(self.creation.preview(NewExecution(firing.flow, firing.inputs)).inputs.values)

    # -- inputs ------------------------------------------------------------------------------------------------

    def resolved(self, inputs: Mapping[str, Any]) -> Any:
        """What a form would see."""
        given = written_inputs(inputs, self.root)
        return self.creation.preview(NewExecution(self.main_flow(), given)).shown

    def typed(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs of an execution as its journal has them: files stored, secrets hidden."""
        flow = self.main_flow()
        values = self.creation.typed_inputs(NewExecution(flow, written_inputs(inputs, self.root)), "typed")
        return {name: "******" if name in secret_inputs_of(flow) else value for name, value in values.items()}


def _opened(root: Path) -> tuple[Workspace, Any]:
    workspace = Workspace.open(root)
    settings = load_settings(root)
    workspace.use_namespace_folders(settings.namespaces)
    return workspace, settings


def _replaced(value: Any, task: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        if value.get("id") == task["id"] and "type" in value:
            return dict(task)
        return {key: _replaced(item, task) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, task) for item in value]
    return value


def _without_unknown(text: str, errors: Sequence[Any]) -> str:
    """Lenient reading: the lines of unknown properties left out."""
    lines = text.splitlines()
    for error in errors:
        if error.code == "unknown-property":
            lines[error.range.line] = "#" + lines[error.range.line]
    return "\n".join(lines)
