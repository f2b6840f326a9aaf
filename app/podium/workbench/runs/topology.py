"""A flow as a tree of what comes after what, with its task runs in their places (semantics 12).

A cluster is a row with rows below it: what runs one after the other hangs on a single line, what runs side by side on a
double one; branches have their name as a row of its own.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from podium.base.looks import short_id, symbol
from podium.engine.execution import Execution, TaskRun
from podium.engine.states import TERMINAL
from podium.model.flow import Flow, Task, Trigger
from podium.workbench.runs.task_rows import title_of

Kind = Literal["lane", "branch", "round", "task", "execution", "trigger"]
Relation = Literal["sequence", "parallel"]
Key = tuple[str, ...]

FOLD_ABOVE = 30
"""A cluster with more rows than this directly below it is shown folded at first."""

_SIDE_BY_SIDE = frozenset({"Parallel", "EachParallel", "Dag"})
_CHOICES = ("then", "else", "defaults", "cases.")
_DETAIL = {"If": "condition", "Switch": "value", "LoopUntil": "condition", "Pause": "pauseDuration"}
_WHEN = {"errors": "if a task fails", "finally": "at the end, always", "afterExecution": "after the end"}
_RANK = ("RUNNING", "RETRYING", "KILLING", "PAUSED", "FAILED", "KILLED", "WARNING", "CANCELLED", "SUCCESS", "SKIPPED")


@dataclass(frozen=True, slots=True)
class Group:
    """Tasks with the task runs that there are of them; `idle` says why there will be no others, empty: there may.
    In a `round` of a loop the tasks need not say which."""

    tasks: tuple[Task, ...]
    runs: Mapping[str, TaskRun]
    idle: str = ""
    relation: Relation = "sequence"
    round: bool = False
    depends: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Node:
    """One row. `state` is None where there is no task run, and `idle` says why; `run` is the task run, `execution_id`
    the execution that the task started."""

    key: Key
    kind: Kind
    name: str
    state: str | None = None
    note: str = ""
    idle: str = ""
    relation: Relation = "sequence"
    task: Task | None = None
    run: TaskRun | None = None
    execution_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    group: Group | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A node with the lines that lead to it; `fold` is None when nothing is below it, else whether that is hidden."""

    node: Node
    lead: str
    fold: bool | None
    note: str


