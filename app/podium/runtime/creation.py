"""From a flow, and what somebody wants of it, to an execution on disk or a reason why not (semantics 6.3, 7.3)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from podium.base.clock import Ids, SortableIds, iso_instant
from podium.base.masking import Masker
from podium.engine import changes as c
from podium.engine.commands import CreateChild
from podium.engine.execution import Execution, fold
from podium.engine.variables import flow_seen, nested_labels, trigger_seen
from podium.expressions.render import render, render_typed
from podium.expressions.services import Services
from podium.model.flow import Flow
from podium.model.inputs import Resolved, ResolvedInput, resolve_inputs
from podium.runtime.checks import FiredCheck, fired_checks
from podium.runtime.flows import LOOP, STORED, Flows, loop_flow
from podium.runtime.masks import hide_inputs, secret_inputs_of
from podium.runtime.refusals import NotCreated
from podium.runtime.services import RuntimeServices, Subflows
from podium.runtime.surroundings import surroundings
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.internal_storage import ExecutionPlace
from podium.store.logs import Level, LogLine, LogWriter
from podium.store.stores import Stores
from podium.store.summaries import summary_of

CORRELATION = "system.correlationId"

_FILES_USED = re.compile(
    r"namespaceFiles|nsfile:|_files/|\b(?:read|fileURI|fileSize|fileExists|isFileEmpty|fileEmpty)\s*\("
)


@dataclass(frozen=True, slots=True)
class NewExecution:
    """What is wanted. `inputs` are raw values by input id; those of an iteration of a Loop are typed already.

    `labels` may hold `system.` labels only if `trusted`: when Podium itself adds them. `path` is the file that the
    flow came from, `loop` the id of the Loop task when `flow` is that of its iteration. `failed` is why the execution
    cannot run at all: its trigger fired, but could not be evaluated (semantics 9.3).
    """

    flow: Flow
    inputs: Mapping[str, Any] = field(default_factory=dict)
    labels: Sequence[tuple[str, str]] = ()
    trusted: bool = False
    trigger: Mapping[str, Any] | None = None
    schedule_date: datetime | None = None
    id: str | None = None
    kind: str | None = None
    context: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] | None = None
    path: Path | None = None
    loop: str | None = None
    stored: bool = False
    failed: str | None = None
    warnings: Sequence[str] = ()
    """For the beginning of its log: what whoever wants it had to leave out."""
    masker: Masker | None = None
    """Knows the secrets of whoever wants the execution; the execution's own are added to it."""
    durable: bool = True
    """Whether it must survive a power cut: a child that was lost is made again."""


