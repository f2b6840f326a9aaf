"""Restart, replay and mark-as carried out: the engine says what, this writes it down and starts a runner."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

from podium.base.clock import Ids, SortableIds
from podium.engine import changes as c
from podium.engine.execution import Execution, fold
from podium.engine.restart import Comeback, Fate, RestartError, mark_as, replay, restart
from podium.engine.states import TERMINAL, canonical_state
from podium.model.flow import Flow
from podium.runtime.creation import Creation, NewExecution
from podium.runtime.flows import Flows
from podium.runtime.masks import hide_inputs, masker_with, secret_inputs_of
from podium.runtime.opening import change_idle
from podium.runtime.presence import living_runner
from podium.runtime.refusals import Refused
from podium.runtime.wishes import Wishes
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.journal import JournalLocked
from podium.store.stores import Stores
from podium.store.summaries import summary_of

_PATIENCE = 3.0
"""Seconds for a runner that only waits for a timer to leave."""


class Revival:
    """Takes executions up again. Raises Refused, NotCreated for inputs and flows, and StoreError."""

    def __init__(self, stores: Stores, flows: Flows, creation: Creation, wishes: Wishes) -> None:
        self._stores = stores
        self._flows = flows
        self._creation = creation
        self._wishes = wishes
        self._ids: Ids = SortableIds()

    # -- restart -----------------------------------------------------------------------------------------------------

    def restart(self, record: ExecutionRecord, revision: int | None) -> str:
        """See `Executions.restart`."""
        if revision is not None:
            return self._create(record, self._restart_with(record, revision), revision)
        self._changed(record, lambda flow, execution: self._restart(flow, execution).changes)
        self._wishes.start(record)
        return record.id

    def preview_restart(self, record: ExecutionRecord, revision: int | None) -> tuple[Fate, ...]:
        """See `Executions.preview_restart`."""
        if revision is not None:
            return self._restart_with(record, revision).fates
        return self._restart(self._flows.of_record(record), record.load().execution).fates

    def _restart(self, flow: Flow, execution: Execution) -> Comeback:
        return _refusing(lambda: restart(flow, execution, self._stores.clock.now()))

    def _restart_with(self, record: ExecutionRecord, revision: int) -> Comeback:
        execution = record.load(clear=True).execution
        if not execution.terminal and execution.state != "PAUSED":
            raise Refused(f"Execution must be terminated to be restarted, current state is '{execution.state}' !")
        flow = self._flow(record, execution, revision)
        return _refusing(lambda: replay(
            flow, execution, self._ids, self._stores.clock.now(), revision=revision, restarting=True
        ))  # fmt: skip

    # -- replay ------------------------------------------------------------------------------------------------------

    def replay(
        self, record: ExecutionRecord, taskrun_id: str | None, inputs: Mapping[str, Any] | None, revision: int | None
    ) -> str:  # fmt: skip
        """See `Executions.replay`."""
        return self._create(record, self._replay(record, taskrun_id, inputs, revision), revision)

    def preview_replay(
        self, record: ExecutionRecord, taskrun_id: str | None, revision: int | None
    ) -> tuple[Fate, ...]:  # fmt: skip
        """See `Executions.preview_replay`."""
        return self._replay(record, taskrun_id, None, revision).fates

    def _replay(
        self, record: ExecutionRecord, taskrun_id: str | None, inputs: Mapping[str, Any] | None, revision: int | None
    ) -> Comeback:  # fmt: skip
        execution = record.load(clear=True).execution
        flow = self._flow(record, execution, revision)
        ids = _FirstThen(self._ids.new(), self._ids)
        typed = None if inputs is None else self._creation.typed_inputs(NewExecution(flow, inputs), ids.first)
        return _refusing(lambda: replay(
            flow, execution, ids, self._stores.clock.now(), from_taskrun=taskrun_id, inputs=typed, revision=revision
        ))  # fmt: skip

    def _flow(self, record: ExecutionRecord, execution: Execution, revision: int | None) -> Flow:
        if revision is None:
            return self._flows.of_record(record)
        kept = self._stores.revisions.get(execution.namespace, execution.flow_id, revision)
        if kept is None:
            raise Refused(f"Unable to find revision {revision} on flow {execution.namespace}.{execution.flow_id}")
        return self._flows.find(execution.namespace, execution.flow_id, revision)[0]

    def _create(self, record: ExecutionRecord, back: Comeback, revision: int | None) -> str:
        """Write the new execution of a replay and start it."""
        source = record.flow_source()
        created = back.changes[0]
        assert isinstance(created, c.ExecutionCreated)
        if revision is not None:
            kept = self._stores.revisions.get(created.namespace, created.flow_id, revision)
            source = kept.source if kept is not None else source
        executions = self._stores.workspace.executions
        masker = masker_with(self._stores, record)
        hide_inputs(masker, created.inputs, secret_inputs_of(self._flows.of_record(record)))
        new = ExecutionRecord.create(executions, back.changes, source, record.meta(), masker)
        try:
            for name, namespace in record.used_secrets():
                new.note_secret(name, namespace)
            self._stores.index.upsert(summary_of(fold(back.changes)))
        except StoreError:
            new.discard()
            raise
        self._wishes.start(new)
        return new.id

    # -- mark as, labels ---------------------------------------------------------------------------------------------

    def change_state(self, record: ExecutionRecord, state: str, taskrun_id: str | None) -> None:
        """See `Executions.change_state`."""
        try:
            wanted = canonical_state(state)
        except ValueError as error:
            raise Refused(str(error)) from error
        if wanted not in TERMINAL:
            raise Refused("You can only change the status of an execution to a terminal state.")
        now = self._stores.clock.now()

        def decide(flow: Flow, execution: Execution) -> tuple[c.Change, ...]:
            if taskrun_id is not None:
                return _refusing(lambda: mark_as(flow, execution, taskrun_id, wanted, now)).changes
            if not execution.terminal:
                raise Refused("You can only change the status of a terminated execution.")
            return (c.ExecutionMoved(wanted, now),)

        if not self._changed(record, decide).terminal:
            self._wishes.start(record)

    def set_labels(self, record: ExecutionRecord, labels: Mapping[str, str]) -> None:
        """See `Executions.set_labels`."""
        for key, value in labels.items():
            if key.startswith("system."):
                raise Refused(f"System labels can only be set by Kestra itself, offending label: {key}={value}")
            if not key.strip() or not value.strip():
                raise Refused(f"A label needs a key and a value, but this one is `{key}={value}`.")
        if living_runner(record) is not None:
            self._wishes.leave(record, "labels", {"labels": dict(labels)})
            return

        def decide(_: Flow, execution: Execution) -> tuple[c.Change, ...]:
            kept = [(key, value) for key, value in execution.labels if key not in labels]
            return (c.LabelsSet([*kept, *labels.items()]),)

        try:
            self._changed(record, decide)
        except Refused:
            # A runner has come to life in between.
            self._wishes.leave(record, "labels", {"labels": dict(labels)})

    def _changed(
        self, record: ExecutionRecord, decide: Callable[[Flow, Execution], tuple[c.Change, ...]]
    ) -> Execution:  # fmt: skip
        """Change an execution that nobody runs; one that pauses with a timer is asked to leave first."""
        asked = False
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return change_idle(self._stores, self._flows, record, decide)
            except JournalLocked:
                state = record.load().execution.state
                if state not in TERMINAL and state != "PAUSED":
                    raise Refused(f"The execution is {state}: it must have ended, or be paused, for this.") from None
                if time.monotonic() > deadline:
                    raise Refused(f"The execution is {state}, but its runner is still busy. Try again.") from None
                if not asked and state == "PAUSED":
                    self._wishes.leave(record, "leave")
                    asked = True
                time.sleep(0.01)


@dataclasses.dataclass
class _FirstThen:
    """Ids of which the first is known beforehand."""

    first: str
    ids: Ids
    used: bool = False

    def new(self) -> str:
        if self.used:
            return self.ids.new()
        self.used = True
        return self.first


def _refusing(ask: Callable[[], Comeback]) -> Comeback:
    try:
        return ask()
    except RestartError as error:
        raise Refused(str(error)) from error
