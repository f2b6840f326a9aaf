"""The working state of one execution while it runs: the single place where changes are made."""

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from podium.base.clock import Clock, Ids
from podium.engine import changes as c
from podium.engine.commands import Command, Log
from podium.engine.execution import Execution, TaskRun
from podium.engine.flowable import Flowable
from podium.engine.plan import Plan
from podium.engine.progress import Container, Progress
from podium.engine.variables import Reveal, Variables
from podium.model.flow import Condition, Flow, Task


class Renderer(Protocol):
    """Renders expressions for the engine; raises ExpressionError (a subclass of Exception) with a user's message."""

    def render(self, value: Any, variables: Mapping[str, Any]) -> Any:
        """Every string inside `value` rendered to text."""
        ...

    def render_typed(self, value: Any, variables: Mapping[str, Any]) -> Any:
        """The same, but a lone expression keeps the type of its value."""
        ...


class FlowableTypes(Protocol):
    """Finds the behaviour of a flowable type."""

    def flowable(self, type_name: str) -> type[Flowable]: ...


class OutputTyper(Protocol):
    """Converts a rendered flow output to its declared type; raises ValueError with the reference's text."""

    def __call__(self, type_name: str, value: Any, /) -> Any: ...


class Run:
    """Flow, execution, everything derived from them, and what the current step has produced."""

    def __init__(
        self,
        flow: Flow,
        execution: Execution,
        *,
        renderer: Renderer,
        types: FlowableTypes,
        typer: OutputTyper,
        holds: Callable[[Condition, Mapping[str, Any]], bool],
        clock: Clock,
        ids: Ids,
        fraction: Callable[[], float],
        surroundings: Mapping[str, Any],
        reveal: Reveal | None = None,
    ) -> None:
        self.flow = flow
        self.execution = execution
        self.plan = Plan(flow)
        self.progress = Progress(self.plan, execution)
        self.variables = Variables(self.plan, execution, surroundings, reveal)
        self.renderer = renderer
        self.types = types
        self.typer = typer
        self.holds = holds
        self.ids = ids
        self.fraction = fraction
        self._clock = clock
        self.changes: list[c.Change] = []
        self.commands: list[Command] = []
        self.dirty: deque[tuple[Container, int | None]] = deque()
        """Containers to advance, with the iteration in which something changed."""
        self.created: deque[TaskRun] = deque()
        """Task runs to dispatch."""
        self.held: dict[tuple[Container, int | None], None] = {}
        """Containers that wait for the end of a pause, each once, in order."""
        self.working: set[str] = set()
        """Task runs that something outside works on: attempts, directories, children waited for."""
        self.released = False
        """True when something outside has come to its end in this step."""
        self.ending = False
        """True when the root is done and only waits for work that is still running."""
        self.stopped = False
        """True when somebody has killed what runs after the end: no further afterExecution task starts."""
        self.pausing = 0
        """Task runs of type Pause that are PAUSED."""

    def now(self) -> datetime:
        return self._clock.now()

    @property
    def killing(self) -> bool:
        """Whether everything that is open is to end KILLED."""
        return self.stopped or self.execution.state == "KILLING"

    def task(self, run: TaskRun) -> Task:
        """The task of a task run; KeyError for one made at run time."""
        return self.plan.places[run.task_id].task

    def behaviour(self, task: Task) -> type[Flowable]:
        return self.types.flowable(task.type)

    # -- changes ---------------------------------------------------------------------------------------------

    def emit(self, change: c.Change) -> None:
        """Fold a change into the execution and everything derived, and keep it for the journal."""
        self.execution.apply(change)
        self.changes.append(change)

    def create(self, task: Task, parent: str | None, value: str | None = None, iteration: int | None = None,
               extra: Mapping[str, Any] | None = None) -> TaskRun:  # fmt: skip
        taskrun_id = self.ids.new()
        self.emit(c.TaskRunCreated(taskrun_id, task.id, self.now(), parent, value, iteration, extra))
        run = self.execution.taskruns[taskrun_id]
        self.progress.track(run)
        self.variables.track(run)
        self.created.append(run)
        return run

    def move(self, run: TaskRun, state: str) -> None:
        """Put a task run into a state; its container is told."""
        old = run.state
        if old == state:
            return
        self.emit(c.TaskRunMoved(run.id, state, self.now()))
        self._moved(run, old)

    def begin_attempt(self, run: TaskRun) -> None:
        old = run.state
        self.emit(c.AttemptStarted(run.id, self.now()))
        self._moved(run, old)

    def end_attempt(
        self, run: TaskRun, state: str, outputs: Mapping[str, Any] | None, log_file: str | None = None
    ) -> None:
        self.emit(c.AttemptEnded(run.id, state, self.now(), outputs, log_file))
        self.variables.track(run)

    def set_outputs(self, run: TaskRun, outputs: Mapping[str, Any] | None) -> None:
        self.emit(c.OutputsSet(run.id, outputs))
        self.variables.track(run)

    def remove(self, runs: list[TaskRun]) -> None:
        if not runs:
            return
        for run in reversed(runs):
            self.progress.drop(run)
            self.variables.drop(run)
            self.working.discard(run.id)
        self.emit(c.TaskRunsRemoved(tuple(run.id for run in runs)))

    def move_execution(self, state: str) -> None:
        if self.execution.state != state:
            self.emit(c.ExecutionMoved(state, self.now()))

    def set_timer(self, key: str, due: datetime) -> None:
        self.emit(c.TimerSet(key, due))

    def clear_timer(self, key: str) -> None:
        if key in self.execution.timers:
            self.emit(c.TimerCleared(key))

    def _moved(self, run: TaskRun, old: str) -> None:
        self.progress.move(run, old, run.state)
        self.variables.track(run)

    def pause_execution(self) -> None:
        """The execution is PAUSED now; one that has ended stays as it is (a wait inside afterExecution)."""
        if not self.execution.terminal:
            self.move_execution("PAUSED")

    def release(self, taskrun_id: str) -> None:
        """Nothing outside works on a task run any more; after the last one the end of the execution may come."""
        self.working.discard(taskrun_id)
        self.released = True

    # -- wishes ----------------------------------------------------------------------------------------------

    def wish(self, command: Command) -> None:
        self.commands.append(command)

    def log(self, level: str, message: str, run: TaskRun | None = None) -> None:
        self.commands.append(Log(level, message, run.id if run else None))

    def touch(self, run: TaskRun) -> None:
        """Something changed in the group of a task run: look at its container again."""
        place = self.progress.place(run)
        if place is not None:
            self.dirty.append((place[0], place[2]))

    # -- rendering -------------------------------------------------------------------------------------------

    def render(self, value: Any, run: TaskRun) -> Any:
        return self.renderer.render(value, self.variables.of_taskrun(run, self.task(run)))

    def render_typed(self, value: Any, run: TaskRun) -> Any:
        return self.renderer.render_typed(value, self.variables.of_taskrun(run, self.task(run)))


def falsy(rendered: Any) -> bool:
    """Kestra's truth of a condition: false are null, "", "false", "0" and "-0", without trimming (semantics 3.2)."""
    if rendered is None or rendered is False:
        return True
    return str(rendered) in ("", "false", "0", "-0")
