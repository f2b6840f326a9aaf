"""Everything that can be done with executions, for the commands, the workbench and the server alike.

Nothing here waits for a runner: starting launches one, every other wish is left in the execution's directory and the
runner is told. What became of it is read from the journal.
"""

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.engine.execution import Execution
from podium.engine.states import TERMINAL
from podium.runtime.launcher import Launcher, NewInterpreter
from podium.runtime.presence import living_runner
from podium.runtime.process_census import is_alive
from podium.runtime.reconciled import Reconciled
from podium.runtime.refusals import NotCreated, Refused
from podium.store.errors import NoRoom
from podium.store.execution_records import ExecutionRecord
from podium.store.index import ExecutionFilter, ExecutionIndex, Page
from podium.store.stores import Stores
from podium.store.workspace import Workspace

if TYPE_CHECKING:
    from podium.engine.restart import Fate
    from podium.model.flow import Flow
    from podium.plugin.registry import Registry
    from podium.runtime.creation import Created, Creation, NewExecution
    from podium.runtime.flows import Flows
    from podium.runtime.revival import Revival
    from podium.runtime.wishes import Wishes
    from podium.store.settings import Settings

__all__ = ["Executions", "NotCreated", "Reconciled", "Refused"]

_FRESH = 1.0
"""Seconds for which what `reconcile` has found is good enough for a list."""

_DELETE_PATIENCE = timedelta(seconds=20)


