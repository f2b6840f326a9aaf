"""What can be wanted of an execution that has not ended: checked, left as a request, and its runner told."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

from podium.engine import changes as c
from podium.engine import stimuli as s
from podium.engine.control import pausable
from podium.engine.execution import Execution, TaskRun
from podium.engine.plan import Plan
from podium.engine.restart import unpaused
from podium.engine.variables import flow_seen
from podium.expressions.render import render_typed
from podium.model.flow import Flow
from podium.model.inputs import resolve_inputs
from podium.runtime import requests
from podium.runtime.flows import Flows
from podium.runtime.launcher import Launcher
from podium.runtime.opening import change_idle
from podium.runtime.presence import call, living_runner
from podium.runtime.refusals import NotCreated, Refused
from podium.runtime.requests import Request, RequestKind
from podium.store.execution_records import ExecutionRecord
from podium.store.journal import JournalLocked
from podium.store.stores import Stores

_LEAVING = 0.5
"""Seconds for the runner of an execution that has just paused to leave."""


class Wishes:
    """Leaves requests; starts a runner for an execution that has none. Raises Refused, and StoreError."""

    def __init__(self, stores: Stores, flows: Flows, launcher: Launcher) -> None:
        self._stores = stores
        self._flows = flows
        self._launcher = launcher

    def leave(self, record: ExecutionRecord, kind: RequestKind, details: Mapping[str, Any] | None = None) -> None:
        """Write a request and see to it that somebody handles it."""
        requests.leave(record, kind, details)
        if not call(self._stores, record):
            self._launcher.launch(self._stores.workspace.root, record.id)

    def start(self, record: ExecutionRecord) -> None:
        """Start a runner for an execution that is to go on."""
        self._launcher.launch(self._stores.workspace.root, record.id)

    def kill(self, record: ExecutionRecord, *, hard: bool = False) -> None:
        """See `Executions.kill`."""
        execution = record.load().execution
        # What runs after the end (afterExecution) can be ended, until that is over too.
        if execution.terminal and all(run.end is not None for run in execution.taskruns.values()):
            raise Refused("Execution is already finished, can't kill it")
        requests.leave(record, "kill", {"hard": hard})
        if execution.state == "PAUSED":
            # A flow that cannot be read any more is not needed for the rest.
            with contextlib.suppress(NotCreated):
                self._at_once(record, lambda flow, now: unpaused(flow, now, self._stores.clock.now(), killed=True))
        if not call(self._stores, record):
            self.start(record)

    def pause(self, record: ExecutionRecord) -> None:
        """See `Executions.pause`."""
        if not pausable(record.load().execution):
            raise Refused("The execution is not running")
        self.leave(record, "pause")

    def resume(
        self, execution_id: str, inputs: Mapping[str, Any] | None = None, *, taskrun_id: str | None = None,
        by: str | None = None,
    ) -> None:  # fmt: skip
        """See `Executions.resume`."""
        record = self._stores.record(execution_id)
        if not record.exists():
            raise Refused(f"Execution '{execution_id}' not found.")
        execution = record.load(clear=True).execution
        if execution.state != "PAUSED":
            raise Refused(f"Execution '{execution_id}' is not paused, can't resume it")
        flow = self._flows.of_record(record)
        paused = _paused(Plan(flow), execution, taskrun_id)
        if taskrun_id is not None and paused is None:
            raise Refused(f"The task run '{taskrun_id}' of execution '{execution.id}' is not paused")
        values = self._on_resume(flow, execution, paused, inputs or {})
        # By its id: two who resume at the same time mean the same Pause, not the next one too.
        meant = paused.id if paused is not None else None
        if not values and self._at_once(
            record, lambda flow, now: unpaused(flow, now, self._stores.clock.now(), taskrun_id=meant, by=by)
        ):
            self.start(record)
            return
        self.leave(record, "resume", {"taskrun_id": meant, "values": values, "by": by})

    def _at_once(
        self, record: ExecutionRecord, decide: Callable[[Flow, Execution], tuple[c.Change, ...]]
    ) -> bool:  # fmt: skip
        """Change an execution that nobody runs, so that whoever looks next sees it; False when a runner has to do it.

        One with a limit keeps its slot only through its runner.
        """
        flow, mark = self._flows.of_record(record), living_runner(record)
        if flow.concurrency is not None or not decide(flow, record.load().execution):
            return False
        if mark is not None and mark.root != record.id:
            return False  # the runner of whoever called it does not leave
        done: list[c.Change] = []

        def decided(flow: Flow, execution: Execution) -> tuple[c.Change, ...]:
            done[:] = decide(flow, execution)
            return tuple(done)

        deadline = time.monotonic() + _LEAVING
        while True:
            try:
                change_idle(self._stores, self._flows, record, decided)
                return bool(done)
            except JournalLocked:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.005)

    def force_run(self, record: ExecutionRecord) -> None:
        """See `Executions.force_run`."""
        state = record.load().execution.state
        if state not in ("CREATED", "QUEUED", "PAUSED"):
            raise Refused(
                f"Only an execution that is CREATED, QUEUED or PAUSED can be forced to run, this one is {state}"
            )
        self.leave(record, "force-run")

    def unqueue(self, record: ExecutionRecord, state: str) -> None:
        """See `Executions.unqueue`."""
        if state not in ("RUNNING", "CANCELLED", "FAILED"):
            raise Refused(f"A queued execution can become RUNNING, CANCELLED or FAILED, not {state}")
        if record.load().execution.state != "QUEUED":
            raise Refused("execution not in state QUEUED")
        self.leave(record, "unqueue", {"state": state})

    def _on_resume(
        self, flow: Flow, execution: Execution, paused: TaskRun | None, inputs: Mapping[str, Any]
    ) -> Mapping[str, Any]:  # fmt: skip
        """The typed values of the Pause that is resumed."""
        from podium.runtime.services import RuntimeServices
        from podium.store.internal_storage import ExecutionPlace

        declared = flow.tasks_by_id[paused.task_id].props.get("onResume") if paused is not None else None
        if not declared:
            return {}
        from podium.base.masking import Masker
        from podium.model.input_declarations import declared_inputs

        services = RuntimeServices(self._stores, execution.namespace, execution.flow_id, Masker())
        context = {"inputs": execution.inputs, "flow": flow_seen(flow.id, flow.namespace, flow.revision)}
        place = ExecutionPlace(execution.namespace, execution.flow_id, execution.id)

        def store(input_id: str, path: str) -> str:
            from pathlib import Path

            return self._stores.storage.put_input(place, input_id, Path(path).expanduser())

        resolved = resolve_inputs(
            declared_inputs(declared), inputs, store_file=store, protect=lambda text: text,
            render=lambda value, seen: render_typed(value, {**context, "inputs": seen}, services, dialect=flow.dialect),
        )  # fmt: skip
        if resolved.errors:
            raise NotCreated("inputs", "\n".join(map(str, resolved.errors)), input_errors=resolved.errors)
        return resolved.values


def _paused(plan: Plan, execution: Execution, taskrun_id: str | None) -> TaskRun | None:
    for run in execution.taskruns.values():
        place = plan.places.get(run.task_id)
        if run.state == "PAUSED" and place is not None and place.task.type.endswith(".Pause"):
            if taskrun_id in (None, run.id):
                return run
    return None


def stimulus_of(request: Request) -> s.Stimulus | None:
    """What a request means for the engine; None for one of a kind that this version does not know."""
    details = request.details
    match request.kind:
        case "kill":
            return s.Kill()
        case "pause":
            return s.Pause()
        case "resume":
            return s.Resume(details.get("taskrun_id"), details.get("values") or {}, details.get("by"))
        case "force-run":
            return s.ForceRun()
        case "unqueue":
            return s.ForceRun() if details.get("state") == "RUNNING" else s.EndAs(str(details.get("state")))
        case "labels":
            return s.SetLabels({str(key): str(value) for key, value in (details.get("labels") or {}).items()})
        case "admit":
            return s.Start()
    return None
