"""How far the lanes of a flow and of its running flowables have come, kept up to date change by change.

This is what makes the cost of one event independent of the number of finished task runs: nothing here is ever
computed by going through the task runs, except once when a run is taken up again from its journal.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from podium.engine.execution import Execution, TaskRun
from podium.engine.front import Front
from podium.engine.plan import LaneName, Plan
from podium.engine.states import TERMINAL
from podium.model.flow import Task


@dataclass(slots=True)
class Group:
    """The task runs of one ordered list: a whole lane, or one iteration of a loop."""

    runs: dict[str, TaskRun] = field(default_factory=dict)
    open: int = 0
    failed: int = 0
    last: TaskRun | None = None


@dataclass(slots=True)
class Lane:
    """The task runs of one lane of one container, by group."""

    groups: dict[int | None, Group] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    total: int = 0
    open: int = 0

    def group(self, iteration: int | None) -> Group:
        group = self.groups.get(iteration)
        if group is None:
            group = self.groups[iteration] = Group()
        return group

    def runs(self) -> Iterator[TaskRun]:
        for group in self.groups.values():
            yield from group.runs.values()


class Container:
    """The flow itself (`taskrun` is None) or one flowable task run."""

    __slots__ = (
        "active", "branch", "captured", "cursor", "front", "lanes", "order", "task", "taskrun", "verdict", "waiting",
    )  # fmt: skip

    def __init__(self, taskrun: TaskRun | None, task: Task | None) -> None:
        self.taskrun = taskrun
        self.task = task
        self.lanes: dict[LaneName, Lane] = {}
        self.branch: tuple[Task, ...] = ()
        """The enabled tasks of the normal lane, chosen when the container opens."""
        self.order: dict[str, int] = {}
        self.cursor = 0
        """Where a loop or Parallel continues: everything before it has been started."""
        self.front: Front | None = None
        """Which tasks of a Dag may start; None when it is to be made (again) from what has been started."""
        self.active: set[int] = set()
        """Iterations of a loop that have been started and are not complete."""
        self.waiting = False
        """True while something outside must happen first (a directory is prepared, a pause)."""
        self.verdict: str | None = None
        """What was decided about a LoopUntil after its last round: `DONE` or its state."""
        self.captured = False
        """True once the capture of a WorkingDirectory's files has been asked for."""

    def lane(self, name: LaneName) -> Lane:
        lane = self.lanes.get(name)
        if lane is None:
            lane = self.lanes[name] = Lane()
        return lane

    def set_branch(self, tasks: tuple[Task, ...]) -> None:
        self.branch = tasks
        self.front = None
        self.order = {task.id: position for position, task in enumerate(tasks)}


class Progress:
    """All containers of an execution; `track`, `move` and `drop` follow the changes."""

    def __init__(self, plan: Plan, execution: Execution) -> None:
        self._plan = plan
        self.root = Container(None, None)
        self.root.set_branch(plan.enabled(plan.flow.tasks))
        self.containers: dict[str, Container] = {}
        self._places: dict[str, tuple[Container, LaneName, int | None]] = {}
        self._made: dict[str | None, dict[str, TaskRun]] = {}
        """Task runs that are not part of the flow, by the task run that made them."""
        for run in execution.taskruns.values():
            self.track(run)

    def container(self, taskrun_id: str | None) -> Container:
        """The container of a flowable task run, or of the flow for None."""
        return self.root if taskrun_id is None else self.containers[taskrun_id]

    def place(self, run: TaskRun) -> tuple[Container, LaneName, int | None] | None:
        """Where a task run stands; None for one that is not part of the flow (made by a task at run time)."""
        return self._places.get(run.id)

    def below(self, taskrun_id: str) -> list[TaskRun]:
        """All task runs below one, parents before their children."""
        found: list[TaskRun] = []
        todo = [taskrun_id]
        while todo:
            above = todo.pop()
            container = self.containers.get(above)
            children = [run for lane in container.lanes.values() for run in lane.runs()] if container else []
            children += self._made.get(above, {}).values()
            found += children
            todo += [run.id for run in children]
        return found

    def track(self, run: TaskRun) -> None:
        """A task run has been created (or found when a journal was read)."""
        place = self._plan.places.get(run.task_id)
        if place is None:
            self._made.setdefault(run.parent, {})[run.id] = run
            return
        if run.id not in self.containers:
            self.containers[run.id] = Container(run, place.task)
        container = self.container(run.parent) if run.parent in self.containers or run.parent is None else None
        if container is None:
            return
        lane_name: LaneName = place.lane
        iteration = run.iteration if lane_name == "tasks" and container.taskrun and container.taskrun.values else None
        self._places[run.id] = (container, lane_name, iteration)
        lane, state = container.lane(lane_name), run.state
        group = lane.group(iteration)
        group.runs[run.task_id] = run
        group.last = run
        lane.total += 1
        lane.states[state] += 1
        if state not in TERMINAL:
            lane.open += 1
            group.open += 1
        elif state == "FAILED":
            group.failed += 1

    def move(self, run: TaskRun, old: str, new: str) -> None:
        """A task run went from one state to another."""
        place = self._places.get(run.id)
        if place is None or old == new:
            return
        container, lane_name, iteration = place
        lane = container.lane(lane_name)
        group = lane.group(iteration)
        lane.states[old] -= 1
        lane.states[new] += 1
        change = (new not in TERMINAL) - (old not in TERMINAL)
        lane.open += change
        group.open += change
        group.failed += (new == "FAILED") - (old == "FAILED")
        if change and lane_name == "tasks" and container.front is not None:
            if change < 0:
                container.front.ended(run.task_id)
            else:
                container.front = None

    def drop(self, run: TaskRun) -> None:
        """A task run has been removed."""
        place = self._places.pop(run.id, None)
        self.containers.pop(run.id, None)
        if place is None:
            self._made.get(run.parent, {}).pop(run.id, None)
            return
        container, lane_name, iteration = place
        lane, state = container.lane(lane_name), run.state
        group = lane.group(iteration)
        group.runs.pop(run.task_id, None)
        group.last = next(reversed(group.runs.values()), None)
        lane.total -= 1
        lane.states[state] -= 1
        if state not in TERMINAL:
            lane.open -= 1
            group.open -= 1
        elif state == "FAILED":
            group.failed -= 1
        container.cursor = 0
        container.front = None