class Topology:
    """The tree of one execution. `flow` None: its text cannot be read, so there are only task runs."""

    def __init__(self, flow: Flow | None, execution: Execution) -> None:
        self._flow, self._execution = flow, execution
        self._below: dict[str | None, list[TaskRun]] = {}
        for run in execution.taskruns.values():
            self._below.setdefault(run.parent, []).append(run)

    def rows(self, folded: Mapping[Key, bool]) -> list[Row]:
        """All rows that are not hidden; `folded` is what the reader folded (True) or unfolded (False)."""
        found = []
        pending: list[tuple[Node, str, str]] = [(node, "", "") for node in reversed(self._lanes())]
        # A loop, not a recursion: clusters nest as deep as their author likes.
        while pending:
            node, lead, inner = pending.pop()
            below = self._inside(node)
            fold = folded.get(node.key, len(below) > FOLD_ABOVE) if below else None
            found.append(Row(node, lead, fold, _joined(node.note, _counts(below) if fold else "")))
            if fold:
                continue
            for last, child in zip([True] + [False] * len(below), reversed(below), strict=False):
                line, turn, end = ("║ ", "╠ ", "╚ ") if child.relation == "parallel" else ("│ ", "├ ", "╰ ")
                pending.append((child, inner + (end if last else turn), inner + ("  " if last else line)))
        return found

    # ---- the blocks of the flow --------------------------------------------------------------------------------

    def _lanes(self) -> list[Node]:
        flow, over = self._flow, self._execution.terminal
        runs = {run.task_id: run for run in self._below.get(None, ())}
        if flow is None:
            return [Node(("tasks",), "lane", "tasks", group=Group((), runs))]
        blocks: list[tuple[str, tuple[Task, ...]]] = [
            ("tasks", flow.tasks), ("errors", flow.errors), ("finally", flow.finally_),
            ("listeners", tuple(task for listener in flow.listeners for task in listener.tasks)),
            ("afterExecution", flow.after_execution),
        ]  # fmt: skip
        lanes = [Node(("triggers",), "lane", "triggers")] if flow.triggers else []
        for name, tasks in blocks:
            if tasks or name == "tasks":
                own = {task.id: runs.pop(task.id) for task in tasks if task.id in runs}
                idle = "" if not over or own else "not needed" if name == "errors" else "not reached"
                group = Group(tasks, own, idle or ("not reached" if over else ""))
                lanes.append(Node((name,), "lane", name, note=_joined(_WHEN.get(name, ""), idle), group=group))
        if runs:
            # Of tasks that this text of the flow does not have.
            lanes.append(Node(("others",), "lane", "other task runs", group=Group((), runs)))
        return lanes

    def _trigger(self, trigger: Trigger) -> Node:
        started = (self._execution.trigger or {}).get("id") == trigger.id
        note = _joined(_short(trigger.type), _one_line(trigger.props.get("cron")), "started this run" * started)
        idle = "disabled" if trigger.disabled else ""
        return Node(("triggers", trigger.id), "trigger", trigger.id, "SUCCESS" if started else None, note, idle)

    # ---- what is inside of a row -------------------------------------------------------------------------------

    def _inside(self, node: Node) -> list[Node]:
        if node.kind == "lane" and node.name == "triggers" and self._flow is not None:
            return [self._trigger(trigger) for trigger in self._flow.triggers]
        if node.group is not None:
            return list(self._of_group(node.group, node.key))
        return list(self._of_task(node)) if node.kind == "task" else []

    def _of_group(self, group: Group, key: Key) -> Iterator[Node]:
        known = set()
        for task in group.tasks:
            known.add(task.id)
            note = "after " + ", ".join(group.depends[task.id]) if group.depends.get(task.id) else ""
            name = task.id if group.round else ""
            yield self._task(task, group.runs.get(task.id), key, group.relation, group.idle, note, name)
        for run in group.runs.values():
            if run.task_id not in known:
                yield self._task(None, run, key, group.relation)

    def _task(
        self, task: Task | None, run: TaskRun | None, key: Key, relation: Relation, idle: str = "", note: str = "",
        name: str = "",
    ) -> Node:  # fmt: skip
        kind = "" if task is None else _short(task.type)
        if task is not None and task.disabled:
            idle = "disabled"
        execution_id = None
        if run is not None:
            idle = ""
            attempts = f"{len(run.attempts)} attempts" if len(run.attempts) > 1 else ""
            if len(run.children) == 1 and kind == "Subflow":
                execution_id = next(iter(run.children))
            values = "" if run.values is None else f"{len(run.values):,} value{'s' if len(run.values) != 1 else ''}"
            note = _joined(note, kind, _detail(task, kind), values, attempts)
        else:
            note = _joined(note, kind, _detail(task, kind))
        called = name or (title_of(run) if run is not None else task.id if task is not None else "")
        return Node(
            (*key, called), "task", called, run.state if run else None, note, idle, relation, task, run, execution_id,
            run.start if run else None, run.end if run else None,
        )  # fmt: skip

    def _of_task(self, node: Node) -> Iterator[Node]:
        task, run = node.task, node.run
        below = self._below.get(run.id, []) if run is not None else []
        idle = node.idle and "not reached"
        if run is not None and run.state in TERMINAL:
            idle = "not reached"
        lanes = task.children if task is not None else {}
        known = {child.id for tasks in lanes.values() for child in tasks}
        reached = {run.task_id for run in below}
        chosen = any(child.id in reached for name in lanes if name.startswith(_CHOICES) for child in lanes[name])
        for name, tasks in lanes.items():
            if name == "tasks" and task is not None:
                others = known - ids(tasks)
                yield from self._body(node, task, tasks, [one for one in below if one.task_id not in others])
                continue
            own = {one.task_id: one for one in below if one.task_id in ids(tasks)}
            why = "" if own else idle
            if not own and name.startswith(_CHOICES) and run is not None and (chosen or idle):
                why = "not chosen"
            elif why and name == "errors":
                why = "not needed"
            called = name.removeprefix("cases.")
            label = f"case {called}" if called != name else name
            note = _joined(_WHEN.get(name, ""), why)
            yield Node((*node.key, f"{name}:"), "branch", label, note=note, group=Group(tasks, own, why or idle))
        if "tasks" not in lanes:
            strange = (one for one in below if one.task_id not in known)
            yield from (self._task(None, one, node.key, "sequence") for one in strange)
        if run is not None and node.execution_id is None:
            yield from _executions(run, node.key)

    def _body(self, node: Node, task: Task, tasks: tuple[Task, ...], below: Sequence[TaskRun]) -> Iterator[Node]:
        """The tasks of a cluster, for a loop once per value that was begun or is known."""
        run, kind = node.run, _short(task.type)
        idle = "not reached" if node.idle or (run is not None and run.state in TERMINAL) else ""
        values = list(run.values or ()) if run is not None else []
        loop = bool(values) or any(one.iteration is not None or one.value is not None for one in below)
        if not loop:
            relation: Relation = "parallel" if kind in _SIDE_BY_SIDE else "sequence"
            depends = task.props.get("dependsOn") if kind == "Dag" else None
            runs = {one.task_id: one for one in below}
            ordered = _by_dependencies(tasks, depends) if depends else tasks
            yield from self._of_group(Group(ordered, runs, idle, relation, depends=depends or {}), node.key)
            return
        limit = task.props.get("concurrencyLimit", 1)
        relation = "parallel" if kind == "EachParallel" or (kind == "ForEach" and limit != 1) else "sequence"
        rounds: dict[int, dict[str, TaskRun]] = {number: {} for number in range(len(values))}
        for one in below:
            rounds.setdefault(one.iteration or 0, {})[one.task_id] = one
        for number, runs in rounds.items():
            value = values[number] if number < len(values) else next(iter(runs.values())).value
            name = f"#{number + 1}" if value is None else f"[{value}]"
            if len(tasks) == 1:
                only = tasks[0]
                yield self._task(only, runs.get(only.id), node.key, relation, idle, name=f"{only.id} {name}")
            else:
                inside = Group(tasks, runs, idle, "parallel" if kind == "EachParallel" else "sequence", round=True)
                yield _round((*node.key, name), name, relation, inside)