@dataclass(frozen=True, slots=True)
class Created:
    """An execution that is on disk and in the index.

    It is CREATED, or FAILED when a check says so. `warnings` are in its log already; `checks` have fired.
    """

    record: ExecutionRecord
    execution: Execution
    flow: Flow
    warnings: tuple[str, ...] = ()
    checks: tuple[FiredCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What creating would find: every input with its value or its errors, and the checks that would fire."""

    inputs: Resolved
    checks: tuple[FiredCheck, ...]
    masker: Masker = field(default_factory=Masker)

    @property
    def shown(self) -> tuple[ResolvedInput, ...]:
        """Every input as a form may show it: a secret that a default has brought to light is hidden."""
        hide = self.masker
        return tuple(
            replace(
                item, value=hide.value(item.value) if item.is_default else item.value,
                errors=tuple(replace(e, message=hide(e.message), received=hide(e.received)) for e in item.errors),
            )
            for item in self.inputs.inputs
        )  # fmt: skip


class Creation:
    """Creates the executions of a workspace; from any thread.

    `subflows` runs a flow for the expression function `subflow()`. Raises NotCreated, and StoreError when something
    cannot be read or written.
    """

    def __init__(
        self, stores: Stores, flows: Flows, *, ids: Ids | None = None, subflows: Subflows | None = None
    ) -> None:  # fmt: skip
        self.flows = flows
        self._stores = stores
        self._ids = ids or SortableIds()
        self._subflows = subflows

    def create(self, new: NewExecution) -> Created:
        """Write the execution. Nothing is left behind when it is refused."""
        _refuse_disabled(new)
        labels = _labels(new)
        execution_id = new.id or self._ids.new()
        place = ExecutionPlace(new.flow.namespace, new.flow.id, execution_id)
        attempt = _Attempt(self._stores, new, execution_id, labels, self._subflows)
        try:
            if new.failed is not None:
                return self._written(new, attempt, {}, (), ())
            inputs, ignored = attempt.inputs(store=True)
            warnings = (*new.warnings, *ignored)
            checks = attempt.checks(inputs)
            _refuse_blocked(new, checks)
            return self._written(new, attempt, inputs, warnings, checks)
        except BaseException:
            if not self._stores.record(execution_id).exists():
                self._stores.storage.delete_execution(place)
            raise

    def create_child(
        self, command: CreateChild, caller: Flow, path: Path | None = None, masker: Masker | None = None
    ) -> Created:
        """Create the execution that a task of `caller` asks for: of another flow, or an iteration of a Loop.

        `masker` is the one of the caller: what it hands over may be secret.
        """
        new = NewExecution(
            caller, command.inputs, command.labels, trusted=True, trigger=command.trigger or None,
            schedule_date=command.schedule_date, id=command.execution_id, context=command.context, path=path,
            variables=command.variables, masker=masker, durable=False,
        )  # fmt: skip
        if command.body is not None:
            flow = loop_flow(caller, command.body)
            new = replace(new, flow=flow, loop=command.body.id, kind="LOOP", stored=command.stored)
        else:
            flow, file = self.flows.find(command.namespace, command.flow_id, command.revision, recent=True)
            new = replace(new, flow=flow, path=file)
        return self.create(new)

    def typed_inputs(self, new: NewExecution, execution_id: str) -> Mapping[str, Any]:
        """The typed inputs for an execution with this id that is made in another way (replay); stores its files."""
        return _Attempt(self._stores, new, execution_id, _labels(new), self._subflows).inputs(store=True)[0]

    def preview(self, new: NewExecution, *, effects: bool = True) -> Preview:
        """What `create` would find; stores nothing. For forms that are being filled in, and for `/validate`.

        Without `effects` expressions send nothing and run nothing: what they would have got is an error of its input.
        """
        _refuse_disabled(new)
        attempt = _Attempt(self._stores, new, "preview", _labels(new), self._subflows, effects=effects)
        resolved = attempt.resolved(store=False)
        checks = attempt.checks(resolved.values) if not resolved.errors else ()
        return Preview(resolved, checks, attempt.masker)

    def _written(
        self, new: NewExecution, attempt: "_Attempt", inputs: Mapping[str, Any], warnings: Sequence[str],
        checks: tuple[FiredCheck, ...],
    ) -> Created:  # fmt: skip
        flow, digest = new.flow, self._files_digest(new.flow)
        if not flow.revision:
            revision = self._stores.revisions.keep(flow.source, flow.namespace, flow.id, digest)
            flow = replace(flow, revision=revision)
        meta: dict[str, Any] = {"path": str(new.path) if new.path else None}
        meta |= {"namespaceFiles": digest or None, LOOP: new.loop, STORED: new.stored or None}
        changes: list[c.Change] = [
            c.ExecutionCreated(
                attempt.execution_id, flow.namespace, flow.id, attempt.now, revision=flow.revision, inputs=inputs,
                labels=attempt.labels, trigger=new.trigger, schedule_date=new.schedule_date, kind=new.kind,
                context=new.context, variables=new.variables,
            )
        ]  # fmt: skip
        failed = [check.message for check in checks if _fails(new, check)]
        if new.failed is not None:
            failed.append(new.failed)
        if failed:
            changes.append(c.ExecutionMoved("FAILED", attempt.now))
        hide_inputs(attempt.masker, inputs, secret_inputs_of(flow))
        meta = {name: value for name, value in meta.items() if value is not None}
        record = ExecutionRecord.create(
            self._stores.workspace.executions, changes, flow.source, meta, attempt.masker, durable=new.durable
        )
        execution = fold(changes)
        try:
            for name, namespace in attempt.services.used_secrets:
                record.note_secret(name, namespace)
            _log(record, attempt, [("WARN", text) for text in warnings] + [("ERROR", text) for text in failed])
            self._stores.index.upsert(summary_of(execution))
        except StoreError:
            # Whoever wanted it is told that it does not exist: it must not be found, and begin, some day.
            record.discard()
            raise
        return Created(record, execution, flow, tuple(warnings), checks)

    def _files_digest(self, flow: Flow) -> str:
        """What the namespace files are now, if the flow uses any: their content is not looked at for nothing."""
        if not _FILES_USED.search(flow.source):
            return ""
        return self._stores.namespace_files.digest(flow.namespace)


class _Attempt:
    """One attempt to create an execution: what its inputs and checks can see."""

    def __init__(
        self, stores: Stores, new: NewExecution, execution_id: str, labels: Sequence[tuple[str, str]],
        subflows: Subflows | None, *, effects: bool = True,
    ) -> None:  # fmt: skip
        self.execution_id = execution_id
        self.labels = (*labels, *(((CORRELATION, execution_id),) if CORRELATION not in dict(labels) else ()))
        self.masker = new.masker or Masker()
        self.now = stores.clock.now()
        flow = new.flow
        if effects:
            self.services = RuntimeServices(stores, flow.namespace, flow.id, self.masker, subflows=subflows)
        else:
            from podium.runtime.unknowns import PlanServices

            self.services = PlanServices(stores, flow.namespace, flow.id, self.masker)
        self._stores = stores
        self._new = new
        try:
            self._context: dict[str, Any] = surroundings(stores, new.flow.namespace)
        except StoreError as error:
            raise NotCreated("surroundings", str(error)) from error
        self._context |= {
            "flow": flow_seen(flow.id, flow.namespace, flow.revision),
            "execution": {"id": execution_id, "startDate": iso_instant(self.now), "originalId": execution_id},
            "labels": nested_labels(self.labels),
        }

    def inputs(self, *, store: bool) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """The typed inputs and the warnings about them; raises NotCreated with everything that is wrong."""
        new = self._new
        if new.loop is not None:
            return new.inputs, ()
        resolved = self.resolved(store=store)
        if resolved.errors:
            text = "\n".join(self.masker(str(error)) for error in resolved.errors)
            if self._asked_by_a_flow():
                return resolved.values, (text,)
            raise NotCreated("inputs", text, input_errors=resolved.errors)
        return resolved.values, resolved.ignored(f"{new.flow.namespace}.{new.flow.id}")

    def _asked_by_a_flow(self) -> bool:
        """A Flow trigger that gives no inputs starts the flow even if it requires some (semantics 9.6)."""
        origin = str((self._new.trigger or {}).get("type", ""))
        return not self._new.inputs and origin == "io.kestra.plugin.core.trigger.Flow"

    def resolved(self, *, store: bool) -> Resolved:
        """All inputs; local files are copied into internal storage if `store`."""
        return resolve_inputs(
            self._new.flow.inputs, self._new.inputs, render=self._render_input,
            store_file=self._store_file if store else None, protect=lambda text: text,
        )  # fmt: skip

    def checks(self, inputs: Mapping[str, Any]) -> tuple[FiredCheck, ...]:
        """The checks that fire for these inputs."""
        flow, trigger = self._new.flow, self._new.trigger
        context = {**self._context, "inputs": inputs, "vars": flow.variables}
        if trigger is not None:
            context["trigger"] = trigger_seen(trigger)
        services: Services = self.services
        return fired_checks(flow.checks, lambda value: render(value, context, services, dialect=flow.dialect))

    def _render_input(self, value: Any, inputs: Mapping[str, Any]) -> Any:
        context = {**self._context, "inputs": inputs, "vars": self._new.flow.variables}
        return render_typed(value, context, self.services, dialect=self._new.flow.dialect)

    def _store_file(self, input_id: str, given: str) -> str:
        path = Path(given).expanduser()
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise ValueError(f"the file {path} {what}")
        place = ExecutionPlace(self._new.flow.namespace, self._new.flow.id, self.execution_id)
        try:
            return self._stores.storage.put_input(place, input_id, path)
        except StoreError as error:
            raise ValueError(str(error)) from error


def _refuse_disabled(new: NewExecution) -> None:
    if new.flow.disabled and new.loop is None:
        called = "executionId" in ((new.trigger or {}).get("variables") or {})
        raise NotCreated(
            "disabled",
            "Cannot execute a flow which is disabled"
            if called
            else f"Requested Flow is disabled. Remove `disabled: true` from `{new.flow.id}` to run it.",
        )


def _fails(new: NewExecution, check: FiredCheck) -> bool:
    # Nobody reads what blocks an execution that a trigger or another flow wants: it exists, and says why it failed.
    return check.behavior == "FAIL_EXECUTION" or (check.behavior == "BLOCK_EXECUTION" and new.trigger is not None)


def _refuse_blocked(new: NewExecution, checks: Sequence[FiredCheck]) -> None:
    if any(check.behavior == "BLOCK_EXECUTION" and not _fails(new, check) for check in checks):
        raise NotCreated("check", "\n".join(check.message for check in checks))


def _labels(new: NewExecution) -> list[tuple[str, str]]:
    """The labels of the flow, then those given; of equal keys the last one stays."""
    if new.loop is not None:
        return list(new.labels)
    for key, value in new.labels:
        # A label of a trigger that renders to nothing is kept empty.
        if not key.strip() or (not value.strip() and new.trigger is None):
            raise NotCreated("labels", f"A label needs a key and a value, but this one is `{key}={value}`.")
        if key.startswith("system.") and key != CORRELATION and not new.trusted:
            raise NotCreated(
                "labels", f"System labels can only be set by Kestra itself, offending label: {key}={value}."
            )
    labels = [(key, value) for key, value in new.flow.labels if not key.startswith("system.")]
    labels += new.labels
    last = {key: at for at, (key, _) in enumerate(labels)}
    return [label for at, label in enumerate(labels) if last[label[0]] == at]


def _log(record: ExecutionRecord, attempt: _Attempt, lines: Sequence[tuple[Level, str]]) -> None:
    if not lines:
        return
    time = int(attempt.now.timestamp() * 1000)
    with LogWriter(record.log, attempt.masker) as writer:
        for level, text in lines:
            writer.write(LogLine("log", level, None, None, 0, time, text))