class Executions:
    """The executions of one workspace.

    Every `execution_id` is a whole id; `resolve` makes one of what a user types. All methods may be called from any
    thread and raise StoreError when files or the database fail, Refused when the state does not allow the wish, and
    NotCreated when a flow, its inputs or a check do not allow it.
    """

    def __init__(
        self, workspace: Workspace, registry: "Registry | Callable[[], Registry]", *,
        settings: "Settings | None" = None,
        launcher: Launcher | None = None, stores: Stores | None = None,
    ) -> None:  # fmt: skip
        """`registry` may be a function that makes it: whoever only looks needs none.

        `launcher` starts runners: a fork server in the workbench; without one each runner is a new interpreter.

        Raises StoreError when the database cannot be opened.
        """
        if stores is None:
            from podium.store.settings import load_settings

            stores = Stores.of(workspace, settings or load_settings(workspace.root))
        self.workspace = workspace
        self._registry = registry
        self.stores = stores
        self.launcher = launcher or NewInterpreter()
        self._reconciled = 0.0

    @functools.cached_property
    def registry(self) -> "Registry":
        """The types that flows can use."""
        return self._registry() if callable(self._registry) else self._registry

    @functools.cached_property
    def flows(self) -> "Flows":
        """The flows of the workspace, ready to run."""
        from podium.runtime.flows import Flows

        return Flows(self.stores, self.registry)

    @functools.cached_property
    def creation(self) -> "Creation":
        """What makes executions of flows."""
        from podium.runtime.creation import Creation
        from podium.runtime.subflow_calls import SubflowCalls

        return Creation(
            self.stores, self.flows, subflows=SubflowCalls(self.flows, self.start, self.wait, self.kill)
        )  # fmt: skip

    @functools.cached_property
    def _wishes(self) -> "Wishes":
        from podium.runtime.wishes import Wishes

        return Wishes(self.stores, self.flows, self.launcher)

    @functools.cached_property
    def _revival(self) -> "Revival":
        from podium.runtime.revival import Revival

        return Revival(self.stores, self.flows, self.creation, self._wishes)

    @property
    def index(self) -> ExecutionIndex:
        """The index of all executions, for queries of your own."""
        return self.stores.index

    # -- starting --------------------------------------------------------------------------------------------------

    def run(
        self, flow: "Flow", inputs: Mapping[str, Any] | None = None, *, labels: Sequence[tuple[str, str]] = (),
        schedule_date: datetime | None = None, trigger: Mapping[str, Any] | None = None, path: Path | None = None,
    ) -> str:  # fmt: skip
        """Create an execution and start its runner; returns its id at once.

        `inputs` are raw values by input id (texts, numbers, lists, maps; a FILE input is the path of a local file or
        a URI): they are validated and typed here. `path` is the file that the flow came from.
        """
        from podium.runtime.creation import NewExecution

        return self.start(NewExecution(
            flow, inputs or {}, labels, trigger=trigger, schedule_date=schedule_date, path=path
        )).record.id  # fmt: skip

    def start(self, new: "NewExecution") -> "Created":
        """The same with everything that there is to say about it, before and after."""
        created = self.creation.create(new)
        if not created.execution.terminal:
            from podium.runtime.process import run_prepared

            prepared = functools.partial(run_prepared, self.stores, self.registry, created.flow, created.record.id)
            self.launcher.launch(self.workspace.root, created.record.id, prepared)
        return created

    # -- while it runs ---------------------------------------------------------------------------------------------

    def kill(self, execution_id: str, *, hard: bool = False) -> None:
        """End it: running scripts get TERM and after a grace period KILL, with `hard` KILL at once (semantics 8.2).

        Children are killed as well. A second call with `hard` shortens the grace period of the first. In one that has
        ended, what still runs after the end (`afterExecution`) is ended. Raises Refused when nothing of it runs.
        """
        self._wishes.kill(self._settled(execution_id), hard=hard)

    def pause(self, execution_id: str) -> None:
        """Let running tasks finish and start nothing new. Raises Refused unless it is RUNNING."""
        self._wishes.pause(self._settled(execution_id))

    def resume(
        self, execution_id: str, inputs: Mapping[str, Any] | None = None, *, taskrun_id: str | None = None,
        by: str | None = None,
    ) -> None:  # fmt: skip
        """Let a paused execution go on: the named Pause, or the first. `inputs` are the raw `onResume` values.

        Raises Refused unless it is PAUSED, and NotCreated with the errors of the inputs; then it is still paused.
        """
        self._wishes.resume(execution_id, inputs, taskrun_id=taskrun_id, by=by)

    def force_run(self, execution_id: str) -> None:
        """Start it in spite of its concurrency limit or schedule date, or resume it (semantics 8.7)."""
        self._wishes.force_run(self._settled(execution_id))

    def unqueue(self, execution_id: str, state: str = "RUNNING") -> None:
        """Take a QUEUED execution out of the queue: let it run, or end it as CANCELLED or FAILED."""
        self._wishes.unqueue(self._settled(execution_id), state)

    def set_labels(self, execution_id: str, labels: Mapping[str, str]) -> None:
        """Merge labels into those it has. Raises Refused for a `system.` label and for an empty one."""
        self._revival.set_labels(self._settled(execution_id), labels)

    # -- after the end ---------------------------------------------------------------------------------------------

    def restart(self, execution_id: str, *, revision: int | None = None) -> str:
        """Continue a terminal, paused or crashed execution from its failed task runs (semantics 8.3).

        Returns the id of what runs now: the same, or that of a new execution when a `revision` is given.
        """
        return self._revival.restart(self._settled(execution_id), revision)

    def replay(
        self, execution_id: str, *, taskrun_id: str | None = None, inputs: Mapping[str, Any] | None = None,
        revision: int | None = None,
    ) -> str:  # fmt: skip
        """A new execution with the same inputs (or others), from a task run on or from the start (semantics 8.4).

        Returns its id. Outputs of the task runs that are kept stay readable.
        """
        return self._revival.replay(self._settled(execution_id), taskrun_id, inputs, revision)

    def preview_restart(self, execution_id: str, *, revision: int | None = None) -> "tuple[Fate, ...]":
        """What `restart` would do with each task run; changes nothing, raises what `restart` would."""
        return self._revival.preview_restart(self._settled(execution_id), revision)

    def preview_replay(
        self, execution_id: str, *, taskrun_id: str | None = None, revision: int | None = None
    ) -> "tuple[Fate, ...]":  # fmt: skip
        """What `replay` would do with each task run; changes nothing, raises what `replay` would."""
        return self._revival.preview_replay(self._settled(execution_id), taskrun_id, revision)

    def change_state(self, execution_id: str, state: str, *, taskrun_id: str | None = None) -> None:
        """Mark a task run as being in another state and evaluate the execution again (semantics 8.5).

        Without a task run, give a terminal execution another terminal state; nothing runs (8.6).
        """
        self._revival.change_state(self._settled(execution_id), state, taskrun_id)

    def delete(self, execution_id: str, *, force: bool = False) -> None:
        """Remove the execution, its log, metrics and files. Raises Refused while it is not terminal.

        With `force` it is killed first.
        """
        from podium.runtime.deletion import StillNeeded, delete_execution

        record = self._settled(execution_id)
        if force and not record.load().execution.terminal:
            self._wishes.kill(record, hard=True)
            self.wait(execution_id, _DELETE_PATIENCE)
        try:
            delete_execution(self.stores, execution_id, is_alive)
        except StillNeeded as error:
            raise Refused(str(error)) from error

    # -- looking ---------------------------------------------------------------------------------------------------

    def record(self, execution_id: str) -> ExecutionRecord:
        """The directory of an execution; raises Refused when there is none (`Execution 'x' not found.`)."""
        record = ExecutionRecord(self.workspace.execution(execution_id))
        if not record.exists():
            raise Refused(f"Execution '{execution_id}' not found.")
        return record

    def get(self, execution_id: str) -> Execution:
        """The execution as its journal has it now; a run whose runner died is marked first, never RUNNING."""
        try:
            return self._settled(execution_id).load().execution
        except NoRoom:
            from podium.runtime.reconcile import as_closed

            return as_closed(self.stores, self.flows, self.record(execution_id))

    def resolve(self, text: str) -> str:
        """The id that a user means: a whole id, a unique beginning or end of one, or `latest`.

        Raises Refused with the candidates when there are several, and when there is none.
        """
        if text == "latest":
            newest = self.index.search(ExecutionFilter(children=False), size=1).items
            if not newest:
                raise Refused("There is no execution yet.")
            return newest[0].id
        if text and "/" not in text and not text.startswith(".") and self.stores.record(text).exists():
            return text
        found = self.index.ids_like(text) if text else []
        if not found:
            raise Refused(f"Execution '{text}' not found.")
        if len(found) > 1:
            listed = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")
            raise Refused(f"'{text}' can mean several executions: {listed}. Give more of the id.")
        return found[0]

    def summaries(
        self, wanted: ExecutionFilter | None = None, *, page: int = 1, size: int = 25, sort: Sequence[str] = ()
    ) -> Page:  # fmt: skip
        """Executions from the index, newest first; see `ExecutionIndex.search`. Never shows a dead run as RUNNING."""
        try:
            if time.monotonic() - self._reconciled > _FRESH:
                self.reconcile()
        except NoRoom:
            from podium.runtime.reconcile import as_left

            found = self.index.search(wanted, page, size, sort)
            items = tuple(as_left(self.stores, self.flows, row) for row in found.items)
            return Page(items, found.total, found.number, found.size)
        return self.index.search(wanted, page, size, sort)

    def is_running(self, execution_id: str) -> bool:
        """Whether a living process runs it at this moment (pid and start time agree)."""
        return living_runner(self.record(execution_id)) is not None

    def wait(
        self, execution_id: str, timeout: timedelta | None = None, *, until: Callable[[Execution], bool] | None = None
    ) -> Execution:  # fmt: skip
        """Block until it has ended, afterExecution included, and return it; after `timeout` return it as it is.

        `until` ends the waiting earlier, e.g. `lambda execution: execution.state == "PAUSED"`; it is asked after
        every change. An execution that is RETRIED is followed to the one that came of it. Raises StoreError when the
        runner did not come to life.
        """
        from podium.runtime.waiting import wait

        return wait(self, execution_id, timeout, until)

    def reconcile(self) -> Reconciled:
        """Find executions whose runner is gone, note it in their journals and fill free slots; cheap when all is well.

        Called when the workbench or the server starts, every few seconds by both, and by every command that lists.
        """
        found = Reconciled()
        if self.index.unfinished() or self.index.held():
            from podium.runtime.reconcile import reconcile

            found = reconcile(self.stores, self.flows, self.launcher)
        self._reconciled = time.monotonic()
        return found

    def _settled(self, execution_id: str) -> ExecutionRecord:
        """An execution whose journal does not pretend that a dead runner lives."""
        record = self.record(execution_id)
        row = self.index.get(execution_id) if record.runner() is None else None
        if row is None or row.state not in TERMINAL:
            from podium.runtime.reconcile import settle

            settle(self.stores, self.flows, record)
        return record
