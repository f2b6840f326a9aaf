"""The executions that a runner's executions create: subflows, items, iterations and retries, driven beside them."""

import json
import time
from collections import deque
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from podium.engine import changes as c
from podium.engine import commands as k
from podium.engine import stimuli as s
from podium.engine.restart import RestartError, restart
from podium.model.flow import Flow
from podium.runtime.creation import Creation
from podium.runtime.drive import Drive
from podium.runtime.flows import STORED
from podium.runtime.masks import masker_with
from podium.runtime.opening import change_idle
from podium.runtime.presence import living_runner
from podium.runtime.refusals import NotCreated
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.index import ExecutionFilter
from podium.store.internal_storage import slug
from podium.store.journal import JournalLocked

if TYPE_CHECKING:
    from podium.engine.execution import Execution
    from podium.runtime.runner import Runner

_AT_A_TIME = 100
"""Children of one execution that are driven at the same time; a ForEachItem may have ten thousand."""

_LOOK = 0.5
"""Seconds between looks at a child that another process runs."""


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """A child that somebody waits for here and that another process runs."""

    parent: Drive
    taskrun_id: str
    child_id: str


class Offspring:
    """Creates, restarts and kills children when the loop has its hands free, never inside a step of their parent."""

    def __init__(self, runner: "Runner", creation: Creation) -> None:
        self._runner = runner
        self._creation = creation
        self._kills: deque[tuple[Drive, k.KillChild]] = deque()
        self._waiting: dict[str, dict[str, k.CreateChild | k.RestartChild]] = {}
        """By parent and by child, in the order in which they were asked for."""
        self._parents: dict[str, Drive] = {}
        self._elsewhere: list[_Elsewhere] = []
        self._looked = 0.0

    def carry_out(self, drive: Drive, command: k.CreateChild | k.RestartChild | k.KillChild | k.CreateRetry) -> None:
        """Take a command; what it asks for happens at the next `begin_waiting`."""
        match command:
            case k.CreateRetry():
                self._retry(drive, command)
            case k.KillChild():
                self._kills.append((drive, command))
            case _:
                self._waiting.setdefault(drive.id, {})[command.execution_id] = command

    @property
    def patience(self) -> float | None:
        """How long the loop may sleep, as far as children are concerned; None for any time."""
        if self._kills or any(self._room(parent) for parent in self._waiting):
            return 0.0
        return _LOOK if self._elsewhere else None

    def begin_waiting(self) -> None:
        """Create, restart and kill what was asked for, as far as there is room."""
        while self._kills:
            drive, kill = self._kills.popleft()
            if drive.id in self._runner.drives:
                drive.flush()
                self._kill(drive, kill)
        for parent_id in list(self._waiting):
            for _ in range(self._room(parent_id)):
                commands = self._waiting.get(parent_id)
                parent = self._runner.drives.get(parent_id)
                if not commands or parent is None:
                    self._waiting.pop(parent_id, None)
                    break
                command = commands.pop(next(iter(commands)))
                # A child must not exist before the journal of its parent says which one it is.
                parent.flush()
                if isinstance(command, k.CreateChild):
                    self._create(parent, command)
                else:
                    self._restart(parent, command.taskrun_id, command.execution_id)

    def below(self, drive: Drive) -> list[Drive]:
        """An execution and all below it that are driven here."""
        found = [drive]
        for child_id, parent in self._parents.items():
            if parent in found and child_id in self._runner.drives:
                found.append(self._runner.drives[child_id])
        return found

    def _room(self, parent_id: str) -> int:
        """How many more children of an execution can be driven now."""
        if parent_id not in self._runner.drives:
            return 1
        driven = sum(
            1 for child, drive in self._runner.drives.items()
            if not drive.resting and child in self._parents and self._parents[child].id == parent_id
        )  # fmt: skip
        return max(0, _AT_A_TIME - driven)

    # -- creating ----------------------------------------------------------------------------------------------------

    def _create(self, parent: Drive, command: k.CreateChild) -> None:
        try:
            path = parent.record.meta().get("path")
            created = self._creation.create_child(command, parent.flow, path, parent.place.masker)
            child = self._runner.opener.open(created.record, created.flow)
        except (NotCreated, StoreError) as error:
            parent.feed(s.ChildRefused(command.taskrun_id, command.execution_id, str(error)))
            return
        self._follow(parent, command.taskrun_id, child, waits=command.wait)
        base = self._items_base(parent, command.taskrun_id) if command.iteration is not None else None
        parent.feed(s.ChildCreated(command.taskrun_id, child.id, child.execution.state, base))
        self._runner.adopt(child)

    def _follow(self, parent: Drive, taskrun_id: str, child: Drive, *, waits: bool) -> None:
        self._parents[child.id] = parent
        if waits:
            child_id = child.id
            child.on_end = lambda ended: self._ended(parent, taskrun_id, child_id, ended)

    def _items_base(self, parent: Drive, taskrun_id: str) -> str | None:
        run = parent.execution.taskruns[taskrun_id]
        if parent.engine.run.task(run).type.endswith(".Loop"):
            return None
        return f"kestra:///{self._items_folder(parent, taskrun_id)}"

    def _items_folder(self, parent: Drive, taskrun_id: str) -> str:
        task_id = parent.execution.taskruns[taskrun_id].task_id
        return f"{parent.place.storage_place.path}/tasks/{slug(task_id)}/{taskrun_id}"

    # -- ending ------------------------------------------------------------------------------------------------------

    def _ended(self, parent: Drive, taskrun_id: str, child_id: str, child: Drive) -> None:
        """The child, or the last of its retries, is over: tell the parent, if it is still there."""
        self._parents.pop(child.id, None)
        if parent.id not in self._runner.drives:
            return
        run = parent.execution.taskruns.get(taskrun_id)
        outputs, error = child.execution.outputs, None
        wanted = parent.engine.run.task(run).props.get("outputs") if run is not None else None
        if wanted and run is not None and not parent.engine.run.task(run).type.endswith(".Loop"):
            try:
                outputs = child.place.render_typed(wanted, child.engine.run.variables.of_execution())
            except Exception as failure:  # whatever a user's expression raises
                error = str(failure)
        self._tell(parent, taskrun_id, child_id, child.execution.state, outputs, error)

    def _tell(
        self, parent: Drive, taskrun_id: str, child_id: str, state: str, outputs: Any, error: str | None = None
    ) -> None:  # fmt: skip
        run = parent.execution.taskruns.get(taskrun_id)
        if run is None:
            return
        iteration = run.children.get(child_id)
        if iteration is not None and outputs:
            loop = parent.engine.run.task(run).type.endswith(".Loop")
            if not loop or self._runner.stores.record(child_id).meta().get(STORED):
                folder = f"{self._items_folder(parent, taskrun_id)}/{iteration}"
                content = BytesIO(json.dumps(outputs, ensure_ascii=False, default=str).encode() + b"\n")
                uri = parent.place.stores.storage.write_in(content, folder, "outputs.ion")
                outputs = {"uri": uri} if loop else outputs
        parent.feed(s.ChildEnded(taskrun_id, child_id, state, outputs, error))

    # -- restarting --------------------------------------------------------------------------------------------------

    def _restart(self, parent: Drive, taskrun_id: str, child_id: str) -> None:
        runner = self._runner
        if child_id in runner.drives:
            self._follow(parent, taskrun_id, runner.drives[child_id], waits=True)
            return
        record = runner.stores.record(child_id)
        if not record.exists():
            parent.feed(s.ChildMissing(taskrun_id, child_id))
            return
        mark = living_runner(record)
        if mark is not None and mark != runner.mark:
            self._elsewhere.append(_Elsewhere(parent, taskrun_id, child_id))
            return
        try:
            execution = change_idle(runner.stores, self._creation.flows, record, self._comeback)
            if execution.terminal:
                self._tell(parent, taskrun_id, child_id, execution.state, execution.outputs)
                return
            child = runner.opener.open(record)
        except JournalLocked:
            self._elsewhere.append(_Elsewhere(parent, taskrun_id, child_id))
        except (NotCreated, StoreError) as error:
            parent.feed(s.ChildRefused(taskrun_id, child_id, str(error)))
        else:
            self._follow(parent, taskrun_id, child, waits=True)
            runner.adopt(child)

    def _comeback(self, flow: Flow, execution: "Execution") -> tuple[c.Change, ...]:
        if execution.state not in ("FAILED", "KILLED"):
            return ()
        try:
            return restart(flow, execution, self._runner.stores.clock.now()).changes
        except RestartError:
            return ()

    def look_at_others(self) -> None:
        """Has a child ended that another process runs?"""
        if not self._elsewhere or time.monotonic() - self._looked < _LOOK:
            return
        self._looked = time.monotonic()
        for one in list(self._elsewhere):
            record = self._runner.stores.record(one.child_id)
            if living_runner(record) is not None:
                continue
            execution = self._loaded(record) if record.exists() else None
            if execution is not None and not execution.terminal and execution.state in ("PAUSED", "QUEUED"):
                continue
            self._elsewhere.remove(one)
            if execution is not None and execution.terminal:
                self._tell(one.parent, one.taskrun_id, one.child_id, execution.state, execution.outputs)
            else:
                self._restart(one.parent, one.taskrun_id, one.child_id)

    def _loaded(self, record: ExecutionRecord) -> "Execution":
        """A child as it is, with what its outputs say; what is secret there is secret here too."""
        masker_with(self._runner.stores, record, self._runner.opener.masker)
        return record.load(clear=True).execution

    # -- killing -----------------------------------------------------------------------------------------------------

    def _kill(self, parent: Drive, command: k.KillChild) -> None:
        self._waiting.get(parent.id, {}).pop(command.execution_id, None)
        child = self._runner.drives.get(command.execution_id)
        record = self._runner.stores.record(command.execution_id)
        if child is not None:
            child.feed(s.Kill())
        elif not record.exists():
            self._tell(parent, command.taskrun_id, command.execution_id, "KILLED", None)
        else:
            self._kill_elsewhere(record)
            one = _Elsewhere(parent, command.taskrun_id, command.execution_id)
            if one not in self._elsewhere:
                self._elsewhere.append(one)

    def kill_triggered(self, drive: Drive) -> None:
        """Kill what the execution has started and does not wait for (its flow triggers, subflows without `wait`)."""
        runner = self._runner
        runner.rows.flush()
        awaited = {child for run in drive.execution.taskruns.values() for child in run.children}
        for found in runner.stores.index.search(ExecutionFilter(trigger_execution_id=drive.id), size=10_000).items:
            child = runner.drives.get(found.id)
            if found.end is not None or (found.id in awaited and child is not None and child.on_end is not None):
                continue
            if child is not None:
                self.kill_triggered(child)
                child.feed(s.Kill())
            else:
                self._kill_elsewhere(runner.stores.record(found.id))

    def _kill_elsewhere(self, record: ExecutionRecord) -> None:
        if record.exists() and not record.load().execution.terminal:
            self._runner.wishes.leave(record, "kill", {"hard": False})

    # -- CREATE_NEW_EXECUTION ----------------------------------------------------------------------------------------

    def _retry(self, drive: Drive, command: k.CreateRetry) -> None:
        """The next execution of a retry. It exists before the journal says RETRIED: a crash loses neither."""
        ex = drive.execution
        created = c.ExecutionCreated(
            command.execution_id, ex.namespace, ex.flow_id, drive.place.stores.clock.now(), revision=ex.revision,
            inputs=ex.inputs, labels=ex.labels, variables=ex.variables, trigger=ex.trigger, parent_id=ex.id,
            original_id=ex.original_id, schedule_date=command.due, attempt_number=ex.attempt_number + 1,
            original_created=ex.original_created, kind=ex.kind, context=ex.context,
        )  # fmt: skip
        executions = drive.place.stores.workspace.executions
        record = ExecutionRecord.create(executions, [created], drive.record.flow_source(), drive.record.meta(),
                                        drive.place.masker)  # fmt: skip
        drive.flush()
        successor = self._runner.opener.open(record)
        successor.on_end, drive.on_end = drive.on_end, None
        parent = self._parents.pop(drive.id, None)
        if parent is not None:
            self._parents[successor.id] = parent
        self._runner.adopt(successor)