def ids(tasks: Sequence[Task]) -> set[str]:
    """The ids of some tasks."""
    return {task.id for task in tasks}


def _round(key: Key, name: str, relation: Relation, group: Group) -> Node:
    runs = list(group.runs.values())
    if not runs:
        return Node(key, "round", name, idle=group.idle, relation=relation, group=group)
    states = {run.state for run in runs}
    state = next((one for one in _RANK if one in states), runs[-1].state)
    ends = [run.end for run in runs]
    end = None if None in ends else max(end for end in ends if end is not None)
    return Node(
        key, "round", name, state, relation=relation, start=min(run.start for run in runs), end=end, group=group
    )  # fmt: skip


def _executions(run: TaskRun, key: Key) -> Iterator[Node]:
    """The executions that a task started, where there may be several."""
    for execution_id, number in run.children.items():
        name = short_id(execution_id) if number is None else f"#{number + 1} {short_id(execution_id)}"
        state = run.settled.get(execution_id, "RUNNING")
        yield Node((*key, execution_id), "execution", name, state, "execution", execution_id=execution_id)


def _by_dependencies(tasks: tuple[Task, ...], depends: Mapping[str, Sequence[str]]) -> tuple[Task, ...]:
    """Every task after those that it waits for, otherwise as they are written; a ring stays as it is."""
    placed: list[Task] = []
    done: set[str] = set()
    left = list(tasks)
    names = ids(tasks)
    while left:
        ready = [task for task in left if all(name in done or name not in names for name in depends.get(task.id, ()))]
        placed += ready or left
        done |= ids(ready or left)
        left = [task for task in left if task.id not in done]
    return tuple(placed)


def _detail(task: Task | None, kind: str) -> str:
    """What decides about this task, or what it calls."""
    if task is None:
        return ""
    if "flowId" in task.props and "namespace" in task.props:
        return f"→ {_one_line(task.props['namespace'])}.{_one_line(task.props['flowId'])}"
    return _joined(
        _one_line(task.props.get(_DETAIL.get(kind, ""))), f"if {_one_line(task.run_if)}" if task.run_if else ""
    )


def _counts(nodes: Sequence[Node]) -> str:
    states = Counter(node.state for node in nodes)
    return " ".join(f"{symbol(state)} {count:,}" for state, count in states.items() if state is not None)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _one_line(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _short(type_name: str) -> str:
    return type_name.rpartition(".")[2]
