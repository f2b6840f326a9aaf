"""Everything that can be done with executions, for the commands, the workbench and the server alike.

Nothing here waits for a runner: starting launches one, every other wish is left in the execution's directory and the
runner is told. What became of it is read from the journal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.engine.execution import Execution
from podium.engine.restart import Fate
from podium.model.flow import Flow
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.index import ExecutionFilter, ExecutionIndex, Page
from podium.store.workspace import Workspace

if TYPE_CHECKING:
    from podium.plugin.registry import Registry
    from podium.runtime.launcher import Launcher
    from podium.store.settings import Settings


class Refused(Exception):
    """What was asked for is not possible in the present state of the execution; the message is Kestra's own."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What `Executions.reconcile` has found: runs whose runner had died, and executions it has started again."""

    lost: tuple[str, ...] = ()
    """Now FAILED in their journal with the reason; `restart` continues them with finished task runs kept."""
    resumed: tuple[str, ...] = ()
    """Nothing was lost (created, queued with a free slot, paused with a timer): they have a runner again."""


class Executions:
    """The executions of one workspace.

    Every `execution_id` is a whole id; `resolve` makes one of what a user types. All methods may be called from any
    thread and raise StoreError when files or the database fail, and Refused when the state does not allow the wish.
    """

    def __init__(
        self, workspace: Workspace, registry: "Registry", *, settings: "Settings | None" = None,
        launcher: "Launcher | None" = None,
    ) -> None:  # fmt: skip
        """`launcher` starts runners: a fork server in the workbench; without one each runner is a new interpreter."""
        self.workspace = workspace
        self.registry = registry
        self.settings = settings
        self.launcher = launcher

    @property
    def index(self) -> ExecutionIndex:
        """The index of all executions, for queries of your own."""
        raise StoreError("The index is opened by the next version of this module.")

    # -- starting --------------------------------------------------------------------------------------------------

    def run(
        self, flow: Flow, inputs: Mapping[str, Any] | None = None, *, labels: Sequence[tuple[str, str]] = (),
        schedule_date: datetime | None = None, trigger: Mapping[str, Any] | None = None, path: Path | None = None,
    ) -> str:  # fmt: skip
        """Create an execution and start its runner; returns its id at once.

        `inputs` are raw values by input id (texts, numbers, lists, maps; a FILE input is the path of a local file or
        a URI): they are validated and typed here. `path` is the file that the flow came from. Raises the errors of
        `podium.runtime.creation` for wrong inputs and for a check that blocks.
        """
        raise NotImplementedError

    # -- while it runs ---------------------------------------------------------------------------------------------

    def kill(self, execution_id: str, *, hard: bool = False) -> None:
        """End it: running scripts get TERM and after a grace period KILL, with `hard` KILL at once (semantics 8.2).

        Children are killed as well. A second call with `hard` shortens the grace period of the first. Raises Refused
        when it has ended.
        """
        raise NotImplementedError

    def pause(self, execution_id: str) -> None:
        """Let running tasks finish and start nothing new. Raises Refused unless it is RUNNING."""
        raise NotImplementedError

    def resume(
        self, execution_id: str, inputs: Mapping[str, Any] | None = None, *, taskrun_id: str | None = None,
        by: str | None = None,
    ) -> None:  # fmt: skip
        """Let a paused execution go on: the named Pause, or the first. `inputs` are the raw `onResume` values.

        Raises Refused unless it is PAUSED, and the errors of input validation; then it is still paused.
        """
        raise NotImplementedError

    def force_run(self, execution_id: str) -> None:
        """Start it in spite of its concurrency limit or schedule date, or resume it (semantics 8.7)."""
        raise NotImplementedError

    def unqueue(self, execution_id: str, state: str = "RUNNING") -> None:
        """Take a QUEUED execution out of the queue: let it run, or end it as CANCELLED or FAILED."""
        raise NotImplementedError

    def set_labels(self, execution_id: str, labels: Mapping[str, str]) -> None:
        """Merge labels into those it has. Raises Refused for a `system.` label."""
        raise NotImplementedError

    # -- after the end ---------------------------------------------------------------------------------------------

    def restart(self, execution_id: str, *, revision: int | None = None) -> str:
        """Continue a terminal, paused or crashed execution from its failed task runs (semantics 8.3).

        Returns the id of what runs now: the same, or that of a new execution when a `revision` is given.
        """
        raise NotImplementedError

    def replay(
        self, execution_id: str, *, taskrun_id: str | None = None, inputs: Mapping[str, Any] | None = None,
        revision: int | None = None,
    ) -> str:  # fmt: skip
        """A new execution with the same inputs (or others), from a task run on or from the start (semantics 8.4).

        Returns its id. Outputs of the task runs that are kept stay readable.
        """
        raise NotImplementedError

    def preview_restart(self, execution_id: str, *, revision: int | None = None) -> tuple[Fate, ...]:
        """What `restart` would do with each task run; changes nothing, raises what `restart` would."""
        raise NotImplementedError

    def preview_replay(
        self, execution_id: str, *, taskrun_id: str | None = None, revision: int | None = None
    ) -> tuple[Fate, ...]:  # fmt: skip
        """What `replay` would do with each task run; changes nothing, raises what `replay` would."""
        raise NotImplementedError

    def change_state(self, execution_id: str, state: str, *, taskrun_id: str | None = None) -> None:
        """Mark a task run as being in another state and evaluate the execution again (semantics 8.5).

        Without a task run, give a terminal execution another terminal state; nothing runs (8.6).
        """
        raise NotImplementedError

    def delete(self, execution_id: str, *, force: bool = False) -> None:
        """Remove the execution, its log, metrics and files. Raises Refused while it is not terminal.

        With `force` it is killed first.
        """
        raise NotImplementedError

    # -- looking ---------------------------------------------------------------------------------------------------

    def record(self, execution_id: str) -> ExecutionRecord:
        """The directory of an execution; raises Refused when there is none (`Execution 'x' not found.`)."""
        record = ExecutionRecord(self.workspace.execution(execution_id))
        if not record.exists():
            raise Refused(f"Execution '{execution_id}' not found.")
        return record

    def get(self, execution_id: str) -> Execution:
        """The execution as its journal has it now; a run whose runner died is marked first, never RUNNING."""
        return self.record(execution_id).load().execution

    def resolve(self, text: str) -> str:
        """The id that a user means: a whole id, a unique beginning or end of one, or `latest`.

        Raises Refused with the candidates when there are several, and when there is none.
        """
        raise NotImplementedError

    def summaries(
        self, wanted: ExecutionFilter | None = None, *, page: int = 1, size: int = 25, sort: Sequence[str] = ()
    ) -> Page:  # fmt: skip
        """Executions from the index, newest first; see `ExecutionIndex.search`. Never shows a dead run as RUNNING."""
        raise NotImplementedError

    def is_running(self, execution_id: str) -> bool:
        """Whether a living process runs it at this moment (pid and start time agree)."""
        raise NotImplementedError

    def wait(
        self, execution_id: str, timeout: timedelta | None = None, *, until: Callable[[Execution], bool] | None = None
    ) -> Execution:  # fmt: skip
        """Block until it has ended, afterExecution included, and return it; after `timeout` return it as it is.

        `until` ends the waiting earlier, e.g. `lambda execution: execution.state == "PAUSED"`; it is asked after
        every change. An execution that is RETRIED is followed to the one that came of it.
        """
        raise NotImplementedError

    def reconcile(self) -> Reconciled:
        """Find executions whose runner is gone, note it in their journals and fill free slots; cheap when all is well.

        Called when the workbench or the server starts, every few seconds by both, and by every command that lists.
        """
        raise NotImplementedError
