"""The common behaviour of flowable tasks; each type is a small class under `flowables/`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from podium.engine.execution import TaskRun
from podium.engine.progress import Container
from podium.engine.states import TERMINAL
from podium.model.flow import Task
from podium.model.properties import Properties
from podium.model.schema import Example, TaskKind


class FlowableError(Exception):
    """The flowable cannot be resolved: its task run fails with this message."""


@dataclass(frozen=True, slots=True)
class Spawn:
    """A task run to create below a flowable."""

    task: Task
    value: str | None = None
    iteration: int | None = None
    extra: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a flowable gets when its turn comes: its task run and a way to render its properties."""

    task: Task
    taskrun: TaskRun
    render: Callable[[Any], Any]
    render_typed: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Opened:
    """The outputs that a flowable has from the start, and the values of a loop."""

    outputs: Mapping[str, Any] | None = None
    values: Sequence[str] | None = None


class Flowable(Properties):
    """Runs its `tasks` one after the other; subclasses change one of the steps below."""

    type: ClassVar[str]
    title: ClassVar[str] = ""
    kind: ClassVar[TaskKind] = "flowable"
    aliases: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[Example, ...]] = ()
    deprecated: ClassVar[str | None] = None
    since: ClassVar[str | None] = None
    removed: ClassVar[str | None] = None
    results: ClassVar[Any] = None
    """A dataclass with the outputs of its task runs; `outputs` is a property of some of these types."""

    @classmethod
    def open(cls, opening: Opening) -> Opened:
        """Render what decides about the children; raises FlowableError or ExpressionError."""
        return Opened()

    @classmethod
    def branch(cls, task: Task, run: TaskRun) -> Sequence[Task] | None:
        """The children of the normal lane, read from the task run alone; None when there is no matching branch."""
        return task.children.get("tasks", ())

    @classmethod
    def next(cls, container: Container, iteration: int | None) -> Iterable[Spawn]:
        """The task runs to create after something changed in `iteration` (None: the container was opened)."""
        following = following_task(container, None)
        return () if following is None else (Spawn(following),)

    @classmethod
    def complete(cls, container: Container) -> bool:
        """Whether the normal lane has nothing left to run."""
        lane = container.lane("tasks")
        return lane.open == 0 and lane.total >= len(container.branch)

    @classmethod
    def reopen(cls, container: Container) -> Iterable[int | None]:
        """The iterations to look at again when a run is taken up from its journal."""
        return (None,)

    @classmethod
    def final(cls, container: Container) -> str:
        """The state of the flowable after its lanes: only the normal lane counts (semantics 4.3)."""
        task = container.task
        return final_state(container, bool(task and task.allow_failure), bool(task and task.allow_warning))


def following_task(container: Container, iteration: int | None) -> Task | None:
    """The next task of a strictly sequential group: none while one is open or after the last."""
    group = container.lane("tasks").group(iteration)
    if group.open:
        return None
    position = 0 if group.last is None else container.order.get(group.last.task_id, len(container.branch)) + 1
    return container.branch[position] if position < len(container.branch) else None


def final_state(container: Container, allow_failure: bool, allow_warning: bool) -> str:
    """KILLED over FAILED over WARNING over SUCCESS; SKIPPED and CANCELLED count as SUCCESS."""
    states = container.lane("tasks").states
    if states["KILLED"]:
        return "KILLED"
    state = "FAILED" if states["FAILED"] else "WARNING" if states["WARNING"] else "SUCCESS"
    if state == "FAILED" and allow_failure:
        state = "WARNING"
    if state == "WARNING" and allow_warning:
        state = "SUCCESS"
    return state


def is_open(run: TaskRun) -> bool:
    """Whether the task run is not terminal."""
    return run.state not in TERMINAL
